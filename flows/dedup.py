"""Exact deduplication within bounded memory.

A device that numbers its messages is remembered as the runs of numbers it has sent: one run while nothing is lost, so
an unbounded horizon costs some 40 bytes. A device that restarts its numbers is recognised by a later event time; the
runs before the restart are kept beside the new ones. Without numbers, the ids of a store's events are held as 48 bits
of their hashes, an hour's together, for the horizon; a snapshot holds about five bytes of each.
"""

from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable
from datetime import datetime
from math import ceil
from typing import Any

from xxhash import xxh3_64_intdigest

HOUR_S = 3600
GENERATIONS = 1 << 20  # more than an hour can have
_DROPPED = 16  # bits of a 64-bit hash
RUNS = 4096  # gaps remembered per device (a backlog of hours, shuffled); beyond that the oldest counts as received


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
    """Ids of one store's events, in generations of an hour of log time.

    An id is known for at least ``horizon_s`` of log time, or among the newest ``most``, whichever ends first. It is
    held as 48 bits of its hash: with 20,000 ids known, one new id in fourteen billion is taken for a repeat.

    >>> ids = Ids(most=2, horizon_s=7200)
    >>> [ids.admit(name, 0) for name in ("a", "b", "a")], ids.admit("c", 3600), ids.admit("a", 3600)
    ([True, True, False], True, False)
    """

    def __init__(self, most: int, horizon_s: float) -> None:
        self._most, self._hours = most, ceil(horizon_s / HOUR_S) + 1
        self.young: set[int] = set()
        self.hour: int | None = None  # of ``young``; no log time is before it
        self.old: dict[int, set[int]] = {}  # by hour × GENERATIONS and a count
        self._known: set[int] = set()  # all of ``old``
        self._frozen: dict[int, bytes] = {}  # of ``old``

    def admit(self, name: str, now_s: float) -> bool:
        """Note an id; False if it was noted before."""
        key = xxh3_64_intdigest(name.encode()) >> _DROPPED
        if key in self.young or key in self._known:
            return False
        hour = int(now_s // HOUR_S)
        if self.hour is None:
            self.hour = hour
        elif hour > self.hour or len(self.young) >= self._most:
            self._turn(hour)
        self.young.add(key)
        return True

    def _turn(self, hour: int) -> None:
        """Begin a generation; drop what is too old, or too much."""
        # after the newest: an hour may be too full for one generation
        number = max((self.hour or 0) * GENERATIONS, max(self.old, default=-1) + 1)
        self.old[number] = self.young
        self.young, self.hour = set(), max(hour, self.hour or 0)
        total, oldest = sum(map(len, self.old.values())), self.hour - self._hours
        for old in sorted(self.old):
            if old // GENERATIONS > oldest and total <= self._most:
                break
            total -= len(self.old.pop(old))
            self._frozen.pop(old, None)
        self._known = set().union(*self.old.values())

    def row(self) -> list[Any]:
        """For the snapshot; a copy."""
        for number, keys in self.old.items():
            if number not in self._frozen:
                self._frozen[number] = packed(keys)
        return [self.hour, packed(self.young), dict(self._frozen)]

    def restore(self, row: list[Any]) -> None:
        """Take a snapshot's row back."""
        self.hour, young, old = row
        self.young, self._frozen = unpacked(young), dict(old)
        self.old = {number: unpacked(frozen) for number, frozen in old.items()}
        self._known = set().union(*self.old.values())


def packed(keys: Iterable[int]) -> bytes:
    """48-bit numbers in order: their number, their lower 32 bits, and their upper ones each as the step from the last.

    Steps are seven bits a byte; of some hundred numbers nearly all take one.

    >>> unpacked(packed({5, 1 << 47, 77})) == {5, 1 << 47, 77}, len(packed(range(100)))
    (True, 504)
    """
    ordered = sorted(keys)
    steps, before = bytearray(), 0
    for key in ordered:
        upper = key >> 32
        step, before = upper - before, upper
        while step > 127:
            steps.append(128 | step & 127)
            step >>= 7
        steps.append(step)
    lower = array("I", [key & 0xFFFFFFFF for key in ordered])
    return len(ordered).to_bytes(4, "little") + lower.tobytes() + steps


def unpacked(block: bytes) -> set[int]:
    """The numbers that were packed."""
    count = int.from_bytes(block[:4], "little")
    lower = array("I", block[4 : 4 + 4 * count])
    uppers: list[int] = []
    upper = step = shift = 0
    for byte in block[4 + 4 * count :]:
        step |= (byte & 127) << shift
        if byte > 127:
            shift += 7
            continue
        upper += step
        uppers.append(upper << 32)
        step = shift = 0
    return set(map(int.__or__, uppers, lower))


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
