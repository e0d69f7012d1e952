"""``floorcast rules``: what is watched, and whether the rules are sound."""

from typing import Annotated

import typer

EPILOG = """Examples:

floorcast rules

floorcast rules --explain low-conversion

Exit codes: 0 sound; 1 a rule has a mistake; 2 there is no such rule.
"""


def register(app: typer.Typer) -> None:
    """Add ``rules``."""
    app.command("rules", epilog=EPILOG)(command)


def command(
    ctx: typer.Context,
    explain: Annotated[str, typer.Option(metavar="RULE", help="Say what one rule does.")] = "",
) -> None:
    """List the rules and check them, or say in words what one of them does."""
    from rich.console import Console
    from rich.table import Table

    from alerts import rules
    from floorcast.errors import Exit, FloorcastError

    settings = ctx.obj.settings().alerts
    if explain:
        try:
            typer.echo(rules.explain(settings, explain))
        except KeyError:
            raise FloorcastError(f"no rule {explain}; `floorcast rules` lists them") from None
        return
    rows = rules.listing(settings)
    table = Table(*(rows[0]._fields if rows else ()), box=None)
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    Console().print(table)
    problems = rules.check(settings)
    for problem in problems:
        typer.echo(f"{problem.level}: {problem}", err=True)
    if any(problem.level == "error" for problem in problems):
        raise typer.Exit(Exit.FINDING)
