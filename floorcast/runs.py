"""Rows put to disk in sorted runs and merged when read: memory and open files stay few however many rows there are."""

import heapq
import tempfile
import weakref
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from typing import Any, BinaryIO

FAN = 64  # runs of one level; as many are merged into one of the next
Levels = list[list[BinaryIO]]


class Runs:
    """Sorted runs of rows in temporary files; 64³ runs, some two terabytes of facts, hold at most 192 files open.

    Args:
        key: what rows are ordered by; a row holds no line feed.
        newest_only: of rows with one key only that of the newest run is given.
        fan: how many runs are merged into one.
    """

    def __init__(
        self, key: Callable[[bytes], Any], *, newest_only: bool = False, fan: int = FAN
    ) -> None:
        self._key, self._newest_only, self._fan = key, newest_only, fan
        self._levels: Levels = []  # of one level the oldest first; a higher one is older
        weakref.finalize(self, _close, self._levels)

    def add(self, rows: Iterable[bytes]) -> None:
        """Put one sorted run to disk."""
        self._push(0, rows)

    def _push(self, level: int, rows: Iterable[bytes]) -> None:
        if level == len(self._levels):
            self._levels.append([])
        run = tempfile.TemporaryFile("w+b")  # noqa: SIM115 - lives until the merge has read it
        run.writelines(row + b"\n" for row in rows)
        self._levels[level].append(run)
        if len(self._levels[level]) == self._fan:
            full, self._levels[level] = self._levels[level], []
            self._push(level + 1, self._merged(full))
            _close([full])

    def rows(self, newest: Iterable[bytes] = ()) -> Iterator[bytes]:
        """All rows in order, with a sorted run that is still in memory; may be read again."""
        oldest_first = [run for level in reversed(self._levels) for run in level]
        return self._merged(oldest_first, newest)

    def _merged(self, runs: list[BinaryIO], newest: Iterable[bytes] = ()) -> Iterator[bytes]:
        """Rows of some runs; of equal keys the newest run's row comes first."""
        streams = [newest, *map(_read, reversed(runs))]
        merged = heapq.merge(*streams, key=self._key)
        if not self._newest_only:
            return merged
        return (next(same) for _, same in groupby(merged, key=self._key))

    def clear(self) -> None:
        """Forget all of it."""
        _close(self._levels)
        self._levels.clear()


def _read(run: BinaryIO) -> Iterator[bytes]:
    run.seek(0)
    for row in run:
        yield row[:-1]


def _close(levels: Levels) -> None:
    """Let go of the temporary files; they are gone with it."""
    for run in (run for level in levels for run in level):
        run.close()
