"""Daily totals and SKU units, 1 to 7 days ahead: ridge from sufficient statistics, pooled and local.

    y ≈ level · exp(w·z),   w = (A + A₀)⁻¹ (b + A₀ w₀)

A = Σ v z zᵀ and b = Σ v z t are sums, so they merge over keys and workers, a late correction is subtracted again and
the prior is never forgotten. One pooled model per horizon learns from every key of the kind (a day weighs about
``DAY_ROWS`` rows, however many keys it has); a key's own weights are shrunk to the pooled ones with the strength of
``PRIOR_ROWS`` rows. A final factor per horizon takes out the low bias a mean of logs has (Duan 1983, smearing).
"""

from math import exp, log, sqrt
from operator import mul
from typing import NamedTuple

import numpy as np

from flows.forecasting.conformal import AdaptiveConformal
from flows.forecasting.contract import LEVELS, Band, Features
from flows.forecasting.daily_key import (
    LOCAL,
    NAMES,
    PAD,
    PRIOR,
    Announced,
    Key,
    Statistics,
    announced,
    row_of,
    smoothed,
)
from flows.forecasting.mixture import Mixture
from flows.forecasting.profile import Vector

HORIZONS = 7
DAY_ROWS = 20.0
PRIOR_ROWS = 60.0
RIDGE = 1.0
EXPERTS = ("naive", "four_weeks", "profile", "smoothed", "median", "pooled", "local")
START = (0.02, 0.03, 0.05, 0.1, 0.05, 0.35, 0.4)
POOLED = EXPERTS.index("pooled")


class Told(NamedTuple):
    """One key's forecast of one day, with what every expert said."""

    value: float
    experts: tuple[float, ...]
    row: Vector
    level: float
    pooled: float  # the pooled model's exponent
    bands: tuple[Band, ...] = ()


class Stood(NamedTuple):
    """What a horizon's forecasts rested on when a day began."""

    day: int
    weights: Vector
    mixture: tuple[float, ...]
    lift: float


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
        self.stood: list[list[Stood]] = [[] for _ in range(HORIZONS)]  # newest last
        self.mixtures = [Mixture(START, rate=0.05, share=1e-5) for _ in range(HORIZONS)]
        self.conformal = [AdaptiveConformal(1500, gamma=0.002) for _ in range(HORIZONS)]
        self.missed: list[list[float]] = [[] for _ in range(HORIZONS)]  # of the day that is open
        self.lift = [[1.0, 1.0] for _ in range(HORIZONS)]  # Σ truth, Σ forecast of the pooled model
        self.day: int | None = None
        self.shape = [0.0] * 7  # pooled, a new key's
        self.volume = self.volume_today = 0.0  # Σ levels of the day before, of today so far

    def predict(self, key: str, day: int, x: Features, *, horizon: int = 1) -> Told:
        """The count of ``day`` from what was known ``horizon`` days before it (1 to 7)."""
        state = self.keys.get(key) or self._new_key()
        known = state.known(day - horizon)
        told = self._say(state, day, announced(x), horizon, self.stands(horizon - 1), known)
        scale = state.spread * sqrt(told.value + PAD)
        tails = zip(LEVELS, self.conformal[horizon - 1].tails(), strict=True)
        return told._replace(
            bands=tuple(
                Band(at, max(0.0, told.value + low * scale), max(0.0, told.value + high * scale))
                for at, (low, high) in tails
            )
        )

    def stands(self, h: int) -> Stood:
        """What a horizon's forecasts rest on now."""
        made, due = self.lift[h]
        solved = self.pooled[h].solve(PRIOR, RIDGE)
        return Stood(
            0 if self.day is None else self.day, solved, tuple(self.mixtures[h].weights), made / due
        )

    def _stood(self, h: int, day: int) -> Stood:
        """What a horizon's forecasts rested on when ``day`` began."""
        known = self.stood[h]
        return next((stood for stood in reversed(known) if stood.day <= day), known[0])

    def _say(
        self, state: Key, day: int, said: Announced, horizon: int, stood: Stood, known: list[float]
    ) -> Told:
        until = day - horizon
        level = sum(known) / len(known) if known else self._cold_level()
        weeks = state.weeks(day)
        row = row_of(state, day, until, known, level, said, weeks)
        exponent = float(stood.weights @ row)
        own = row[LOCAL]
        local = exponent + float(state.weights @ own)
        base = level + PAD
        naive, same = weeks[0], [count for count in weeks if count is not None]
        shape = exp(state.shape[day % 7])
        experts = (
            level if naive is None else naive,
            sum(same) / len(same) if same else level,
            level * shape,
            smoothed(known) * shape if known else level,
            sorted(known)[len(known) // 2] * shape if known else level,
            max(0.0, base * exp(min(2.0, max(-3.0, exponent))) * stood.lift - PAD),
            max(0.0, base * exp(min(2.0, max(-3.0, local))) * stood.lift - PAD),
        )
        value = sum(map(mul, stood.mixture, experts))
        return Told(max(0.0, value), experts, row, level, exponent)

    def learn(self, key: str, day: int, y: float, x: Features) -> None:
        """Take in a day of a key; keys may come in any order within a day."""
        if self.day is None or day > self.day:
            self._turn(day)
        state = self.keys.get(key)
        if state is None:
            state = self.keys[key] = self._new_key()
        self.volume_today += sum(state.known(day - 1)[-7:]) / 7
        said = announced(x)
        for horizon in range(1, HORIZONS + 1):
            known = state.known(day - horizon)
            if len(known) >= 7:
                self._learn_horizon(state, day, y, said, horizon, known)
        state.learn(day, y, x)

    def _learn_horizon(
        self, state: Key, day: int, y: float, said: Announced, horizon: int, known: list[float]
    ) -> None:
        h = horizon - 1
        stood = self._stood(h, day - h)
        told = self._say(state, day, said, horizon, stood, known)
        share = (told.level + 0.1) / max(self.volume, told.level + 0.1)
        target = min(2.0, max(-3.0, log((y + PAD) / (told.level + PAD))))
        self.pooled[h].add(told.row, target, DAY_ROWS * share)
        self.lift[h][0] += DAY_ROWS * share * y / (told.level + PAD)
        self.lift[h][1] += DAY_ROWS * share * told.experts[POOLED] / (told.level + PAD) / stood.lift
        # a key's share of the day's volume, so that a step a day is one step however many keys there are
        mixture = self.mixtures[h]
        rate, mixture.rate = mixture.rate, min(1.0, 20 * share) * mixture.rate
        mixture.learn(told.experts, y, told.level + PAD)
        mixture.rate = rate
        root = sqrt(told.value + PAD)
        self.missed[h].append((y - told.value) / (state.spread * root))
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
            self._judge(h)
            self.stood[h] = [*self.stood[h], self.stands(h)][-h - 1 :]
            self.lift[h] = [part * 0.98 + 0.02 for part in self.lift[h]]
        if self.keys:
            shapes = np.array([k.shape for k in list(self.keys.values())[:200]])
            self.shape = shapes.mean(axis=0).tolist()

    def _judge(self, h: int) -> None:
        """A day's keys err alike: all of them are judged by the intervals that stood when it began."""
        tails = self.conformal[h].tails()
        for residual in self.missed[h]:
            sides = [(residual < low, residual > high) for low, high in tails]
            self.conformal[h].learn(residual, sides)
        self.missed[h] = []

    def _new_key(self) -> Key:
        key = Key()
        key.shape = list(self.shape)
        return key

    def _cold_level(self) -> float:
        return self.volume / len(self.keys) if self.keys else 0.0
