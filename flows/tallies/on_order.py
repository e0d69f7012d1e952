"""Units of each SKU that were ordered and have not come yet, and how long deliveries took."""

from collections.abc import Iterator

from flows.tally import NOW, Part, Tallies, Tally, add_counts, tally_of
from sensors.events import Stock

KEPT = 16  # orders, and deliveries, remembered one by one


class OnOrder(Tally):
    """One SKU's orders and deliveries.

    Attributes:
        units: ordered less received; below 0 where goods came that nobody announced.
        orders, receipts: units by minute since 1970, the newest ``KEPT`` of each.
    """

    kind = "on_order"
    windows = NOW

    units: int = 0
    orders: dict[int, int] = {}
    receipts: dict[int, int] = {}

    def merge(self, other: "OnOrder", sign: int = 1) -> None:
        """Add or take back."""
        self.units += sign * other.units
        for mine, others in ((self.orders, other.orders), (self.receipts, other.receipts)):
            add_counts(mine, others, sign)
            while len(mine) > KEPT:
                del mine[min(mine)]

    def arrivals(self) -> Iterator[tuple[int, int, int]]:
        """Each delivery's minute, units and minutes since they were ordered: what was ordered first comes first.

        >>> list(OnOrder(0, {0: 6, 60: 6}, {1440: 6, 1500: 6}).arrivals())
        [(1440, 6, 1440), (1500, 6, 1440)]
        """
        waiting = [[at, units] for at, units in sorted(self.orders.items()) if units > 0]
        for came, units in sorted(self.receipts.items()):
            left = units
            while left > 0 and waiting and waiting[0][0] <= came:
                placed, open_units = waiting[0]
                taken = min(left, open_units)
                yield came, taken, came - placed
                left -= taken
                waiting[0][1] -= taken
                if not waiting[0][1]:
                    waiting.pop(0)


def contribute(_pane: Tallies, now: Tallies, event: Stock, sign: int) -> None:
    """Take an order, or goods that came in."""
    if not event.delta or event.reason not in ("order", "receipt"):
        return
    moved = {int(event.at.timestamp() // 60): event.delta}
    ordered = event.reason == "order"
    said = OnOrder(event.delta, moved) if ordered else OnOrder(-event.delta, {}, moved)
    tally_of(now, OnOrder, event.sku).merge(said, sign)


PARTS = (Part(Stock, (OnOrder,), contribute),)
