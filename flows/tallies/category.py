"""Tickets that hold something of a category."""

from flows.tally import TRAILING_AND_DAY, Part, Tallies, Tally, tally_of
from sensors.events import Pos


class CategoryTally(Tally):
    """Sales with at least one line of the category (subject); returns are no sales."""

    kind = "category_tickets"
    windows = TRAILING_AND_DAY

    tickets: int = 0

    def merge(self, other: "CategoryTally", sign: int = 1) -> None:
        """Add or take back."""
        self.tickets += sign * other.tickets


def contribute(pane: Tallies, _now: Tallies, event: Pos, sign: int) -> None:
    """Add one completed ticket to each category on it, once."""
    if event.nature == "sale":
        for category in {line.category for line in event.lines}:
            tally_of(pane, CategoryTally, category).tickets += sign


PARTS = (Part(Pos, (CategoryTally,), contribute),)
