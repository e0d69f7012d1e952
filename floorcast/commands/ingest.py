"""``floorcast ingest``: broker → event log."""

import typer

EPILOG = """Example:

floorcast --config config.toml ingest

Exit codes: 0 stopped; 2 the configuration cannot be used; 3 the broker or Redis refuses us.
"""


def register(app: typer.Typer) -> None:
    """Add ``ingest``."""
    app.command("ingest", epilog=EPILOG)(command)


def command(ctx: typer.Context) -> None:
    """Take what gateways and tills publish into the durable event log, until stopped."""
    from floorcast.stage import prepare
    from sensors.topology import run

    settings = prepare(ctx.obj, "ingest", broker=True)
    raise typer.Exit(run(settings.sensors))
