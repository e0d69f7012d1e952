"""Facts and incidents to a file a person names: JSON lines, CSV or Parquet by its ending, ``-`` for stdout."""

import hashlib
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
import polars as pl

from floorcast.errors import FloorcastError

ENDINGS = (".jsonl", ".csv", ".parquet")


def check_output(out: str) -> None:
    """Refuse an ending that cannot be written before the work begins; raises ``FloorcastError``."""
    if out not in ("", "-") and Path(out).suffix not in ENDINGS:
        raise FloorcastError(f"{out}: end it in {', '.join(ENDINGS)}, or write - for the terminal")


class Digest:
    """Counts lines and fingerprints them on their way; equal digests mean equal bytes."""

    def __init__(self) -> None:
        self.lines = 0
        self._sha = hashlib.sha256()

    def through(self, lines: Iterable[bytes]) -> Iterator[bytes]:
        """The same lines."""
        for line in lines:
            self.lines += 1
            self._sha.update(line + b"\n")
            yield line

    @property
    def hex(self) -> str:
        """SHA-256 of the lines so far, each with its line feed."""
        return self._sha.hexdigest()


def write_lines(lines: Iterable[bytes], out: str) -> None:
    """Write JSON lines where and as ``out`` says; empty means nowhere, but the lines are still taken."""
    if out == "-":
        for line in lines:
            sys.stdout.buffer.write(line + b"\n")
        sys.stdout.buffer.flush()
    elif not out:
        for _ in lines:
            pass
    elif Path(out).suffix == ".jsonl":
        with Path(out).open("wb") as file:
            file.writelines(line + b"\n" for line in lines)
    else:
        _write_table(lines, Path(out))


def _write_table(lines: Iterable[bytes], out: Path) -> None:
    """One row a line; nested values as JSON text, other values as text where a column's types differ."""
    rows = [{k: _cell(v) for k, v in msgspec.json.decode(line).items()} for line in lines]
    names = list(dict.fromkeys(name for row in rows for name in row))
    frame = pl.DataFrame({name: _column([row.get(name) for row in rows]) for name in names})
    if out.suffix == ".csv":
        frame.write_csv(out)
    else:
        frame.write_parquet(out)


def _cell(value: object) -> object:
    return msgspec.json.encode(value).decode() if isinstance(value, dict | list) else value


def _column(cells: list[object]) -> pl.Series:
    kinds = {type(cell) for cell in cells if cell is not None}
    if kinds <= {int, float} or len(kinds) <= 1:
        return pl.Series(cells, strict=False, dtype=pl.Float64 if float in kinds else None)
    return pl.Series([None if cell is None else str(cell) for cell in cells])
