"""``floorcast query``: SQL over the history."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    import polars as pl

    from floorcast.main import Session

EPILOG = """Examples:

floorcast query "SELECT day, value FROM days WHERE metric = 'visitors' AND subject = '' ORDER BY day"

floorcast query "SELECT * FROM quarters_as_of(TIMESTAMPTZ '2026-11-22 12:00+08') LIMIT 5" --json

floorcast query "SHOW TABLES"

floorcast query "SELECT kind, count(*) AS events FROM events GROUP BY kind" > events.csv

Tables: quarters, hours, days, weeks (each also as …_all with every revision and …_as_of(instant)), incidents, ledger,
events. Times are UTC. Exit codes: 0 done; 2 the SQL or the configuration cannot be used.
"""
ROWS = 200
"""Drawn on a terminal at most; a pipe gets all."""


def register(app: typer.Typer) -> None:
    """Add ``query``."""
    app.command("query", epilog=EPILOG)(command)


def command(
    ctx: typer.Context,
    sql: Annotated[str, typer.Argument(help="One SELECT.")],
    json: Annotated[
        bool, typer.Option("--json", help="JSON lines instead of a table or CSV.")
    ] = False,
    history: Annotated[
        Path | None, typer.Option(help="The history; floorcast.history_dir by default.")
    ] = None,
    archive: Annotated[
        Path | None, typer.Option(help="The archives; floorcast.archive_dir by default.")
    ] = None,
) -> None:
    """Ask the history in SQL (DuckDB): a table on a terminal, CSV in a pipe. Nothing can be changed by it."""
    from floorcast.history.views import opened, select

    session: Session = ctx.obj
    own = session.settings().floorcast
    folders = history or Path(own.history_dir), archive or Path(own.archive_dir)
    with opened(*folders) as connection:
        answer = select(connection, sql)
    if json:
        sys.stdout.write(json_lines(answer))
    elif sys.stdout.isatty():
        draw(answer)
    else:
        sys.stdout.write(csv(answer))


def json_lines(rows: "pl.DataFrame") -> str:
    """One object a row; instants in ISO 8601 with their zone."""
    import msgspec

    return "".join(msgspec.json.encode(row).decode() + "\n" for row in rows.iter_rows(named=True))


def csv(rows: "pl.DataFrame") -> str:
    """With a header line; lists and structures as JSON."""
    import msgspec
    import polars as pl

    nested = [name for name, kind in rows.schema.items() if kind.is_nested()]
    return rows.with_columns(
        pl.Series(name, [msgspec.json.encode(value).decode() for value in rows[name].to_list()])
        for name in nested
    ).write_csv()


def draw(rows: "pl.DataFrame") -> None:
    """A table for people; unknown is a dash."""
    from rich.console import Console
    from rich.table import Table

    table = Table(header_style="bold")
    for name, kind in rows.schema.items():
        table.add_column(name, justify="right" if kind.is_numeric() else "left", overflow="fold")
    for row in rows.head(ROWS).iter_rows():
        table.add_row(*("–" if value is None else _shown(value) for value in row))
    console = Console()
    console.print(table)
    if rows.height > ROWS:
        console.print(f"{ROWS} of {rows.height:,} rows; a pipe gets all", style="dim")


def _shown(value: object) -> str:
    return f"{value:,.10g}" if isinstance(value, float) else str(value)
