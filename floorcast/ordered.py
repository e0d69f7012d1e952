"""Output lines in log order whatever order workers made them in, in flat memory: sorted runs, merged at the end."""

import threading
from collections.abc import Iterable, Iterator
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

import msgspec

from floorcast.runs import FAN, Runs

RUN_LINES = 50_000
RUN_BYTES = 8 << 20


class Key(NamedTuple):
    """Where lines belong: the log position of their batch, then partition and store."""

    ms: int
    seq: int
    partition: int
    store: str


Keyed = tuple[Key, list[bytes]]
"""The lines of one batch, in their order; no other has its key."""
_by_key = itemgetter(0)
_key = msgspec.json.Decoder(Key).decode
_encode = msgspec.json.Encoder().encode


class Ordered:
    """Takes lines in any order from any thread; gives them back once, sorted by key."""

    def __init__(self, run_lines: int = RUN_LINES, fan: int = FAN) -> None:
        self._run_lines = run_lines
        self._lock = threading.Lock()
        self._held: list[Keyed] = []
        self._lines = self._bytes = 0  # held
        self._runs = Runs(_key_of, fan=fan)

    def add(self, batches: Iterable[Keyed]) -> None:
        """Take the lines of some batches; a full run is sorted and put to disk."""
        some = [keyed for keyed in batches if keyed[1]]
        with self._lock:
            self._held += some
            for _, lines in some:
                self._lines += len(lines)
                self._bytes += sum(map(len, lines))
            if self._lines >= self._run_lines or self._bytes >= RUN_BYTES:
                self._runs.add(self._sorted())
                self._held, self._lines, self._bytes = [], 0, 0

    def _sorted(self) -> Iterator[bytes]:
        self._held.sort(key=_by_key)
        return map(_row, self._held)

    def lines(self) -> Iterator[bytes]:
        """Every line in order, without its line feed; the runs are gone afterwards."""
        for row in self._merged():
            yield from row.split(b"\t")[1:]

    def _merged(self) -> Iterator[bytes]:
        yield from self._runs.rows(self._sorted())
        self._runs.clear()
        self._held, self._lines, self._bytes = [], 0, 0

    def dump(self, path: Path) -> None:
        """Put every line into a file, in order; the runs are gone afterwards."""
        with path.open("wb") as file:
            file.writelines(row + b"\n" for row in self._merged())

    def load(self, path: Path) -> None:
        """Take up a file that was dumped, as a run."""
        with path.open("rb") as file:
            self._runs.add(row[:-1] for row in file)


def _row(keyed: Keyed) -> bytes:
    """One row of a run; a line of JSON holds no tab."""
    return b"\t".join((_encode(keyed[0]), *keyed[1]))


def _key_of(row: bytes) -> Key:
    return _key(row[: row.index(b"\t")])
