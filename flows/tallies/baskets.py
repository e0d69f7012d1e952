"""What lay in one basket together, and who came to buy: for quarters only, until memories have learned from them."""

from itertools import combinations

from flows.facts import Window
from flows.tally import BETWEEN, Part, Tallies, Tally, add_counts, tally_of
from sensors.events import Pos

MOST = 24  # distinct SKUs of one ticket that are paired: 276 pairs; the dearest, then by name
_QUARTER: frozenset[Window] = frozenset({"quarter"})


class BasketTally(Tally):
    """Sales of the store, how many held each SKU, and how many held each pair of them (names in order)."""

    kind = "baskets"
    windows = _QUARTER

    tickets: int = 0
    skus: dict[str, int] = {}
    pairs: dict[str, int] = {}

    def merge(self, other: "BasketTally", sign: int = 1) -> None:
        """Add or take back, counter by counter."""
        self.tickets += sign * other.tickets
        add_counts(self.skus, other.skus, sign)
        add_counts(self.pairs, other.pairs, sign)


class MemberTally(Tally):
    """Sales by member, a keyed hash; for distinct members."""

    kind = "members"
    windows = _QUARTER

    sales: dict[str, int] = {}

    def merge(self, other: "MemberTally", sign: int = 1) -> None:
        """Add or take back, member by member."""
        add_counts(self.sales, other.sales, sign)


def contribute(pane: Tallies, _now: Tallies, event: Pos, sign: int) -> None:
    """Add one completed sale; returns tell nothing of what goes together."""
    if event.nature == "return":
        return
    worth: dict[str, int] = {}
    for line in event.lines:
        if line.units > 0:
            worth[line.sku] = worth.get(line.sku, 0) + line.net_minor
    held = sorted(worth)
    if len(held) > MOST:
        held = sorted(sorted(worth, key=lambda sku: (-worth[sku], sku))[:MOST])
    baskets = tally_of(pane, BasketTally, "")
    baskets.tickets += sign
    add_counts(baskets.skus, dict.fromkeys(held, 1), sign)
    if len(held) > 1:
        pairs = {a + BETWEEN + b: 1 for a, b in combinations(held, 2)}
        add_counts(baskets.pairs, pairs, sign)
    if event.member:
        add_counts(tally_of(pane, MemberTally, "").sales, {event.member: 1}, sign)


PARTS = (Part(Pos, (BasketTally, MemberTally), contribute),)
