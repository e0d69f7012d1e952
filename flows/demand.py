"""What a SKU will sell: its tickets per visitor, learned day by day, times the visitors to come. Pure.

A SKU's sales follow the footfall: k tickets of E visitors are a Poisson rate, with the gamma as its conjugate. So what
is expected of the next e visitors is k ÷ E · e, and that none of them buys it has the negative binomial's probability

    P(0 | e) = (E ÷ (E + e))^k

which, unlike exp(−k·e ÷ E), knows how little may have been seen. Where no door counts, transactions stand for visitors.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import accumulate

from msgspec import Struct

from flows.measure import View
from flows.profile import Profile, minute_of
from flows.tallies.footfall import DoorTally
from flows.tallies.sales import SkuTally, TillTally
from flows.tallies.series import DoorSeries, SaleSeries
from flows.tallies.shelf import ShelfTally

KEEP = 0.9  # of what was learned, each day: half is forgotten in a week
SKUS = 5_000  # remembered at most: those with the most tickets
COVERED = 0.8


class DemandMemory(Struct):
    """What was sold on earlier days, forgotten at ``KEEP`` a day.

    Attributes:
        days: seen since the beginning, not forgotten.
        flow, hours: visitors (or transactions) and opening hours.
        units, tickets: by SKU.
        sold_on: the last business day (its first minute) on which a SKU was sold.
        learned: first minute of the last day learned.
    """

    days: int = 0
    flow: float = 0.0
    hours: float = 0.0
    units: dict[str, float] = {}
    tickets: dict[str, float] = {}
    sold_on: dict[str, int] = {}
    learned: int = 0


def learn(memory: DemandMemory, view: View) -> None:
    """Take in a final day; one whose doors were not covered, or that sold nothing, teaches nothing."""
    flow = flow_of(view.total(DoorTally).visitors, view.total(TillTally).transactions)
    poor = view.coverage is not None and view.coverage < COVERED
    if not flow or poor or view.start <= memory.learned:
        return
    memory.learned = view.start
    memory.days += 1
    memory.flow = KEEP * memory.flow + flow
    memory.hours = KEEP * memory.hours + len(view.profile.open_minutes(view.start)) / 60
    units = {sku: KEEP * n for sku, n in memory.units.items()}
    tickets = {sku: KEEP * n for sku, n in memory.tickets.items()}
    for sku, tally in view.of(SkuTally).items():
        units[sku] = units.get(sku, 0.0) + tally.units
    for sku, shelf in view.of(ShelfTally).items():
        tickets[sku] = tickets.get(sku, 0.0) + shelf.tickets
        if shelf.tickets > 0:
            memory.sold_on[sku] = view.start
    kept = set(sorted(tickets, key=lambda sku: (-tickets[sku], sku))[:SKUS])
    memory.units = {sku: n for sku, n in units.items() if sku in kept and n > 0.01}
    memory.tickets = {sku: n for sku, n in tickets.items() if sku in kept and n > 0.01}
    if len(memory.sold_on) > SKUS:
        newest = sorted(memory.sold_on, key=lambda sku: (-memory.sold_on[sku], sku))
        memory.sold_on = {sku: memory.sold_on[sku] for sku in newest[:SKUS]}


def flow_of(visitors: int, transactions: int) -> int:
    """What sales are scaled by: visitors, or transactions where no door counts."""
    return visitors if visitors > 0 else transactions


def chance_of_none(k: float, seen: float, since: float) -> float:
    """That ``since`` visitors buy none of a SKU of which ``seen`` visitors bought ``k`` times.

    >>> round(chance_of_none(20, 1000, 300), 4), chance_of_none(5, 0, 10), chance_of_none(3, 100, 0)
    (0.0053, 1.0, 1.0)
    """
    return (seen / (seen + since)) ** k if seen > 0 and since > 0 else 1.0


class Today:
    """The business day so far.

    Attributes:
        flow: visitors (or transactions) up to the tick.
        counted: whether they are visitors.
        open_h: opening hours passed; ``left_h``: to come.
    """

    def __init__(
        self, series: Sequence[Mapping[int, int]], open_h: float, left_h: float, *, counted: bool
    ) -> None:
        self.flow = sum(sum(one.values()) for one in series)
        self.counted, self.open_h, self.left_h = counted, open_h, left_h
        self._series = series

    def since(self, minute: int) -> int:
        """Visitors after that minute."""
        minutes, later = self._later
        at = bisect_right(minutes, minute)
        return later[at] if at < len(later) else 0

    @cached_property
    def _later(self) -> tuple[list[int], list[int]]:
        """The minutes in which any came, in order, and how many came in each of them or after."""
        total: Counter[int] = Counter()
        for one in self._series:
            total.update(one)
        minutes = sorted(total)
        return minutes, list(accumulate(total[minute] for minute in reversed(minutes)))[::-1]


def today(view: View) -> Today:
    """The business day so far; computed once a tick."""
    return view.once_a_tick("demand.today", _today)


def _today(view: View) -> Today:
    passed, left = open_hours(view.profile, minute_of(view.at))
    doors = view.today.tallies.get(DoorSeries.kind, {}).values()
    came = Today([door.people for door in doors], passed, left, counted=True)
    if came.flow > 0:
        return came
    tills = view.today.tallies.get(SaleSeries.kind, {}).values()
    return Today([till.sales for till in tills], passed, left, counted=False)


def open_hours(profile: Profile, minute: int) -> tuple[float, float]:
    """Opening hours of the business day that have passed with this minute, and that are to come."""
    opened = profile.open_minutes(minute)
    if not opened:
        day = profile.day_of(minute)
        opened = range(*day) if not profile.store.hours else opened
    passed = max(0, min(minute + 1, opened.stop) - opened.start)
    return passed / 60, (len(opened) - passed) / 60 if passed <= len(opened) else 0.0


def units_per_hour(view: View, sku: str, flow_per_hour: float | None) -> tuple[float | None, str]:
    """Units an opening hour is expected to sell, and on what that rests.

    Args:
        view: of any window; today's sales and the memory are read.
        sku: whose.
        flow_per_hour: visitors forecast for an hour; ``None``: as many as today so far, or as usual.

    Returns:
        the rate (``None``: neither today nor earlier days know it), and ``forecast``, ``usual_rate`` or ``rate_today``.
    """
    memory, now = view.memory(DemandMemory), today(view)
    sold = view.today.tallies.get(SkuTally.kind, {}).get(sku)
    units = memory.units.get(sku, 0.0) + (max(0, sold.units) if sold else 0)
    seen = memory.flow + now.flow
    if units <= 0 or seen <= 0:
        return None, "no_sales_today"
    if flow_per_hour is not None and now.counted:
        return units / seen * flow_per_hour, "forecast"
    hours = memory.hours + now.open_h
    return (units / hours if hours else None), "usual_rate" if memory.days else "rate_today"
