"""Exact deduplication within bounded memory.

A device that numbers its messages is remembered as the runs of numbers it has sent: one run while nothing is lost, so
an unbounded horizon costs some 40 bytes. A device that restarts its numbers is recognised by a later event time; the
runs before the restart are kept beside the new ones. Without numbers, the ids of a store's events are held as 64-bit
hashes in two generations; the older is dropped when the younger is full or has grown old.
"""

from array import array
from bisect import bisect_right
from collections.abc import Callable
from datetime import datetime
from typing import Any

from xxhash import xxh3_64_intdigest

RUNS = 64  # gaps remembered per device; beyond that the oldest gap counts as received


class Numbers:
    """Which sequence numbers one device has sent, and when it was last heard.

    >>> numbers = Numbers()
    >>> [numbers.admit(seq) for seq in (5, 7, 6, 7, 4)]
    [True, True, True, False, True]
    >>> numbers.starts, numbers.ends
    ([4], [7])
    """

    __slots__ = ("ends", "starts")

    def __init__(self, starts: list[int] | None = None, ends: list[int] | None = None) -> None:
        self.starts = starts or []
        self.ends = ends or []

    def admit(self, seq: int) -> bool:
        """Note a number; False if it was noted before."""
        starts, ends = self.starts, self.ends
        at = bisect_right(starts, seq)  # runs before ``at`` start at or before seq
        if at and seq <= ends[at - 1]:
            return False
        joins_left = at > 0 and ends[at - 1] == seq - 1
        joins_right = at < len(starts) and starts[at] == seq + 1
        if joins_left and joins_right:
            ends[at - 1] = ends.pop(at)
            del starts[at]
        elif joins_left:
            ends[at - 1] = seq
        elif joins_right:
            starts[at] = seq
        else:
            starts.insert(at, seq)
            ends.insert(at, seq)
            if len(starts) > RUNS:
                del starts[1], ends[0]
        return True


class Device:
    """What deduplication knows of one device.

    Attributes:
        newest: event time of its newest event; a number already seen, with a later time, is a restart.
        numbers: since the last restart; ``before`` until it.
        before_at: event time of the newest event before the restart.
    """

    __slots__ = ("before", "before_at", "newest", "next", "numbers")

    def __init__(self, newest: datetime) -> None:
        self.newest = newest
        self.numbers = Numbers()
        self.next = (
            -1
        )  # the number that simply follows, for the caller's short cut; −1: take the long way
        self.before: Numbers | None = None
        self.before_at: datetime | None = None

    def admit(self, seq: int, at: datetime, *, clamped: bool) -> bool:
        """Whether this number is new; a clamped time is no evidence of a restart.

        A caller may instead raise ``next`` by one where ``seq`` equals it.
        """
        self._settle()
        if self.before is not None and self.before_at is not None and at <= self.before_at:
            return self.before.admit(seq)
        new = self.numbers.admit(seq)
        if not new and at > self.newest and not clamped:
            self.before, self.before_at = self.numbers, self.newest
            self.numbers = Numbers([seq], [seq])
            new = True
        if self.before is None:
            self.next = self.numbers.ends[-1] + 1
        return new

    def _settle(self) -> None:
        if self.next >= 0:
            self.numbers.ends[-1] = self.next - 1
            self.next = -1

    def row(self) -> list[Any]:
        """For the snapshot; a copy."""
        follows = self.next
        self._settle()
        self.next = follows
        before = self.before and (
            list(self.before.starts),
            list(self.before.ends),
            self.before_at and self.before_at.timestamp(),
        )
        return [self.newest.timestamp(), list(self.numbers.starts), list(self.numbers.ends), before]


class Ids:
    """Ids of one store's events in two generations of at most ``most`` each.

    An id is known for at least ``horizon_s`` of log time, or the newest ``most`` ids, whichever ends first.

    >>> ids = Ids(most=2, horizon_s=60)
    >>> [ids.admit(name, 0) for name in ("a", "b", "a", "c", "b")]
    [True, True, False, True, False]
    """

    def __init__(self, most: int, horizon_s: float) -> None:
        self._most, self._horizon_s = most, horizon_s
        self.young: set[int] = set()
        self.order = array("Q")  # of ``young``, so that a snapshot is one copy
        self.old: set[int] = set()
        self.old_frozen = b""
        self.since: float | None = None  # log time of the young generation's first id

    def admit(self, name: str, now_s: float) -> bool:
        """Note an id; False if it was noted before."""
        key = xxh3_64_intdigest(name.encode())
        if key in self.young or key in self.old:
            return False
        if self.since is None:
            self.since = now_s
        elif len(self.young) >= self._most or now_s - self.since > self._horizon_s:
            self.old, self.old_frozen = self.young, self.order.tobytes()
            self.young, self.order, self.since = set(), array("Q"), now_s
        self.young.add(key)
        self.order.append(key)
        return True

    def row(self) -> list[Any]:
        """For the snapshot; a copy."""
        return [self.since, self.order.tobytes(), self.old_frozen]

    def restore(self, row: list[Any]) -> None:
        """Take a snapshot's row back."""
        self.since, young, self.old_frozen = row
        self.order = array("Q", young)
        self.young, self.old = set(self.order), set(array("Q", self.old_frozen))


def device_of(row: list[Any], from_seconds: Callable[[float], datetime]) -> Device:
    """A device of a snapshot's row."""
    device = Device(from_seconds(row[0]))
    device.numbers = Numbers(row[1], row[2])
    if row[3]:
        device.before = Numbers(row[3][0], row[3][1])
        device.before_at = from_seconds(row[3][2])
    elif row[2]:
        device.next = row[2][-1] + 1
    return device
