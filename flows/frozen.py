"""A pane at rest, as few bytes: for snapshots, and for the windows that are over.

Long counters by whole number (dwell times by second, visitors by minute) are most of a busy day. Sorted, their steps
and counts take a byte or two each, where a map of numbers takes seven. Counters by compound name (a track, its instant
and its zone) are kept as a column of each part.
"""

from collections.abc import Callable, Sequence
from functools import cache
from itertools import accumulate, pairwise
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from flows.panes import Pane, pane_of, row_of, squeeze, unsqueeze
from flows.tally import BETWEEN, Tallies, kinds

LONG = 16  # entries from which packing a counter pays
DIGITS = 16  # from here on a number is kept as the text it is
_WIDTHS: tuple[type[np.signedinteger[Any]], ...] = (np.int8, np.int16, np.int32, np.int64)
_pack = msgspec.msgpack.Encoder().encode
_unpack: Callable[[bytes], Any] = msgspec.msgpack.Decoder(Any).decode

Column = npt.NDArray[np.int64]


def freeze(pane: Pane) -> bytes:
    """A pane as compact bytes.

    >>> thaw(freeze(Pane())) == Pane()
    True
    """
    return squeeze(_pack(packed_pane(pane)))


def thaw(frozen: bytes) -> Pane:
    """The pane that was frozen."""
    return unpacked_pane(_unpack(unsqueeze(frozen)))


def packed_pane(pane: Pane) -> list[Any]:
    """A pane as what msgpack can hold, its counters packed; shares the rest with the pane, so encode it at once."""
    tallies = {
        kind: {name: _row(tally, counters(kind)) for name, tally in subjects.items()}
        if counters(kind)
        else subjects
        for kind, subjects in pane.tallies.items()
    }
    return row_of(Pane(tallies, pane.newest))


def unpacked_pane(row: list[Any]) -> Pane:
    """The pane of a packed row that was encoded and decoded."""
    newest, tallies = row
    return pane_of([newest, _unpacked(tallies)])


@cache
def counters(kind: str) -> tuple[int, ...]:
    """Which fields of a kind of tally, by position, are counters: by whole number or by name."""
    fields = msgspec.structs.fields(kinds()[kind])
    return tuple(n for n, f in enumerate(fields) if f.type in (dict[int, int], dict[str, int]))


def _row(tally: Any, places: tuple[int, ...]) -> list[Any]:  # noqa: ANN401 - of any kind
    row = list(msgspec.structs.astuple(tally))
    for place in places:
        counts = row[place]
        if counts and isinstance(next(iter(counts)), str):
            row[place] = columns(counts)
        elif len(counts) >= LONG:
            row[place] = packed(counts)
    return row


def _unpacked(tallies: Tallies) -> Tallies:
    known = kinds()
    for kind, subjects in tallies.items():
        for place in counters(kind) if kind in known else ():
            for row in subjects.values():
                if place < len(row) and not isinstance(row[place], dict):
                    unpack = unpacked if isinstance(row[place], bytes) else named
                    row[place] = unpack(row[place])
    return tallies


def columns(counts: dict[str, int]) -> list[Any] | dict[str, int]:
    """A counter by compound name as a column of counts and one of each part; as it is where names are not alike.

    >>> counts = {f"t{n}{BETWEEN}{1000 * n}": 1 for n in (4, 7)}
    >>> columns(counts)
    [[1, 1], ['t4', 't7'], [4000, 3000]]
    >>> named(columns(counts)) == counts
    True
    """
    names = [name.split(BETWEEN) for name in counts]
    if len(names[0]) == 1 or len({len(parts) for parts in names}) > 1:
        return counts
    return [list(counts.values()), *map(_steps, zip(*names, strict=True))]


def named(columns: list[Any]) -> dict[str, int]:
    """The counter that was taken apart."""
    counts, *parts = columns
    texts = [map(str, accumulate(p)) if isinstance(p[0], int) else p for p in parts]
    names = map(BETWEEN.join, zip(*texts, strict=True))
    return dict(zip(names, counts, strict=True))


def _steps(texts: Sequence[str]) -> list[int] | list[str]:
    """A column; one of whole numbers as the first and the steps to each next one."""
    if not all(
        text.isdecimal() and len(text) < DIGITS and text == str(int(text)) for text in texts
    ):
        return list(texts)
    numbers = [int(text) for text in texts]
    return [numbers[0], *(after - before for before, after in pairwise(numbers))]


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
