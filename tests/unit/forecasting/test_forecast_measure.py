"""The floor publishes what is to come."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from math import exp

from flows.facts import Fact
from flows.ledger import Ledger
from flows.measures.forecast import VisitorsMemory
from flows.profile import Profile
from flows.publish import Publisher
from flows.settings import FlowsSettings
from flows.snapshot import dump, load
from sensors.events import Footfall
from sensors.settings import Door, Hours, SensorsSettings, Store, Text

FIRST = date(2026, 3, 2)
TEXT = Text(en="shop", zh="店")
STORE = Store(
    id="shop", name=TEXT, timezone="UTC", capacity=500, country="XX", doors=[Door(id="a", name=TEXT)],
    hours=[Hours(days=["mon", "tue", "wed", "thu", "fri", "sat", "sun"], opens=time(9), closes=time(21))],
)  # fmt: skip
SENSORS = SensorsSettings(stores=[STORE])


def _profile(_store: str = "shop") -> Profile:
    return Profile(STORE, FlowsSettings(), SENSORS)


def _usual(quarter: int) -> int:
    """A day's shape by quarter-hours after opening: a hump at noon, a larger one in the evening."""
    return round(
        4 + 22 * exp(-(((quarter - 12) / 6) ** 2)) + 34 * exp(-(((quarter - 36) / 7) ** 2))
    )


def _run(publisher: Publisher, begin: datetime, end: datetime) -> list[Fact]:
    """Five-minute counts of a perfectly regular shop, a tick after each."""
    facts: list[Fact] = []
    at = begin
    while at < end:
        quarter = (at.hour * 60 + at.minute - 9 * 60) // 15
        entered = _usual(quarter) // 3 if 9 <= at.hour < 21 else 0
        event = Footfall(
            at=at, store="shop", source="cam", id=at.isoformat(), door="a", entered=entered
        )
        publisher.ledger.take([event], at)
        at += timedelta(minutes=5)
        facts += publisher.tick(at)
    return facts


def _at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(FIRST, time(hour, minute), UTC) + timedelta(days=day)


@cache
def _learned() -> bytes:
    publisher = Publisher(Ledger(_profile()))
    _run(publisher, _at(0, 0), _at(3, 12))
    return dump(publisher)


def _newest(facts: list[Fact], window: str) -> Fact:
    return [f for f in facts if f.metric == "visitors_forecast" and f.window == window][-1]


def test_windows_hold_what_a_regular_shop_will_see() -> None:
    """After three days of the same day, every window's forecast is within a tenth of what will come."""
    facts = _run(load(_learned(), _profile), _at(3, 12), _at(3, 12, 30))
    to_come = sum(_usual(q) // 3 * 3 for q in range(14, 48))
    whole = sum(_usual(q) // 3 * 3 for q in range(48))
    hour = sum(_usual(q) // 3 * 3 for q in range(14, 18))
    for window, truth in (("rest", to_come), ("day", whole), ("next60m", hour)):
        fact = _newest(facts, window)
        assert isinstance(fact.value, float)
        assert abs(fact.value - truth) <= 0.1 * truth + 2, window
        assert fact.evidence.low is not None
        assert fact.evidence.high is not None
        assert fact.evidence.low <= fact.value <= fact.evidence.high
        assert fact.detail["champion"] == "mixture"


def test_quarters_run_to_closing_time() -> None:
    """The quarter series reaches from now to the last quarter before close, each with its own start."""
    facts = _run(load(_learned(), _profile), _at(3, 12), _at(3, 12, 30))
    starts = {f.start for f in facts if f.metric == "visitors_forecast" and f.window == "quarter"}
    assert max(starts) == _at(3, 20, 45)
    assert {_at(3, 13) + timedelta(minutes=15 * i) for i in range(32)} <= starts


def test_nothing_is_said_before_anything_is_known() -> None:
    """A shop's first morning has no forecast rather than a forecast of nobody."""
    facts = _run(Publisher(Ledger(_profile())), _at(0, 0), _at(0, 9, 30))
    assert not [f for f in facts if f.metric == "visitors_forecast"]


def test_silent_sensors_teach_nothing() -> None:
    """Quarters without sensor coverage leave the forecaster as it was."""
    publisher = load(_learned(), _profile)
    at = _at(3, 14)
    _run(publisher, _at(3, 12), at)
    memory = publisher.memories["VisitorsMemory"]
    assert isinstance(memory, VisitorsMemory)
    publisher.tick(_at(3, 15))
    settled = memory.state
    for minutes in range(60, 240):
        publisher.tick(at + timedelta(minutes=minutes))
    assert memory.state == settled


def test_a_restart_changes_no_forecast() -> None:
    """The forecasts after a snapshot and a restart equal those of a run that never stopped."""
    steady = load(_learned(), _profile)
    before = _held(_run(steady, _at(3, 12), _at(3, 13)))
    restarted = load(dump(steady), _profile)
    said = [before | _held(_run(p, _at(3, 13), _at(3, 15))) for p in (steady, restarted)]
    assert len(said[0]) > len(before) > 0
    assert said[0] == said[1]


def _held(facts: list[Fact]) -> dict[tuple[str, str, str, datetime], object]:
    """The forecasts that hold after these facts."""
    return {
        (f.metric, f.subject, f.window, f.start): (f.value, f.evidence, f.detail)
        for f in facts
        if f.metric.endswith("_forecast")
    }
