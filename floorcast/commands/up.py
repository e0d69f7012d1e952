"""``floorcast up``: everything, in one go."""

import typer

EPILOG = """Example:

floorcast up

Exit codes: 0 stopped; 2 the configuration cannot be used, or it already runs here; 3 a server is missing or
does not start.
"""


def register(app: typer.Typer) -> None:
    """Add ``up``."""
    app.command("up", epilog=EPILOG)(command)


def command(ctx: typer.Context) -> None:
    """Start everything: Redis and broker unless configured, the dataflows, delivery and the screen."""
    from rich.console import Console

    from floorcast.up import Up

    Up(ctx.obj.config, Console()).run()
