"""An online mixture of experts: exponentiated gradient on the absolute error, with fixed share.

Weights move by ``w_i ← w_i·exp(−η·g_i)``, g the gradient of |y − Σwf|/scale (Kivinen & Warmuth 1997), then a
small share is spread evenly so that an expert who was wrong for long can come back (Herbster & Warmuth
1998). The mixture is never worse than the best fixed blend by more than O(√T).
"""

from collections.abc import Sequence
from math import exp


class Mixture:
    """Weights over experts that sum to 1.

    >>> m = Mixture((0.5, 0.5))
    >>> for _ in range(200):
    ...     m.learn([10.0, 20.0], 20.0, 10.0)
    >>> m.weights[1] > 0.9
    True
    """

    __slots__ = ("rate", "share", "weights")

    def __init__(self, start: Sequence[float], *, rate: float = 0.4, share: float = 0.0002) -> None:
        self.weights = list(start)
        self.rate = rate
        self.share = share

    def blend(self, experts: Sequence[float]) -> float:
        """The mixture's own forecast."""
        value = 0.0
        for w, f in zip(self.weights, experts, strict=True):
            value += w * f
        return value

    def learn(self, experts: Sequence[float], y: float, scale: float) -> None:
        """Move towards the experts that were nearer ``y``; ``scale`` (> 0) is a usual value."""
        rate = -self.rate if self.blend(experts) > y else self.rate
        total, grown = 0.0, []
        for w, f in zip(self.weights, experts, strict=True):
            off = (f - y) / scale
            more = w * exp(rate * (3.0 if off > 3.0 else max(off, -3.0)))
            grown.append(more)
            total += more
        keep, even = (1.0 - self.share) / total, self.share / len(grown)
        self.weights = [keep * w + even for w in grown]
