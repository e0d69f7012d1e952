"""``floorcast rules``: what is watched, and whether the rules are sound."""

from typing import Annotated, Literal

import typer

EPILOG = """Examples:

floorcast rules

floorcast rules list --language zh

floorcast rules check

floorcast rules explain low-conversion --language zh

Exit codes: 0 sound; 1 a rule has a mistake; 2 there is no such rule.
"""


def register(app: typer.Typer) -> None:
    """Add ``rules``, ``rules list``, ``rules check`` and ``rules explain``."""
    group = typer.Typer(
        epilog=EPILOG, invoke_without_command=True, help="What is watched, as data."
    )
    group.callback()(listing)
    group.command("list")(rows)
    group.command("check")(check)
    group.command("explain")(explain)
    app.add_typer(group, name="rules")


def listing(ctx: typer.Context) -> None:
    """List the rules, or check or explain them."""
    if not ctx.invoked_subcommand:
        rows(ctx)


def rows(
    ctx: typer.Context,
    language: Annotated[Literal["en", "zh"], typer.Option(help="Of the words.")] = "en",
) -> None:
    """List the rules: what each watches, when it fires, and its route."""
    from rich.table import Table

    from alerts.rule_words import listing
    from floorcast.tables import print_table

    found = listing(ctx.obj.settings().alerts, language)
    table = Table(*(found[0]._fields if found else ()), box=None)
    for row in found:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    print_table(table)


def check(ctx: typer.Context) -> None:
    """Say what is wrong with rules, routes and people, with its place in the configuration."""
    from floorcast.errors import Exit
    from floorcast.rule_check import problems as found

    problems = found(ctx.obj.settings())
    for problem in problems:
        typer.echo(f"{problem.level}: {problem}")
    if any(problem.level == "error" for problem in problems):
        raise typer.Exit(Exit.FINDING)


def explain(
    ctx: typer.Context,
    name: str,
    language: Annotated[Literal["en", "zh"], typer.Option(help="Of the sentences.")] = "en",
) -> None:
    """Say in words what one rule does."""
    from alerts import rule_words
    from floorcast.errors import FloorcastError

    try:
        typer.echo(rule_words.explain(ctx.obj.settings().alerts, name, language))
    except KeyError as error:
        raise FloorcastError(str(error.args[0])) from None
