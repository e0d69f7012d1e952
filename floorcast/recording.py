"""A recorded log: JSON lines, one log entry a line, plain or zstd; read with every flaw told, written whole.

``{"p":3,"id":"1700000000000-0","at":"2026-11-22T09:00:00Z","events":[{…}]}``; a tick has no ``events``. A file
whose lines are bare events is read too: each is received as it happened, and ticks are put between.

A ``.zst`` file is a sequence of zstd frames with checksums, about a megabyte of lines each, so that a flipped
bit costs one frame and its place is known.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, NamedTuple, Self

import msgspec
import zstandard

from floorcast.errors import FloorcastError
from floorcast.frames import FRAME_BYTES, Flaw, plain_pieces, zstd_pieces
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


class Block(NamedTuple):
    """Whole lines that were read at once, ``before`` lines into the file."""

    offset: int
    before: int
    text: bytes
    compressed: bool


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
    blocks = _blocks(path, salvage, progress)
    first = next(blocks, None)
    if first is None:
        return
    whole = chain((first,), blocks)
    head = first.text.lstrip().partition(b"\n")[0]
    if b'"kind"' in head and b'"p":' not in head.split(b'"events"')[0]:
        lines = chain.from_iterable(map(_lines, whole))
        yield from log_entries(_bare(path, lines, salvage), partitions=partitions, tick=tick)
    else:
        yield from _entries(path, whole, salvage)


def _blocks(
    path: Path, salvage: Callable[[str], None] | None, progress: Callable[[int], None]
) -> Iterator[Block]:
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
            text, end, rest = (rest + piece.content).rpartition(b"\n")
            if text.strip():
                yield Block(offset, number, text, piece.compressed)
            number += text.count(b"\n") + len(end)
            offset = piece.offset if piece.compressed else offset + len(text) + len(end)
            progress(file.tell())
    if rest.strip():
        _flawed(path, f"byte {offset}: truncated: the last line has no end", salvage)


def _lines(block: Block) -> Iterator[Line]:
    """The lines of a block that say something."""
    offset = block.offset
    for number, text in enumerate(block.text.split(b"\n"), block.before + 1):
        if text.strip():
            yield Line(offset, number, text)
        if not block.compressed:
            offset += len(text) + 1


def _flawed(path: Path, what: str, salvage: Callable[[str], None] | None) -> None:
    if salvage is None:
        raise RecordingError(f"{path}: {what}; --salvage reads what is whole") from None
    salvage(f"{path}: {what}; left out")


Newest = dict[int, tuple[Position, datetime]]
"""Position and time of each partition's newest entry."""


def _entries(
    path: Path, blocks: Iterable[Block], salvage: Callable[[str], None] | None
) -> Iterator[Entry]:
    """Decoded entries; each partition's positions ascend and its time never goes back."""
    newest: Newest = {}
    for block in blocks:
        entries = _in_order(block, newest)
        yield from _line_by_line(path, block, newest, salvage) if entries is None else entries


def _in_order(block: Block, newest: Newest) -> list[Entry] | None:
    """A block's entries, decoded at once; ``None`` if anything is wrong with one of them."""
    seen, entries = dict(newest), []
    try:
        for row in _row.decode_lines(block.text):
            position, at = Position.parse(row.id), row.at
            before = seen.get(row.p)
            if before and (position <= before[0] or at < before[1]):
                return None
            seen[row.p] = (position, at)
            lines = b"\n".join(map(bytes, row.events)) if row.events else b""
            entries.append(Entry(row.p, position, at, lines))
    except ValueError:
        return None
    newest.update(seen)
    return entries


def _line_by_line(
    path: Path, block: Block, newest: Newest, salvage: Callable[[str], None] | None
) -> Iterator[Entry]:
    """A block's entries one by one, each flaw told with its place."""
    for line in _lines(block):
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
        yield Entry(row.p, position, row.at, b"\n".join(map(bytes, row.events)))


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
