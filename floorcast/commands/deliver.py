"""``floorcast deliver``: the outbox → people."""

import typer

EPILOG = """Example:

floorcast deliver

Exit codes: 0 stopped; 2 a channel or the configuration cannot be used; 3 Redis cannot be reached.
"""


def register(app: typer.Typer) -> None:
    """Add ``deliver``."""
    app.command("deliver", epilog=EPILOG)(command)


def command(ctx: typer.Context) -> None:
    """Push what the alert dataflow decided to the people it concerns, until stopped."""
    from alerts.deliver import run
    from floorcast.errors import FloorcastError
    from floorcast.stage import prepare

    settings = prepare(ctx.obj, "deliver")
    sensors = settings.sensors
    try:
        run(settings.alerts, sensors, settings.flows, url=sensors.redis.url)
    except ValueError as error:
        raise FloorcastError(f"[alerts]: {error}") from error
