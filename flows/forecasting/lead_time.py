"""Demand over a lead time, as a distribution: the sum of the daily forecasts and what such sums got wrong lately.

    quantile(q) = max(0, m + s·r_q),   s = √(v·(m + ½))

m is the forecast sum over L days, v a SKU's variance of a day's error in Poisson variances, r_q the q quantile of the
standardised errors (sum − m) ÷ s of the newest sums of all SKUs (split conformal prediction, Vovk, Gammerman & Shafer
2005, on a rolling window). Daily quantiles do not add up; the errors of sums are learned as sums.
"""

from typing import Any

import numpy as np

from flows.forecasting.profile import Vector

ENOUGH = 200
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

    def scale(self, mean: Vector, variance: Vector) -> Vector:
        """The usual size of a sum's error; ``mean`` of the sum."""
        return np.sqrt(np.maximum(variance, 0.2) * (mean + 0.5))

    def learn(self, truth: Vector, mean: Vector, variance: Vector) -> None:
        """Take in sums that are over (NaN: one of the days was not seen), with what was said of them."""
        seen = ~np.isnan(truth) & ~np.isnan(mean)
        fresh = (truth - mean)[seen] / self.scale(mean, variance)[seen]
        self.errors = np.concatenate([self.errors, fresh.astype(np.float16).astype(np.float32)])[
            -self.window :
        ]

    def quantile(self, q: float, mean: Vector, variance: Vector) -> Vector:
        """The ``q`` quantile (0 < q < 1) of each SKU's demand; normal tails before enough was seen."""
        if len(self.errors) < ENOUGH:
            nearest = min(NORMAL, key=lambda level: abs(level - q))
            at = NORMAL[nearest]
        else:
            at = float(np.quantile(self.errors, q, method="higher"))
        told: Vector = np.maximum(0.0, mean + at * self.scale(mean, variance))
        return told

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "errors": self.errors.astype(np.float16)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.errors = self.errors.astype(np.float32)
