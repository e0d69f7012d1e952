"""What tallies are: mergeable totals of one kind of thing, seen by one subject in one stretch of time.

A file in ``flows/tallies/`` defines one or more ``Tally`` classes and lists them, with the function that adds an event,
in ``PARTS``. It is found by scanning the folder and held to the laws by one shared test.
"""

from collections.abc import Callable, Sequence
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, ClassVar, NamedTuple, Self, TypeVar

from msgspec import Struct

import flows.tallies
from flows.facts import Window
from sensors.events import Event

Windows = frozenset[Window]
TRAILING_AND_ALIGNED: Windows = frozenset({"15m", "60m", "day", "quarter"})
TRAILING_AND_DAY: Windows = frozenset({"15m", "60m", "day"})
NOW: Windows = frozenset({"now"})
BETWEEN = "\x1f"  # the parts of a compound name


class Tally(Struct, array_like=True, gc=False):
    """Totals that merge commutatively and associatively; a new one (all defaults) is the identity.

    Fields may be added at the end with defaults: older snapshots then still decode.

    Attributes:
        kind: its name in a pane, unique among all tallies.
        windows: the windows it is kept for; ``now`` alone makes it a level that no window ends.
        invertible: whether ``merge(other, -1)`` undoes ``merge(other)``. Windows of one that is not (a maximum,
            a set of uniques) are merged again from their minutes whenever a minute leaves.
    """

    kind: ClassVar[str]
    windows: ClassVar[Windows] = TRAILING_AND_ALIGNED
    invertible: ClassVar[bool] = True

    def merge(self, other: Self, sign: int = 1) -> None:
        """Add ``other`` (or take it back with ``sign`` −1) in place; never changes ``other``."""
        raise NotImplementedError


@cache
def identity(cls: type[Tally]) -> Tally:
    """The tally of nothing at all, to compare with; it is shared and must not be changed."""
    return cls()


T = TypeVar("T", bound=Tally)
Subjects = dict[str, Any]  # subject → tally of one kind
Tallies = dict[str, Subjects]  # kind → subjects


def subjects_of(tallies: Tallies, cls: type[T]) -> dict[str, T]:
    """The tallies of a kind by subject, made when they are not there yet."""
    subjects: dict[str, T] | None = tallies.get(cls.kind)
    if subjects is None:
        subjects = tallies[cls.kind] = {}
    return subjects


def tally_of(tallies: Tallies, cls: type[T], subject: str) -> T:
    """The tally of a subject, made when it is not there yet."""
    subjects = subjects_of(tallies, cls)
    tally = subjects.get(subject)
    if tally is None:
        tally = subjects[subject] = cls()
    return tally


def add_counts(into: dict[Any, int], other: dict[Any, int], sign: int) -> None:
    """Merge counters in place, without zeros.

    >>> counts = {"a": 1}; add_counts(counts, {"a": 1, "b": 2}, -1); counts
    {'b': -2}
    """
    for key, count in other.items():
        total = into.get(key, 0) + sign * count
        if total:
            into[key] = total
        else:
            into.pop(key, None)


Contribute = Callable[[Tallies, Tallies, Any, int], None]
"""``contribute(pane, now, event, sign)``: add what an event says to the tallies of its minute (``pane``) or to the
store's levels (``now``). ``sign`` −1 takes back what the same event added before (a voided ticket, a corrected
interval); it reaches tallies of both places."""


ContributeRun = Callable[[Tallies, Tallies, Sequence[Any]], None]
"""The same as adding these events of one minute one by one; for kinds that come by the hundred thousand."""


class Part(NamedTuple):
    """One way in which a kind of event enters the tallies."""

    event: type[Event]
    tallies: tuple[type[Tally], ...]
    contribute: Contribute
    contribute_run: ContributeRun | None = None

    def run(self, pane: Tallies, now: Tallies, events: Sequence[Any]) -> None:
        """Add events of one minute."""
        if self.contribute_run is not None:
            self.contribute_run(pane, now, events)
        else:
            for event in events:
                self.contribute(pane, now, event, 1)


@cache
def parts() -> tuple[Part, ...]:
    """Every part defined under ``flows/tallies/``, in the order of their files' names."""
    found: list[Part] = []
    for module in sorted(iter_modules(flows.tallies.__path__), key=lambda module: module.name):
        found += import_module(f"flows.tallies.{module.name}").PARTS
    return tuple(found)


@cache
def kinds() -> dict[str, type[Tally]]:
    """Tally class by kind; raises ``ValueError`` if two files claim the same kind."""
    found: dict[str, type[Tally]] = {}
    for part in parts():
        for cls in part.tallies:
            if found.setdefault(cls.kind, cls) is not cls:
                raise ValueError(f"two tallies are called {cls.kind}")
    return found


@cache
def contributors() -> dict[type[Event], tuple[Contribute, ...]]:
    """What to call for each type of event."""
    found: dict[type[Event], tuple[Contribute, ...]] = {}
    for part in parts():
        found[part.event] = (*found.get(part.event, ()), part.contribute)
    return found


def run_parts(event: type[Event]) -> tuple[Part, ...]:
    """The parts of one type of event, for runs of them."""
    return tuple(part for part in parts() if part.event is event)
