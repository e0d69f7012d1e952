"""``floorcast forget``: a member's or a store's data, deleted."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from floorcast.main import Session
    from sensors.settings import SensorsSettings

EPILOG = """Examples:

floorcast forget --member 5f2c9a0d31e84b7c9d1f0a2b3c4d5e6f --dry-run

floorcast forget --member-number 60012345

floorcast forget --store harbour

floorcast forget --store harbour --before 2025-01-01

A member is taken off their tickets in log, dead letters and archives; the tickets stay, without a name. A store goes
whole: log, facts, archives, history, devices, incidents, pushes. Before, stop `record`, which has an hour open, and
for a store `floor` and `alert`, and take it out of the configuration. Not reached: backups, exported files, messages
already at phones, retained messages of the broker. Exit codes: 0 done; 1 there was nothing; 2 an option or the
configuration cannot be used; 3 Redis cannot be reached.
"""


def register(app: typer.Typer) -> None:
    """Add ``forget``."""
    app.command("forget", epilog=EPILOG)(command)


def command(
    ctx: typer.Context,
    member: Annotated[str, typer.Option(help="The member's hash, as it stands in the log.")] = "",
    member_number: Annotated[
        str, typer.Option(help="The member as the till names them; hashed with the shop's key.")
    ] = "",
    store: Annotated[str, typer.Option(help="The store's id.")] = "",
    before: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Only what is older than this day (UTC)."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be deleted.")] = False,
) -> None:
    """Delete a member's or a store's data from archives, history and Redis, and say what was deleted."""
    from floorcast.errors import Exit, FloorcastError
    from floorcast.forget import forget
    from floorcast.forgetting.subject import Subject

    if sum(map(bool, (member, member_number, store))) != 1:
        raise FloorcastError("name one: --member HASH, --member-number NUMBER or --store ID")
    session: Session = ctx.obj
    settings = session.connected()
    if member_number:
        member = _hashed(settings.sensors, member_number)
    subject = Subject(member, store, before.date() if before else None)
    total = 0
    for done in forget(settings, subject, dry_run=dry_run):
        typer.echo(f"{done.where}: {done.number:,} {done.what}")
        total += done.number
    typer.echo("nothing was deleted: a dry run" if dry_run else "done", err=True)
    if not total:
        raise typer.Exit(Exit.FINDING)


def _hashed(sensors: "SensorsSettings", number: str) -> str:
    """A member's number as ingest hashes it; raises ``FloorcastError`` without the key."""
    from pathlib import Path

    from floorcast.errors import FloorcastError
    from sensors.pseudonym import Pseudonym, load_key

    key = Path(sensors.hash_key_file or Path(sensors.redis.embedded_dir) / "people.key")
    if not key.exists():
        raise FloorcastError(f"sensors.hash_key_file: {key}: no such file: use --member HASH")
    return Pseudonym(load_key(key))("member", number)
