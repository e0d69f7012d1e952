"""``floorcast history``: what is final, kept as files."""

from pathlib import Path
from typing import Annotated

import typer

EPILOG = """Examples:

floorcast history

floorcast history --once

floorcast history --out /srv/floorcast/history

Exit codes: 0 stopped; 2 another history writes this folder, or the configuration cannot be used; 3 Redis cannot be
reached.
"""


def register(app: typer.Typer) -> None:
    """Add ``history``."""
    app.command("history", epilog=EPILOG)(command)


def command(
    ctx: typer.Context,
    out: Annotated[
        Path | None, typer.Option(help="The history; floorcast.history_dir by default.")
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Stop at the facts' present end.")] = False,
) -> None:
    """Write closed quarter-hours, days, incidents and the ledger as Parquet, by store and day, until stopped."""
    from floorcast.history.follower import follow
    from floorcast.stage import prepare
    from sensors.stream_source import stop_on_signals

    settings = prepare(ctx.obj, "history")
    folder = out or Path(settings.floorcast.history_dir)
    written = follow(settings, settings.sensors.redis.url, folder, stop_on_signals(), once=once)
    typer.echo(f"{written:,} files written in {folder}", err=True)
