"""How long people stay in each zone, as a multiset of durations.

The multiset is kept at three significant digits (whole seconds below 1,000 s, then 10 s, then 100 s). Unlike a
randomised quantile sketch (KLL gave medians 83.7 to 84.5 s for one and the same input) it is the same whatever the
order of events and merges, so a replay repeats it byte for byte; it can be subtracted when a minute leaves a window;
and its quantiles are exact to ± 0.5 % or half a second. At most 3,000 different durations exist.
"""

from bisect import bisect_left
from itertools import accumulate
from typing import NamedTuple

from flows.tally import TRAILING_AND_DAY, Part, Tallies, Tally, add_counts, tally_of
from sensors.events import Dwell


def step_of(seconds: float) -> int:
    """A duration at three significant digits, in seconds.

    >>> step_of(84.4), step_of(1_234), step_of(172_800)
    (84, 1230, 172800)
    """
    step = 1 if seconds < 1_000 else 10 if seconds < 10_000 else 100
    return round(seconds / step) * step


class ZoneTally(Tally):
    """Visits to one zone: ``seconds`` maps a duration to the number of visits that long. Staff apart."""

    kind = "dwell"
    windows = TRAILING_AND_DAY

    seconds: dict[int, int] = {}
    staff_visits: int = 0

    def merge(self, other: "ZoneTally", sign: int = 1) -> None:
        """Add or take back, field by field; a level takes the newer word and takes nothing back."""
        self.staff_visits += sign * other.staff_visits
        add_counts(self.seconds, other.seconds, sign)

    @property
    def visits(self) -> int:
        """Visits that ended, without staff."""
        return sum(self.seconds.values())

    def stays(self) -> "Stays":
        """Its visits by duration, in order."""
        lengths = sorted(self.seconds)
        return Stays(lengths, list(accumulate(map(self.seconds.__getitem__, lengths))))


class Stays(NamedTuple):
    """Visits of one zone: durations in seconds, ascending, and how many visits lasted no longer than each."""

    lengths: list[int]
    until: list[int]

    @property
    def visits(self) -> int:
        """All of them."""
        return self.until[-1] if self.until else 0

    def at_least(self, seconds: float) -> int:
        """Visits at least this long.

        >>> ZoneTally(seconds={10: 1, 20: 2, 30: 1}).stays().at_least(20)
        3
        """
        shorter = bisect_left(self.lengths, seconds)
        return self.visits - (self.until[shorter - 1] if shorter else 0)

    def quantile(self, q: float) -> float | None:
        """The q-quantile in seconds: ``None`` without visits.

        Where it falls between two ranks it is the middle of both.

        >>> [ZoneTally(seconds=some).stays().quantile(0.5) for some in ({10: 1, 20: 2, 30: 1}, {10: 1, 20: 1}, {})]
        [20.0, 15.0, None]
        """
        if not self.until:
            return None
        rank = q * self.visits
        at = min(bisect_left(self.until, rank), len(self.until) - 1)
        if self.until[at] == rank and at + 1 < len(self.lengths):
            return (self.lengths[at] + self.lengths[at + 1]) / 2
        return float(self.lengths[at])


def contribute(pane: Tallies, _now: Tallies, event: Dwell, sign: int) -> None:
    """Add one visit, or several of the same mean length."""
    zone = tally_of(pane, ZoneTally, event.zone)
    if event.staff:
        zone.staff_visits += sign * event.visits
    else:
        add_counts(zone.seconds, {step_of(event.dwell_s): event.visits}, sign)


PARTS = (Part(Dwell, (ZoneTally,), contribute),)
