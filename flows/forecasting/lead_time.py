"""Demand over a lead time, as a distribution: the sum of the daily forecasts and what such sums got wrong lately.

    quantile(q) = max(0, m + s·r_q),   s = √(v·(m + ½))

m is the forecast sum over L days, v a SKU's variance of a day's error in Poisson variances, r_q the q quantile of the
standardised errors (sum − m) ÷ s of the newest sums of all SKUs (split conformal prediction, Vovk, Gammerman & Shafer
2005, on a rolling window). Daily quantiles do not add up; the errors of sums are learned as sums.
"""

from typing import Any

import numpy as np

from flows.forecasting.profile import Vector

SPANS = (1, 2, 4, 7)  # days summed; a lead time between two takes the nearest's errors
ENOUGH = 200
MOST = (
    60_000.0  # that half precision holds: fuel by the millilitre is booked as one SKU's units, too
)
NORMAL = {0.5: 0.0, 0.8: 0.84, 0.9: 1.28, 0.95: 1.64, 0.98: 2.05, 0.99: 2.33}


class LeadTimeErrors:
    """The standardised errors of sums over ``days`` days, pooled over SKUs.

    Args:
        days: how many days are summed.
        window: errors kept, newest last, in half precision.

    >>> errors = LeadTimeErrors(3)
    >>> draw = np.random.default_rng(1)
    >>> for _ in range(40):
    ...     truth = draw.poisson(30.0, 50).astype(float)
    ...     errors.learn(truth, np.full(50, 30.0), np.full(50, 1.0))
    >>> float(errors.quantile(0.9, np.array([30.0]), np.array([1.0]))[0].round()) in (36.0, 37.0, 38.0)
    True
    """

    def __init__(self, days: int, window: int = 4_000) -> None:
        self.days = days
        self.window = window
        self.errors = np.empty(0, dtype=np.float32)

    @property
    def enough(self) -> bool:
        """Whether so many sums were seen that their errors speak for themselves."""
        return len(self.errors) >= ENOUGH

    def tail(self, q: float) -> float:
        """The ``q`` quantile (0 < q < 1) of the standardised errors; a normal one before enough was seen."""
        if not self.enough:
            return NORMAL[min(NORMAL, key=lambda level: abs(level - q))]
        return float(np.quantile(self.errors, q, method="higher"))

    def scale(self, mean: Vector, variance: Vector) -> Vector:
        """The usual size of a sum's error; ``mean`` of the sum."""
        return np.sqrt(np.maximum(variance, 0.2) * (mean + 0.5))

    def learn(self, truth: Vector, mean: Vector, variance: Vector) -> None:
        """Take in sums that are over (NaN: one of the days was not seen), with what was said of them."""
        seen = ~np.isnan(truth) & ~np.isnan(mean)
        fresh = (truth - mean)[seen] / self.scale(mean, variance)[seen]
        kept = np.clip(fresh, -MOST, MOST).astype(np.float16).astype(np.float32)
        self.errors = np.concatenate([self.errors, kept])[-self.window :]

    def quantile(self, q: float, mean: Vector, variance: Vector) -> Vector:
        """The ``q`` quantile of each SKU's demand."""
        told: Vector = np.maximum(0.0, mean + self.tail(q) * self.scale(mean, variance))
        return told

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "errors": self.errors.astype(np.float16)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.errors = self.errors.astype(np.float32)


class LeadTimeSums:
    """The errors of sums over each of ``SPANS``, as a panel's days become known.

    Args:
        horizons: days ahead that are said each day.

    Attributes:
        begun: what was said since 1, 2, … days ago, up to the last one known; SKUs × horizons.
    """

    def __init__(self, horizons: int) -> None:
        self.begun: Vector = np.empty((0, horizons))
        self.errors = {days: LeadTimeErrors(days, window=1_000) for days in SPANS}

    def add(self, said: Vector, gap: int) -> None:
        """A day is over of which ``said`` was said 1, 2, … days before; a ``gap`` of days to the last ends all sums."""
        grown = said.copy()
        grown[:, 1:] += self.begun[:, :-1] if gap == 1 else np.nan
        self.begun = grown

    def learn(self, counts: Vector, variance: Vector) -> None:
        """Judge the sums that end with the newest of ``counts`` (SKUs × days)."""
        for days, errors in self.errors.items():
            errors.learn(counts[:, -days:].sum(axis=1), self.begun[:, days - 1], variance)

    def tail(self, days: float, q: float) -> float | None:
        """The ``q`` quantile of the standardised errors of such sums; ``None`` before enough was seen."""
        nearest = self.errors[min(SPANS, key=lambda span: abs(span - days))]
        return nearest.tail(q) if nearest.enough else None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "begun": self.begun.astype(np.float32)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.begun = self.begun.astype(np.float64)
