"""What plans say ahead: who is to be on the floor, and what the chain's other stores show."""

from datetime import datetime, timedelta

import pytest

from flows.chain_words import Chain, words
from flows.facts import Fact
from flows.inference.usual import KNOWN, Slot, UsualMemory
from flows.ledger import Ledger
from flows.measures.associates import HoursMemory
from flows.profile import Profiles
from flows.publish import Publisher
from flows.snapshot import dump, load
from sensors.events import AnyEvent, Footfall, Plan, Staff
from tests.floor_runs import FLOWS, SENSORS

DAY = datetime.fromisoformat("2026-03-02T00:00:00+00:00")
HOUR = timedelta(hours=1)
PROFILES = Profiles(FLOWS, SENSORS)


def _north() -> Publisher:
    return Publisher(Ledger(PROFILES.of("north")))


def _shift(who: str, begins: int, ends: int, number: float | None = None, said: int = -24) -> Plan:
    return Plan(
        at=DAY + said * HOUR, store="north", source="hr", id=f"{who}{begins}{said}", about="roster",
        subject=who, starts_at=DAY + begins * HOUR, ends_at=DAY + ends * HOUR, value=number,
    )  # fmt: skip


def _said(north: Publisher, at: datetime, *events: AnyEvent) -> dict[tuple[str, str], Fact]:
    north.ledger.take(events, at)
    facts = [*north.tick(at), *north.tick(at + timedelta(minutes=1))]
    return {(fact.metric, fact.window): fact for fact in facts if not fact.subject}


def test_a_roster_says_who_is_on_the_floor() -> None:
    """Shifts of a published roster count where no badge speaks; a newer word on a shift replaces it; a badge wins."""
    shifts = [_shift("ann", 9, 17), _shift("bo", 12, 20), _shift("bo", 12, 20, 0.5, said=-12)]
    came = Footfall(at=DAY + 9.5 * HOUR, store="north", source="c", id="f", door="a", entered=30)
    north = _north()
    facts = _said(north, DAY + 13 * HOUR, *reversed(shifts), came)
    assert facts["staff_on_floor", "now"].value == 2
    assert facts["staff_on_floor", "now"].detail == {"rostered": 1.5}
    hours = facts["star", "day"].evidence.n
    assert hours == pytest.approx(4 + 0.5, abs=0.04)  # a minute more has passed
    badge = Staff(
        at=DAY + 13 * HOUR, store="north", source="b", id="b", associate="cy", action="on"
    )
    facts = _said(north, DAY + 14 * HOUR, badge)
    assert facts["staff_on_floor", "now"].value == 1


def test_a_roster_outlives_a_restart_and_is_forgotten_in_the_end() -> None:
    """A shift planned ahead is in the snapshot; shifts of last week are not kept."""
    north = _north()
    _said(north, DAY - 20 * HOUR, _shift("ann", 9, 17))
    north = load(dump(north), PROFILES.of)
    facts = _said(north, DAY + 10 * HOUR)
    assert facts["staff_on_floor", "now"].value == 1
    later = _shift("ann", 9 + 24 * 7, 17 + 24 * 7, said=24 * 6)
    _said(north, DAY + timedelta(days=6), later)
    assert len(north.ledger.now["roster"][""].shifts) == 1


def test_a_roster_covers_the_power_hours() -> None:
    """Peak coverage is what the roster has in today's power hours, those to come too, over what their visitors need."""
    north = _north()
    weekday = DAY.weekday() * 24
    north.memories[HoursMemory.__name__] = HoursMemory(
        visitors={weekday + 12: 60.0, weekday + 18: 30.0}, weeks={weekday + 12: 1.0, weekday + 18: 1.0}
    )  # fmt: skip
    facts = _said(north, DAY + 10 * HOUR, _shift("ann", 9, 13), _shift("bo", 18, 20, 2.0))
    found = facts["peak_coverage", "now"]
    assert found.reason == "scheduled"
    assert found.value == pytest.approx((1 + 2) / (60 / 15 + 30 / 15))


def _peers(**past: tuple[float, float]) -> dict[str, Plan]:
    """What stores that sold so much to so many on earlier days are told of each other."""
    known = {name: {} for name in past}
    chain = Chain(DAY, known, past, {}, {}, dict.fromkeys(past, "EUR"), {})
    return {plan.store: plan for plan in words(chain) if plan.about == "peers"}


def test_peers_are_the_prior_of_a_young_store() -> None:
    """The other stores' rates reach a store as a plan; its benchmark is drawn to them until they expire."""
    plans = _peers(north=(900, 1_000), south=(240, 1_000), west=(260, 1_000))
    assert plans["north"].value == 0.25
    assert set(plans) == {"north", "south", "west"}
    assert _peers(north=(900, 1_000), west=(260, 1_000)) == {}
    north = _north()
    found = _said(north, DAY + HOUR, plans["north"])["conversion_benchmark", "day"]
    assert (found.value, found.reason, found.detail) == (
        0.25,
        "peers",
        {"peers": 0.25, "peer_stores": 2},
    )
    found = _said(north, DAY + 49 * HOUR, _came(49))["conversion_benchmark", "day"]
    assert (found.value, found.reason, found.detail) == (0.15, "profile", {})


def _came(hour: int, door: str = "a") -> Footfall:
    return Footfall(
        at=DAY + hour * HOUR, store="north", source="c", id=f"{hour}{door}", door=door, entered=2
    )  # fmt: skip


def test_own_history_outweighs_peers_as_it_grows() -> None:
    """The usual rate lies between the peers' and the store's own, the nearer to its own the more it has seen."""
    rates = []
    for weeks in (1, 10, 1_000):
        slots = {
            DAY.weekday() * 96 + slot: Slot(weeks, 30.0 * weeks, 0, 3.0 * weeks, 0)
            for slot in range(96)
        }
        memory = UsualMemory(slots=slots, visitors=2_880.0 * weeks, sales=288.0 * weeks)
        assert memory.visitors > KNOWN
        rates.append(memory.rate(DAY.weekday(), [40], 0.25, 5_000.0).value)
    assert 0.25 > rates[0] > rates[1] > rates[2] >= 0.1
    assert rates[2] == pytest.approx(0.1, abs=0.001)
