"""Units of each SKU that were ordered and have not come yet."""

from flows.tally import NOW, Part, Tallies, Tally, tally_of
from sensors.events import Stock


class OnOrder(Tally):
    """Units of one SKU: ordered less received. Below 0 where goods came that nobody announced."""

    kind = "on_order"
    windows = NOW

    units: int = 0

    def merge(self, other: "OnOrder", sign: int = 1) -> None:
        """Add or take back."""
        self.units += sign * other.units


def contribute(_pane: Tallies, now: Tallies, event: Stock, sign: int) -> None:
    """Take an order, or goods that came in."""
    if not event.delta or event.reason not in ("order", "receipt"):
        return
    units = event.delta if event.reason == "order" else -event.delta
    tally_of(now, OnOrder, event.sku).units += sign * units


PARTS = (Part(Stock, (OnOrder,), contribute),)
