"""How much of what the door counters should have seen they reported.

A counter that only speaks when somebody passes is not broken because a minute was quiet: it covers the minutes between
two messages that are no further apart than its declared silence.
"""

import re
from collections.abc import Iterable
from functools import cache
from typing import Any


@cache
def _zeros(least: int) -> re.Pattern[str]:
    return re.compile(f"0{{{least},}}")


class Heard:
    """The minutes in which each door was heard, as one bit a minute.

    >>> heard = Heard()
    >>> heard.mark("main", 100); heard.mark("main", 105)
    >>> heard.share(["main"], range(100, 110), silent=5)
    1.0
    >>> heard.share(["main", "mall"], range(100, 110), silent=0)
    0.1
    """

    __slots__ = ("_bits", "_silences", "base", "version")

    def __init__(self) -> None:
        self.base = 0  # minute of the lowest bit
        self.version = 0  # grows with what is known
        self._bits: dict[str, int] = {}
        self._silences: tuple[int, dict[tuple[str, int, int, int], list[range]]] = (
            0,
            {},
        )  # of a version

    def __bool__(self) -> bool:
        return any(self._bits.values())

    def mark(self, door: str, minute: int) -> None:
        """A door said something about this minute."""
        if not self._bits:
            self.base = minute
        if minute < self.base:
            for known in self._bits:
                self._bits[known] <<= self.base - minute
            self.base = minute
        bits, bit = self._bits.get(door, 0), 1 << (minute - self.base)
        if not bits & bit:
            self._bits[door] = bits | bit
            self.version += 1

    def share(self, doors: Iterable[str], minutes: range, silent: int) -> float | None:
        """Share of door minutes covered, 0 to 1; ``None`` if none was expected."""
        names = list(doors)
        if not names or not minutes:
            return None
        window = ((1 << len(minutes)) - 1) << max(0, minutes.start - self.base)
        if minutes.start < self.base:
            window >>= self.base - minutes.start
        covered = sum(
            (_extend(self._bits.get(door, 0), silent) & window).bit_count() for door in names
        )
        return round(covered / (len(names) * len(minutes)), 4)

    def silences(self, door: str, minutes: range, over: int = 0) -> list[range]:
        """The stretches of ``minutes``, as long as they go and more than ``over``, in which a door was not heard.

        >>> heard = Heard()
        >>> heard.mark("main", 102)
        >>> heard.silences("main", range(100, 106)), heard.silences("main", range(102, 103))
        ([range(100, 102), range(103, 106)], [])
        >>> heard.silences("main", range(100, 106), over=2)
        [range(103, 106)]
        """
        if self._silences[0] != self.version:
            self._silences = self.version, {}
        known, name = self._silences[1], (door, minutes.start, minutes.stop, over)
        if name not in known:
            known[name] = self._silent(door, minutes, over)
        return known[name]

    def _silent(self, door: str, minutes: range, over: int) -> list[range]:
        bits = self._bits.get(door, 0)
        away = minutes.start - self.base
        bits = bits >> away if away >= 0 else bits << -away
        bits &= (1 << len(minutes)) - 1
        marks = f"{bits:0{len(minutes)}b}"[::-1] if minutes else ""
        first = minutes.start
        return [
            range(first + quiet.start(), first + quiet.end())
            for quiet in _zeros(over + 1).finditer(marks)
        ]

    def forget(self, before: int) -> None:
        """Drop the minutes before this one."""
        if self._bits and before > self.base:
            self._bits = {door: bits >> (before - self.base) for door, bits in self._bits.items()}
            self.base = before
            self._silences = self.version, {}

    def row(self) -> list[Any]:
        """For the snapshot; a copy."""
        return [
            self.base,
            {
                door: bits.to_bytes((bits.bit_length() + 7) // 8, "little")
                for door, bits in self._bits.items()
            },
        ]

    def restore(self, row: list[Any]) -> None:
        """Take a snapshot's row back."""
        self.base = row[0]
        self._bits = {door: int.from_bytes(bits, "little") for door, bits in row[1].items()}
        self._silences = self.version, {}


def _extend(bits: int, silent: int) -> int:
    """Every set bit carried on over the ``silent`` minutes after it."""
    done = 0
    while done < silent:
        step = min(done + 1, silent - done)
        bits |= bits << step
        done += step
    return bits
