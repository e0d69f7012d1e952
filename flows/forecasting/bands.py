"""Intervals around a count: scaled by level and hour, conformal when large, a count distribution when small.

The scale of an error at mean μ in slot i is the negative binomial's standard deviation,
``s = √(μ + 1 + (v_i·μ)²)``, v_i learned per slot of the day. Above ``SMALL`` expected counts the interval is
μ + s·(conformal quantile); below it comes from the negative binomial itself, so that 0 to 3 visitors an hour
have whole, honest bounds. Two widths are corrected online from what was missed: one per slot of the day, and
one for holidays, which starts wide, for there are few to learn from.
"""

from math import exp, sqrt

import numpy as np

from flows.forecasting.conformal import AdaptiveConformal
from flows.forecasting.contract import LEVELS, Band
from flows.forecasting.counts import count_quantile
from flows.forecasting.profile import Half

SMALL = 12.0
HOLIDAY_WIDTH = 1.6


class Bands:
    """Learns how wrong the forecasts of one horizon are.

    Args:
        slots: hours or slots of the day told apart.
        window: residuals kept (2 bytes each).
    """

    def __init__(self, slots: int, window: int = 300) -> None:
        self.variation: Half = np.full(slots, 0.1, dtype=np.float16)  # v², of each slot
        self.width: Half = np.ones(slots, dtype=np.float16)
        self.holiday_width = HOLIDAY_WIDTH
        self.conformal = AdaptiveConformal(window)
        self.small_tails = [[(1 - level) / 2, (1 - level) / 2] for level in LEVELS]

    def scale(self, mu: float, slot: int, *, holiday: bool = False) -> float:
        """The usual size of an error at mean ``mu`` in this slot."""
        spread = sqrt(mu + 1.0 + float(self.variation[slot]) * mu * mu)
        return spread * float(self.width[slot]) * (self.holiday_width if holiday else 1.0)

    def around(self, mu: float, slot: int, *, holiday: bool = False) -> tuple[Band, ...]:
        """The intervals at ``LEVELS`` around ``mu`` (≥ 0)."""
        if mu < SMALL:
            variation = float(self.variation[slot]) * (self.holiday_width if holiday else 1.0) ** 2
            return tuple(
                Band(
                    level,
                    count_quantile(low, mu, variation),
                    count_quantile(1 - high, mu, variation),
                )
                for level, (low, high) in zip(LEVELS, self.small_tails, strict=True)
            )
        scale = self.scale(mu, slot, holiday=holiday)
        return tuple(
            Band(level, max(0.0, mu + low * scale), max(0.0, mu + high * scale))
            for level, (low, high) in zip(LEVELS, self.conformal.tails(), strict=True)
        )

    def learn(self, y: float, mu: float, slot: int, *, holiday: bool = False) -> None:
        """Take in what happened: widths, levels and residuals, in this order."""
        scale = self.scale(mu, slot, holiday=holiday)
        bands = self.around(mu, slot, holiday=holiday)
        missed = not bands[0].low <= y <= bands[0].high
        if holiday:
            step = 0.1 * (missed - 0.25)
            self.holiday_width = min(4.0, max(1.0, self.holiday_width * exp(step)))
        elif mu >= SMALL:
            step = 0.02 * (missed - (1 - LEVELS[0]))
            self.width[slot] = min(4.0, max(0.25, float(self.width[slot]) * exp(step)))
        if mu < SMALL:
            self._learn_small(y, bands)
        else:
            self.conformal.learn((y - mu) / scale)
        if mu > 0.0 and not holiday:
            own = float(self.variation[slot])
            seen = ((y - mu) ** 2 - mu) / (mu * mu + 1.0)
            bounded = min(9.0 * own + 0.01, max(0.0, seen))
            self.variation[slot] = max(1e-4, own + 0.03 * (bounded - own))

    def _learn_small(self, y: float, bands: tuple[Band, ...]) -> None:
        gamma = self.conformal.gamma
        for pair, band in zip(self.small_tails, bands, strict=True):
            goal = (1 - band.level) / 2
            pair[0] = min(0.45, max(1e-3, pair[0] + gamma * (goal - (y < band.low))))
            pair[1] = min(0.45, max(1e-3, pair[1] + gamma * (goal - (y > band.high))))
