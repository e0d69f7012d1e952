"""Completed tickets per till, and the units and money of each SKU.

Tickets come here resolved: each counts once, however often it was announced (``flows.tickets``).
"""

from flows.tally import TRAILING_AND_DAY, Part, Tallies, Tally, tally_of
from sensors.events import Pos


class TillTally(Tally):
    """Tickets of one till; money in the currency's minor unit, without tax.

    Attributes:
        transactions, units, net_minor, discount_minor: of sales.
        returns, returned_units, returned_minor: of returns, apart; both amounts positive for goods that came back.
    """

    kind = "sales"

    transactions: int = 0
    units: int = 0
    net_minor: int = 0
    discount_minor: int = 0
    returns: int = 0
    returned_units: int = 0
    returned_minor: int = 0

    def merge(self, other: "TillTally", sign: int = 1) -> None:
        """Add or take back, field by field; a level takes the newer word and takes nothing back."""
        self.transactions += sign * other.transactions
        self.units += sign * other.units
        self.net_minor += sign * other.net_minor
        self.discount_minor += sign * other.discount_minor
        self.returns += sign * other.returns
        self.returned_units += sign * other.returned_units
        self.returned_minor += sign * other.returned_minor


class SkuTally(Tally):
    """What was sold of one SKU: units and money of sales; ``returned`` units apart."""

    kind = "sku"
    windows = TRAILING_AND_DAY

    units: int = 0
    net_minor: int = 0
    discount_minor: int = 0
    returned: int = 0

    def merge(self, other: "SkuTally", sign: int = 1) -> None:
        """Add or take back, field by field; a level takes the newer word and takes nothing back."""
        self.units += sign * other.units
        self.net_minor += sign * other.net_minor
        self.discount_minor += sign * other.discount_minor
        self.returned += sign * other.returned


def contribute(pane: Tallies, _now: Tallies, event: Pos, sign: int) -> None:
    """Add one completed ticket."""
    till = tally_of(pane, TillTally, event.till)
    returned = event.nature == "return"
    units = 0
    for line in event.lines:
        units += line.units
        sku = tally_of(pane, SkuTally, line.sku)
        if returned:
            sku.returned -= sign * line.units
        else:
            sku.units += sign * line.units
            sku.net_minor += sign * line.net_minor
            sku.discount_minor += sign * line.discount_minor
    if returned:
        till.returns += sign
        till.returned_units -= sign * units
        till.returned_minor -= sign * event.net_minor
    else:
        till.transactions += sign
        till.units += sign * units
        till.net_minor += sign * event.net_minor
        till.discount_minor += sign * event.discount_minor


PARTS = (Part(Pos, (TillTally, SkuTally), contribute),)
