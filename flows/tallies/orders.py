"""Orders placed elsewhere: how many, how long until they were handed over, which wait, and what they hold back."""

from flows.facts import Window
from flows.orders import Order
from flows.tally import NOW, Part, Tallies, Tally, add_counts, tally_of

BETWEEN = "\x1f"
_HOUR_DAY: frozenset[Window] = frozenset({"60m", "day"})


class OrderTally(Tally):
    """Orders of one channel: placed (with units), and handed over (with the time since they were placed)."""

    kind = "orders"
    windows = _HOUR_DAY

    placed: int = 0
    units: int = 0
    handed: int = 0
    wait_ms: int = 0

    def merge(self, other: "OrderTally", sign: int = 1) -> None:
        """Add or take back, field by field."""
        self.placed += sign * other.placed
        self.units += sign * other.units
        self.handed += sign * other.handed
        self.wait_ms += sign * other.wait_ms


class WaitingOrders(Tally):
    """Orders of one channel not handed over yet; keyed ``epoch milliseconds ␟ units ␟ ticket``, a multiset."""

    kind = "orders_waiting"
    windows = NOW

    orders: dict[str, int] = {}

    def merge(self, other: "WaitingOrders", sign: int = 1) -> None:
        """Add or take back, order by order."""
        add_counts(self.orders, other.orders, sign)

    def rows(self) -> list[tuple[float, int]]:
        """When each was placed (epoch seconds) and its units; the oldest first."""
        parts = (name.split(BETWEEN) for name, count in self.orders.items() if count > 0)
        return sorted((int(ms) / 1000, int(units)) for ms, units, _ in parts)


class Reserved(Tally):
    """Units of one SKU that waiting orders hold back."""

    kind = "reserved"
    windows = NOW

    units: int = 0

    def merge(self, other: "Reserved", sign: int = 1) -> None:
        """Add or take back."""
        self.units += sign * other.units


def contribute(pane: Tallies, now: Tallies, event: Order, sign: int) -> None:
    """Add a step of an order."""
    tally = tally_of(pane, OrderTally, event.channel)
    if event.phase == "placed":
        tally.placed += sign
        tally.units += sign * event.units
    elif event.phase == "handed":
        tally.handed += sign
        tally.wait_ms += sign * max(0, round((event.at.timestamp() - event.placed_s) * 1000))
    if event.waiting:
        name = f"{round(event.placed_s * 1000)}{BETWEEN}{event.units}{BETWEEN}{event.transaction}"
        add_counts(tally_of(now, WaitingOrders, event.channel).orders, {name: 1}, sign)
        for sku, units in event.skus.items():
            tally_of(now, Reserved, sku).units += sign * units


PARTS = (Part(Order, (OrderTally, WaitingOrders, Reserved), contribute),)
