"""The log kept for ever: one zstd recording per store and hour, closed whole, with a manifest and checksums.

``<folder>/<store>/2026-11-22T09.jsonl.zst`` holds what the store's partition said of it within that UTC hour of time
received, ticks included. ``MANIFEST`` gets a line for each file once it is complete and on the disk.
"""

import fcntl
import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from floorcast.errors import FloorcastError
from floorcast.recording import RecordingError, RecordingWriter, read_recording, sync_folder
from sensors.keyspace import partition_of
from sensors.streams import Entry

MANIFEST = "MANIFEST"
LOCK = "MANIFEST.lock"


class Archived(msgspec.Struct, frozen=True, kw_only=True):
    """One closed file: where it is within the folder, what it holds, and its checksum."""

    path: str
    store: str
    hour: datetime
    entries: int
    events: int
    first: str  # position of its first entry, and of its last
    last: str
    sha256: str
    bytes: int


def hour_of(at: datetime) -> datetime:
    """The UTC hour it falls in."""
    return at.replace(minute=0, second=0, microsecond=0)


class _Whose(msgspec.Struct):
    store: str = ""


_whose = msgspec.json.Decoder(_Whose)


class _Open:
    """The file of a store's present hour."""

    def __init__(self, folder: Path, store: str, hour: datetime, first: str) -> None:
        self.name = f"{store}/{hour:%Y-%m-%dT%H}.jsonl.zst"
        self.store, self.hour, self.first, self.last = store, hour, first, first
        self.writer = RecordingWriter(folder / self.name).__enter__()

    def write(self, entry: Entry) -> None:
        self.writer.write(entry)
        self.last = str(entry.position)

    def close(self) -> Archived:
        self.writer.__exit__(None, None, None)
        path = self.writer.path
        return Archived(
            path=self.name, store=self.store, hour=self.hour, entries=self.writer.entries,
            events=self.writer.events, first=self.first, last=self.last,
            sha256=checksum(path), bytes=path.stat().st_size,
        )  # fmt: skip


class Archive:
    """Splits a log into files. Hours that are already closed in the folder are left as they are.

    An hour is closed by the first entry of its partition after it. One that is still open when the log ends is not
    kept: recording again reads it from its start.
    """

    def __init__(self, folder: Path, stores: Iterable[str], partitions: int) -> None:
        self.folder = folder
        self.by_partition: dict[int, list[str]] = {}
        for store in stores:
            self.by_partition.setdefault(partition_of(store, partitions), []).append(store)
        self.closed: list[Archived] = []
        self._known = {(a.store, a.hour) for a in read_manifest(folder)}
        self._open: dict[str, _Open] = {}

    def take(self, entry: Entry) -> None:
        """Add one entry to the files of the stores it concerns."""
        hour = hour_of(entry.received_at)
        said: dict[str, list[bytes]] = {}
        for line in entry.lines.split(b"\n") if entry.lines else ():
            said.setdefault(_whose.decode(line).store, []).append(line)
        for store in self.by_partition.get(entry.partition, ()):
            file = self._file(store, hour, entry)
            if file and (entry.is_tick or store in said):
                file.write(entry._replace(lines=b"\n".join(said.get(store, ()))))

    def _file(self, store: str, hour: datetime, entry: Entry) -> _Open | None:
        file = self._open.get(store)
        if file and file.hour != hour:
            self._close(store)
            file = None
        if file is None and (store, hour) not in self._known:
            file = self._open[store] = _Open(self.folder, store, hour, str(entry.position))
        return file

    def _close(self, store: str) -> None:
        archived = self._open.pop(store).close()
        self._known.add((store, archived.hour))
        self.closed.append(archived)
        with locked(self.folder), (self.folder / MANIFEST).open("ab") as manifest:
            manifest.write(msgspec.json.encode(archived) + b"\n")
            manifest.flush()
            os.fsync(manifest.fileno())
        sync_folder(self.folder)

    def abandon(self) -> None:
        """Leave the open hours to the next run."""
        for file in self._open.values():
            file.writer.__exit__(KeyboardInterrupt, None, None)
        self._open.clear()

    def finish(self) -> None:
        """Close the open hours too: the log has ended for good."""
        for store in list(self._open):
            self._close(store)


def checksum(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_manifest(folder: Path) -> list[Archived]:
    """Every closed file, in the order they were closed; raises ``FloorcastError`` for a broken manifest."""
    path = folder / MANIFEST
    if not path.exists():
        return []
    found: list[Archived] = []
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        try:
            found.append(msgspec.json.decode(line, type=Archived))
        except msgspec.MsgspecError as error:
            raise FloorcastError(f"{path}: line {number}: {error}") from None
    return found


def verify(folder: Path) -> Iterator[str]:
    """What is wrong with an archive, one line each; nothing if it is whole."""
    manifest = read_manifest(folder)
    for archived in manifest:
        path = folder / archived.path
        if not path.exists():
            yield f"{path}: missing"
        elif checksum(path) != archived.sha256:
            yield f"{path}: checksum differs: {_where(path)}"
    listed = {folder / archived.path for archived in manifest}
    for path in sorted(folder.rglob("*.jsonl.zst*")):
        if path not in listed:
            yield f"{path}: not in the manifest: it was never closed"


def _where(path: Path) -> str:
    """The first flaw of a file whose bytes have changed."""
    try:
        for _ in read_recording(path):
            pass
    except RecordingError as error:
        return str(error).removeprefix(f"{path}: ").removesuffix("; --salvage reads what is whole")
    return "its lines are whole; it was replaced"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Be the only one who changes an archive's manifest; waits for another one to finish."""
    with (folder / LOCK).open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def write_manifest(folder: Path, kept: Iterable[Archived]) -> None:
    """Replace the manifest in one step; call it within ``locked``."""
    fresh = folder / f"{MANIFEST}.unfinished"
    with fresh.open("wb") as file:
        file.write(b"".join(msgspec.json.encode(archived) + b"\n" for archived in kept))
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(folder / MANIFEST)
    sync_folder(folder)


def prune(folder: Path, keep: timedelta, now: datetime) -> list[Archived]:
    """Delete files whose hour ended longer than ``keep`` ago; returns them. The manifest forgets them first."""
    with locked(folder):
        manifest = read_manifest(folder)
        old = [a for a in manifest if a.hour + timedelta(hours=1) < now - keep]
        if old:
            write_manifest(folder, (a for a in manifest if a not in old))
            for archived in old:
                (folder / archived.path).unlink(missing_ok=True)
    return old
