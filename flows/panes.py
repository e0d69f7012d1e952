"""The pane: what one store saw in one stretch of time, as tallies by (kind, subject).

The unit of truth is the pane of one minute; quarters, days and trailing windows are sums of panes. Merging is
commutative and associative with the empty pane as identity, so neither order nor batching can change a sum.
"""

import threading
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
import zstandard

from flows.facts import Window
from flows.tally import Tallies, identity, kinds

Squeezed = Annotated[bytes, msgspec.Meta(extra={"squeezed": True})]
"""A memory's field that ``squeeze`` made; a snapshot holds it loosened."""

_PACKED, _SQUEEZED = b"p", b"z"
_SMALL = 256  # bytes under which compressing costs more than it gives


class Pane:
    """Tallies, and the newest event time among the events behind them."""

    __slots__ = ("newest", "tallies")

    def __init__(self, tallies: Tallies | None = None, newest: datetime | None = None) -> None:
        self.tallies: Tallies = {} if tallies is None else tallies
        self.newest = newest

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Pane)
            and self.tallies == other.tallies
            and self.newest == other.newest
        )

    __hash__ = None  # type: ignore[assignment]

    def __bool__(self) -> bool:
        return bool(self.tallies) or self.newest is not None

    def merge(self, other: "Pane", sign: int = 1, window: Window | None = None) -> None:
        """Add another pane (or take it back); of its kinds only those kept for ``window``, if one is named."""
        known, tallies = kinds(), self.tallies
        for kind, subjects in other.tallies.items():
            cls = known[kind]
            if window is not None and window not in cls.windows:
                continue
            mine = tallies.get(kind)
            if mine is None:
                mine = tallies[kind] = {}
            empty = identity(cls)
            for subject, tally in subjects.items():
                total = mine.get(subject)
                if total is None:
                    total = mine[subject] = cls()
                total.merge(tally, sign)
                if total == empty:
                    del mine[subject]
            if not mine:
                del tallies[kind]
        if sign > 0 and other.newest is not None:
            self.newest = max(self.newest or other.newest, other.newest)

    def rebuild(self, kind: str, panes: Iterable["Pane"]) -> None:
        """Merge one kind again from these panes: for tallies that cannot be taken back."""
        self.tallies.pop(kind, None)
        for pane in panes:
            if kind in pane.tallies:
                self.merge(Pane({kind: pane.tallies[kind]}))


def row_of(pane: Pane) -> list[Any]:
    """A pane as what msgpack can hold; shares the pane's tallies, so encode it at once."""
    return [pane.newest and pane.newest.timestamp(), pane.tallies]


def pane_of(row: list[Any]) -> Pane:
    """The pane of a row that was encoded and decoded; kinds that no longer exist are left out."""
    known = kinds()
    tallies = {
        kind: {
            subject: msgspec.convert(tally, known[kind], strict=False)
            for subject, tally in subjects.items()
        }
        for kind, subjects in row[1].items()
        if kind in known
    }
    return Pane(tallies, None if row[0] is None else datetime.fromtimestamp(row[0], UTC))


class _Zstd(threading.local):
    """A worker's own contexts: a new one for each block costs more than to compress it, and none may be shared."""

    def __init__(self) -> None:
        self.compressor = zstandard.ZstdCompressor(level=3, write_checksum=False)
        self.decompressor = zstandard.ZstdDecompressor()


_zstd = _Zstd()


def squeeze(raw: bytes) -> bytes:
    """Compress where that pays."""
    if len(raw) < _SMALL:
        return _PACKED + raw
    return _SQUEEZED + _zstd.compressor.compress(raw)


def unsqueeze(squeezed: bytes) -> bytes:
    """The bytes that were squeezed."""
    if squeezed[:1] == _PACKED:
        return squeezed[1:]
    return _zstd.decompressor.decompress(squeezed[1:])


def loosened(squeezed: bytes) -> bytes:
    """The same block uncompressed, for a whole that is compressed together: what is alike in many then counts once.

    >>> unsqueeze(loosened(squeeze(bytes(1000)))) == bytes(1000), loosened(b"")
    (True, b'')
    """
    return _PACKED + unsqueeze(squeezed) if squeezed[:1] == _SQUEEZED else squeezed
