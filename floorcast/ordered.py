"""Output lines in log order whatever order workers made them in, in flat memory: sorted runs, merged at the end."""

import heapq
import tempfile
import threading
import weakref
from collections.abc import Iterable, Iterator
from operator import itemgetter
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
        for key, line in self._held:
            run.write(msgspec.json.encode(key) + b"\t" + line + b"\n")
        run.seek(0)
        self._runs.append(run)
        self._held = []

    def lines(self) -> Iterator[bytes]:
        """Every line in order, without its line feed; the runs are gone afterwards."""
        self._held.sort(key=_by_key)
        streams: list[Iterable[Keyed]] = [self._held, *(_read(run) for run in self._runs)]
        for _, line in heapq.merge(*streams, key=_by_key):
            yield line
        _close(self._runs)
        self._held = []


def _close(runs: list[BinaryIO]) -> None:
    """Let go of the temporary files; they are gone with it."""
    for run in runs:
        run.close()
    runs.clear()


def _read(run: BinaryIO) -> Iterator[Keyed]:
    """The lines of one run."""
    for row in run:
        key, _, line = row.rstrip(b"\n").partition(b"\t")
        yield msgspec.json.decode(key, type=Key), line
