"""Facts and incidents to a file a person names: JSON lines, CSV or Parquet by its ending, ``-`` for stdout."""

import hashlib
import sys
import tempfile
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import msgspec
import polars as pl

from floorcast.errors import FloorcastError

BATCH_ROWS = 20_000
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


def write_lines(lines: Iterable[bytes], out: str, columns: Iterable[str] = ()) -> None:
    """Write JSON lines where and as ``out`` says; empty means nowhere, but the lines are still taken.

    A table has these ``columns`` first, also where no line speaks of them, so that its head never depends on the log.
    """
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
        _write_table(lines, Path(out), columns)


def _write_table(lines: Iterable[bytes], out: Path, columns: Iterable[str]) -> None:
    """One row a line; nested values as JSON text, other values as text where a column's types differ.

    Rows are put aside by the thousand while their columns and types are learned, then written in batches, so that
    memory does not grow with their number.
    """
    with tempfile.TemporaryFile("w+b") as aside:
        kinds: dict[str, set[type]] = {name: set() for name in columns}
        for line in lines:
            aside.write(line + b"\n")
            for name, value in msgspec.json.decode(line).items():
                kinds.setdefault(name, set()).add(type(_cell(value)))
        schema = {name: _type_of(found) for name, found in kinds.items()}
        aside.seek(0)
        frames = _frames(aside, schema)
        if out.suffix == ".csv":
            _write_csv(frames, schema, out)
        else:
            _write_parquet(frames, schema, out)


def _frames(rows: Iterable[bytes], schema: dict[str, type[pl.DataType]]) -> Iterator[pl.DataFrame]:
    """The rows in frames of one schema."""
    waiting = iter(rows)
    while batch := [msgspec.json.decode(row) for row in islice(waiting, BATCH_ROWS)]:
        columns = {
            name: pl.Series([_as(kind, row.get(name)) for row in batch], dtype=kind)
            for name, kind in schema.items()
        }
        yield pl.DataFrame(columns)


def _write_csv(
    frames: Iterable[pl.DataFrame], schema: dict[str, type[pl.DataType]], out: Path
) -> None:
    with out.open("wb") as file:
        pl.DataFrame(schema=schema).write_csv(file)
        for frame in frames:
            frame.write_csv(file, include_header=False)


def _write_parquet(
    frames: Iterable[pl.DataFrame], schema: dict[str, type[pl.DataType]], out: Path
) -> None:
    """Each frame beside the others on disk, then all of them streamed into one file."""
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as folder:
        parts = []
        for n, frame in enumerate(frames):
            parts.append(Path(folder) / f"{n:06d}.parquet")
            frame.write_parquet(parts[-1])
        if not parts:
            pl.DataFrame(schema=schema).write_parquet(out)
        elif len(parts) == 1:
            parts[0].replace(out)
        else:
            pl.scan_parquet(parts).sink_parquet(out)


def _cell(value: object) -> object:
    return msgspec.json.encode(value).decode() if isinstance(value, dict | list) else value


def _as(kind: type[pl.DataType], value: object) -> object:
    value = _cell(value)
    if value is None or kind != pl.String:
        return float(value) if kind == pl.Float64 and isinstance(value, int) else value
    return str(value)


def _type_of(found: set[type]) -> type[pl.DataType]:
    found = found - {type(None)}
    if found <= {int, float}:
        return pl.Float64 if float in found or not found else pl.Int64
    return pl.Boolean if found == {bool} else pl.String
