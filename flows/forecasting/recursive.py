"""Recursive least squares with forgetting on a multiplicative target, the ladder's linear rung.

The model is ``μ = base · exp(w·z)``, a log-linear count model whose weights are filtered one observation
at a time (West, Harrison & Migon 1985, "Dynamic generalized linear models"): with the working error
``e = (y − μ)/μ`` and weight ``v ∝ μ`` (Poisson: errors of busy slots count by volume),

    k = P z / (λ/v + zᵀ P z),   w ← w + k·clip(e),   P ← (P − k zᵀP)/λ.

Innovations are clipped at a multiple of their running size (Huber), so that one street party does not
rewrite Tuesday. Working on the mean, not on the mean of logs, it has no low bias on small counts.
"""

from math import sqrt
from typing import Any, Self

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float64]

MAX_EXPONENT = 1.5  # a forecast leaves its base by at most a factor of 4.5: no divergence


class RecursiveGlm:
    """Weights of ``size`` features, learned recursively.

    Args:
        size: number of features.
        forgetting: λ; 0.9997 keeps an effective memory of 3,300 slots.
        prior: the weights to start from (zeros: the base itself).
        trust: variance of the prior weights; smaller holds on to the prior longer.
        clip: Huber limit in running mean absolute innovations.
    """

    __slots__ = ("clip", "covariance", "forgetting", "scale", "trace", "weights")

    def __init__(
        self,
        size: int,
        *,
        forgetting: float = 0.9997,
        prior: Vector | None = None,
        trust: float = 0.1,
        clip: float = 2.5,
    ) -> None:
        self.weights: Vector = np.zeros(size) if prior is None else prior.copy()
        self.covariance: Vector = np.eye(size) * trust
        self.trace = size * trust  # of the covariance
        self.forgetting = forgetting
        self.clip = clip
        self.scale = 0.3  # running mean |e|

    def exponent(self, z: Vector) -> float:
        """The log of the factor on the base, bounded."""
        return float(min(MAX_EXPONENT, max(-MAX_EXPONENT, float(self.weights @ z))))

    def learn(self, z: Vector, error: float, weight: float, *, hurry: float = 1.0) -> None:
        """One step. ``error`` is (y − μ)/μ; ``weight`` the volume against usual; ``hurry`` > 1 forgets faster."""
        limit = self.clip * self.scale
        self.scale += 0.005 * min(1.0, weight) * (min(abs(error), 1.0) - self.scale)
        bounded = min(limit, max(-limit, error))
        forgetting = 1.0 - (1.0 - self.forgetting) * hurry * min(1.0, weight)
        pz = self.covariance @ z
        share = 1.0 / (forgetting / weight + float(z @ pz))
        self.weights += pz * (share * bounded)
        # from one outer product, so that it stays symmetric to the last bit: half of it is stored
        pz *= sqrt(share)
        self.covariance -= np.multiply.outer(pz, pz)
        self.trace -= float(pz @ pz)
        if self.trace < len(z):  # bounded wind-up where a feature stays silent
            self.covariance /= forgetting
            self.trace /= forgetting

    def __getstate__(self) -> tuple[Any, ...]:
        rows, columns = np.triu_indices(len(self.weights))
        upper = self.covariance[rows, columns]
        return self.weights, upper, self.forgetting, self.clip, self.scale, self.trace

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.weights, upper, self.forgetting, self.clip, self.scale, self.trace = state
        size = len(self.weights)
        rows, columns = np.triu_indices(size)
        self.covariance = np.zeros((size, size))
        self.covariance[rows, columns] = upper
        self.covariance[columns, rows] = upper

    def copy(self) -> Self:
        """An independent model in the same state."""
        twin = type(self)(len(self.weights))
        twin.__setstate__(self.__getstate__())
        return twin
