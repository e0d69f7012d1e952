"""Sales against the visitors who are due at the tills, not those who have only just come in."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

import numpy as np
from msgspec import Struct

from flows.facts import Evidence
from flows.footing import day_of
from flows.inference import fall
from flows.inference import lag as lags
from flows.inference.lag import Lag, Series, Shares
from flows.inference.usual import UsualMemory
from flows.measure import Measure, Reading, View, ratio, wilson
from flows.profile import Profile, instant_of, minute_of
from flows.tallies.series import DoorSeries, SaleSeries

PARTS = ("morning", "afternoon", "evening")  # of the day: before 12, before 17, after
_EDGES = (12, 17)
PRIOR_SALES = 300.0  # that the configured lag counts for …
SHRINK_SALES = 200.0  # … and the whole day's, for a part of the day
REMEMBERED = 3_000.0  # sales; older ones fade
LEVEL = 5.5  # nats at which the shipped rule fires


class LagMemory(Struct):
    """What sales have shown of the way from the door to the till, by part of the day."""

    parts: dict[str, Shares] = {}

    def lag(self, part: str) -> Lag:
        """The part's lag, shrunk to the whole day's and that to the prior.

        >>> LagMemory().lag("morning")
        Lag(mean=15.0, sd=9.0)
        """
        whole = lags.shares_of(Lag(), PRIOR_SALES)
        for shares in self.parts.values():
            whole = whole.plus(shares)
        own = self.parts.get(part, Shares())
        found = lags.shares_of(whole.lag, SHRINK_SALES).plus(own).lag
        return Lag(round(found.mean, 2), round(found.sd, 2))


def part_of(profile: Profile, minute: int) -> str:
    """The part of the store's day that a minute lies in."""
    hour = instant_of(minute).astimezone(profile.store.tz).hour
    return PARTS[sum(hour >= edge for edge in _EDGES)]


def learn(memory: LagMemory, view: View) -> None:
    """Learn from a final quarter's sales and the visitors of the ninety minutes before each."""
    if view.coverage is not None and view.coverage < 1.0:
        return
    sales = _sales(view, view.start, view.end)
    if not sales.any():
        return
    visitors = _visitors(view, view.start - lags.LONGEST + 1, view.end)
    part = part_of(view.profile, view.start)
    found = lags.learn(visitors, sales, memory.lag(part))
    memory.parts[part] = memory.parts.get(part, Shares()).plus(found).faded(REMEMBERED)


class Minutes(NamedTuple):
    """Counts by minute, from ``first`` on."""

    first: int
    counts: Series

    def cut(self, start: int, end: int) -> Series:
        """Those of [start, end), 0 where nothing is known."""
        found: Series = np.zeros(max(0, end - start))
        low, high = max(start, self.first), min(end, self.first + len(self.counts))
        if low < high:
            found[low - start : high - start] = self.counts[low - self.first : high - self.first]
        return found


def _visitors(view: View, start: int, end: int) -> Series:
    return _of_day(view, "aligned.visitors", _visitors_of).cut(start, end)


def _sales(view: View, start: int, end: int) -> Series:
    return _of_day(view, "aligned.sales", _sales_of).cut(start, end)


def _of_day(view: View, name: str, make: Callable[[View], Minutes]) -> Minutes:
    """Of the view's business day, summed once a tick where that is today."""
    if view.window == "day" and view.closed:
        return view.once(name, make)
    return view.once_a_tick(name, make)


def _visitors_of(view: View) -> Minutes:
    doors: dict[str, DoorSeries] = day_of(view).tallies.get(DoorSeries.kind, {})
    return _summed([door.people for door in doors.values()])


def _sales_of(view: View) -> Minutes:
    sales: dict[str, SaleSeries] = day_of(view).tallies.get(SaleSeries.kind, {})
    return _summed([one.sales for one in sales.values()])


def _summed(counts: Iterable[Mapping[int, int]]) -> Minutes:
    """Several counts by minute as one."""
    known = [
        (np.fromiter(some, np.int64, len(some)), np.fromiter(some.values(), np.float64, len(some)))
        for some in counts
        if some
    ]
    if not known:
        return Minutes(0, np.zeros(0))
    first = min(int(minutes.min()) for minutes, _ in known)
    found: Series = np.zeros(max(int(minutes.max()) for minutes, _ in known) - first + 1)
    for minutes, people in known:
        found[minutes - first] += people
    return Minutes(first, found)


def _due(view: View, start: int, end: int) -> Series:
    """Visitors due at the tills in each minute of [start, end)."""
    visitors = _visitors(view, start - lags.LONGEST + 1, end)
    if not visitors.any():
        return visitors[lags.LONGEST - 1 :]
    lag = view.memory(LagMemory).lag(part_of(view.profile, max(start, end - 1)))
    return lags.due(visitors, lag)[lags.LONGEST - 1 :]


def till_lag(view: View) -> Iterator[Reading]:
    """Mean seconds from the door to the till at this time of day; ``detail.sd_s`` its spread."""
    part = part_of(view.profile, minute_of(view.at))
    memory = view.memory(LagMemory)
    lag, n = memory.lag(part), sum(shares.sales for shares in memory.parts.values())
    yield Reading(
        round(lag.mean * 60),
        evidence=Evidence(n=round(n)),
        reason="learned" if n >= PRIOR_SALES else "assumed",
        detail={"sd_s": round(lag.sd * 60), "part": part},
    )


def aligned(view: View) -> Iterator[Reading]:
    """Transactions ÷ the visitors due at the tills in the same whole minutes."""
    end = min(view.end, minute_of(view.at) + 1)
    due = float(_due(view, view.start, end).sum())
    k = int(_sales(view, view.start, end).sum())
    bounds = wilson(k, round(due), view.profile.z)
    low, high = bounds or (None, None)
    yield Reading(
        ratio(k, due),
        evidence=Evidence(
            n=round(due, 1), k=k, low=low and round(low, 6), high=high and round(high, 6),
            level=view.profile.settings.evidence_level if bounds else None,
        ),
    )  # fmt: skip


def evidence(view: View) -> Iterator[Reading]:
    """Nats for a conversion that has fallen: the newest whole hours since opening against what is usual then.

    ``detail``: since when, the sales per visitor due, the usual ones, and the most nats so many visitors can be
    expected to show for a fall by 35 % (the information bound).
    """
    minute = minute_of(view.at)
    opened = view.profile.open_minutes(minute)
    if minute not in opened or not view.today.tallies:
        return
    # the store's at any time: an hour's own is of sales by when they were rung up, not by whom they are due to
    usual = min(view.memory(UsualMemory).whole(view.profile.benchmark.conversion), 0.95)
    start = max(opened.start, minute - max(fall.SPANS))
    found = fall.strongest(_sales(view, start, minute), _due(view, start, minute), usual)
    start = minute - found.minutes
    yield Reading(
        round(found.nats, 2),
        evidence=Evidence(n=round(found.due, 1), k=int(found.sales)),
        reason="conversion_fell" if found.nats >= LEVEL else "",
        coverage=_heard(view, range(start, minute)),
        detail={
            "since": instant_of(start).isoformat(), "usual": round(usual, 4),
            "bound": round(fall.bound(found.due, usual, 0.65 * usual), 2),
            "rate": ratio(int(found.sales), found.due),
        },
    )  # fmt: skip


def _heard(view: View, minutes: range) -> float | None:
    """Share of door minutes covered since the evidence began; ``None`` where no minute counts."""
    silent = int(view.profile.settings.lateness.sensor_silent_s // 60)
    return view.doors_heard.share(view.profile.doors, minutes, silent)


_BOTH = (DoorSeries, SaleSeries)
MEASURES = (
    Measure(
        "till_lag", "seconds", _BOTH, till_lag, ("now",),
        cadence=5, memory=LagMemory, learn=learn,
    ),
    Measure("conversion_aligned", "ratio", _BOTH, aligned, ("15m", "60m", "day"), covered=True, cadence=5),
    Measure("conversion_evidence", "score", _BOTH, evidence, ("now",), cadence=1),
)  # fmt: skip
