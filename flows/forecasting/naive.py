"""The ladder's first rung: the same slot last week. Always there, and what every other rung must beat."""

from collections.abc import Sequence
from typing import Self

import numpy as np

from flows.forecasting.contract import Factor, Features, Forecast, pickled_size
from flows.forecasting.profile import Series


class SeasonalNaive:
    """Last season's value (Hyndman & Athanasopoulos 2021, 5.2); its bands are quantiles of its own misses' size.

    Args:
        season: slots in a season (168 hours, 672 quarter-hours, 7 days).

    >>> model = SeasonalNaive(7)
    >>> for step in range(7):
    ...     _ = model.learn_one({"step": step}, float(step))
    >>> model.predict_one({"step": 10})
    3.0
    """

    def __init__(self, season: int) -> None:
        self.season = season
        self.last: Series = np.full(season, np.nan, dtype=np.float32)
        self.step: int | None = None

    def _step(self, x: Features) -> int:
        step = x.get("step")
        return int(step) if step is not None else 0 if self.step is None else self.step + 1

    def predict_one(self, x: Features) -> float | None:
        """Last season's value of the slot; the nearest earlier slot seen where it is unknown."""
        here = self._step(x) % self.season
        value = float(self.last[here])
        if value == value:  # noqa: PLR0124  not NaN
            return value
        known = self.last[~np.isnan(self.last)]
        return float(known.mean()) if len(known) else None

    def learn_one(self, x: Features, y: float) -> Self:
        """Remember the slot."""
        self.step = self._step(x)
        self.last[self.step % self.season] = y
        return self

    def forecast(self, horizon: int, xs: Sequence[Features] = ()) -> list[Forecast]:
        """Last season again; no intervals, it knows no errors. ``xs`` may carry steps of their own."""
        first = 0 if self.step is None else self.step + 1
        steps = [
            {"step": float(first + d), **(xs[d] if d < len(xs) else {})} for d in range(horizon)
        ]
        return [Forecast(self.predict_one(x) or 0.0) for x in steps]

    def explain(self, x: Features) -> list[Factor]:
        """Nothing: it repeats."""
        del x
        return []

    @property
    def state_size(self) -> int:
        """Bytes in the recovery store."""
        return pickled_size(self)
