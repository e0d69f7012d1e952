"""A pane at rest, as few bytes: for snapshots, and for the windows that are over.

Long counters by whole number (dwell times by second, visitors by minute) are most of a busy day. Sorted, their steps
and counts take a byte or two each, where a map of numbers takes seven.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from flows.panes import Pane, pane_of, row_of, squeeze, unsqueeze
from flows.tally import Tallies, kinds

LONG = 16  # entries from which packing a counter pays
_WIDTHS: tuple[type[np.signedinteger[Any]], ...] = (np.int8, np.int16, np.int32, np.int64)
_pack = msgspec.msgpack.Encoder().encode
_unpack: Callable[[bytes], Any] = msgspec.msgpack.Decoder(Any).decode

Column = npt.NDArray[np.int64]


def freeze(pane: Pane) -> bytes:
    """A pane as compact bytes.

    >>> thaw(freeze(Pane())) == Pane()
    True
    """
    return squeeze(_pack(row_of(Pane(_packed(pane.tallies), pane.newest))))


def thaw(frozen: bytes) -> Pane:
    """The pane that was frozen."""
    newest, tallies = _unpack(unsqueeze(frozen))
    return pane_of([newest, _unpacked(tallies)])


@cache
def counters(kind: str) -> tuple[int, ...]:
    """Which fields of a kind of tally, by position, count by whole number."""
    fields = msgspec.structs.fields(kinds()[kind])
    return tuple(n for n, field in enumerate(fields) if field.type == dict[int, int])


def _packed(tallies: Tallies) -> Tallies:
    """Tallies with their long counters packed; those without any are shared, not copied."""
    return {
        kind: {name: _row(tally, counters(kind)) for name, tally in subjects.items()}
        if counters(kind)
        else subjects
        for kind, subjects in tallies.items()
    }


def _row(tally: Any, places: tuple[int, ...]) -> list[Any]:  # noqa: ANN401 - of any kind
    row = list(msgspec.structs.astuple(tally))
    for place in places:
        if len(row[place]) >= LONG:
            row[place] = packed(row[place])
    return row


def _unpacked(tallies: dict[str, Any]) -> dict[str, Any]:
    known = kinds()
    for kind, subjects in tallies.items():
        for place in counters(kind) if kind in known else ():
            for row in subjects.values():
                if place < len(row) and isinstance(row[place], bytes):
                    row[place] = unpacked(row[place])
    return tallies


def packed(counts: dict[int, int]) -> bytes:
    """A counter as its least number, the steps to each next one, and the counts; each as narrow as it fits.

    >>> unpacked(packed({29_000_000 + n: n % 5 for n in range(100)})) == {29_000_000 + n: n % 5 for n in range(100)}
    True
    """
    numbers = np.fromiter(counts, np.int64, len(counts))
    order = np.argsort(numbers)
    numbers = numbers[order]
    values = np.fromiter(counts.values(), np.int64, len(counts))[order]
    return _pack([int(numbers[0]), len(numbers), *_narrow(np.diff(numbers)), *_narrow(values)])


def unpacked(block: bytes) -> dict[int, int]:
    """The counter that was packed."""
    first, count, step_width, steps, value_width, values = _unpack(block)
    numbers = np.full(count, first, np.int64)
    numbers[1:] += np.cumsum(np.frombuffer(steps, _WIDTHS[step_width]), dtype=np.int64)
    found = np.frombuffer(values, _WIDTHS[value_width]).tolist()
    return dict(zip(numbers.tolist(), found, strict=True))


def _narrow(column: Column) -> tuple[int, bytes]:
    """The narrowest width that holds a column, by its place in ``_WIDTHS``, and the column's bytes."""
    low, high = (int(column.min()), int(column.max())) if len(column) else (0, 0)
    for width, kind in enumerate(_WIDTHS[:-1]):
        if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max:
            return width, column.astype(kind).tobytes()
    return len(_WIDTHS) - 1, column.tobytes()
