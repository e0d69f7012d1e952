"""Which measures of an open window are read on a tick: those whose cadence begins, or whose tallies changed."""

from functools import cache, lru_cache

from flows.facts import Window
from flows.measure import Measure, measures, measures_over

OPEN: tuple[Window, ...] = ("15m", "60m", "day", "now")  # read between two minutes
Read = tuple[Measure, frozenset[str]]
"""A measure with the kinds of tally it reads."""


@cache
def reads_over(window: Window) -> tuple[Read, ...]:
    """The measures of one window, each with the kinds of tally it reads."""
    return tuple(
        (measure, frozenset(kind.kind for kind in measure.reads))
        for measure in measures_over(window)
    )


@cache
def cadences() -> tuple[int, ...]:
    """Every measure's cadence, each once."""
    return tuple(sorted({m.cadence_over(window) for m in measures() for window in m.windows}))


def begun(before: int, minute: int) -> frozenset[int]:
    """The cadences that have a reading due where the tick before lay in another minute.

    >>> sorted(begun(12, 13)), sorted(begun(13, 17))
    ([0, 1], [0, 1, 5, 15])
    """
    return frozenset(c for c in cadences() if not c or minute // c != before // c)


@lru_cache(maxsize=256)
def due_over(window: Window, begun: frozenset[int]) -> tuple[Read, ...]:
    """The measures of one window to read when these cadences begin."""
    return tuple(read for read in reads_over(window) if read[0].cadence_over(window) in begun)


@cache
def told_at_once() -> frozenset[str]:
    """The kinds of tally that some measure of an open window is read for on the very tick."""
    read = (kinds for window in OPEN for one, kinds in reads_over(window) if not one.cadence)
    return frozenset().union(*read)


@lru_cache(maxsize=4096)
def touched_over(window: Window, changed: frozenset[str]) -> tuple[Measure, ...]:
    """The measures of one window to read between two minutes, when these kinds of tally changed."""
    return tuple(
        measure
        for measure, kinds in reads_over(window)
        if not measure.cadence and not kinds.isdisjoint(changed)
    )
