"""Output lines in log order whatever order workers made them in, in flat memory: sorted runs, merged at the end."""

import heapq
import shutil
import tempfile
import threading
import weakref
from collections.abc import Iterable, Iterator
from operator import itemgetter
from pathlib import Path
from typing import BinaryIO, NamedTuple

import msgspec

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


class Ordered:
    """Takes lines in any order from any thread; gives them back once, sorted by key."""

    def __init__(self, run_lines: int = RUN_LINES) -> None:
        self._run_lines = run_lines
        self._lock = threading.Lock()
        self._held: list[Keyed] = []
        self._lines = self._bytes = 0  # held
        self._runs: list[BinaryIO] = []
        weakref.finalize(self, _close, self._runs)

    def add(self, batches: Iterable[Keyed]) -> None:
        """Take the lines of some batches; a full run is sorted and spilled to a temporary file."""
        some = [keyed for keyed in batches if keyed[1]]
        with self._lock:
            self._held += some
            self._lines += sum(len(lines) for _, lines in some)
            self._bytes += sum(len(line) for _, lines in some for line in lines)
            if self._lines >= self._run_lines or self._bytes >= RUN_BYTES:
                self._spill()

    def _spill(self) -> None:
        self._held.sort(key=_by_key)
        run = tempfile.TemporaryFile("w+b")  # noqa: SIM115 - lives until the merge has read it
        run.writelines(map(_row, self._held))
        run.seek(0)
        self._runs.append(run)
        self._held, self._lines, self._bytes = [], 0, 0

    def lines(self) -> Iterator[bytes]:
        """Every line in order, without its line feed; the runs are gone afterwards."""
        for _, lines in self._merged():
            yield from lines

    def _merged(self) -> Iterator[Keyed]:
        self._held.sort(key=_by_key)
        streams: list[Iterable[Keyed]] = [self._held, *(_read(run) for run in self._runs)]
        yield from heapq.merge(*streams, key=_by_key)
        _close(self._runs)
        self._held, self._lines, self._bytes = [], 0, 0

    def dump(self, path: Path) -> None:
        """Put every line into a file, in order; the runs are gone afterwards."""
        with path.open("wb") as file:
            file.writelines(map(_row, self._merged()))

    def load(self, path: Path) -> None:
        """Take up a file that was dumped, as a run; it is read when the lines are."""
        run = tempfile.TemporaryFile("w+b")  # noqa: SIM115 - lives until the merge has read it
        with path.open("rb") as file:
            shutil.copyfileobj(file, run)
        run.seek(0)
        self._runs.append(run)


def _close(runs: list[BinaryIO]) -> None:
    """Let go of the temporary files; they are gone with it."""
    for run in runs:
        run.close()
    runs.clear()


def _row(keyed: Keyed) -> bytes:
    """One row of a run; a line of JSON holds no tab."""
    return b"\t".join((msgspec.json.encode(keyed[0]), *keyed[1])) + b"\n"


def _read(run: BinaryIO) -> Iterator[Keyed]:
    """The batches of one run."""
    for row in run:
        key, *lines = row.rstrip(b"\n").split(b"\t")
        yield msgspec.json.decode(key, type=Key), lines
