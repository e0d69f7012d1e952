"""``floorcast export``: the history for other programs, without small counts of people."""

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    import polars as pl

    from floorcast.main import Session

EPILOG = """Examples:

floorcast export quarters --store riverside --from 2026-11-01 --to 2026-11-30 --out november.csv

floorcast export days --metric visitors --metric conversion --format jsonl

floorcast export quarters --format parquet --out quarters.parquet

Counts of people from 1 to 4 are left out, with what could give them away: the smallest other counts of the same
doors, zones or tills and of the same day's quarter-hours, and every rate that rests on them. Their rows have no value
and `suppressed` is true. Exit codes: 0 done; 2 an option or the configuration cannot be used; 3 the file cannot be
written.
"""
KEPT = [
    "store", "day", "metric", "subject", "start_at", "end_at", "value", "text", "unit", "n", "k", "low", "high",
    "level", "coverage", "state", "revision", "as_of", "suppressed",
]  # fmt: skip
"""Columns of an export; free details of a fact may count people too and stay inside."""


def register(app: typer.Typer) -> None:
    """Add ``export``."""
    app.command("export", epilog=EPILOG)(command)


def command(
    ctx: typer.Context,
    table: Annotated[
        Literal["quarters", "hours", "days", "weeks"], typer.Argument(help="What to export.")
    ] = "quarters",
    store: Annotated[
        list[str] | None, typer.Option(help="Only this store; may be repeated.")
    ] = None,
    metric: Annotated[
        list[str] | None, typer.Option(help="Only this measure; may be repeated.")
    ] = None,
    since: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First business day.")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Last business day.")
    ] = None,
    kind: Annotated[
        Literal["csv", "parquet", "jsonl"] | None,
        typer.Option("--format", help="Of the output; by the file's name, else csv."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The file; standard output by default.")] = None,
    history: Annotated[
        Path | None, typer.Option(help="The history; floorcast.history_dir by default.")
    ] = None,
) -> None:
    """Write facts of the history for other programs; small counts of people are left out."""
    from floorcast.errors import FloorcastError
    from floorcast.suppression import suppress

    session: Session = ctx.obj
    folder = history or Path(session.settings().floorcast.history_dir)
    named = out.suffix.lstrip(".") if out else ""
    chosen = kind or ("jsonl" if named == "jsonl" else "parquet" if named == "parquet" else "csv")
    if chosen == "parquet" and out is None:
        raise FloorcastError("--format parquet needs a file: --out NAME.parquet")
    rows = suppress(facts(folder, table, store or [], since, until))
    hidden = int(rows["suppressed"].sum())
    import polars as pl

    if metric:
        rows = rows.filter(pl.col("metric").is_in(metric))
    write(rows.select(KEPT), chosen, out)
    typer.echo(
        f"{rows.height:,} rows; {int(rows['suppressed'].sum()):,} of them left out ({hidden:,} in the whole range)",
        err=True,
    )


def facts(
    folder: Path, table: str, stores: list[str], since: datetime | None, until: datetime | None
) -> "pl.DataFrame":
    """The newest revision of every fact of these stores and days, with all measures."""
    import polars as pl

    from floorcast.history.partitions import known
    from floorcast.history.rows import FACT_COLUMNS, FACT_KEY

    wanted = [
        partition.path(folder)
        for partition in known(folder, table)
        if (not stores or partition.store in stores)
        and (since is None or partition.day >= since.date())
        and (until is None or partition.day <= until.date())
    ]
    frames = [pl.read_parquet(path) for path in wanted]
    rows = (
        pl.concat([pl.DataFrame(schema=FACT_COLUMNS), *frames], how="diagonal_relaxed")
        .sort("as_of", "revision")
        .unique(["store", "day", *FACT_KEY], keep="last")
    )
    return rows.sort("store", "day", *FACT_KEY)


def write(rows: "pl.DataFrame", kind: str, out: Path | None) -> None:
    """In the format asked for, to a file at once or to standard output."""
    from floorcast.commands.query import csv, json_lines

    if out is None:
        sys.stdout.write(csv(rows) if kind == "csv" else json_lines(rows))
        return
    unfinished = out.with_name(f"{out.name}.unfinished")
    if kind == "parquet":
        rows.write_parquet(unfinished)
    else:
        unfinished.write_text(csv(rows) if kind == "csv" else json_lines(rows), encoding="utf-8")
    unfinished.replace(out)
