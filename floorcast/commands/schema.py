"""``floorcast schema``: the event contract for engineers at the gateway."""

from pathlib import Path
from typing import Annotated

import typer

EPILOG = """Examples:

floorcast schema

floorcast schema --asyncapi

floorcast schema --write docs

Exit codes: 0 done; 3 the folder cannot be written.
"""


def register(app: typer.Typer) -> None:
    """Add ``schema``."""
    app.command("schema", epilog=EPILOG)(command)


def command(
    asyncapi: Annotated[bool, typer.Option(help="AsyncAPI instead of JSON Schema.")] = False,
    write: Annotated[
        Path | None, typer.Option(help="Write both into this folder instead of printing one.")
    ] = None,
) -> None:
    """Print the event contract, made from the types: JSON Schema of a message, or AsyncAPI."""
    from sensors.schema import RENDERED

    if write:
        for name, render in RENDERED.items():
            (write / name).write_text(render(), encoding="utf-8")
        return
    name = "asyncapi.yaml" if asyncapi else "events.schema.json"
    typer.echo(RENDERED[name](), nl=False)
