"""What was sold by whom, of what, how paid, through which channel and when: one tally, told apart by its subject.

Subjects are ``category:…``, ``associate:…`` (a keyed hash), ``tender:…``, ``channel:…``, ``till:…`` and ``slot:…`` (the
quarter-hour since 1970, from which a measure makes the shop's dayparts).
"""

from flows.tally import TRAILING_AND_DAY, Part, Tallies, Tally, subjects_of
from sensors.events import Pos

SLOT_S = 900


class SalesBy(Tally):
    """One subject's share of the tickets; money in the currency's minor unit, without tax.

    Attributes:
        tickets, units, net_minor, discount_minor: of sales.
        returns, returned_units, returned_minor: of returns, both amounts positive for goods that came back.
    """

    kind = "sales_by"
    windows = TRAILING_AND_DAY

    tickets: int = 0
    units: int = 0
    net_minor: int = 0
    discount_minor: int = 0
    returns: int = 0
    returned_units: int = 0
    returned_minor: int = 0

    def merge(self, other: "SalesBy", sign: int = 1) -> None:
        """Add or take back, field by field."""
        self.tickets += sign * other.tickets
        self.units += sign * other.units
        self.net_minor += sign * other.net_minor
        self.discount_minor += sign * other.discount_minor
        self.returns += sign * other.returns
        self.returned_units += sign * other.returned_units
        self.returned_minor += sign * other.returned_minor


def contribute(pane: Tallies, _now: Tallies, event: Pos, sign: int) -> None:
    """Add one completed ticket to everything it belongs to."""
    by, back = subjects_of(pane, SalesBy), event.nature == "return"
    lines, net, discount = event.lines, event.net_minor, event.discount_minor
    units = sum([line.units for line in lines])
    _add(by, f"till:{event.till}", back, sign, units, net, discount)
    _add(by, f"channel:{event.channel}", back, sign, units, net, discount)
    _add(by, f"slot:{int(event.at.timestamp()) // SLOT_S}", back, sign, units, net, discount)
    if event.associate:
        _add(by, f"associate:{event.associate}", back, sign, units, net, discount)
    for category in {line.category: None for line in lines}:
        of = [line for line in lines if line.category == category]
        _add(
            by, f"category:{category}", back, sign, sum([line.units for line in of]),
            sum([line.net_minor for line in of]), sum([line.discount_minor for line in of]),
        )  # fmt: skip
    for means in {tender.means: None for tender in event.tenders}:
        paid = sum([tender.amount_minor for tender in event.tenders if tender.means == means])
        _add(by, f"tender:{means}", back, sign, 0, paid, 0)


def _add(
    by: dict[str, SalesBy], name: str, back: bool, sign: int, units: int, net: int, discount: int  # noqa: FBT001
) -> None:  # fmt: skip
    tally = by.get(name)
    if tally is None:
        tally = by[name] = SalesBy()
    if back:
        tally.returns += sign
        tally.returned_units -= sign * units
        tally.returned_minor -= sign * net
    else:
        tally.tickets += sign
        tally.units += sign * units
        tally.net_minor += sign * net
        tally.discount_minor += sign * discount


PARTS = (Part(Pos, (SalesBy,), contribute),)
