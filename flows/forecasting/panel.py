"""Units of many SKUs at once, 1 to 7 days ahead: the daily ladder of ``daily.py`` as arrays, a row a SKU.

    naive ───────────────────────┐
    four weeks' mean × weekday   ├─▶ mixture (pooled) ─▶ governor ─▶ forecast
    smoothed level × weekday     │
    pooled ridge, one per horizon┘

Everything learned is pooled over the SKUs of a store (sufficient statistics, mixture weights, smearing, conformal
residuals); a SKU keeps five weeks of days, its weekday's shape and the size of its errors. A day of 500 SKUs is a few
matrix products. A day on which a shelf was empty is unknown, or its sales are raised to what the day would have sold
(censored demand); the caller says which.
"""

from math import exp
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from flows.forecasting.conformal import AdaptiveConformal
from flows.forecasting.contract import LEVELS, Band, Features, feature
from flows.forecasting.governance import Governor, Verdict
from flows.forecasting.lead_time import LeadTimeSums
from flows.forecasting.profile import Vector

Places = npt.NDArray[np.intp]
HORIZONS = 7
DAYS = 36  # kept: four weeks as seen a week ago
PAD = 0.5
KEEP = 0.995  # of what is known, each day
DAY_ROWS = 20.0  # rows of a regression that a day counts for, however many SKUs it has
COMMON = ("holiday", "holiday_tomorrow", "holiday_yesterday", "school_break", "pay_day", "rain")
NAMES = (
    "bias", "weekday_shape", "week_ratio", "fortnight_ratio", "last_day", "same_day_last_week",
    "promotion", "promotion_last_week", *COMMON,
)  # fmt: skip
EXPERTS = ("naive", "four_weeks", "smoothed", "pooled")
START = (0.05, 0.15, 0.3, 0.5)
JUDGED = 48  # residuals a horizon learns from each day, of the SKUs in turn
SHRINK = 5.0  # units a day at which a SKU's own weekday shape counts half
PRIOR: Vector = np.array(
    [{"weekday_shape": 1.0, "week_ratio": 0.6}.get(name, 0.0) for name in NAMES]
)


class Said(NamedTuple):
    """A day's forecast of every SKU, and what it rests on."""

    value: Vector
    experts: Vector  # SKUs × experts
    rows: Vector
    level: Vector
    days: Vector  # known ones of the last four weeks


class UnitsPanel:
    """Every SKU of one store. Days are numbered from a Monday.

    >>> panel = UnitsPanel()
    >>> for day in range(60):
    ...     panel.learn(day, {"a": 20.0 if day % 7 < 5 else 40.0, "b": 1.0}, {}, {})
    >>> [round(value) for value in panel.say(61, {}, {}).value]
    [40, 1]
    """

    def __init__(self) -> None:
        size = len(NAMES)
        self.skus: list[str] = []
        self.last: int | None = None
        self.days = 0
        self.counts: Vector = np.empty((0, DAYS))
        self.promoted: Vector = np.empty((0, DAYS))
        self.shape: Vector = np.empty((0, 7))
        self.variance: Vector = np.empty(0)  # of the errors a day ahead, in Poisson variances
        self.a: Vector = np.zeros((HORIZONS, size, size))
        self.b: Vector = np.zeros((HORIZONS, size))
        self.weights: Vector = np.tile(PRIOR, (HORIZONS, 1))
        self.mix: Vector = np.tile(np.array(START), (HORIZONS, 1))
        self.lift: Vector = np.ones((HORIZONS, 2))  # Σ truth, Σ pooled forecast
        self.sums = LeadTimeSums(HORIZONS)
        self.conformal = [AdaptiveConformal(400, gamma=0.002) for _ in range(HORIZONS)]
        self.governor = Governor("mixture", "four_weeks")
        self.verdict: Verdict | None = None

    # ── learn ─────────────────────────────────────────────────────────────────────────────────────────────
    def learn(
        self, day: int, units: dict[str, float | None], x: Features, promotion: dict[str, float]
    ) -> None:
        """Take in a day: units by SKU (``None``: unknown, for its shelf was empty), the day's features.

        SKUs that are not named any more are forgotten. An older day teaches nothing.
        """
        if self.last is not None and day <= self.last:
            return
        self._name(sorted(units))
        y = np.array([np.nan if units[sku] is None else units[sku] for sku in self.skus], float)
        strength = np.array([promotion.get(sku, 0.0) for sku in self.skus])
        if self.last is not None:
            said = [
                self._learn_horizon(day, horizon, y, x, strength)
                for horizon in range(1, HORIZONS + 1)
            ]
            self._learn_shape(day, y)
            self.sums.add(np.column_stack(said), day - self.last)
        gap = DAYS if self.last is None else min(DAYS, day - self.last)
        for series, newest in ((self.counts, y), (self.promoted, strength)):
            series[:, :-gap] = series[:, gap:] if gap < DAYS else np.nan
            series[:, -gap:] = np.nan
            series[:, -1] = newest
        self.last, self.days = day, self.days + 1
        self.sums.learn(self.counts, self.variance)

    def _name(self, skus: list[str]) -> None:
        """Rows for these SKUs, in order; those there were keep what they remember."""
        if skus == self.skus:
            return
        at = {sku: i for i, sku in enumerate(self.skus)}
        pooled = self.shape.mean(axis=0) if len(self.shape) else np.zeros(7)
        old = [at.get(sku) for sku in skus]

        def carried(series: Vector, fresh: Vector | float) -> Vector:
            made = np.empty((len(skus), *series.shape[1:]))
            for i, row in enumerate(old):
                made[i] = fresh if row is None else series[row]
            return made

        self.counts, self.promoted = carried(self.counts, np.nan), carried(self.promoted, np.nan)
        self.shape, self.variance = carried(self.shape, pooled), carried(self.variance, 1.5)
        self.sums.begun = carried(self.sums.begun, np.nan)
        self.skus = skus

    def _learn_horizon(
        self, day: int, horizon: int, y: Vector, x: Features, strength: Vector
    ) -> Vector:
        """Returns what was said of the day."""
        h = horizon - 1
        said = self._say(day, horizon, x, strength)
        seen = (said.days >= 7) & ~np.isnan(y)
        self.a[h] *= KEEP
        self.b[h] *= KEEP
        if not seen.any():
            return said.value
        z, level, truth = said.rows[seen], said.level[seen], y[seen]
        base = level + PAD
        share = (level + 0.1) / (level + 0.1).sum()
        target = np.clip(np.log((truth + PAD) / base), -3.0, 2.0)
        v = DAY_ROWS * share
        self.a[h] += (z * v[:, None]).T @ z
        self.b[h] += (z * v[:, None]).T @ target
        self.weights[h] = np.linalg.solve(self.a[h] + np.eye(len(PRIOR)), self.b[h] + PRIOR)
        pooled = said.experts[seen, 3] / (self.lift[h, 0] / self.lift[h, 1])
        self.lift[h] = 0.98 * self.lift[h] + 0.02 + [v @ (truth / base), v @ (pooled / base)]
        self._learn_mixture(h, said.experts[seen], said.value[seen], truth, base, share)
        self._learn_errors(h, day, np.flatnonzero(seen), said, y)
        return said.value

    def _learn_mixture(
        self, h: int, experts: Vector, value: Vector, truth: Vector, base: Vector, share: Vector
    ) -> None:
        """Exponentiated gradient on the day's absolute error, one step a day (``mixture.py``)."""
        side = np.where(value > truth, 1.0, -1.0)
        moved = np.clip((experts - truth[:, None]) / base[:, None], -3.0, 3.0)
        gradient = (share[:, None] * side[:, None] * moved).sum(axis=0)
        grown = self.mix[h] * np.exp(-0.2 * gradient)
        self.mix[h] = (1 - 1e-4) * grown / grown.sum() + 1e-4 / len(grown)

    def _learn_errors(self, h: int, day: int, seen: Places, said: Said, y: Vector) -> None:
        """Residuals for the intervals; of the first horizon also each SKU's variance, and governance."""
        scale = np.sqrt(self.variance * (said.value + PAD))
        judged = seen[np.arange(min(JUDGED, len(seen))) + (day * JUDGED) % len(seen) - len(seen)]
        for i in judged:
            self.conformal[h].learn(float((y[i] - said.value[i]) / scale[i]))
        if h:
            return
        error = y[seen] - said.value[seen]
        own = np.minimum(error**2 / (said.value[seen] + PAD), 9 * self.variance[seen] + 1.0)
        self.variance[seen] = np.maximum(0.2, self.variance[seen] + 0.05 * (own - self.variance[seen]))  # fmt: skip
        blended = said.experts[seen] @ self.mix[0]
        plain = said.experts[seen, 1]
        self.verdict = self.governor.close_day(
            float(np.abs(y[seen] - blended).sum()), float(np.abs(y[seen] - plain).sum()),
            float(y[seen].sum()),
        )  # fmt: skip

    def _learn_shape(self, day: int, y: Vector) -> None:
        level, n = self._mean(day - 1, 28)
        seen = (n >= 3) & ~np.isnan(y)
        ratio = np.clip(np.log((y[seen] + PAD) / (level[seen] + PAD)), -1.5, 1.5)
        own = self.shape[seen, day % 7]
        self.shape[seen, day % 7] = own + 0.15 * (ratio - own)

    # ── predict ───────────────────────────────────────────────────────────────────────────────────────────
    def say(self, day: int, x: Features, promotion: dict[str, float]) -> Said:
        """Every SKU's units of a day after the last learned; beyond 7 days as 7 days ahead."""
        horizon = 1 if self.last is None else min(HORIZONS, max(1, day - self.last))
        strength = np.array([promotion.get(sku, 0.0) for sku in self.skus])
        return self._say(day, horizon, x, strength, until=self.last)

    def _say(
        self, day: int, horizon: int, x: Features, strength: Vector, until: int | None = None
    ) -> Said:
        h = horizon - 1
        until = day - horizon if until is None else until
        level, n = self._mean(until, 28)
        pooled = self.shape.mean(axis=0) if len(self.shape) else np.zeros(7)
        trust = (level / (level + SHRINK))[:, None]
        shape = trust * self.shape + (1 - trust) * pooled
        rows = self._rows(day, until, level, shape, x, strength)
        base, week = level + PAD, np.exp(shape[:, day % 7])
        naive = self._at(day - 7) if day - 7 <= until else np.full(len(level), np.nan)
        ratio = self.lift[h, 0] / self.lift[h, 1]
        linear = base * np.exp(np.clip(rows @ self.weights[h], -3.0, 2.0)) * ratio - PAD
        experts = np.column_stack((
            np.where(np.isnan(naive), level * week, naive), level * week,
            self._smoothed(until, level) * week, np.maximum(0.0, linear),
        ))  # fmt: skip
        back = self.governor.champion == self.governor.baseline
        value = experts[:, 1] if back else experts @ self.mix[h]
        return Said(np.maximum(0.0, value), experts, rows, level, n)

    def _rows(
        self, day: int, until: int, level: Vector, shape: Vector, x: Features, strength: Vector
    ) -> Vector:
        base = level + PAD

        def ratio(counts: Vector) -> Vector:
            logs: Vector = np.clip(np.log((counts + PAD) / base), -2.0, 2.0)
            return np.nan_to_num(logs)

        last, same = self._at(until), self._at(day - 7)
        before = np.nan_to_num(self._at(day - 7, self.promoted))
        known = np.where(np.isnan(last), 0.0, ratio(last) - shape[:, until % 7])
        weekly = np.where(np.isnan(same), 0.0, ratio(same) - shape[:, day % 7])
        common = [np.full(len(level), feature(x, name)) for name in COMMON]
        return np.column_stack((
            np.ones(len(level)), shape[:, day % 7], ratio(self._mean(until, 7)[0]), ratio(self._mean(until, 14)[0]),
            known, weekly, strength, before, *common,
        ))  # fmt: skip

    def _columns(self, until: int, days: int) -> slice:
        """The columns of the ``days`` days up to ``until``."""
        end = DAYS - ((self.last or 0) - until)
        return slice(max(0, end - days), max(0, end))

    def _at(self, day: int, series: Vector | None = None) -> Vector:
        """A day's counts, NaN where unknown."""
        kept = self.counts if series is None else series
        i = DAYS - 1 - ((self.last or 0) - day)
        return kept[:, i] if 0 <= i < DAYS else np.full(len(kept), np.nan)

    def _mean(self, until: int, days: int) -> tuple[Vector, Vector]:
        """Mean of the known counts of the days up to ``until``, and how many those are; 0 without any."""
        block = self.counts[:, self._columns(until, days)]
        n = (~np.isnan(block)).sum(axis=1)
        return np.nansum(block, axis=1) / np.maximum(1, n), n

    def _smoothed(self, until: int, level: Vector) -> Vector:
        """Exponential smoothing (0.15) over the known counts of four weeks."""
        block = self.counts[:, self._columns(until, 28)]
        age = np.arange(block.shape[1])[::-1]
        weight = np.where(np.isnan(block), 0.0, 0.85**age)
        total = weight.sum(axis=1)
        mean = (np.nan_to_num(block) * weight).sum(axis=1) / np.maximum(total, 1e-9)
        return np.where(total > 0, mean, level)

    def bands(self, value: float, i: int, horizon: int) -> tuple[Band, ...]:
        """The intervals of one SKU's day of which ``value`` was said."""
        scale = float(np.sqrt(self.variance[i] * (value + PAD)))
        tails = self.conformal[min(HORIZONS, horizon) - 1].tails()
        return tuple(
            Band(level, max(0.0, value + low * scale), max(0.0, value + high * scale))
            for level, (low, high) in zip(LEVELS, tails, strict=True)
        )

    def totals(self) -> Vector:
        """Units of the days kept, by SKU in the order of ``skus``."""
        return np.asarray(np.nansum(self.counts, axis=1))

    def regular(self) -> Places:
        """Rows of the SKUs that sold on at least one day in seven of the last four weeks."""
        days = (self.counts[:, -28:] > 0).sum(axis=1)
        return np.flatnonzero(days * 7 >= min(28, self.days))

    def promotion_factor(self, strength: float = 1.0) -> float:
        """By how much a promotion multiplies a day's units, as learned a week ahead."""
        return exp(float(self.weights[-1][NAMES.index("promotion")]) * strength)

    def __getstate__(self) -> dict[str, Any]:
        """Counts in half precision where that is exact, so that five weeks of 500 SKUs are small."""
        state = dict(self.__dict__)
        exact = not len(self.counts) or np.nanmax(self.counts, initial=0.0) <= 2048
        state["counts"] = self.counts.astype(np.float16 if exact else np.float32)
        for name in ("promoted", "shape", "variance"):
            state[name] = state[name].astype(np.float16)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        for name in ("counts", "promoted", "shape", "variance"):
            setattr(self, name, state[name].astype(np.float64))
