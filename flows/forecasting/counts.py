"""Quantiles and tails of small counts: Poisson and negative binomial by their recursions.

Negative binomial with mean μ and variance μ + v·μ² (NB2, Cameron & Trivedi 1998): r = 1/v,
``P(0) = (1 + vμ)^(−r)``, ``P(k+1) = P(k)·(k + r)/(k + 1)·vμ/(1 + vμ)``. With v → 0 it is Poisson.
"""

from collections.abc import Sequence
from math import exp, log1p

_MOST = 10_000


def _ratio(k: int, mu: float, variation: float) -> float:
    """P(k+1) ÷ P(k)."""
    if variation < 1e-6:
        return mu / (k + 1)
    odds = variation * mu / (1.0 + variation * mu)
    return (k + 1.0 / variation) / (k + 1) * odds


def _at_zero(mu: float, variation: float) -> float:
    return exp(-mu) if variation < 1e-6 else exp(-log1p(variation * mu) / variation)


def count_quantile(q: float, mu: float, variation: float = 0.0) -> float:
    """The smallest count whose distribution function reaches ``q`` (0 < q < 1), for means up to a few hundred.

    >>> count_quantile(0.5, 2.0), count_quantile(0.9, 2.0, 0.5), count_quantile(0.1, 0.3)
    (2.0, 5.0, 0.0)
    """
    return count_quantiles((q,), mu, variation)[0]


def count_quantiles(qs: Sequence[float], mu: float, variation: float = 0.0) -> list[float]:
    """``count_quantile`` of several chances, in one walk up the distribution.

    >>> count_quantiles((0.9, 0.1, 0.5), 2.0)
    [4.0, 0.0, 2.0]
    """
    poisson = variation < 1e-6
    odds = 0.0 if poisson else variation * mu / (1.0 + variation * mu)
    size = 0.0 if poisson else 1.0 / variation
    chance = _at_zero(mu, variation)
    below, k = chance, 0
    found = [0.0] * len(qs)
    for i in sorted(range(len(qs)), key=qs.__getitem__):
        while below < qs[i] and k < _MOST:
            chance *= mu / (k + 1) if poisson else (k + size) / (k + 1) * odds
            below += chance
            k += 1
        found[i] = float(k)
    return found


def upper_tail(count: int, mu: float, variation: float = 0.0) -> float:
    """P(Y ≥ count): how surprising so many are.

    >>> round(upper_tail(1, 1.0), 3), upper_tail(0, 5.0)
    (0.632, 1.0)
    """
    chance, below = _at_zero(mu, variation), 0.0
    for k in range(count):
        below += chance
        chance *= _ratio(k, mu, variation)
    return min(1.0, max(0.0, 1.0 - below))
