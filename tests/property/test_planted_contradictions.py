"""Counts that contradict one another are named with their reason; of ordinary days see ``test_planted_faults``."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, time, timedelta

from msgspec.structs import replace

from flows.facts import Fact
from flows.tallies.footfall import DoorTally, contribute
from flows.tally import Tallies
from sensors.events import Footfall
from sensors.simulation.delivery import Delivery
from tests.days import DAY, demo_day, demo_store
from tests.floor_days import told

METRICS = {"count_balance", "night_counts", "sales_beyond_visitors"}
Change = Callable[[Footfall], Footfall]


def local(hour: int, minute: int = 0) -> datetime:
    """On the day, by the store's clock."""
    return datetime.combine(DAY, time(hour, minute), demo_store().tz).astimezone(UTC)


def changed(deliveries: Sequence[Delivery], change: Change) -> Iterator[Delivery]:
    """The day as a door would tell it that counts otherwise."""
    for one in deliveries:
        event = one.event
        yield one._replace(event=change(event)) if isinstance(event, Footfall) else one


def reasons(deliveries: Sequence[Delivery]) -> dict[str, list[tuple[datetime, Fact]]]:
    """Every reason that was given, with when and what."""
    found: dict[str, list[tuple[datetime, Fact]]] = {}
    for at, facts in told(deliveries, tick=timedelta(minutes=15)):
        for fact in facts:
            if fact.metric in METRICS and fact.reason:
                found.setdefault(fact.reason, []).append((at, fact))
    return found


def beam_counts_twice(event: Footfall) -> Footfall:
    """From noon on whoever leaves breaks the beam twice."""
    return replace(event, left=event.left * 2) if event.at >= local(12) else event


def someone_at_night(deliveries: Sequence[Delivery]) -> list[Delivery]:
    """Before the day begins, eight people come and go at three in the morning."""
    seen = [Footfall(at=local(3, n), store=demo_store().id, source="counter-mall", door="mall",
                     entered=1, left=1, id=f"night-{n}") for n in range(8)]  # fmt: skip
    return [*(deliveries[0]._replace(event=e, received_at=e.at) for e in seen), *deliveries]


def exits_missed(event: Footfall) -> Footfall:
    """Nobody is seen to leave by the mall; of the afternoon's people nine in ten are missed at every door."""
    if local(14) <= event.at < local(16):
        event = replace(event, entered=event.entered // 10, left=event.left // 10)
    return replace(event, left=0) if event.door == "mall" else event


def test_exits_counted_twice_and_people_at_night() -> None:
    """More out than in is said once the difference is beyond chance, and people at night by their door at once."""
    day = demo_day(41, visitors=500).deliveries
    found = reasons([*changed(someone_at_night(day), beam_counts_twice)])
    assert found.keys() == {"more_out_than_in", "counts_at_night"}
    at, balance = found["more_out_than_in"][0]
    assert at > local(12)
    assert balance.value is not None
    assert balance.evidence.low is not None
    assert float(balance.value) < balance.evidence.low
    at, night = found["counts_at_night"][0]
    assert local(3) < at <= local(3, 30)
    assert night.detail["door"] == "mall"
    assert {fact.value for _, fact in found["counts_at_night"]} <= {6, 7, 8}


def test_exits_missed_and_more_sales_than_visitors() -> None:
    """Who is not seen to leave is missed after closing; a door that misses people is found by the till."""
    found = reasons([*changed(demo_day(41, visitors=500).deliveries, exits_missed)])
    assert found.keys() == {"inside_after_closing", "more_sales_than_visitors"}
    at, balance = found["inside_after_closing"][0]
    closes = max(hours.closes for hours in demo_store().hours)
    assert at >= local(closes.hour, closes.minute)
    assert float(balance.value or 0) > (balance.evidence.high or 0)
    said = found["more_sales_than_visitors"]
    assert all(local(14) < at <= local(17, 15) for at, _ in said)
    assert all(fact.evidence.k == fact.evidence.n + fact.value for _, fact in said)  # type: ignore[operator]


def test_more_children_than_people() -> None:
    """A device that counts more children than people makes no negative visitors, also when it takes its word back."""
    pane: Tallies = {}
    odd = Footfall(at=local(12), door="main", entered=2, children=5)
    for sign, visitors in ((1, 0), (-1, 0)):
        contribute(pane, {}, odd, sign)
        assert pane[DoorTally.kind]["main"].visitors == visitors
    assert pane[DoorTally.kind]["main"] == DoorTally()
