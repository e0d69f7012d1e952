"""Slow and lumpy SKUs: most days sell nothing. Judged by RMSSE and pinball loss, never by WAPE or MAPE.

``Tsb`` (Teunter, Syntetos & Babai 2011): demand probability p and demand size z are smoothed apart, p every day, z on
days with demand; the mean is p·z, and p decays while nothing sells, so an article that dies is forecast to die.
``Ses``: simple exponential smoothing (Brown 1956), for what sells most days. Bands are quantiles of the negative
binomial with the mean and the smoothed squared error of the model.
"""

from collections.abc import Sequence
from typing import Self

from flows.forecasting.contract import LEVELS, Band, Factor, Features, Forecast, pickled_size
from flows.forecasting.counts import count_quantile


class _Level:
    """What both share: one level for every horizon, spread learned from one-step errors."""

    def __init__(self, spread_rate: float) -> None:
        self.spread_rate = spread_rate
        self.variance: float | None = None
        self.seen = 0

    def predict_one(self, x: Features) -> float | None:
        """The level; it knows no features."""
        raise NotImplementedError

    def _learn_spread(self, y: float) -> None:
        mean = self.predict_one({})
        if mean is not None:
            error = (y - mean) ** 2
            old = error + mean if self.variance is None else self.variance
            self.variance = old + self.spread_rate * (error - old)
        self.seen += 1

    def quantile(self, q: float, days: int = 1) -> float:
        """The ``q`` quantile of the demand of ``days`` days (independent days)."""
        mean = (self.predict_one({}) or 0.0) * days
        if mean <= 0.0:
            return 0.0
        variance = max(mean, (self.variance or mean) * days)
        return count_quantile(q, mean, (variance - mean) / mean**2)

    def forecast(self, horizon: int, xs: Sequence[Features] = ()) -> list[Forecast]:
        """The same level for every day ahead."""
        value = self.predict_one({})
        if value is None:
            return [Forecast(0.0)] * horizon
        bands = tuple(
            Band(level, self.quantile((1 - level) / 2), self.quantile((1 + level) / 2))
            for level in LEVELS
        )
        open_ = [not (d < len(xs) and xs[d].get("open") == 0.0) for d in range(horizon)]
        return [Forecast(value, bands) if is_open else Forecast(0.0) for is_open in open_]

    def explain(self, x: Features) -> list[Factor]:
        """Nothing: a level has no reasons."""
        del x
        return []

    @property
    def state_size(self) -> int:
        """Bytes in the recovery store."""
        return pickled_size(self)


class Ses(_Level):
    """Exponential smoothing with rate ``alpha``; its first values are averaged, not trusted.

    >>> model = Ses()
    >>> for y in (4.0, 6.0, 5.0):
    ...     _ = model.learn_one({}, y)
    >>> model.predict_one({})
    5.0
    """

    def __init__(self, alpha: float = 0.1) -> None:
        super().__init__(0.05)
        self.alpha = alpha
        self.level: float | None = None

    def predict_one(self, x: Features) -> float | None:
        """The smoothed level; 0 when closed."""
        return 0.0 if x.get("open") == 0.0 else self.level

    def learn_one(self, x: Features, y: float) -> Self:
        """Move the level; a closed day or one sold out early (``out_of_stock`` > 0.5) teaches nothing."""
        if x.get("open") == 0.0 or (x.get("out_of_stock") or 0.0) > 0.5:
            return self
        self._learn_spread(y)
        rate = max(self.alpha, 1 / self.seen)
        self.level = y if self.level is None else self.level + rate * (y - self.level)
        return self


class Tsb(_Level):
    """Demand probability × demand size.

    >>> model = Tsb()
    >>> for y in (0.0, 0.0, 6.0, 0.0) * 30:
    ...     _ = model.learn_one({}, y)
    >>> round(model.predict_one({}), 1)
    1.5
    """

    def __init__(self, alpha: float = 0.1, beta: float = 0.03) -> None:
        super().__init__(beta)
        self.alpha = alpha
        self.beta = beta
        self.chance: float | None = None
        self.size: float | None = None
        self.sizes = 0

    def predict_one(self, x: Features) -> float | None:
        """p·z; 0 when closed or while nothing was ever sold, ``None`` before the first day."""
        if x.get("open") == 0.0:
            return 0.0
        return None if self.chance is None else self.chance * (self.size or 0.0)

    def learn_one(self, x: Features, y: float) -> Self:
        """Move p, and z on a day with demand; closed and sold-out days teach nothing."""
        if x.get("open") == 0.0 or (x.get("out_of_stock") or 0.0) > 0.5:
            return self
        self._learn_spread(y)
        sold = float(y > 0)
        rate = max(self.beta, 1 / (self.seen + 1))
        self.chance = 0.5 if self.chance is None else self.chance
        self.chance += rate * (sold - self.chance)
        if sold:
            self.sizes += 1
            pace = max(self.alpha, 1 / self.sizes)
            self.size = y if self.size is None else self.size + pace * (y - self.size)
        return self
