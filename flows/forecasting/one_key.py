"""The daily pool behind the contract of one key: a store's or SKU's days, from a pool of its own."""

from collections.abc import Sequence
from math import exp
from typing import Self

from flows.forecasting.contract import Factor, Features, Forecast, pickled_size
from flows.forecasting.daily import HORIZONS, DailyPool
from flows.forecasting.daily_key import NAMES

KEY = "own"


class DailyForecaster:
    """A single series by day. ``step`` is the day's number from a Monday (S = 1 slot a day).

    >>> model = DailyForecaster()
    >>> for day in range(40):
    ...     _ = model.learn_one({"step": day}, 30.0)
    >>> 29 < model.predict_one({"step": 40}) < 33
    True
    """

    def __init__(self) -> None:
        self.pool = DailyPool()

    def _step(self, x: Features) -> int:
        step, last = x.get("step"), self.pool.day
        return int(step) if step is not None else 0 if last is None else last + 1

    def _horizon(self, day: int) -> int:
        """How far ahead of the last day it lies, as the pool counts it (1 to 7)."""
        last = self.pool.day
        return 1 if last is None else min(HORIZONS, max(1, day - last))

    def predict_one(self, x: Features) -> float | None:
        """The day's expected count; 0 when closed, ``None`` before the first day."""
        if x.get("open") == 0.0:
            return 0.0
        if KEY not in self.pool.keys:
            return None
        day = self._step(x)
        return self.pool.predict(KEY, day, x, horizon=self._horizon(day)).value

    def learn_one(self, x: Features, y: float) -> Self:
        """Take in a day; a closed one, or one already told, teaches nothing."""
        day = self._step(x)
        if x.get("open") != 0.0 and (self.pool.day is None or day > self.pool.day):
            self.pool.learn(KEY, day, y, x)
        return self

    def forecast(self, horizon: int, xs: Sequence[Features] = ()) -> list[Forecast]:
        """The next days; beyond the seventh the seventh's model speaks on."""
        first = 0 if self.pool.day is None else self.pool.day + 1
        told: list[Forecast] = []
        for d in range(horizon):
            x: Features = {**(xs[d] if d < len(xs) else {}), "step": float(first + d)}
            if x.get("open") == 0.0 or KEY not in self.pool.keys:
                told.append(Forecast(0.0))
                continue
            said = self.pool.predict(KEY, first + d, x, horizon=self._horizon(first + d))
            told.append(Forecast(said.value, said.bands))
        return told

    def explain(self, x: Features) -> list[Factor]:
        """The pooled model's factors on the level of the last four weeks, strongest first."""
        if KEY not in self.pool.keys:
            return []
        day = self._step(x)
        horizon = self._horizon(day)
        row = self.pool.predict(KEY, day, x, horizon=horizon).row
        parts = zip(NAMES, row * self.pool.stands(horizon - 1).weights, strict=True)
        told = sorted(((n, float(p)) for n, p in parts if abs(p) > 0.005), key=lambda p: -abs(p[1]))
        return [Factor(name, exp(part)) for name, part in told]

    @property
    def state_size(self) -> int:
        """Bytes of the key in the recovery store; the pooled part is shared by all keys of a worker."""
        return sum(pickled_size(key) for key in self.pool.keys.values())
