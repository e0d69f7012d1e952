"""The history as DuckDB views, for one SELECT at a time, with nothing else of the machine in reach (edge).

| view | a row is |
|---|---|
| ``quarters``, ``hours``, ``days``, ``weeks`` | a fact: the newest revision of each |
| ``quarters_all`` and so on | every revision, also those that a later one replaced |
| ``quarters_as_of(instant)`` and so on | what was known then |
| ``incidents``, ``ledger`` | an incident; its alert, action and outcome |
| ``events`` | an event of the raw archives |
"""

# ruff: noqa: S608 - every name put into SQL here is our own; paths are quoted

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from floorcast.errors import FloorcastError
from floorcast.history.rows import COLUMNS, TABLES

THREADS = 2
MEMORY = "1GB"
_TYPES: dict[Any, str] = {
    pl.String: "VARCHAR",
    pl.Date: "DATE",
    pl.Float64: "DOUBLE",
    pl.Int64: "BIGINT",
    pl.Boolean: "BOOLEAN",
}
_ARCHIVED = "{'p': 'INTEGER', 'id': 'VARCHAR', 'at': 'TIMESTAMPTZ', 'events': 'JSON[]'}"  # as in floorcast.recording
_EVENT = (
    "event->>'store' AS store, event->>'kind' AS kind, (event->>'at')::TIMESTAMPTZ AS happened_at,"
    " received_at, event->>'source' AS source, event->>'id' AS id, event"
)


class QueryError(FloorcastError):
    """SQL that cannot be run here; the message is DuckDB's, in one line."""


@contextmanager
def opened(history: Path, archive: Path) -> "Iterator[duckdb.DuckDBPyConnection]":
    """A connection that sees the views and reads files of these two folders only; its settings are locked."""
    connection = duckdb.connect(":memory:", config={"threads": THREADS, "memory_limit": MEMORY})
    try:
        connection.execute("SET TimeZone = 'UTC'")
        folders = ", ".join(_quoted(folder.resolve()) for folder in (history, archive))
        connection.execute(f"SET allowed_directories = [{folders}]")
        for table in COLUMNS:
            _add_table(connection, history.resolve(), table)
        _add_events(connection, archive.resolve())
        connection.execute("SET temp_directory = ''")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        yield connection
    finally:
        connection.close()


def select(connection: "duckdb.DuckDBPyConnection", sql: str) -> pl.DataFrame:
    """The answer to one SELECT (also VALUES, DESCRIBE, SUMMARIZE, SHOW); raises ``QueryError`` for all else."""
    try:
        statements = connection.extract_statements(sql)
        if len(statements) != 1:
            raise QueryError(f"one statement at a time, not {len(statements)}")
        if statements[0].type != duckdb.StatementType.SELECT:
            raise QueryError("the history is read only: SELECT, DESCRIBE, SUMMARIZE or SHOW TABLES")
        return _fetched(connection.sql(sql))
    except duckdb.Error as error:
        raise QueryError(str(error).partition("\n\nLINE")[0]) from None


def _fetched(answer: "duckdb.DuckDBPyRelation") -> pl.DataFrame:
    """An answer as Python values: DuckDB's own way to polars wants pyarrow, its instants want pytz."""
    zoned = [
        name
        for name, kind in zip(answer.columns, answer.types, strict=True)
        if str(kind) == "TIMESTAMP WITH TIME ZONE"
    ]
    if zoned:
        casts = ", ".join(f'"{name}"::TIMESTAMP AS "{name}"' for name in zoned)
        answer = answer.project(f"* REPLACE ({casts})")
    rows = pl.DataFrame(
        answer.fetchall(), schema=answer.columns, orient="row", infer_schema_length=None
    )
    return rows.with_columns(
        pl.col(name).cast(pl.Datetime("us")).dt.replace_time_zone("UTC") for name in zoned
    )


def _add_table(connection: "duckdb.DuckDBPyConnection", history: Path, table: str) -> None:
    facts = table in TABLES.values()
    every = f"{table}_all" if facts else table
    if next((history / table).glob("store=*/day=*.parquet"), None):
        files = _quoted(history / table / "store=*" / "day=*.parquet")
        source = f"read_parquet({files}, hive_partitioning = false, union_by_name = true)"
        connection.execute(f"CREATE VIEW {every} AS SELECT * FROM {source}")
    else:
        columns = ", ".join(f'"{name}" {_type(kind)}' for name, kind in COLUMNS[table].items())
        connection.execute(f"CREATE TABLE {every} ({columns})")
    if facts:
        held = (
            "QUALIFY row_number() OVER (PARTITION BY store, day, metric, subject, start_at"
            " ORDER BY as_of DESC, revision DESC) = 1"
        )
        connection.execute(f"CREATE VIEW {table} AS SELECT * FROM {every} {held}")
        connection.execute(
            f"CREATE MACRO {table}_as_of(instant) AS TABLE SELECT * FROM {every}"
            f" WHERE as_of <= instant {held}"
        )


def _add_events(connection: "duckdb.DuckDBPyConnection", archive: Path) -> None:
    if next(archive.glob("*/*.jsonl.zst"), None):
        files = _quoted(archive / "*" / "*.jsonl.zst")
        rows = (
            f'SELECT unnest(events) AS event, "at" AS received_at FROM read_json({files},'
            f" format = 'newline_delimited', compression = 'zstd', columns = {_ARCHIVED})"
        )
    else:
        rows = "SELECT NULL::JSON AS event, NULL::TIMESTAMPTZ AS received_at WHERE false"
    connection.execute(f"CREATE VIEW events AS SELECT {_EVENT} FROM ({rows})")


def _type(kind: object) -> str:
    return _TYPES.get(kind, "TIMESTAMPTZ")


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
