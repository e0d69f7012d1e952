"""Unusual traffic: is a party of people coming in that the usual week does not explain?

A two-state hidden Markov filter on counts (Ihler, Hutchins & Smyth 2006, "Adaptive event detection with time-varying
Poisson processes", made online): in the ordinary state a slot's count is negative binomial around its usual λ, in the
event state around ``λ·BURST + EXTRA``. The posterior moves by Bayes' rule slot by slot; the usual week learns with
weight 1 − P(event), so that an event does not become normal. A second filter of the same form watches for too few.
"""

from math import exp, lgamma, log

import numpy as np

from flows.forecasting.profile import Series

PRIOR_WEEKS = 3.0
MEMORY_WEEKS = 8.0


class UnusualTraffic:
    """The probability that a slot belongs to an event, for one door's inflow.

    Args:
        season: slots in a week.
        begin, end: chance per slot that an event begins, that it ends.
        burst, extra: what an event adds: λ·burst + extra people.
        variation: the ordinary state's extra variance v in μ + v·μ².

    The filter sees no labels, but these defaults were chosen among 270 settings by CalIt2's labels: what it finds
    there is no measure of what it finds elsewhere.
    """

    def __init__(
        self,
        season: int,
        *,
        begin: float = 0.004,
        end: float = 0.1,
        burst: float = 1.5,
        extra: float = 3.0,
        variation: float = 0.02,
    ) -> None:
        self.season = season
        self.begin = begin
        self.end = end
        self.burst = burst
        self.extra = extra
        self.variation = variation
        self.usual: Series = np.full(season, np.nan, dtype=np.float32)
        self.weight: Series = np.zeros(season, dtype=np.float32)
        self.by_kind: Series = np.full((3, season // 7), np.nan, dtype=np.float32)
        self.kind_weight: Series = np.zeros((3, season // 7), dtype=np.float32)
        self.chance = begin

    def expected(self, step: int) -> float | None:
        """The usual count of the slot; ``None`` before any like it was seen.

        The slot of the week, shrunk to the slot of its kind of day (working day, Saturday, Sunday) by
        ``PRIOR_WEEKS`` weeks' worth, both smoothed with the slots beside them.
        """
        day, slot = divmod(step % self.season, self.season // 7)
        kind = self.by_kind[max(0, day - 4)]
        shape = _smooth([float(kind[(slot + d) % len(kind)]) for d in (-1, 0, 1)])
        if shape is None:
            return None
        weeks = float(self.weight[step % self.season])
        own = float(self.usual[step % self.season])
        return shape if weeks <= 0 else (PRIOR_WEEKS * shape + weeks * own) / (PRIOR_WEEKS + weeks)

    def learn_one(self, step: int, y: float) -> float:
        """Filter one slot and learn from it; returns P(event | counts so far)."""
        usual = self.expected(step)
        if usual is not None:
            ahead = self.chance * (1 - self.end) + (1 - self.chance) * self.begin
            ordinary = _log_chance(y, usual + 0.3, self.variation)
            event = _log_chance(y, usual * self.burst + self.extra, 0.3)
            odds = (1 - ahead) / ahead * exp(min(30.0, max(-30.0, ordinary - event)))
            self.chance = 1 / (1 + odds)
        self._learn_usual(step, y, 1.0 - self.chance)
        return self.chance

    def _learn_usual(self, step: int, y: float, trust: float) -> None:
        day, slot = divmod(step % self.season, self.season // 7)
        _move(self.usual, self.weight, step % self.season, y, trust, MEMORY_WEEKS)
        kind = max(0, day - 4)
        _move(self.by_kind[kind], self.kind_weight[kind], slot, y, trust, 4 * MEMORY_WEEKS)


def _move(means: Series, weights: Series, i: int, y: float, trust: float, most: float) -> None:
    """Weighted running mean, forgetting beyond a weight of ``most``."""
    old = float(means[i])
    if old != old:  # noqa: PLR0124  never seen: even an event is the best guess there is
        means[i], weights[i] = y, 0.5
        return
    seen = min(most, float(weights[i])) + trust
    weights[i] = seen
    means[i] = old + (trust / seen * (y - old) if seen > 0 else 0.0)


def _smooth(values: list[float]) -> float | None:
    parts = [(v, w) for v, w in zip(values, (0.2, 0.6, 0.2), strict=True) if v == v]  # noqa: PLR0124
    return sum(v * w for v, w in parts) / sum(w for _, w in parts) if parts else None


def _log_chance(count: float, mu: float, variation: float) -> float:
    """Log of P(count) of the negative binomial with mean ``mu`` and variance mu + v·mu²."""
    r = 1.0 / variation
    return (
        lgamma(count + r) - lgamma(r) - lgamma(count + 1)
        + r * log(r / (r + mu)) + count * log(mu / (r + mu))
    )  # fmt: skip
