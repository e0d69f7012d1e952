"""How long a SKU's deliveries take at a store: what is configured, moved by what was ordered and came. Pure."""

from math import sqrt

from msgspec import Struct

from flows.measure import View
from flows.tallies.on_order import OnOrder

TRUST = 2.0  # deliveries that the configured lead time weighs
KEEP = 0.9  # of what was learned, each delivery: about the last ten count


class LeadMemory(Struct):
    """By SKU: deliveries seen (faded), Σ days they took, Σ days².

    Attributes:
        learned: minute up to which deliveries were taken in.
    """

    seen: dict[str, tuple[float, float, float]] = {}
    learned: int = 0

    def lead(self, sku: str, configured: float) -> tuple[float, float]:
        """Days from order to delivery, and their standard deviation; the configured days where nothing came yet.

        >>> LeadMemory({"tea": (2.0, 6.0, 18.5)}).lead("tea", 1.0)
        (2.0, 0.5)
        >>> LeadMemory().lead("tea", 1.5)
        (1.5, 0.0)
        """
        if sku not in self.seen:
            return configured, 0.0
        n, total, squares = self.seen[sku]
        mean = (TRUST * configured + total) / (TRUST + n)
        return mean, sqrt(max(0.0, squares / n - (total / n) ** 2))


def learn(memory: LeadMemory, view: View) -> None:
    """Take in the deliveries of a final day whose orders were told."""
    if view.end <= memory.learned:
        return
    since, memory.learned = max(memory.learned, view.start), view.end
    for sku, level in view.of(OnOrder).items():
        for came, _units, minutes in level.arrivals():
            if since <= came < view.end:
                n, total, squares = memory.seen.get(sku, (0.0, 0.0, 0.0))
                days = minutes / 1440
                memory.seen[sku] = KEEP * n + 1, KEEP * total + days, KEEP * squares + days**2
