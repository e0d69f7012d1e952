"""Daily totals and SKU units, 1 to 7 days ahead: ridge from sufficient statistics, pooled and local.

    y ≈ level · exp(w·z),   w = (A + A₀)⁻¹ (b + A₀ w₀)

A = Σ v z zᵀ and b = Σ v z t are sums, so they merge over keys and workers, a late correction is subtracted again and
the prior is never forgotten. One pooled model per horizon learns from every key of the kind (a day weighs about
``DAY_ROWS`` rows, however many keys it has); a key's own weights are shrunk to the pooled ones with the strength of
``PRIOR_ROWS`` rows. A final factor per horizon takes out the low bias a mean of logs has (Duan 1983, smearing).
"""

from math import exp, log, sqrt
from typing import NamedTuple

import numpy as np

from flows.forecasting.conformal import AdaptiveConformal
from flows.forecasting.contract import LEVELS, Band, Features, feature
from flows.forecasting.mixture import Mixture
from flows.forecasting.profile import Vector

HORIZONS = 7
DAY_ROWS = 20.0
PRIOR_ROWS = 60.0
RIDGE = 1.0
EVENTS = (
    "promotion",
    "discount",
    "holiday",
    "holiday_tomorrow",
    "holiday_yesterday",
    "school_break",
)
WEATHER = ("rain", "temperature")
NAMES = (
    "bias", "weekday_shape", "week_ratio", "two_week_ratio", "last_day", "same_day_last_week",
    "same_day_two_weeks", "weekend", *EVENTS, "promotion_last_week", "discount_last_week", *WEATHER,
)  # fmt: skip
LOCAL = [
    NAMES.index(n)
    for n in ("bias", "week_ratio", "same_day_last_week", "promotion", "discount", "holiday")
]
EXPERTS = ("naive", "four_weeks", "profile", "smoothed", "median", "pooled", "local")
START = (0.02, 0.03, 0.05, 0.1, 0.05, 0.35, 0.4)
POOLED = EXPERTS.index("pooled")
MEMORY = 35  # days kept: 28 for the level, as seen a week ago
PAD = 0.5


class Statistics:
    """A and b of a weighted regression; merging is addition.

    >>> a, b = Statistics(1), Statistics(1)
    >>> a.add(np.array([1.0]), 2.0, 1.0); b.add(np.array([1.0]), 4.0, 1.0)
    >>> a.merge(b); round(float(a.solve(np.zeros(1), 1e-9)[0]), 3)
    3.0
    """

    def __init__(self, size: int) -> None:
        self.a: Vector = np.zeros((size, size))
        self.b: Vector = np.zeros(size)

    def add(self, z: Vector, target: float, weight: float) -> None:
        """Take in a row; a negative weight takes it out again."""
        self.a += weight * np.outer(z, z)
        self.b += weight * target * z

    def merge(self, other: "Statistics") -> None:
        """Add another worker's or key's sums."""
        self.a += other.a
        self.b += other.b

    def fade(self, keep: float) -> None:
        """Forget: everything known counts ``keep`` times as much."""
        self.a *= keep
        self.b *= keep

    def solve(self, prior: Vector, strength: float) -> Vector:
        """The weights, shrunk to ``prior`` with ``strength`` rows' worth."""
        eye = strength * np.eye(len(self.b))
        solved = np.linalg.solve(self.a + eye, self.b + strength * prior)
        return np.asarray(solved, dtype=np.float64)


class Key:
    """What one key (a store, a SKU in a store) remembers: five weeks, its weekday shape, its own weights."""

    def __init__(self) -> None:
        self.last: int | None = None  # the newest day
        self.counts: list[float | None] = []  # by day up to ``last``, None where unknown
        self.events: list[tuple[float, float]] = []  # promotion, discount of those days
        self.shape = [0.0] * 7  # log ratio to the level, by weekday
        self.own = Statistics(len(LOCAL))
        self.weights: Vector = np.zeros(
            len(LOCAL)
        )  # ``own`` solved: departures from the pooled model
        self.spread = 1.0  # mean |error| ÷ √forecast, one day ahead

    def known(self, until: int) -> list[float]:
        """The known counts of the 28 days up to ``until``, oldest first."""
        if self.last is None:
            return []
        end = len(self.counts) - max(0, self.last - until)
        return [c for c in self.counts[max(0, end - 28) : max(0, end)] if c is not None]

    def at(self, day: int) -> float | None:
        """The count of a day, ``None`` if unknown."""
        i = self._index(day)
        return None if i is None else self.counts[i]

    def event_at(self, day: int) -> tuple[float, float]:
        """Promotion and discount of a past day, 0 where unknown."""
        i = self._index(day)
        return (0.0, 0.0) if i is None else self.events[i]

    def _index(self, day: int) -> int | None:
        if self.last is None:
            return None
        i = len(self.counts) - 1 - (self.last - day)
        return i if 0 <= i < len(self.counts) else None

    def learn(self, day: int, y: float, x: Features) -> None:
        """Take in a day after ``last``; its surprise moves the weekday's shape."""
        known = self.known(day - 1)
        if len(known) >= 3:
            level = sum(known) / len(known)
            ratio = min(1.5, max(-1.5, log((y + PAD) / (level + PAD))))
            self.shape[day % 7] += 0.15 * (ratio - self.shape[day % 7])
        gap = 0 if self.last is None else min(MEMORY, day - self.last - 1)
        event = (feature(x, "promotion"), feature(x, "discount"))
        self.counts = [*self.counts, *[None] * gap, y][-MEMORY:]
        self.events = [*self.events, *[(0.0, 0.0)] * gap, event][-MEMORY:]
        self.last = day


class Told(NamedTuple):
    """One key's forecast of one day, with what every expert said."""

    value: float
    experts: tuple[float, ...]
    row: Vector
    level: float
    pooled: float  # the pooled model's exponent
    bands: tuple[Band, ...]


class DailyPool:
    """All keys of a kind in one worker. Days are numbered from a Monday (``day % 7 == 0``).

    Args:
        keep: how much of what is known survives a day; 0.995 remembers 200 days.

    >>> pool = DailyPool()
    >>> for day in range(60):
    ...     pool.learn("a", day, 20.0 if day % 7 < 5 else 40.0, {})
    >>> 36 < pool.predict("a", 61, {}, horizon=2).value < 43
    True
    """

    def __init__(self, keep: float = 0.995) -> None:
        self.keep = keep
        self.keys: dict[str, Key] = {}
        self.pooled = [Statistics(len(NAMES)) for _ in range(HORIZONS)]
        self.weights: list[Vector] = [PRIOR.copy() for _ in range(HORIZONS)]
        self.mixtures = [Mixture(START, rate=0.05, share=1e-5) for _ in range(HORIZONS)]
        self.conformal = [AdaptiveConformal(1500, gamma=0.002) for _ in range(HORIZONS)]
        self.lift = [[1.0, 1.0] for _ in range(HORIZONS)]  # Σ truth, Σ forecast of the pooled model
        self.day: int | None = None
        self.shape = [0.0] * 7  # pooled, a new key's
        self.volume = self.volume_today = 0.0  # Σ levels of the day before, of today so far

    def predict(self, key: str, day: int, x: Features, *, horizon: int = 1) -> Told:
        """The count of ``day`` from what was known ``horizon`` days before it (1 to 7)."""
        state = self.keys.get(key) or self._new_key()
        until = day - horizon
        known = state.known(until)
        level = sum(known) / len(known) if known else self._cold_level()
        row = self._row(state, day, until, known, level, x)
        h = horizon - 1
        exponent = float(self.weights[h] @ row)
        own = row[LOCAL]
        local = exponent + float(state.weights @ own)
        lift = self.lift[h][0] / self.lift[h][1]
        base = level + PAD
        naive = state.at(day - 7)
        same = [c for c in (state.at(day - 7 * w) for w in range(1, 5)) if c is not None]
        shape = exp(state.shape[day % 7])
        experts = (
            level if naive is None else naive,
            sum(same) / len(same) if same else level,
            level * shape,
            _smoothed(known) * shape if known else level,
            sorted(known)[len(known) // 2] * shape if known else level,
            max(0.0, base * exp(min(2.0, max(-3.0, exponent))) * lift - PAD),
            max(0.0, base * exp(min(2.0, max(-3.0, local))) * lift - PAD),
        )
        value = max(0.0, self.mixtures[h].blend(experts))
        scale = state.spread * sqrt(value + PAD)
        bands = tuple(
            Band(at, max(0.0, value + low * scale), max(0.0, value + high * scale))
            for at, (low, high) in zip(LEVELS, self.conformal[h].tails(), strict=True)
        )
        return Told(value, experts, row, level, exponent, bands)

    def learn(self, key: str, day: int, y: float, x: Features) -> None:
        """Take in a day of a key; keys may come in any order within a day."""
        if self.day is None or day > self.day:
            self._turn(day)
        state = self.keys.get(key)
        if state is None:
            state = self.keys[key] = self._new_key()
        self.volume_today += sum(state.known(day - 1)[-7:]) / 7
        for horizon in range(1, HORIZONS + 1):
            if len(state.known(day - horizon)) >= 7:
                self._learn_horizon(state, key, day, y, x, horizon)
        state.learn(day, y, x)

    def _learn_horizon(
        self, state: Key, key: str, day: int, y: float, x: Features, horizon: int
    ) -> None:
        h = horizon - 1
        told = self.predict(key, day, x, horizon=horizon)
        share = (told.level + 0.1) / max(self.volume, told.level + 0.1)
        target = min(2.0, max(-3.0, log((y + PAD) / (told.level + PAD))))
        self.pooled[h].add(told.row, target, DAY_ROWS * share)
        self.lift[h][0] += DAY_ROWS * share * y / (told.level + PAD)
        self.lift[h][1] += (
            DAY_ROWS
            * share
            * told.experts[POOLED]
            / (told.level + PAD)
            / (self.lift[h][0] / self.lift[h][1] if self.lift[h][1] > 50 else 1.0)
        )
        # a key's share of the day's volume, so that a step a day is one step however many keys there are
        mixture = self.mixtures[h]
        rate, mixture.rate = mixture.rate, min(1.0, 20 * share) * mixture.rate
        mixture.learn(told.experts, y, told.level + PAD)
        mixture.rate = rate
        root = sqrt(told.value + PAD)
        self.conformal[h].learn((y - told.value) / (state.spread * root))
        if horizon == 1:
            miss = min(6 * state.spread, abs(y - told.value) / root)
            state.spread = max(0.02, state.spread + 0.05 * (miss - state.spread))
            state.own.fade(0.995)
            state.own.add(told.row[LOCAL], target - told.pooled, 1.0)
            state.weights = state.own.solve(np.zeros(len(LOCAL)), PRIOR_ROWS)

    def _turn(self, day: int) -> None:
        """A new day: forget a little, solve each horizon anew."""
        self.day = day
        self.volume, self.volume_today = self.volume_today, 0.0
        for h, statistics in enumerate(self.pooled):
            statistics.fade(self.keep)
            self.weights[h] = statistics.solve(PRIOR, RIDGE)
            self.lift[h] = [part * 0.98 + 0.02 for part in self.lift[h]]
        if self.keys:
            shapes = np.array([k.shape for k in list(self.keys.values())[:200]])
            self.shape = shapes.mean(axis=0).tolist()

    def _new_key(self) -> Key:
        key = Key()
        key.shape = list(self.shape)
        return key

    def _cold_level(self) -> float:
        return self.volume / len(self.keys) if self.keys else 0.0

    def _row(
        self, state: Key, day: int, until: int, known: list[float], level: float, x: Features
    ) -> Vector:
        shape, weekday = state.shape, day % 7

        def lag(days: int) -> float:
            count = state.at(day - days)
            if count is None:
                return 0.0
            return _log_to(count, level) - shape[weekday]

        last = state.at(until)
        recent, fortnight = known[-7:], known[-14:]
        events = [feature(x, name) for name in EVENTS]
        promotion, discount = state.event_at(day - 7)
        return np.array((
            1.0,
            shape[weekday],
            _log_to(sum(recent) / len(recent), level) if recent else 0.0,
            _log_to(sum(fortnight) / len(fortnight), level) if fortnight else 0.0,
            0.0 if last is None else _log_to(last, level) - shape[until % 7],
            lag(7), lag(14), float(weekday >= 5), *events, promotion, discount,
            *(feature(x, name) for name in WEATHER),
        ))  # fmt: skip


PRIOR: Vector = np.array(
    [{"weekday_shape": 1.0, "week_ratio": 0.6, "last_day": 0.1}.get(n, 0.0) for n in NAMES]
)
"""Weights before anything was learned: the weekday's shape, and most of last week's departure from the level."""


def _log_to(count: float, level: float) -> float:
    return min(2.0, max(-2.0, log((count + PAD) / (level + PAD))))


def _smoothed(counts: list[float], alpha: float = 0.15) -> float:
    """Simple exponential smoothing over the known counts."""
    value = counts[0]
    for i, count in enumerate(counts[1:], start=2):
        value += max(alpha, 1 / i) * (count - value)
    return value
