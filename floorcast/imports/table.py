"""A table file as a Polars frame of text cells, and conditions on its rows. Reads files; nothing else does here."""

import fnmatch
import gzip
import lzma
from functools import reduce
from operator import and_
from pathlib import Path

import polars as pl
import zstandard

from floorcast.imports.mapping import Mapping, MappingError, When


def read_table(path: Path, mapping: Mapping) -> pl.DataFrame:
    """The whole table; CSV cells stay text. Raises ``MappingError`` if it is not what the mapping says."""
    try:
        if mapping.format == "parquet":
            frame = pl.read_parquet(path)
        else:
            raw = _unpacked(path)
            names = mapping.columns or None
            frame = pl.read_csv(
                raw, infer_schema=False, has_header=names is None, new_columns=names
            )
    except (
        OSError,
        EOFError,
        lzma.LZMAError,
        zstandard.ZstdError,
        pl.exceptions.PolarsError,
    ) as error:
        raise MappingError(f"{path}: cannot be read as {mapping.format}: {error}") from None
    if missing := sorted(_columns(mapping) - set(frame.columns)):
        raise MappingError(
            f"{path}: has no column {', '.join(missing)}; is this the right --mapping?"
        )
    return frame


def _unpacked(path: Path) -> bytes:
    raw = path.read_bytes()
    if path.suffix == ".xz":
        return lzma.decompress(raw)
    if path.suffix == ".gz":
        return gzip.decompress(raw)
    if path.suffix == ".zst":
        return zstandard.ZstdDecompressor().stream_reader(raw).read()
    return raw


def _columns(mapping: Mapping) -> set[str]:
    """Every column a mapping names."""
    named = {*mapping.at.columns, mapping.store_column}
    for rule in mapping.events:
        named |= {*rule.take.values(), *rule.when}
    for account in mapping.accounts:
        named |= set(account.when)
    if tickets := mapping.tickets:
        named |= {
            tickets.number,
            tickets.sku,
            tickets.units,
            tickets.price,
            tickets.net,
            tickets.member,
        }
        named |= set(tickets.returns)
    return named - {""}


def matches(when: When) -> pl.Expr:
    """Rows that satisfy every condition; all rows if there is none."""
    return reduce(
        and_, (_cell(column, pattern) for column, pattern in when.items()), pl.lit(value=True)
    )


def _cell(column: str, pattern: str) -> pl.Expr:
    """Whether the cell, empty where it is missing, satisfies a shell pattern."""
    inner = fnmatch.translate(pattern).removeprefix("(?s:").removesuffix(")\\Z")
    return pl.col(column).cast(pl.String).fill_null("").str.contains(f"(?s)^{inner}$")
