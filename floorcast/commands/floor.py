"""``floorcast floor``: event log → facts."""

from typing import Annotated

import typer

EPILOG = """Examples:

floorcast floor

floorcast floor --partitions 0-7

Exit codes: 0 stopped; 2 the configuration cannot be used; 3 Redis cannot be reached.
"""


def register(app: typer.Typer) -> None:
    """Add ``floor``."""
    app.command("floor", epilog=EPILOG)(command)


def command(
    ctx: typer.Context,
    partitions: Annotated[
        str, typer.Option(help="This process's share of the log: 0-7 or 0,3,5; all by default.")
    ] = "",
) -> None:
    """Turn the event log into facts: what the floor is doing now, until stopped."""
    from floorcast.shares import share_of
    from floorcast.stage import prepare
    from flows.topology import run

    settings = prepare(ctx.obj, "floor")
    sensors = settings.sensors
    run(
        settings.flows,
        sensors,
        sensors.redis.url,
        partitions=share_of(partitions, sensors.log.partitions),
    )
