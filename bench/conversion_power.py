"""What no test of a fall in conversion can beat, by exact binomials."""

from math import lgamma

import numpy as np
import numpy.typing as npt

Chances = npt.NDArray[np.float64]


def chances(n: int, p: float) -> Chances:
    """P(K = k) for k = 0…n of a binomial.

    >>> [round(float(c), 3) for c in chances(2, 0.5)]
    [0.25, 0.5, 0.25]
    """
    ways = np.array([lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) for k in range(n + 1)])
    k = np.arange(n + 1)
    found: Chances = np.exp(ways + k * np.log(p) + (n - k) * np.log1p(-p))
    return found


def best_power(n: int, usual: float, fallen: float, false_share: float) -> float:
    """The chance that the best test of ``n`` visitors finds the fall, if it errs on that share of ordinary hours.

    It calls when too few bought, and by lot at the limit itself (Neyman & Pearson 1933).

    >>> round(best_power(56, 0.26, 0.26 * 0.65, 0.05), 2), round(best_power(56, 0.26, 0.26 * 0.65, 0.004), 2)
    (0.49, 0.14)
    """
    ordinary, down = np.cumsum(chances(n, usual)), np.cumsum(chances(n, fallen))
    under = int(np.searchsorted(ordinary, false_share))  # it calls below this many sales
    below = (float(ordinary[under - 1]), float(down[under - 1])) if under else (0.0, 0.0)
    by_lot = (false_share - below[0]) / (float(ordinary[under]) - below[0])
    return below[1] + by_lot * (float(down[under]) - below[1])


def least_visitors(usual: float, fallen: float, false_share: float, power: float) -> int:
    """The fewest visitors an hour at which the best test finds so many of the falls."""
    low, high = 1, 2
    while best_power(high, usual, fallen, false_share) < power:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        enough = best_power(middle, usual, fallen, false_share) >= power
        low, high = (low, middle) if enough else (middle, high)
    return high
