"""Tables for people and for programs."""

import pytest
from rich.table import Table

from floorcast.tables import print_table


def test_a_pipe_gets_whole_cells_apart_by_tabs(capsys: pytest.CaptureFixture[str]) -> None:
    """Away from a terminal a row is one line whose cells are neither cut nor drawn around; the title is on stderr."""
    table = Table("store", "why", title="the floor at noon")
    table.add_row("riverside", "word " * 60)
    table.add_row("[bold]harbour[/bold]", "")
    print_table(table)
    said = capsys.readouterr()
    assert said.out.splitlines() == ["store\twhy", f"riverside\t{'word ' * 59}word", "harbour\t"]
    assert said.err == "the floor at noon\n"
