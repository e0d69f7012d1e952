"""What is ordered by: our quantiles, the 28-day rule of thumb, a clairvoyant's; all say the same two numbers."""

from statistics import NormalDist
from typing import Protocol

import numpy as np

from bench.stock_shops import Shop
from flows.forecasting.lead_time import LeadTimeErrors
from flows.forecasting.panel import UnitsPanel
from flows.forecasting.profile import Vector
from flows.outlook_units import uncensored


class Policy(Protocol):
    """Says, each evening, the quantile of each SKU's demand over the lead time and over the cycle."""

    def learn(self, i: int, sold: Vector, out: Vector) -> None:
        """Day ``i`` is over: what was sold, and the share of the demand that met an empty shelf."""

    def quantiles(self, i: int, level: float) -> tuple[Vector, Vector]:
        """Over the lead time and the cycle, from the day after ``i``."""


def spans(lead: int, review: int) -> tuple[int, int]:
    """Days that the reorder point and the order must cover.

    What is not ordered tonight is ordered tomorrow at the earliest and arrives a day later: a day more than the lead.
    """
    return lead + 1, lead + max(1, review)


class Ours:
    """Panel and lead-time errors."""

    def __init__(self, shop: Shop, lead: int, review: int) -> None:
        self.shop, self.lead, self.cycle = shop, *spans(lead, review)
        self.panel = UnitsPanel()
        self.errors = {days: LeadTimeErrors(days) for days in (self.lead, self.cycle)}
        self.seen: list[Vector] = []
        self.said: list[dict[int, tuple[Vector, Vector]]] = []

    def learn(self, i: int, sold: Vector, out: Vector) -> None:
        """The panel learns the demand behind the sales, the errors those sums that are over."""
        demand: dict[str, float | None] = {
            sku: uncensored(float(sold[k]), float(out[k])) for k, sku in enumerate(self.shop.skus)
        }
        self.panel.learn(self.shop.days[i], demand, self.shop.features[i], self.shop.promotion[i])
        self.seen.append(np.array([np.nan if v is None else v for v in demand.values()]))
        for days, errors in self.errors.items():
            origin = i - days
            if origin >= 0 and days in self.said[origin]:
                mean, variance = self.said[origin][days]
                errors.learn(np.sum(self.seen[origin + 1 : i + 1], axis=0), mean, variance)
        self.said.append({days: self._sum(i, days) for days in self.errors})

    def _sum(self, i: int, days: int) -> tuple[Vector, Vector]:
        total = np.zeros(len(self.shop.skus))
        for d in range(1, days + 1):
            j = min(i + d, len(self.shop.days) - 1)  # beyond the end: the last day again
            day = self.shop.days[i] + d if i + d >= len(self.shop.days) else self.shop.days[j]
            said = self.panel.say(day, self.shop.features[j], self.shop.promotion[j])
            at = {sku: k for k, sku in enumerate(self.panel.skus)}
            total += np.array([said.value[at[sku]] for sku in self.shop.skus])
        at = {sku: k for k, sku in enumerate(self.panel.skus)}
        return total, np.array([self.panel.variance[at[sku]] for sku in self.shop.skus])

    def quantiles(self, i: int, level: float) -> tuple[Vector, Vector]:
        """Of the sums said tonight."""
        return (
            self.errors[self.lead].quantile(level, *self.said[i][self.lead]),
            self.errors[self.cycle].quantile(level, *self.said[i][self.cycle]),
        )


class RuleOfThumb:
    """Mean and deviation of the last 28 days' sales; ``z`` overrides the level's."""

    def __init__(self, shop: Shop, lead: int, review: int, z: float | None = None) -> None:
        del shop
        (self.lead, self.cycle), self.z = spans(lead, review), z
        self.sold: list[Vector] = []

    def learn(self, i: int, sold: Vector, out: Vector) -> None:
        """Sales are taken for demand."""
        del i, out
        self.sold = [*self.sold, sold][-28:]

    def quantiles(self, i: int, level: float) -> tuple[Vector, Vector]:
        """Mean and z standard deviations."""
        del i
        mean, sd = np.mean(self.sold, axis=0), np.std(self.sold, axis=0)
        z = NormalDist().inv_cdf(level) if self.z is None else self.z
        lead, cycle = (
            np.maximum(0.0, mean * days + z * sd * days**0.5) for days in (self.lead, self.cycle)
        )
        return lead, cycle


class Clairvoyant:
    """The demand to come, itself: ordered every day, for a day."""

    def __init__(self, shop: Shop, lead: int, review: int) -> None:
        del review
        self.demand, self.lead = shop.demand, lead

    def learn(self, i: int, sold: Vector, out: Vector) -> None:
        """It knows already."""

    def quantiles(self, i: int, level: float) -> tuple[Vector, Vector]:
        """What will be asked until the next order arrives."""
        del level
        total = self.demand[i + 1 : i + 1 + self.lead + 1].sum(axis=0)
        return total, total
