"""A door that is not heard: is it merely quiet, and how many came through it?

While a door is silent the others go on counting. If its usual share of them would have been E people, none at all
happens by chance with probability about exp(−E ÷ φ), φ = 2 for people who come in groups. Below 1 in 1,000 the door is
missing and is filled in with E.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import log
from typing import NamedTuple

PLAUSIBLE = 2 * log(1000)  # people a quiet door may owe its share
_WORTH = 100.0  # visitors today that a share learned before counts for

Counts = Mapping[str, Mapping[int, int]]  # door → minute → visitors
Usual = Callable[[range], Sequence[float]]


class Gap(NamedTuple):
    """A door's missing minutes, and what should have come through in each.

    Attributes:
        source: ``share`` of the other doors, or ``usual`` where no door was heard.
    """

    door: str
    minutes: range
    expected: float
    source: str
    each: tuple[float, ...]

    def within(self, start: int, end: int) -> float:
        """People missing in [start, end)."""
        return sum(self.each[max(0, start - self.minutes.start) : max(0, end - self.minutes.start)])


def share_of(
    door: str,
    counts: Counts,
    known: Mapping[str, float],
    gap: range,
    alive: Iterable[str],
) -> float:
    """The door's visitors for each visitor of the ``alive`` doors, outside the gap, with what was known before.

    >>> share_of("a", {"a": {1: 30}, "b": {1: 10}}, {}, range(5, 9), ["b"])
    3.0
    """
    doors = set(counts) | set(known) | {door, *alive}
    total = sum(known.values())

    def weight(name: str) -> float:
        prior = known.get(name, 0.0) / total if total else 1 / len(doors)
        held = _WORTH if total else 0.0
        series = counts.get(name, {}).items()
        return held * prior + sum(n for m, n in series if not gap.start <= m < gap.stop)

    others = sum(weight(name) for name in alive if name != door)
    return weight(door) / others if others > 0 else 0.0


def gap_of(
    door: str, gap: range, counts: Counts, known: Mapping[str, float], usual: Usual
) -> Gap | None:
    """The missing minutes of one silent door; ``None`` while chance explains the silence.

    Args:
        door: whose counter was not heard during ``gap``.
        gap: the minutes.
        counts: visitors of every door by minute.
        known: visitors by door of earlier days, for their shares.
        usual: the store's usual visitors in each of some minutes; 0 where they are not known.
    """
    others = {
        name: sum(people for minute, people in series.items() if gap.start <= minute < gap.stop)
        for name, series in counts.items()
        if name != door
    }
    alive = [name for name, people in others.items() if people > 0]
    if alive:
        share = share_of(door, counts, known, gap, alive)
        if share * sum(others.values()) <= PLAUSIBLE:
            return None
        each = tuple(share * sum(counts[n].get(m, 0) for n in alive) for m in gap)
        return Gap(door, gap, sum(each), "share", each)
    total = sum(known.values())
    share = known.get(door, 0.0) / total if total else 0.0
    if not share:
        return None
    each = tuple(share * people for people in usual(gap))
    return Gap(door, gap, sum(each), "usual", each) if sum(each) > PLAUSIBLE else None
