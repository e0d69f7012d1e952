"""``floorcast pushes``: what was told to whom, by which tries, and what could not be."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import tzinfo

    from floorcast.main import Session
    from floorcast.pushes import Push

EPILOG = """Examples:

floorcast pushes

floorcast pushes --dead --store riverside

floorcast pushes --dead --again

floorcast pushes --json --last 1000

Exit codes: 0 done; 1 --dead found some; 2 the configuration cannot be used; 3 Redis cannot be reached.
"""


def register(app: typer.Typer) -> None:
    """Add ``pushes``."""
    app.command("pushes", epilog=EPILOG)(command)


def command(
    ctx: typer.Context,
    store: Annotated[str, typer.Option(help="One store's; by default all.")] = "",
    dead: Annotated[bool, typer.Option("--dead", help="Only what was given up.")] = False,
    again: Annotated[bool, typer.Option("--again", help="With --dead: send these again.")] = False,
    last: Annotated[int, typer.Option(min=1, help="At most so many, the newest.")] = 20,
    json: Annotated[bool, typer.Option("--json", help="JSON lines, with every try.")] = False,
) -> None:
    """Show deliveries with their tries; dead letters are those that reached nobody."""
    import msgspec
    import redis

    from floorcast.errors import Exit, FloorcastError, unanswered
    from floorcast.pushes import pushes, send_again
    from sensors.stream_source import connect

    if again and not dead:
        raise FloorcastError("--again goes with --dead: only what was given up is sent again")
    session: Session = ctx.obj
    settings = session.connected()
    url = settings.sensors.redis.url
    try:
        client = connect(url)
        found = list(pushes(client, range(settings.sensors.log.partitions), store))
        found = [push for push in found if push.is_dead] if dead else found
        found.sort(key=lambda push: tuple(map(int, push.entry.split("-"))))
        sent = send_again(client, found) if again else 0
    except redis.ConnectionError as error:
        raise unanswered("Redis", url, error) from None
    shown = found[-last:]
    if json:
        sys.stdout.writelines(msgspec.json.encode(push).decode() + "\n" for push in shown)
    else:
        zones = {s.id: s.tz for s in settings.sensors.stores}
        _draw(shown, len(found), zones)
    if again:
        typer.echo(f"{sent} will be sent again", err=True)
    elif dead and found:
        raise typer.Exit(Exit.FINDING)


def _draw(shown: "list[Push]", count: int, zones: "Mapping[str, tzinfo]") -> None:
    """A table, the newest last; what is left out is said."""
    from rich.table import Table

    from floorcast.tables import print_table

    table = Table("time", "store", "what", "incident", "to", "state", "tries", "why", box=None)
    for push in shown:
        local = push.at.astimezone(zones.get(push.store)) if push.at else None
        about = "/".join(push.incident.split("/")[1:3]).rstrip("/")
        tries = ", ".join(
            f"{a.channel} {a.n} {a.state}" for a in push.attempts if a.state != "dead"
        )
        time = f"{local:%d %H:%M:%S}" if local else ""
        table.add_row(time, push.store, push.kind, about, push.to, push.state, tries, push.why[:80])
    print_table(table)
    if count > len(shown):
        typer.echo(f"{count - len(shown)} older ones are not shown: --last {count}", err=True)
