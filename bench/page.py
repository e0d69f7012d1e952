"""A benchmark's page: printed piece by piece as it becomes known, kept in ``docs/`` if asked, with a progress bar."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

DOCS = Path(__file__).parents[1] / "docs"


class Piece(NamedTuple):
    """Some text of a page, and what was measured with it; empty for text alone."""

    text: str
    measured: str = ""


def parser(description: str | None, document: str) -> argparse.ArgumentParser:
    """The options every page has."""
    made = argparse.ArgumentParser(description=description)
    made.add_argument("--write", action="store_true", help=f"keep the page in docs/{document}")
    return made


def publish(pieces: Iterator[Piece], steps: int, document: str, *, write: bool) -> None:
    """Print the page and keep it, so that what was measured stays if a later part fails.

    Args:
        pieces: the page in order.
        steps: how many of them are measurements.
        document: the file in ``docs/``.
        write: whether it is kept.
    """
    console, told = Console(stderr=True), ""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())  # fmt: skip
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as progress:
        bar = progress.add_task("measuring", total=steps)
        for piece in pieces:
            told += piece.text
            sys.stdout.write(piece.text)
            sys.stdout.flush()
            if piece.measured:
                progress.update(bar, advance=1, description=piece.measured)
            if write:
                (DOCS / document).write_text(told, encoding="utf-8")
