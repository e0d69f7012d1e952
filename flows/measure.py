"""What a measure is: a pure function from the tallies of a window to readings.

A file in ``flows/measures/`` lists its measures in ``MEASURES``; it is found by scanning the folder.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import cache
from importlib import import_module
from math import sqrt
from pkgutil import iter_modules
from typing import Any, NamedTuple, TypeVar

from msgspec import Struct

import flows.measures
from flows.clocks import Clock
from flows.coverage import Heard
from flows.dedup import Device
from flows.factors import Factors
from flows.facts import Evidence, State, Unit, Window
from flows.panes import Pane
from flows.profile import Profile
from flows.tally import Tallies, Tally

T = TypeVar("T", bound=Tally)
M = TypeVar("M", bound=Struct)
K = TypeVar("K")

ANALYSES, OF_THE_DAY = 5, 15  # minutes from one reading of what is analysed to the next
WINDOWS: tuple[Window, ...] = ("15m", "60m", "day", "quarter")


class Reading(NamedTuple):
    """One value of a measure; the publisher makes a ``Fact`` of it.

    Attributes:
        window, span: of what lies ahead (a forecast), instead of the view's own; the span in minutes since 1970.
        state: ``imputed`` where it was filled in for doors that did not report, instead of the window's own.
    """

    value: int | float | str | None
    subject: str = ""
    evidence: Evidence = Evidence()
    reason: str = ""
    detail: Mapping[str, str | int | float | None] = {}
    coverage: float | None = None  # instead of the window's own
    window: Window | None = None
    span: tuple[int, int] | None = None
    state: State | None = None


class View:
    """All that a measure may look at: one window of one store at one tick. Read only.

    Attributes:
        start, end: minutes since 1970, ``end`` exclusive; ``end`` lies ahead while the window is open.
        at: the tick.
        closed: whether the window ended before the tick.
        coverage: share of the window's expected door minutes that reported.
        doors_heard: the minutes in which each door's counter was heard.
        hour: the pane of the trailing hour.
        clocks: devices that told old news or whose clock was ahead.
        factors: what hand counts say of the doors' counters.
    """

    def __init__(
        self, profile: Profile, window: Window, span: tuple[int, int], pane: Pane, at: datetime,
        *, closed: bool = False, coverage: float | None = None, now: Tallies | None = None,
        day: Pane | None = None, changed: Mapping[str, set[str]] | None = None,
        memories: Mapping[str, Any] | None = None, devices: Mapping[str, Device] | None = None,
        counters: Mapping[str, int] | None = None, doors_heard: Heard | None = None, hour: Pane | None = None,
        factors: Factors | None = None, clocks: Mapping[str, Clock] | None = None, tick: dict[str, Any] | None = None,
    ) -> None:  # fmt: skip
        self.profile, self.window, self.pane, self.at = profile, window, pane, at
        self.start, self.end = span
        self.closed, self.coverage = closed, coverage
        self.today = day if day is not None else Pane()
        self._devices: Mapping[str, Device] = devices or {}
        self.counters: Mapping[str, int] = counters or {}
        self.doors_heard = doors_heard or Heard()
        self.hour = hour if hour is not None else Pane()
        self.clocks: Mapping[str, Clock] = clocks or {}
        self.factors = factors if factors is not None else Factors()
        self._now: Tallies = now or {}
        self._changed = changed
        self._memories = memories or {}
        self._totals: dict[str, Any] = {}
        self._tick = tick if tick is not None else {}

    @property
    def heard(self) -> Mapping[str, datetime]:
        """When each device was last heard, by its own clock."""
        return {name: device.newest for name, device in self._devices.items() if name}

    def of(self, cls: type[T]) -> Mapping[str, T]:
        """The tallies of a kind in this window, by subject. A level's is the newest word, in every window."""
        level = cls.windows == frozenset({"now"})
        return (self._now if level else self.pane.tallies).get(cls.kind, {})

    def total(self, cls: type[T]) -> T:
        """All subjects of a kind in one; computed once a view."""
        total: T | None = self._totals.get(cls.kind)
        if total is None:
            total = self._totals[cls.kind] = cls()
            for tally in self.of(cls).values():
                total.merge(tally)
        return total

    def changed(self, cls: type[T]) -> Iterator[tuple[str, T]]:
        """Subjects whose tally changed since the last publication; for kinds with hundreds of subjects."""
        tallies = self.of(cls)
        if self._changed is None:
            yield from tallies.items()
        else:
            for subject in sorted(self._changed.get(cls.kind, ())):
                yield subject, tallies.get(subject) or cls()

    def once(self, name: str, make: Callable[["View"], K]) -> K:
        """What ``make`` finds in this view, computed the first time a measure asks for it."""
        if name not in self._totals:
            self._totals[name] = make(self)
        found: K = self._totals[name]
        return found

    def once_a_tick(self, name: str, make: Callable[["View"], K]) -> K:
        """The same, once for all views of a tick: for what their windows have no part in."""
        if name not in self._tick:
            self._tick[name] = make(self)
        found: K = self._tick[name]
        return found

    def memory(self, cls: type[M]) -> M:
        """What a measure of this store has learned so far (see ``Measure.memory``)."""
        known: M | None = self._memories.get(cls.__name__)
        return known if known is not None else cls()


class Measure(NamedTuple):
    """A number of the glossary and how to read it.

    Attributes:
        reads: kinds of tally it looks at; it is read again when one of them changed.
        by_subject: its readings are of ``view.changed`` subjects only; it is not read again just because a
            minute began.
        covered: its facts carry the window's coverage.
        every_minute: it is read at each minute even if nothing changed (silence, elapsed time).
        cadence: minutes of log time from one reading of an open window to the next: 0 reads it on every tick on which
            something it reads changed, and when a minute begins; 1 when a minute begins; 5 when one begins that five
            divide, of the day when a quarter-hour does. What closes a window is told on the tick that closes it,
            whatever the cadence.
        steady: its readings rest on the window's tallies it ``reads`` and on configuration alone; it is not read
            again before one of them changed.
        quiet: its facts carry no newest event and are told only where a value changed: for what was learned, and for
            hundreds of subjects.
        memory, learn: state it keeps per store, saved in the snapshot, and what changes it: called once for each
            quarter (or day: ``learn_over``) when it becomes final, in order, with its view.
    """

    metric: str
    unit: Unit
    reads: tuple[type[Tally], ...]
    read: Callable[[View], Iterable[Reading]]
    windows: tuple[Window, ...] = WINDOWS
    by_subject: bool = False
    covered: bool = False
    every_minute: bool = False
    memory: type[Struct] | None = None
    learn: Callable[[Any, View], None] | None = None
    cadence: int = 0
    learn_over: Window = "quarter"
    quiet: bool = False
    steady: bool = False

    def cadence_over(self, window: Window) -> int:
        """Its cadence over one window: a day's analysis moves slowly."""
        return OF_THE_DAY if window == "day" and self.cadence == ANALYSES else self.cadence


def by_minute(measure: Measure, *windows: Window) -> tuple[Measure, Measure]:
    """A measure whose open windows are read with every piece of news, except these: read when a minute begins.

    For a wall shows one window of a rate by the second, and nobody acts on its others so soon.
    """
    quick = tuple(window for window in measure.windows if window not in windows)
    return measure._replace(windows=quick), measure._replace(windows=windows, cadence=1)


@cache
def measures() -> tuple[Measure, ...]:
    """Every measure under ``flows/measures/``; raises ``ValueError`` if two files define the same one."""
    found: dict[tuple[str, Window], Measure] = {}
    every: list[Measure] = []
    for module in sorted(iter_modules(flows.measures.__path__), key=lambda module: module.name):
        for measure in import_module(f"flows.measures.{module.name}").MEASURES:
            every.append(measure)
            if measure.by_subject and measure.cadence:
                raise ValueError(f"{measure.metric} tells what changed and can skip no tick")
            for window in measure.windows:
                if found.setdefault((measure.metric, window), measure) is not measure:
                    raise ValueError(f"{measure.metric} over {window} is defined twice")
    return tuple(every)


@cache
def measures_over(window: Window) -> tuple[Measure, ...]:
    """The measures of one window."""
    return tuple(measure for measure in measures() if window in measure.windows)


def ratio(numerator: float, denominator: float) -> float | None:
    """A quotient to six digits; ``None`` without a positive denominator: unknown, not zero.

    >>> ratio(1, 4), ratio(1, 0)
    (0.25, None)
    """
    return round(numerator / denominator, 6) if denominator > 0 else None


def wilson(k: int, n: int, z: float) -> tuple[float, float] | None:
    """Score interval of a proportion (Wilson 1927); ``None`` where it has no meaning (n = 0, k > n).

    >>> [round(bound, 4) for bound in wilson(10, 40, 1.959964)]
    [0.1419, 0.4019]
    >>> wilson(0, 0, 1.96) is None, wilson(3, 2, 1.96) is None
    (True, True)
    """
    if n <= 0 or not 0 <= k <= n:
        return None
    share = k / n
    middle = share + z * z / (2 * n)
    margin = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    return max(0.0, (middle - margin) / scale), min(1.0, (middle + margin) / scale)
