"""Messages that correct earlier ones, turned into plain additions and their opposites.

Each corrector takes an event and yields ``(event, sign)`` pairs: what to add to the panes and what to take back. The
sum over everything yielded depends on the events alone, not on their order, as long as what a correction refers to
is still remembered; how much is remembered is bounded per device.
"""

from bisect import bisect_left, insort
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from sensors.events import Footfall

READINGS = 64  # running totals remembered per counter: how far out of order they may come
ENDS = (2**16, 2**32)  # where counters' registers begin again
OVER = 2_048  # people between two readings, when one lies before such an end and one behind it
INTERVALS = 256  # intervals remembered per counter: how far back a repeat replaces

Signed = Iterator[tuple[Footfall, int]]
_MINUTE = timedelta(minutes=1)
_TICK = timedelta(microseconds=1)


def grown_by(now: int, was: int) -> int | None:
    """How far a running total went on; ``None`` if it went back.

    Registers of 16 and 32 bits begin again at zero. A total that is small after one just below such an end went over
    it, if no more than ``OVER`` people explain that.

    >>> grown_by(12, 10), grown_by(4, 65_530), grown_by(3, 10), grown_by(40_000, 65_530)
    (2, 10, None, None)
    """
    if now >= was:
        return now - was
    over = (now + end - was for end in ENDS if was < end)
    return next((people for people in over if people <= OVER), None)


class Reading(NamedTuple):
    """A counter's running totals at an instant (epoch seconds)."""

    at_s: float
    entered: int
    left: int
    passed: int
    children: int
    groups: int  # −1: not told

    def since(self, earlier: "Reading") -> tuple[int, int, int, int, int | None]:
        """People since an earlier reading.

        A device one of whose numbers went back was reset: all of them count from zero again. One that only went over
        its end went on, and says nothing of the others.

        >>> Reading(60, 12, 9, 0, 0, -1).since(Reading(0, 10, 9, 0, 0, -1))
        (2, 0, 0, 0, None)
        >>> Reading(60, 3, 1, 0, 0, -1).since(Reading(0, 10, 9, 0, 0, -1))
        (3, 1, 0, 0, None)
        >>> Reading(60, 4, 30_001, 0, 0, -1).since(Reading(0, 65_530, 30_000, 0, 0, -1))
        (10, 1, 0, 0, None)
        """
        was = earlier
        grown = [grown_by(now, before) for now, before in zip(self[1:4], was[1:4], strict=True)]
        if None in grown:
            was, grown = Reading(0, 0, 0, 0, 0, min(was.groups, 0)), list(self[1:4])
        entered, left, passed = (people or 0 for people in grown)
        known = self.groups >= 0 and was.groups >= 0
        children = grown_by(self.children, was.children) or 0
        groups = grown_by(self.groups, was.groups) or 0 if known else None
        return entered, left, passed, children, groups


class Totals:
    """Running totals per counter, as differences between neighbours in event time."""

    def __init__(self) -> None:
        self.readings: dict[str, list[Reading]] = {}
        self.cut: set[str] = set()  # counters whose oldest readings are forgotten

    def resolve(self, event: Footfall) -> Signed:
        """The difference to the reading before, and the correction of the one after, if it came late."""
        counter = f"{event.source}/{event.door}"
        groups = -1 if event.groups is None else event.groups
        reading = Reading(
            event.at.timestamp(),
            event.entered,
            event.left,
            event.passed,
            event.children or 0,
            groups,
        )
        known = self.readings.setdefault(counter, [])
        at = bisect_left(known, reading)
        before = known[at - 1] if at else None
        after = known[at] if at < len(known) else None
        if after == reading or (before is None and counter in self.cut):
            return
        known.insert(at, reading)
        if len(known) > READINGS:
            del known[0]
            self.cut.add(counter)
        if before and after:
            yield _difference(event, after, before), -1
        if before:
            yield _difference(event, reading, before), 1
        if after:
            yield _difference(event, after, reading), 1

    def row(self) -> list[Any]:
        """For the snapshot; encode it at once."""
        return [self.readings, list(self.cut)]

    def restore(self, row: list[Any]) -> None:
        """Take a snapshot's row back."""
        self.readings = {
            counter: [Reading(*reading) for reading in known] for counter, known in row[0].items()
        }
        self.cut = set(row[1])


def _difference(event: Footfall, later: Reading, earlier: Reading) -> Footfall:
    entered, left, passed, children, groups = later.since(earlier)
    return Footfall(
        at=datetime.fromtimestamp(later.at_s, UTC), store=event.store, source=event.source,
        door=event.door, entered=entered, left=left, passed=passed, children=children,
        groups=groups, staff=event.staff,
    )  # fmt: skip


class Intervals:
    """Counts per interval: a repeat of the same interval replaces what it said before.

    Of two repeats the higher sequence number holds, else the one that came later.
    """

    def __init__(self) -> None:
        self.said: dict[str, dict[str, list[Any]]] = {}  # counter → "end/length" → numbers
        self.ends: dict[str, list[tuple[float, str]]] = {}  # counter → intervals by their end

    def resolve(self, event: Footfall) -> Signed:
        """The interval's counts minute by minute, after those of the message it replaces."""
        counter, end_s = f"{event.source}/{event.door}", event.at.timestamp()
        interval = f"{end_s:.3f}/{event.interval_s or 60:g}"
        said = self.said.setdefault(counter, {})
        seq = -1 if event.seq is None else event.seq
        numbers = [
            event.entered, event.left, event.passed, event.groups, event.children, event.staff, seq,
        ]  # fmt: skip
        before = said.get(interval)
        if before is not None:
            if before[6] > seq >= 0:
                return
            for part in spread(_interval(event, before)):
                yield part, -1
        else:
            self._remember(counter, said, (end_s, interval))
        said[interval] = numbers
        for part in spread(event):
            yield part, 1

    def _remember(self, counter: str, said: dict[str, list[Any]], key: tuple[float, str]) -> None:
        ends = self.ends.setdefault(counter, [])
        insort(ends, key)
        if len(ends) > INTERVALS:
            said.pop(ends.pop(0)[1], None)

    def row(self) -> list[Any]:
        """For the snapshot; encode it at once."""
        return [self.said]

    def restore(self, row: list[Any]) -> None:
        """Take a snapshot's row back."""
        self.said = row[0]
        self.ends = {
            counter: sorted((float(interval.split("/")[0]), interval) for interval in said)
            for counter, said in self.said.items()
        }


def _interval(event: Footfall, numbers: list[Any]) -> Footfall:
    entered, left, passed, groups, children, staff, _seq = numbers
    return Footfall(
        at=event.at, store=event.store, source=event.source, door=event.door, entered=entered, left=left,
        passed=passed, groups=groups, children=children, staff=staff, interval_s=event.interval_s,
    )  # fmt: skip


def spread(event: Footfall) -> Iterator[Footfall]:
    """An interval's counts over its minutes, as evenly as whole people allow; the sum stays exact.

    >>> from datetime import UTC, datetime
    >>> quarter = Footfall(at=datetime(2026, 1, 1, 9, 15, tzinfo=UTC), door="a", entered=16, interval_s=900)
    >>> parts = list(spread(quarter))
    >>> len(parts), sum(part.entered for part in parts), parts[0].at.minute, parts[-1].at.minute
    (15, 16, 0, 14)
    """
    last = event.at - _TICK  # the end is exclusive: an interval to 10:15:00 lies in 10:14
    minutes = max(1, round((event.interval_s or 60.0) / 60.0))
    for minute in range(1, minutes + 1):

        def share(count: int, minute: int = minute) -> int:
            return count * minute // minutes - count * (minute - 1) // minutes

        yield Footfall(
            at=last - (minutes - minute) * _MINUTE, store=event.store, source=event.source,
            door=event.door, entered=share(event.entered), left=share(event.left),
            passed=share(event.passed), staff=event.staff,
            groups=None if event.groups is None else share(event.groups),
            children=None if event.children is None else share(event.children),
        )  # fmt: skip
