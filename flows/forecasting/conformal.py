"""Intervals from what the forecaster got wrong lately: adaptive conformal prediction.

Signed residuals, standardised by a scale that grows with the level and differs by hour, are kept (the
newest ``window``); the interval is their empirical quantile, both tails apart. Each tail's nominal miss
rate is corrected online by ``α ← α + γ(α* − missed)`` (Gibbs & Candès 2021, "Adaptive conformal inference
under distribution shift"), so that coverage holds in the long run whatever the residuals do. Residuals are
kept in half precision, 2 bytes each. Before 30 of them there are, a Laplace tail stands in.
"""

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Iterable, Sequence
from math import log
from typing import Any

import numpy as np

from flows.forecasting.contract import LEVELS

ENOUGH = 30


def half(value: float) -> float:
    """Rounded to half precision, as it will be stored."""
    return float(np.float16(min(60.0, max(-60.0, value))))


class AdaptiveConformal:
    """Quantiles of standardised residuals at the tails of ``LEVELS``.

    Args:
        window: residuals kept.
        gamma: step of the level correction; 0.005 forgets over about 200 slots.
    """

    __slots__ = ("_tails", "alphas", "gamma", "hits", "ordered", "recent", "seen", "window")

    def __init__(self, window: int = 300, gamma: float = 0.005) -> None:
        self.window = window
        self.gamma = gamma
        self.recent: deque[float] = deque()
        self.ordered: list[float] = []
        self.alphas = [[(1 - level) / 2, (1 - level) / 2] for level in LEVELS]
        self.hits = [0.0] * len(LEVELS)  # exponentially weighted coverage, for the fact
        self.seen = 0
        self._tails: list[tuple[float, float]] | None = None

    def tails(self) -> list[tuple[float, float]]:
        """Low and high standardised residual per level (low ≤ 0 ≤ high is not implied)."""
        if self._tails is None:
            self._tails = self._find_tails()
        return self._tails

    def _find_tails(self) -> list[tuple[float, float]]:
        if len(self.ordered) < ENOUGH:
            return [(log(1 - level), -log(1 - level)) for level in LEVELS]
        return [(self._quantile(low), self._quantile(1 - high)) for low, high in self.alphas]

    def _quantile(self, q: float) -> float:
        count = len(self.ordered)
        if q <= 0.0 or q >= 1.0:  # wider than anything seen
            edge = self.ordered[0] if q <= 0.0 else self.ordered[-1]
            return edge * 1.25
        position = q * (count + 1) - 1
        below = min(count - 1, max(0, int(position)))
        above = min(count - 1, below + 1)
        part = min(1.0, max(0.0, position - below))
        return self.ordered[below] + part * (self.ordered[above] - self.ordered[below])

    def learn(
        self,
        residual: float,
        sides: Sequence[tuple[bool, bool]] | None = None,
        *,
        kept: bool = True,
    ) -> None:
        """Take in a standardised residual: correct the levels, then remember it.

        Args:
            residual: error ÷ its usual size.
            sides: whether it fell under and over the interval of each level as that stood when it was said;
                judged by the present tails where it is not given.
            kept: false corrects the levels only.
        """
        value = half(residual)
        self.seen += 1
        pace = max(0.01, 1 / self.seen)
        judged = sides or [(value < low, value > high) for low, high in self.tails()]
        for i, (under, over) in enumerate(judged):
            self.hits[i] += pace * ((not under and not over) - self.hits[i])
            if len(self.ordered) >= ENOUGH:
                goal = (1 - LEVELS[i]) / 2
                pair = self.alphas[i]
                pair[0] = min(0.5, max(-0.02, pair[0] + self.gamma * (goal - under)))
                pair[1] = min(0.5, max(-0.02, pair[1] + self.gamma * (goal - over)))
        if kept:
            self._remember(value)
        self._tails = None

    def _remember(self, value: float) -> None:
        self.recent.append(value)
        insort(self.ordered, value)
        if len(self.recent) > self.window:
            gone = self.recent.popleft()
            del self.ordered[bisect_left(self.ordered, gone)]

    def coverage(self, level: float = LEVELS[0]) -> float | None:
        """Share of the last hundred or so truths that fell inside; ``None`` before there were 30."""
        return self.hits[LEVELS.index(level)] if self.seen >= ENOUGH else None

    def __getstate__(self) -> tuple[Any, ...]:
        packed = np.fromiter(self.recent, dtype=np.float16).tobytes()
        return self.window, self.gamma, packed, self.alphas, self.hits, self.seen

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.window, self.gamma, packed, self.alphas, self.hits, self.seen = state
        self._restore(np.frombuffer(packed, dtype=np.float16).tolist())

    def _restore(self, values: Iterable[float]) -> None:
        self.recent = deque(values)
        self.ordered = sorted(self.recent)
        self._tails = None
