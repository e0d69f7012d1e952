"""``floorcast alert``: facts → incidents and pushes to deliver."""

from typing import Annotated

import typer

EPILOG = """Examples:

floorcast alert

floorcast alert --partitions 8-15

Exit codes: 0 stopped; 2 the configuration cannot be used; 3 Redis cannot be reached.
"""


def register(app: typer.Typer) -> None:
    """Add ``alert``."""
    app.command("alert", epilog=EPILOG)(command)


def command(
    ctx: typer.Context,
    partitions: Annotated[
        str, typer.Option(help="This process's share of the log: 0-7 or 0,3,5; all by default.")
    ] = "",
) -> None:
    """Judge the facts by the rules: open, follow and resolve incidents, until stopped."""
    from alerts.topology import run
    from floorcast.shares import share_of
    from floorcast.stage import prepare

    settings = prepare(ctx.obj, "alert")
    sensors = settings.sensors
    run(
        settings.alerts, sensors, settings.flows, url=sensors.redis.url,
        partitions=share_of(partitions, sensors.log.partitions),
    )  # fmt: skip
