"""``floorcast record``: the live log kept in archives, verified, pruned and made anonymous."""

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from floorcast.main import Session

EPILOG = """Examples:

floorcast record

floorcast record --once --out archive

floorcast record verify archive

floorcast record prune archive --keep-days 400

floorcast record anonymize archive shared.jsonl.zst --shift -52w

Exit codes: 0 done; 1 the archive is not whole; 2 an option or the configuration cannot be used; 3 Redis cannot be
reached.
"""

Folder = Annotated[
    Path | None, typer.Argument(help="The archive; floorcast.archive_dir by default.")
]


def register(app: typer.Typer) -> None:
    """Add ``record`` with its ``verify``, ``prune`` and ``anonymize``."""
    group = typer.Typer(
        invoke_without_command=True,
        epilog=EPILOG,
        help="Keep the live log in archives, a file a store and hour.",
    )
    group.callback()(record)
    group.command("verify", epilog=EPILOG)(verify)
    group.command("prune", epilog=EPILOG)(prune)
    group.command("anonymize", epilog=EPILOG)(anonymize)
    app.add_typer(group, name="record")


def record(
    ctx: typer.Context,
    out: Annotated[
        Path | None, typer.Option(help="The archive; floorcast.archive_dir by default.")
    ] = None,
    redis: Annotated[str, typer.Option(help="Of the live log; the running one by default.")] = "",
    once: Annotated[
        bool,
        typer.Option(
            "--once",
            help="Stop at the log's present end; an hour still open is kept by a later run.",
        ),
    ] = False,
) -> None:
    """Follow the live log until stopped; each hour is closed, checked into the manifest and safe on the disk."""
    if ctx.invoked_subcommand:
        return
    from floorcast.archive import Archive
    from floorcast.recorder import follow
    from floorcast.stage import serve_metrics
    from sensors.stream_source import stop_on_signals

    session: Session = ctx.obj
    settings = session.settings() if redis else session.connected(broker=False)
    stores = [store.id for store in settings.sensors.stores]
    if not once:
        serve_metrics(settings, "record")
    archive = Archive(_folder(ctx, out), stores, settings.sensors.log.partitions)
    days = settings.floorcast.archive_days
    entries = follow(
        archive, redis or settings.sensors.redis.url, stop_on_signals(), once=once,
        keep=timedelta(days=days) if days else None,
    )  # fmt: skip
    typer.echo(
        f"{entries:,} entries read, {len(archive.closed):,} files closed in {archive.folder}",
        err=True,
    )


def verify(ctx: typer.Context, folder: Folder = None) -> None:
    """Check every file of an archive against its manifest; each flaw is told with file and place."""
    from floorcast.archive import read_manifest
    from floorcast.archive import verify as flaws_of
    from floorcast.errors import Exit

    where = _folder(ctx, folder)
    flaws = list(flaws_of(where))
    for flaw in flaws:
        typer.echo(flaw)
    typer.echo(f"{len(read_manifest(where)):,} files, {len(flaws):,} flaws", err=True)
    if flaws:
        raise typer.Exit(Exit.FINDING)


def prune(
    ctx: typer.Context,
    folder: Folder = None,
    keep_days: Annotated[
        float | None,
        typer.Option(
            min=0, help="Delete files older than this; floorcast.archive_days by default."
        ),
    ] = None,
) -> None:
    """Delete the archive's old files."""
    from floorcast.archive import prune as delete_old
    from sensors.clock import SystemClock

    session: Session = ctx.obj
    days = session.settings().floorcast.archive_days if keep_days is None else keep_days
    for_ever = keep_days is None and not days
    kept = timedelta(days=days)
    gone = [] if for_ever else delete_old(_folder(ctx, folder), kept, SystemClock().now())
    typer.echo(f"{len(gone):,} files, {sum(a.bytes for a in gone):,} bytes deleted", err=True)


def anonymize(
    ctx: typer.Context,
    source: Annotated[str, typer.Argument(help="A recording or an archive.")],
    out: Annotated[Path, typer.Argument(help="The new recording: .jsonl or .jsonl.zst.")],
    key: Annotated[
        Path | None,
        typer.Option(
            help="Key file, made when missing; beside OUT by default. Never send it along."
        ),
    ] = None,
    shift: Annotated[
        str, typer.Option(help="Move every time: -52w, 3d, 90m; not at all by default.")
    ] = "",
    salvage: Annotated[
        bool, typer.Option("--salvage", help="Read what is whole of a damaged recording.")
    ] = False,
) -> None:
    """Write a recording without people: members and associates under another key, their words left out."""
    from floorcast.anonymous import Anonymous, key_beside
    from floorcast.errors import FloorcastError
    from floorcast.moments import duration
    from floorcast.recording import RecordingWriter
    from floorcast.salvage import Flaws
    from floorcast.sources import open_log
    from sensors.pseudonym import KeyFileError, Pseudonym, load_key

    session: Session = ctx.obj
    moved = duration(shift.lstrip("-")) if shift else timedelta()
    flaws = Flaws() if salvage else None
    log = open_log([source], session.settings(), salvage=flaws)
    try:
        pseudonym = Pseudonym(load_key(key or key_beside(out)))
    except KeyFileError as error:
        raise FloorcastError(str(error).removeprefix("sensors.hash_key_file: ")) from None
    anonymous = Anonymous(pseudonym, -moved if shift.startswith("-") else moved)
    with RecordingWriter(out) as recording:
        for entry in anonymous.entries(log.entries):
            recording.write(entry)
    if flaws:
        flaws.close()
    typer.echo(
        f"{recording.events:,} events, {len(anonymous.people):,} people renamed, in {out}", err=True
    )


def _folder(ctx: typer.Context, given: Path | None) -> Path:
    """The archive named, or the configured one."""
    session: Session = ctx.obj
    return given or Path(session.settings().floorcast.archive_dir)
