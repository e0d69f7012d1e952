"""The bytes of a recording in pieces: plain, or zstd frame by frame with the place of every flaw."""

from collections.abc import Generator, Iterator
from typing import BinaryIO, NamedTuple

import zstandard

FRAME_BYTES = 1 << 20  # of lines in a frame that we write
MAGIC = b"\x28\xb5\x2f\xfd"
_CHUNK = 1 << 18
_HELD = 8 << 20  # most bytes of a frame kept back until its checksum is seen


class Piece(NamedTuple):
    """Some bytes of the lines. ``offset``: of its first byte, or of its frame in a compressed file."""

    offset: int
    content: bytes
    compressed: bool


class Flaw(NamedTuple):
    """What could not be read, and where it begins."""

    offset: int
    reason: str


def plain_pieces(file: BinaryIO) -> Iterator[Piece]:
    """The file as it is."""
    offset = 0
    while content := file.read(_CHUNK):
        yield Piece(offset, content, compressed=False)
        offset += len(content)


def zstd_pieces(file: BinaryIO) -> Iterator[Piece | Flaw]:
    """Frame by frame; a frame's lines are given out once its checksum is right.

    Of a frame above 8 MB (other tools write one for the whole file) they are given out before. After a flaw
    it goes on with the next frame.
    """
    offset = 0
    while True:
        file.seek(offset)
        if not file.read(1):
            return
        file.seek(offset)
        end = yield from _frame(file, offset)
        if end is None:
            end = _next_frame(file, offset + len(MAGIC))
            if end is None:
                return
        offset = end


def _frame(file: BinaryIO, offset: int) -> Generator[Piece | Flaw, None, int | None]:
    """One frame from ``offset``; returns where the next begins, ``None`` after a flaw."""
    frame = zstandard.ZstdDecompressor().decompressobj()
    held: list[bytes] = []
    size, read = 0, offset
    while not frame.eof:
        chunk = file.read(_CHUNK)
        if not chunk:
            yield Flaw(offset, "truncated: the file ends within a zstd frame")
            return None
        read += len(chunk)
        try:
            content = frame.decompress(chunk)
        except zstandard.ZstdError as error:
            yield Flaw(offset, f"damaged: {error}")
            return None
        held.append(content)
        size += len(content)
        if size > _HELD:
            yield Piece(offset, b"".join(held), compressed=True)
            held, size = [], 0
    yield Piece(offset, b"".join(held), compressed=True)
    return read - len(frame.unused_data)


def _next_frame(file: BinaryIO, offset: int) -> int | None:
    """Where the next frame seems to begin; ``None`` if there is none."""
    file.seek(offset)
    tail = b""
    while chunk := file.read(_CHUNK):
        found = (tail + chunk).find(MAGIC)
        if found >= 0:
            return offset - len(tail) + found
        offset += len(chunk)
        tail = (tail + chunk)[-3:]
    return None
