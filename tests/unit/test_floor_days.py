"""What the floor says at the turn of a day, of events that come late, and how large its state may grow."""

from datetime import date, timedelta
from pathlib import Path

from msgspec.structs import replace

from floorcast.settings import load_settings
from flows.facts import Fact
from flows.ledger import Ledger
from flows.profile import Profiles
from flows.publish import Publisher
from flows.snapshot import dump
from sensors.events import Footfall
from sensors.simulate import simulate_day
from tests.floor_runs import FLOWS, SENSORS, START

IDLE_BYTES = 4 << 10


def _north() -> Publisher:
    return Publisher(Ledger(Profiles(FLOWS, SENSORS).of("north")))


def _step(
    seq: int, minutes: float, *, entered: int = 0, left: int = 0, staff: bool = False
) -> Footfall:
    at = START + timedelta(minutes=minutes)
    return Footfall(
        at=at, store="north", source="cam1", seq=seq, door="a", entered=entered, left=left, staff=staff
    )  # fmt: skip


def _one(facts: list[Fact], metric: str, window: str) -> list[Fact]:
    return [f for f in facts if f.metric == metric and f.window == window and not f.subject]


def test_occupancy_begins_the_day_at_nobody() -> None:
    """At the daily reset occupancy is said to be 0, and what was left over is the ended day's drift."""
    north = _north()
    north.ledger.take([_step(1, 0, entered=5), _step(2, 1, left=3)], START)
    assert _one(north.tick(START + timedelta(minutes=2)), "occupancy", "now")[-1].value == 2
    midnight = START.replace(hour=0) + timedelta(days=1)
    facts = north.tick(midnight)
    assert [f.value for f in _one(facts, "occupancy", "now")] == [0]
    assert [f.value for f in _one(facts, "occupancy_drift", "day")] == [2]


def test_occupancy_of_a_shop_without_counters_is_unknown() -> None:
    """A shop none of whose doors was ever heard says nothing of who is inside."""
    assert not _one(_north().tick(START), "occupancy", "now")


def test_a_newer_event_is_told_though_no_number_moves() -> None:
    """An event that changes only the newest event time is told with the next minute, without a revision."""
    north = _north()
    north.ledger.take([_step(1, 0.1, entered=5)], START)
    north.tick(START + timedelta(minutes=1))
    north.ledger.take([_step(2, 0.5, entered=1, staff=True)], START + timedelta(minutes=1))
    told = _one(north.tick(START + timedelta(minutes=2)), "visitors", "day")
    assert [f.newest_at for f in told] == [START + timedelta(minutes=0.5)]
    north.tick(START + timedelta(minutes=40))
    north.ledger.take([_step(3, 0.9, entered=1, staff=True)], START + timedelta(minutes=40))
    (quarter,) = _one(north.tick(START + timedelta(minutes=40, seconds=1)), "visitors", "quarter")
    assert quarter.newest_at == START + timedelta(minutes=0.9)
    assert (quarter.value, quarter.state, quarter.revision) == (5, "final", 0)


def test_events_too_late_for_any_pane_are_counted_and_told() -> None:
    """Events older than the hours kept change no total; each is counted and the store's health says so."""
    north = _north()
    north.ledger.take([_step(10, 0, entered=5)], START)
    north.tick(START)
    old = -(FLOWS.pane_hours + 1) * 60.0
    north.ledger.take([_step(n, old + n, entered=1) for n in (1, 2, 3)], START)
    facts = north.tick(START + timedelta(minutes=1))
    (health,) = _one(facts, "sensor_health", "now")
    assert (health.reason, health.detail["too_late"]) == ("events_too_late", 3)
    assert {f.value for f in _one(facts, "visitors", "day")} == {5}


def test_an_idle_store_is_small() -> None:
    """Once its devices were heard, the state of a store where nothing happens stays within 4 KB."""
    settings = load_settings(Path(__file__).parents[2] / "config.toml")
    store = settings.sensors.stores[0]
    day = simulate_day(store, settings.sensors.ranges[store.range], date(2026, 3, 2), 1)
    publisher = Publisher(Ledger(Profiles(settings.flows, settings.sensors).of(store.id)))
    publisher.ledger.take([replace(event) for event in day.events[:20]], day.events[0].at)
    publisher.tick(day.events[0].at + timedelta(seconds=1))
    publisher.tick(day.events[0].at + timedelta(hours=1))
    assert len(dump(publisher)) <= IDLE_BYTES
