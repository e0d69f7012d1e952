"""Stock and baskets: what is on the shelf, what a customer takes, what is delivered."""

import math
from collections.abc import Sequence
from random import Random
from typing import NamedTuple

from sensors.events import Line
from sensors.settings import Product
from sensors.simulation.checkout import Span
from sensors.simulation.draw import poisson

PROMOTED = 0.2  # tickets with a discount …
DISCOUNTS = (10, 15, 20)  # … of so many percent
LEVEL = 1 / 3  # of a full shelf: below it a receipt is booked at the next round
ROUND_S = 3600.0


class Change(NamedTuple):
    """The stock system books a count (``on_hand``) or a receipt (``delta``) at ``at`` seconds of the day."""

    at: float
    sku: str
    on_hand: int | None = None
    delta: int | None = None


class Shelves:
    """Units on hand by SKU, never negative; time only moves forward."""

    def __init__(self, products: Sequence[Product], opens: float, gone: dict[str, Span]) -> None:
        self.products = {p.sku: p for p in products}
        self.on_hand = {p.sku: p.shelf or 24 for p in products}
        self.gone = gone  # a SKU without stock or receipts within a span
        self.changes = [Change(opens - 1800, sku, on_hand=n) for sku, n in self.on_hand.items()]
        self._round = opens + ROUND_S
        self._emptied: set[str] = set()

    def advance(self, at: float) -> None:
        """Book what the stock system did up to ``at``: planted losses and hourly receipts."""
        while self._round <= at:
            self._empty(self._round)
            self._receive(self._round)
            self._round += ROUND_S
        self._empty(at)

    def _empty(self, at: float) -> None:
        for sku, (start, _) in self.gone.items():
            if start <= at and sku in self.on_hand and sku not in self._emptied:
                self._emptied.add(sku)
                self.on_hand[sku] = 0
                self.changes.append(Change(start, sku, on_hand=0))

    def _receive(self, at: float) -> None:
        for sku, product in self.products.items():
            start, end = self.gone.get(sku, (0.0, 0.0))
            full = product.shelf or 24
            if self.on_hand[sku] < full * LEVEL and not start <= at < end:
                packs = -(-(full - self.on_hand[sku]) // product.pack)
                self.on_hand[sku] += packs * product.pack
                self.changes.append(Change(at, sku, delta=packs * product.pack))

    def put_back(self, at: float, lines: Sequence[Line]) -> None:
        """Goods of a return or a voided ticket are sellable again."""
        self.advance(at)
        for line in lines:
            self.on_hand[line.sku] += abs(line.units)

    def fill(self, rng: Random, at: float, wanted: float, liked: set[str]) -> list[Line]:
        """A basket of about ``wanted`` units of what is there; empty if nothing is.

        ``liked``: categories the customer looked at, taken four times as often.
        """
        self.advance(at)
        percent = rng.choice(DISCOUNTS) if rng.random() < PROMOTED else 0
        units: dict[str, int] = {}
        for _ in range(1 + poisson(rng, max(0.0, wanted - 1.0))):
            skus = [sku for sku, n in self.on_hand.items() if n > 0]
            if not skus:
                break
            weights = [
                self.appeal(sku) * (4.0 if self.products[sku].category in liked else 1.0)
                for sku in skus
            ]
            sku = rng.choices(skus, weights)[0]
            self.on_hand[sku] -= 1
            units[sku] = units.get(sku, 0) + 1
        return [self._line(sku, n, percent) for sku, n in units.items()]

    def _line(self, sku: str, units: int, percent: int) -> Line:
        product = self.products[sku]
        gross = product.price_minor * units
        discount = gross * percent // 100
        return Line(
            sku=sku,
            units=units,
            net_minor=gross - discount,
            discount_minor=discount,
            category=product.category,
        )

    def appeal(self, sku: str) -> float:
        """How often a SKU is taken: dear goods less often."""
        return 1.0 / math.sqrt(self.products[sku].price_minor)

    def units_for(self, atv_minor: float) -> float:
        """Mean units a ticket needs for this average value, at least one."""
        weights = [self.appeal(sku) for sku in self.products]
        if not weights:
            return 1.0
        price = sum(w * p.price_minor for w, p in zip(weights, self.products.values(), strict=True))
        paid = 1.0 - PROMOTED * sum(DISCOUNTS) / len(DISCOUNTS) / 100
        return max(1.0, atv_minor * sum(weights) / (price * paid))
