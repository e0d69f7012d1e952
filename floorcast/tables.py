"""Tables for people on a terminal; in a pipe a line a row, its cells apart by tabs and none of them cut."""

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text


def print_table(table: Table) -> None:
    """Draw it as wide as the terminal is, or write it for a program; its title is then said on stderr."""
    console = Console()
    if console.is_terminal:
        console.print(table)
        return
    if table.title:
        typer.echo(_plain(table.title), err=True)
    typer.echo("\t".join(_plain(column.header) for column in table.columns))
    for row in zip(*(column.cells for column in table.columns), strict=True):
        typer.echo("\t".join(map(_plain, row)))


def _plain(cell: object) -> str:
    """A cell without markup or line ends."""
    text = cell if isinstance(cell, Text) else Text.from_markup(str(cell))
    return " ".join(text.plain.split())
