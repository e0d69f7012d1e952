"""When a SKU was last sold, how many tickets held it, and what was received of it."""

from datetime import UTC, datetime

from flows.facts import Window
from flows.tally import NOW, Part, Tallies, Tally, tally_of
from sensors.events import Pos, Stock

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_DAY: frozenset[Window] = frozenset({"day"})


class ShelfTally(Tally):
    """One SKU's day: tickets that held it, and units received."""

    kind = "shelf"
    windows = _DAY

    tickets: int = 0
    received: int = 0

    def merge(self, other: "ShelfTally", sign: int = 1) -> None:
        """Add or take back."""
        self.tickets += sign * other.tickets
        self.received += sign * other.received


class LastSale(Tally):
    """When one SKU last left with a customer. A ticket voided afterwards still shows that the shelf was not empty."""

    kind = "last_sale"
    windows = NOW
    invertible = False

    at: datetime = LONG_AGO

    def merge(self, other: "LastSale", sign: int = 1) -> None:
        """Take the newer word; nothing is taken back."""
        if sign > 0:
            self.at = max(self.at, other.at)


def sold(pane: Tallies, now: Tallies, event: Pos, sign: int) -> None:
    """Add a completed sale; a return says nothing of the shelf."""
    if event.nature == "return":
        return
    for sku in {line.sku: None for line in event.lines if line.units > 0}:
        tally_of(pane, ShelfTally, sku).tickets += sign
        last = tally_of(now, LastSale, sku)
        if sign > 0 and event.at > last.at:
            last.at = event.at


def received(pane: Tallies, _now: Tallies, event: Stock, sign: int) -> None:
    """Add goods that came in."""
    if event.location == "store" and event.delta and event.reason == "receipt":
        tally_of(pane, ShelfTally, event.sku).received += sign * event.delta


PARTS = (Part(Pos, (ShelfTally, LastSale), sold), Part(Stock, (ShelfTally,), received))
