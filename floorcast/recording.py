"""A recorded log: JSON lines, one log entry a line, plain or zstd; read with every flaw told, written whole.

``{"p":3,"id":"1700000000000-0","at":"2026-11-22T09:00:00Z","events":[{…}]}``; a tick has no ``events``. A file
whose lines are bare events is read too: each is received as it happened, and ticks are put between.

A ``.zst`` file is a sequence of zstd frames with checksums, about a megabyte of lines each, so that a flipped
bit costs one frame and its place is known.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, NamedTuple, Self

import msgspec
import zstandard

from floorcast.errors import FloorcastError
from floorcast.frames import FRAME_BYTES, Flaw, Piece, plain_pieces, zstd_pieces
from sensors.events import AnyEvent
from sensors.simulation.delivery import Delivery
from sensors.simulation.log_maker import log_entries
from sensors.streams import Entry, Position


class RecordingError(FloorcastError):
    """A recording that is not whole; names the file, the place and the reason."""


class _Row(msgspec.Struct, forbid_unknown_fields=True):
    """A line as it stands in the file."""

    p: int
    id: str
    at: datetime
    events: list[msgspec.Raw] = []


_row = msgspec.json.Decoder(_Row)
_event = msgspec.json.Decoder(AnyEvent)


class Line(NamedTuple):
    """A line and where it begins: in a plain file the byte, in a zstd file its frame's first byte."""

    offset: int
    number: int
    text: bytes


def encode_entry(entry: Entry) -> bytes:
    """One line, without its line feed."""
    at = entry.received_at.isoformat().replace("+00:00", "Z").encode()
    head = b'{"p":%d,"id":"%b","at":"%b"' % (entry.partition, str(entry.position).encode(), at)
    return head + (b',"events":[%b]}' % entry.lines.replace(b"\n", b",") if entry.lines else b"}")


class RecordingWriter:
    """Writes a recording beside its name and moves it there when it is complete and on the disk.

    An error or Ctrl-C within the ``with`` block leaves nothing under the name.
    """

    def __init__(self, path: Path, level: int = 9) -> None:
        self.path = path
        self.entries = self.events = 0
        self._unfinished = path.with_name(f"{path.name}.unfinished")
        self._file: BinaryIO | None = None
        self._compress: Callable[[bytes], bytes] | None = None
        if path.suffix == ".zst":
            self._compress = zstandard.ZstdCompressor(level=level, write_checksum=True).compress
        self._lines: list[bytes] = []
        self._size = 0

    def write(self, entry: Entry) -> None:
        """Append one entry."""
        line = encode_entry(entry)
        self._lines.append(line)
        self._size += len(line) + 1
        self.entries += 1
        self.events += 0 if entry.is_tick else entry.lines.count(b"\n") + 1
        if self._size >= FRAME_BYTES:
            self._flush()

    def _flush(self) -> None:
        if self._file is None or not self._lines:
            return
        block = b"\n".join(self._lines) + b"\n"
        self._file.write(self._compress(block) if self._compress else block)
        self._lines, self._size = [], 0

    def __enter__(self) -> Self:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self._unfinished.open("wb")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is None:
            return
        with self._file as file:
            if kind is None:
                self._flush()
                file.flush()
                os.fsync(file.fileno())
        if kind is None:
            self._unfinished.replace(self.path)
            sync_folder(self.path.parent)
        else:
            self._unfinished.unlink()


def sync_folder(folder: Path) -> None:
    """Make a rename within ``folder`` survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read_recording(
    path: Path,
    *,
    salvage: Callable[[str], None] | None = None,
    partitions: int = 16,
    tick: timedelta = timedelta(seconds=1),
    progress: Callable[[int], None] = lambda _read: None,
) -> Iterator[Entry]:
    """Entries of one recording, in file order.

    Args:
        path: a plain or zstd file.
        salvage: told of each flaw, after which reading goes on with what is whole; without it a flaw raises.
        partitions: of the log made from bare events; unused otherwise.
        tick: time between the ticks put between bare events; unused otherwise.
        progress: told how many bytes of the file have been read, now and then.

    Raises:
        RecordingError: the file is missing, truncated, damaged or out of order, and ``salvage`` is not given.
    """
    lines = _lines(path, salvage, progress)
    first = next(lines, None)
    if first is None:
        return
    whole = _chain(first, lines)
    if b'"kind"' in first.text and b'"p":' not in first.text.split(b'"events"')[0]:
        yield from log_entries(_bare(path, whole, salvage), partitions=partitions, tick=tick)
    else:
        yield from _entries(path, whole, salvage)


def _chain(first: Line, rest: Iterator[Line]) -> Iterator[Line]:
    yield first
    yield from rest


def _lines(
    path: Path, salvage: Callable[[str], None] | None, progress: Callable[[int], None]
) -> Iterator[Line]:
    """Whole lines of a file; a piece that could not be read breaks the line it would have continued."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise RecordingError(f"{path}: cannot be read: {error.strerror}") from None
    number, rest, offset = 0, b"", 0
    with file:
        pieces = zstd_pieces(file) if path.suffix == ".zst" else plain_pieces(file)
        for piece in pieces:
            if isinstance(piece, Flaw):
                _flawed(path, f"byte {piece.offset}: {piece.reason}", salvage)
                rest = b""
                continue
            offset = offset if rest else piece.offset
            *whole, rest = (rest + piece.content).split(b"\n")
            for text in whole:
                number += 1
                if text.strip():
                    yield Line(offset, number, text)
                offset = _after(piece, offset, text)
            progress(file.tell())
    if rest.strip():
        _flawed(path, f"byte {offset}: truncated: the last line has no end", salvage)


def _after(piece: Piece, offset: int, text: bytes) -> int:
    """Where the next line begins: its own byte in a plain file, the frame's in a compressed one."""
    return piece.offset if piece.compressed else offset + len(text) + 1


def _flawed(path: Path, what: str, salvage: Callable[[str], None] | None) -> None:
    if salvage is None:
        raise RecordingError(f"{path}: {what}; --salvage reads what is whole") from None
    salvage(f"{path}: {what}; left out")


def _entries(
    path: Path, lines: Iterable[Line], salvage: Callable[[str], None] | None
) -> Iterator[Entry]:
    """Decoded entries; each partition's positions ascend and its time never goes back."""
    newest: dict[int, tuple[Position, datetime]] = {}
    for line in lines:
        where = f"byte {line.offset}, line {line.number}"
        try:
            row = _row.decode(line.text)
            position = Position.parse(row.id)
        except ValueError as error:
            _flawed(path, f"{where}: not a log entry: {error}", salvage)
            continue
        before = newest.get(row.p)
        if before and (position <= before[0] or row.at < before[1]):
            _flawed(path, f"{where}: out of order: {row.id} after {before[0]}", salvage)
            continue
        newest[row.p] = (position, row.at)
        yield Entry(row.p, position, row.at, b"\n".join(bytes(event) for event in row.events))


def _bare(
    path: Path, lines: Iterable[Line], salvage: Callable[[str], None] | None
) -> Iterator[Delivery]:
    """Events in file order; one that goes back in time was received when the one before it was."""
    received_at: datetime | None = None
    for line in lines:
        try:
            event = _event.decode(line.text)
        except ValueError as error:
            _flawed(path, f"byte {line.offset}, line {line.number}: not an event: {error}", salvage)
            continue
        received_at = max(received_at, event.at) if received_at else event.at
        yield Delivery(received_at, event)
