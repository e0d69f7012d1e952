"""``floorcast chain``: what the stores show together, told to each of them."""

import typer

EPILOG = """Examples:

floorcast chain

Exit codes: 0 stopped; 2 the configuration cannot be used; 3 Redis cannot be reached.
"""


def register(app: typer.Typer) -> None:
    """Add ``chain``."""
    app.command("chain", epilog=EPILOG)(command)


def command(ctx: typer.Context) -> None:
    """Tell each store its peers' conversion, its standing, like-for-like growth and transfers, until stopped."""
    from floorcast.chain import tell
    from floorcast.stage import prepare
    from sensors.stream_source import stop_on_signals

    settings = prepare(ctx.obj, "chain")
    tell(settings, settings.sensors.redis.url, stop_on_signals())
