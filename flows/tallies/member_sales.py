"""Sales by who bought: a member's keyed hash, or nobody in particular. For segments of members."""

from flows.facts import Window
from flows.tally import Part, Tallies, Tally, tally_of
from sensors.events import Pos

GUEST = ""  # the subject of tickets without a member
_HOUR_DAY: frozenset[Window] = frozenset({"60m", "day"})


class MemberSales(Tally):
    """One customer's tickets; money in the currency's minor unit, without tax.

    Attributes:
        tickets, units, net_minor: of sales.
        returned_minor: given back, positive.
    """

    kind = "member_sales"
    windows = _HOUR_DAY

    tickets: int = 0
    units: int = 0
    net_minor: int = 0
    returned_minor: int = 0

    def merge(self, other: "MemberSales", sign: int = 1) -> None:
        """Add or take back, field by field."""
        self.tickets += sign * other.tickets
        self.units += sign * other.units
        self.net_minor += sign * other.net_minor
        self.returned_minor += sign * other.returned_minor


def contribute(pane: Tallies, _now: Tallies, event: Pos, sign: int) -> None:
    """Add one completed ticket to its customer's."""
    tally = tally_of(pane, MemberSales, event.member or GUEST)
    if event.nature == "return":
        tally.returned_minor -= sign * event.net_minor
        return
    tally.tickets += sign
    tally.units += sign * sum([line.units for line in event.lines])
    tally.net_minor += sign * event.net_minor


PARTS = (Part(Pos, (MemberSales,), contribute),)
