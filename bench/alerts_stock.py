"""Sell-outs of a simulated day, as its own stock tells them, and whether ``sells-out`` was right about them."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sensors.events import AnyEvent, Pos, Stock

RULE = "sells-out"
LEAST = timedelta(minutes=10)  # a shelf that is empty for less is no loss worth a walk


class Told(NamedTuple):
    """An incident of the rule: which SKU, and when it fired."""

    sku: str
    at: datetime


class Gone(NamedTuple):
    """A SKU was out from ``at`` until goods came, or the shop closed, at ``until``."""

    sku: str
    at: datetime
    until: datetime


class Score(NamedTuple):
    """How incidents meet sell-outs.

    Attributes:
        told: incidents; ``right``: after which the SKU was out before goods came (or was out already).
        gone: sell-outs of ``LEAST`` and more; ``met``: those with an incident before they ended, ``warned``: before
            they began.
    """

    told: int
    right: int
    gone: int
    met: int
    warned: int

    def __add__(self, other: "Score") -> "Score":  # type: ignore[override]
        return Score(*(a + b for a, b in zip(self, other, strict=True)))


def sell_outs(events: Iterable[AnyEvent], closes: datetime) -> Iterator[Gone]:
    """Every span in which nothing of a SKU was left while the shop was open; ``events`` by time."""
    on_hand: dict[str, int] = {}
    since: dict[str, datetime] = {}
    for at, sku, units, is_count in _moves(events):
        on_hand[sku] = units if is_count else on_hand.get(sku, 0) + units
        if on_hand[sku] <= 0:
            since.setdefault(sku, at)
        elif sku in since:
            yield Gone(sku, since.pop(sku), at)
    yield from (Gone(sku, at, closes) for sku, at in since.items() if at < closes)


def _moves(events: Iterable[AnyEvent]) -> Iterator[tuple[datetime, str, int, bool]]:
    """When, which SKU, units that came or went, or (true) were counted; a voided ticket gives its goods back."""
    sold: dict[str, Pos] = {}
    for event in events:
        if isinstance(event, Stock) and event.on_hand is not None:
            yield event.at, event.sku, event.on_hand, True
        elif isinstance(event, Stock) and event.delta:
            yield event.at, event.sku, event.delta, False
        elif isinstance(event, Pos) and event.state != "open":
            back = event.state == "voided"
            ticket = sold.pop(event.transaction, None) if back else event
            if not back:
                sold[event.transaction] = event
            for line in ticket.lines if ticket else ():
                yield event.at, line.sku, line.units if back else -line.units, False


def receipts(events: Iterable[AnyEvent]) -> dict[str, list[datetime]]:
    """When goods of each SKU came in, the earliest first."""
    found: dict[str, list[datetime]] = {}
    for event in events:
        if isinstance(event, Stock) and event.delta and event.delta > 0:
            found.setdefault(event.sku, []).append(event.at)
    return found


def score(events: Sequence[AnyEvent], closes: datetime, told: Sequence[Told]) -> Score:
    """How a day's incidents meet its sell-outs."""
    gone, came = list(sell_outs(events, closes)), receipts(events)

    def right(one: Told) -> bool:
        until = next((at for at in came.get(one.sku, ()) if at > one.at), closes)
        return any(g.sku == one.sku and g.at <= until and one.at < g.until for g in gone)

    def heard(one: Gone, since: datetime, until: datetime) -> bool:
        return any(t.sku == one.sku and since <= t.at < until for t in told)

    long = [g for g in gone if g.until - g.at >= LEAST]
    before = {
        g: max((at for at in came.get(g.sku, ()) if at <= g.at), default=g.at - timedelta(hours=24))
        for g in long
    }
    return Score(
        told=len(told),
        right=sum(map(right, told)),
        gone=len(long),
        met=sum(heard(g, before[g], g.until) for g in long),
        warned=sum(heard(g, before[g], g.at) for g in long),
    )  # fmt: skip
