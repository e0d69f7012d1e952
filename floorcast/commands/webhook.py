"""``floorcast webhook``: signed HTTP → broker."""

import typer

EPILOG = """Example:

floorcast webhook

Exit codes: 0 stopped; 2 the configuration cannot be used; 3 the address is taken.
"""


def register(app: typer.Typer) -> None:
    """Add ``webhook``."""
    app.command("webhook", epilog=EPILOG)(command)


def command(ctx: typer.Context) -> None:
    """Take what tills and gateways post to /hook/…, verify it and hand it to the broker, until stopped."""
    from floorcast.errors import FloorcastError
    from floorcast.stage import prepare
    from sensors.webhook import WebhookError, run

    settings = prepare(ctx.obj, "webhook", broker=True)
    try:
        code = run(settings.sensors)
    except (WebhookError, OSError) as error:
        raise FloorcastError(str(error)) from None
    raise typer.Exit(code)
