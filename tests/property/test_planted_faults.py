"""Planted causes lead to the right fact with the right reason, and an ordinary day to none."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from functools import cache

from flows.facts import Fact
from sensors.simulation.faults import ConversionDrop, DoorStuck, Fault, GatewayOffline, StaffAtDoor
from tests.days import DAY, demo_day, demo_store
from tests.floor_days import told

ALARMING = {
    "count_balance", "night_counts", "sales_beyond_visitors", "sensor_health", "staff_reentered",
    "conversion_evidence",
}  # fmt: skip


def _told(seed: int, *faults: Fault) -> list[tuple[datetime, Fact]]:
    day = demo_day(seed, faults=faults)
    return [(at, fact) for at, facts in told(day.deliveries) for fact in facts]


@cache
def _ordinary(seed: int) -> list[tuple[datetime, Fact]]:
    return _told(seed)


def _local(hour: int, minute: int = 0) -> datetime:
    return datetime.combine(DAY, time(hour, minute), demo_store().tz).astimezone(UTC)


def _reasons(facts: Sequence[tuple[datetime, Fact]]) -> dict[str, list[tuple[datetime, str]]]:
    """When each alarming reason was given, and of what."""
    found: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
    for at, fact in facts:
        if fact.metric in ALARMING and fact.reason:
            found[fact.reason].append((at, fact.subject))
    return found


def test_an_ordinary_day_alarms_nobody() -> None:
    """On ordinary days no device is doubted, no count contradicts another and nobody is filled in."""
    for seed in (31, 32):
        facts = _ordinary(seed)
        assert not _reasons(facts)
        assert not [fact for _, fact in facts if fact.state == "imputed"]


def test_a_stuck_door_is_named_and_filled_in() -> None:
    """A camera that counts nobody from noon on is called stuck; whom it misses is filled in to within a third."""
    facts = _told(33, DoorStuck(at=time(12), minutes=120))
    stuck = _reasons(facts)["counts_nobody"]
    assert {subject for _, subject in stuck} == {"device:counter-main"}
    assert _local(12) < stuck[0][0] <= _local(12, 45)
    assert stuck[-1][0] <= _local(14, 15)
    _, last = max(
        (at, f.value)
        for at, f in facts
        if (f.metric, f.subject, f.window) == ("visitors", "", "day") and at <= _local(14)
    )
    truth = sum(
        f.value
        for _, f in {
            f.start: (at, f)
            for at, f in _told(33)
            if (f.metric, f.subject, f.window) == ("visitors", "", "quarter") and f.end <= at
        }.values()
        if f.end <= _local(14)
    )
    counted = next(
        f.evidence.k
        for at, f in reversed(facts)
        if (f.metric, f.subject, f.window) == ("visitors", "", "day") and at <= _local(14)
    )
    assert counted is not None
    assert abs(last - truth) < (truth - counted) / 3


def test_staff_at_the_door_are_told_from_visitors() -> None:
    """Sixty associates stepping out and back through a door are seen as such, at that door and in that hour alone."""
    facts = _told(34, StaffAtDoor(at=time(15)))
    found = _reasons(facts)
    assert {subject for _, subject in found["out_and_back"]} == {"door:main"}
    assert {subject for _, subject in found["staff_reentered"]} == {"device:counter-main"}
    assert all(_local(15) < at <= _local(17, 10) for at, _ in found["out_and_back"])
    most = max(f.value for _, f in facts if f.metric == "staff_reentered" and not f.subject)
    assert 60 * 0.6 <= most <= 60 * 1.5


def test_a_gateway_that_is_offline_is_not_ten_broken_sensors() -> None:
    """What falls silent together has the gateway as its reason; after the backlog all is as if nothing had been."""
    facts = _told(35, GatewayOffline(at=time(13), minutes=120))
    lost = _reasons(facts)["gateway"]
    assert {"device:counter-main", "device:counter-mall"} <= {subject for _, subject in lost}
    assert not [subject for _, subject in lost if subject.startswith("device:pos")]
    last = {f.subject: f for _, f in facts if f.metric == "sensor_health"}
    assert last["device:counter-main"].value == "online"
    day = [f for _, f in facts if (f.metric, f.subject, f.window) == ("visitors", "", "day")][-1]
    plain = [f for _, f in _told(35) if (f.metric, f.subject, f.window) == ("visitors", "", "day")]
    assert (day.value, day.state == "imputed") == (plain[-1].value, False)


def test_a_fall_gathers_evidence() -> None:
    """Conversion falling by two thirds for two hours passes the shipped level; its evidence begins near the fall."""
    facts = _told(36, ConversionDrop(at=time(15), minutes=120, factor=0.35))
    found = [(at, f) for at, f in facts if f.metric == "conversion_evidence" and f.reason]
    assert found
    assert found[0][0] <= _local(17, 30)
    since = datetime.fromisoformat(str(found[0][1].detail["since"]))
    assert abs(since - _local(15)) < timedelta(minutes=60)
