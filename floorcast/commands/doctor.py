"""``floorcast doctor``: is everything in order, and what to do where it is not."""

from typing import Annotated

import typer

EPILOG = """Examples:

floorcast doctor

floorcast doctor --json

Exit codes: 0 all in order; 1 something is wrong; 2 the configuration cannot be read.
"""

MARKS = {"ok": "[green]●[/]", "note": "[yellow]▲[/]", "wrong": "[red]◆[/]"}


def register(app: typer.Typer) -> None:
    """Add ``doctor``."""
    app.command("doctor", epilog=EPILOG)(command)


def command(
    ctx: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a finding.")] = False,
) -> None:
    """Examine configuration, disk, certificates, broker, Redis, clocks, log and dead letters."""
    import msgspec
    from rich.console import Console

    from floorcast.doctor import examine
    from floorcast.errors import Exit

    console = Console(soft_wrap=True, highlight=False)
    wrong = False
    for finding in examine(ctx.obj.settings()):
        wrong |= finding.level == "wrong"
        if as_json:
            typer.echo(msgspec.json.encode(finding._asdict()))
            continue
        console.print(f"{MARKS[finding.level]} {finding.check:<18} ", end="")
        console.print(finding.found, markup=False)
        if finding.todo:
            console.print(f"{'':<20} → {finding.todo}", markup=False)
    raise typer.Exit(Exit.FINDING if wrong else Exit.OK)
