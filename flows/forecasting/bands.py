"""Intervals around a count: scaled by level and hour, conformal when large, a count distribution when small.

The scale of an error at mean μ in slot i is the negative binomial's standard deviation,
``s = √(μ + 1 + (v_i·μ)²)``, v_i learned per slot of the day. Above ``SMALL`` expected counts the interval is
μ + s·(conformal quantile); below it comes from the negative binomial itself, so that 0 to 3 visitors an hour
have whole, honest bounds. Widths are corrected online from what was missed: one per slot of the day, and one per
level for holidays (adaptive conformal inference on the log of the width, in steps of a day, for a day's errors are
alike). Holidays start wide, for there are few to learn from, and their errors are kept out of the ordinary days'.
"""

from collections.abc import Callable, Sequence
from math import exp, sqrt

import numpy as np

from flows.forecasting.conformal import AdaptiveConformal
from flows.forecasting.contract import LEVELS, Band
from flows.forecasting.counts import count_quantiles
from flows.forecasting.profile import Half

SMALL = 12.0
QUIET = 0.7  # below it every interval holds: nights would talk the busy hours' intervals narrow
ORDINARY = (1.0, 1.0)
HOLIDAY_WIDTHS = (2.0, 2.0)  # by level, before the first holiday was lived through
HOLIDAY_DAY_PACE = 0.6  # of the log width, when a whole day is judged
HOLIDAY_SLOT_PACE = 0.1  # when a slot is


class Bands:
    """Learns how wrong the forecasts of one horizon are.

    Args:
        slots: hours or slots of the day told apart.
        window: residuals kept (2 bytes each).
    """

    def __init__(self, slots: int, window: int = 300) -> None:
        self.variation: Half = np.full(slots, 0.1, dtype=np.float16)  # v², of each slot
        self.width: Half = np.ones(slots, dtype=np.float16)
        self.holiday_widths = list(HOLIDAY_WIDTHS)
        self.conformal = AdaptiveConformal(window)
        self.small_tails = [[(1 - level) / 2, (1 - level) / 2] for level in LEVELS]

    def scale(self, mu: float, slot: int) -> float:
        """The usual size of an error at mean ``mu`` in this slot."""
        spread = sqrt(mu + 1.0 + float(self.variation[slot]) * mu * mu)
        return spread * float(self.width[slot])

    def around(self, mu: float, slot: int, *, holiday: bool = False) -> tuple[Band, ...]:
        """The intervals at ``LEVELS`` around ``mu`` (≥ 0)."""
        wider = self.holiday_widths if holiday else ORDINARY
        if mu < SMALL:
            return self._small(mu, float(self.variation[slot]), wider)
        scale = self.scale(mu, slot)
        return tuple(
            Band(level, max(0.0, mu + low * scale * w), max(0.0, mu + high * scale * w))
            for level, (low, high), w in zip(LEVELS, self.conformal.tails(), wider, strict=True)
        )

    def _small(self, mu: float, own: float, wider: Sequence[float]) -> tuple[Band, ...]:
        """Of few counts; ``own`` is the slot's v²."""
        tails = [q for low, high in self.small_tails for q in (low, 1 - high)]
        if wider is ORDINARY:  # one distribution for all levels
            edges = count_quantiles(tails, mu, own)
        else:
            edges = [
                edge
                for i, w in enumerate(wider)
                for edge in count_quantiles(tails[2 * i : 2 * i + 2], mu, own * w * w)
            ]
        return tuple(map(Band, LEVELS, edges[::2], edges[1::2]))

    def learn(self, y: float, mu: float, slot: int, *, holiday: bool = False) -> None:
        """Take in what happened to a forecast that stood alone."""
        self.learn_all([(y, mu, slot)], holiday=holiday, pace=HOLIDAY_SLOT_PACE)

    def learn_all(
        self,
        told: Sequence[tuple[float, float, int]],
        *,
        holiday: bool = False,
        pace: float = HOLIDAY_DAY_PACE,
        keep: Callable[[int], bool] | None = None,
    ) -> None:
        """Take in forecasts (truth, mean, slot) that were all made before the first of their truths was known.

        They are judged by the intervals as they stood then; a day's errors are alike, and judging each by
        intervals that had already heard of the others would find too few misses. ``keep`` says which slots'
        residuals are remembered.
        """
        judged = [(y, mu, slot, self.around(mu, slot, holiday=holiday)) for y, mu, slot in told]
        if holiday:
            self._learn_holiday([(y, bands) for y, _, _, bands in judged], pace)
            return
        for y, mu, slot, bands in judged:
            self._learn_ordinary(y, mu, slot, bands, kept=keep is None or keep(slot))

    def _learn_holiday(self, judged: Sequence[tuple[float, tuple[Band, ...]]], pace: float) -> None:
        """Holidays correct their own widths, a level each, and teach the ordinary days nothing."""
        if not judged:
            return
        for i, level in enumerate(LEVELS):
            missed = sum(not b[i].low <= y <= b[i].high for y, b in judged) / len(judged)
            moved = self.holiday_widths[i] * exp(pace * (missed - (1 - level)))
            self.holiday_widths[i] = min(6.0, max(1.0, moved))
        self.holiday_widths[1] = max(self.holiday_widths)  # the wider level holds the narrower

    def _learn_ordinary(
        self, y: float, mu: float, slot: int, bands: tuple[Band, ...], *, kept: bool
    ) -> None:
        if mu < SMALL:
            if mu >= QUIET:
                self._learn_small(y, bands)
        else:
            scale = self.scale(mu, slot)
            missed = not bands[0].low <= y <= bands[0].high
            step = 0.02 * (missed - (1 - LEVELS[0]))
            self.width[slot] = min(4.0, max(0.25, float(self.width[slot]) * exp(step)))
            sides = [(y < band.low, y > band.high) for band in bands]
            self.conformal.learn((y - mu) / scale, sides, kept=kept)
        if mu > 0.0:
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
