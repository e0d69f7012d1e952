"""``floorcast top``: rates, lag, stores and incidents in a terminal."""

import sys
from datetime import UTC
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

if TYPE_CHECKING:
    from floorcast.main import Session

EPILOG = """Examples:

floorcast top

floorcast top --every 5

floorcast top --once --json

Keys: q ends, r reads now, space pauses. Without a terminal, or with --once, the present is printed once.

Exit codes: 0 ended; 2 the configuration cannot be used; 3 Redis cannot be reached.
"""


def register(app: typer.Typer) -> None:
    """Add ``top``."""
    app.command("top", epilog=EPILOG)(command)


def command(
    ctx: typer.Context,
    every: Annotated[float, typer.Option(min=0.1, help="Seconds between two looks.")] = 1.0,
    once: Annotated[bool, typer.Option("--once", help="Print the present and end.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="With --once: as JSON.")] = False,
) -> None:
    """Watch the stages at work: how fast the log grows, how far they are behind, stores, open incidents."""
    from floorcast.pulse import Reader
    from floorcast.top import TopApp, head, incident_rows, store_rows

    session: Session = ctx.obj
    sensors = session.connected().sensors
    reader = Reader(
        sensors.redis.url, [store.id for store in sensors.stores], sensors.log.partitions
    )
    zone = sensors.stores[0].tz if sensors.stores else UTC
    try:
        pulse = reader.read()
        if as_json:
            typer.echo(msgspec.json.encode(pulse._asdict()))
        elif once or not sys.stdout.isatty():
            typer.echo(head(pulse, None, 0.0, zone))
            for row in (*store_rows(pulse, zone), *incident_rows(pulse, zone)):
                typer.echo("\t".join(row))
        else:
            TopApp(reader.read, every_s=every, zone=zone).run()
    finally:
        reader.close()
