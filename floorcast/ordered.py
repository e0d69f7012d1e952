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


class Key(NamedTuple):
    """Where a line belongs: its log position, then partition, store and place within the batch."""

    ms: int
    seq: int
    partition: int
    store: str
    n: int


Keyed = tuple[Key, bytes]
_by_key = itemgetter(0)


class Ordered:
    """Takes lines in any order from any thread; gives them back once, sorted by key."""

    def __init__(self, run_lines: int = RUN_LINES) -> None:
        self._run_lines = run_lines
        self._lock = threading.Lock()
        self._held: list[Keyed] = []
        self._runs: list[BinaryIO] = []
        weakref.finalize(self, _close, self._runs)

    def add(self, lines: Iterable[Keyed]) -> None:
        """Take some lines; a full run is sorted and spilled to a temporary file."""
        with self._lock:
            self._held.extend(lines)
            if len(self._held) >= self._run_lines:
                self._spill()

    def _spill(self) -> None:
        self._held.sort(key=_by_key)
        run = tempfile.TemporaryFile("w+b")  # noqa: SIM115 - lives until the merge has read it
        run.writelines(map(_row, self._held))
        run.seek(0)
        self._runs.append(run)
        self._held = []

    def lines(self) -> Iterator[bytes]:
        """Every line in order, without its line feed; the runs are gone afterwards."""
        for _, line in self._merged():
            yield line

    def _merged(self) -> Iterator[Keyed]:
        self._held.sort(key=_by_key)
        streams: list[Iterable[Keyed]] = [self._held, *(_read(run) for run in self._runs)]
        yield from heapq.merge(*streams, key=_by_key)
        _close(self._runs)
        self._held = []

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
    return msgspec.json.encode(keyed[0]) + b"\t" + keyed[1] + b"\n"


def _read(run: BinaryIO) -> Iterator[Keyed]:
    """The lines of one run."""
    for row in run:
        key, _, line = row.rstrip(b"\n").partition(b"\t")
        yield msgspec.json.decode(key, type=Key), line
