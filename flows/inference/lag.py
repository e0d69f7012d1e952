"""The way from the door to the till, in minutes: a gamma distribution learned from counts alone.

Nobody is followed. Sales of a minute are visitors of earlier minutes, thinned and delayed:
x_t ~ Poisson(p Σ_τ g(τ) v_{t−τ}). Expectation-maximisation (Dempster, Laird & Rubin 1977; for delayed counts Becker,
Watson & Carlin 1991) gives each sale to the minutes it may come from, r(τ) = v_{t−τ} g(τ) ÷ Σ_s v_{t−s} g(s), and takes
g's mean and variance from the shares; online it is stepwise (Cappé & Moulines 2009): sums of the shares, the oldest
fading out, each step lengthened (over-relaxed EM, Salakhutdinov & Roweis 2003). Where visitors come evenly the shares
are g itself and nothing is learned.
"""

from functools import lru_cache
from math import sqrt
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

LONGEST = 90  # minutes from the door to the till at most
RELAXED = (
    12.0  # steps taken for one: counts tell little of each sale, and plain EM would need years
)
Series = npt.NDArray[np.float64]


class Lag(NamedTuple):
    """Mean and standard deviation in minutes; what is taken before anything is learned."""

    mean: float = 15.0
    sd: float = 9.0


class Shares(NamedTuple):
    """Sums over sales of their shares' weight, lag and squared lag."""

    sales: float = 0.0
    first: float = 0.0
    second: float = 0.0

    def plus(self, other: "Shares", weight: float = 1.0) -> "Shares":
        """Both sums, the other weighted."""
        pairs = zip(self, other, strict=True)
        return Shares(*(mine + weight * theirs for mine, theirs in pairs))

    def faded(self, most: float) -> "Shares":
        """At most ``most`` sales' worth of memory."""
        return self if self.sales <= most else Shares().plus(self, most / self.sales)

    @property
    def lag(self) -> Lag:
        """The gamma's moments; the prior's where there is nothing.

        >>> Shares(2, 30, 500).lag
        Lag(mean=15.0, sd=5.0)
        """
        if self.sales <= 0:
            return Lag()
        mean = self.first / self.sales
        return Lag(mean, sqrt(max(self.second / self.sales - mean * mean, 1.0)))


def shares_of(lag: Lag, sales: float) -> Shares:
    """A lag as ``sales`` sales would have shown it."""
    return Shares(sales, sales * lag.mean, sales * (lag.sd**2 + lag.mean**2))


@lru_cache(maxsize=256)
def kernel(lag: Lag) -> Series:
    """Probability of each whole minute of delay, 0 to ``LONGEST`` − 1; sums to 1.

    >>> g = kernel(Lag(15.0, 9.0)); round(float(g.sum()), 6), round(float((g * (np.arange(90) + 0.5)).sum()))
    (1.0, 15)
    """
    shape = (lag.mean / lag.sd) ** 2
    scale = lag.sd**2 / lag.mean
    minutes = np.arange(LONGEST) + 0.5
    weight = np.exp((shape - 1) * np.log(minutes) - minutes / scale)
    made: Series = weight / weight.sum()
    made.flags.writeable = False
    return made


def due(visitors: Series, lag: Lag) -> Series:
    """Visitors of each minute by when they would be at the till; what falls beyond the series' end is left out.

    >>> int(due(np.ones(200), Lag())[-1].round(6))
    1
    """
    made: Series = np.convolve(visitors, kernel(lag))[: len(visitors)]
    return made


def learn(visitors: Series, sales: Series, lag: Lag) -> Shares:
    """The shares of the last ``len(sales)`` minutes' sales among their visitors and those before.

    Args:
        visitors: by minute, ``LONGEST − 1 + len(sales)`` of them.
        sales: by minute.
        lag: what is believed so far.
    """
    g = kernel(lag)
    minutes = np.arange(LONGEST) + 0.5
    mean, square = float((g * minutes).sum()), float((g * minutes**2).sum())
    found = Shares()
    for index in np.flatnonzero(sales > 0):
        weight = visitors[index : index + LONGEST][::-1] * g
        total = float(weight.sum())
        if total > 0:
            count = float(sales[index])
            first = float((weight * minutes).sum()) / total
            second = float((weight * minutes**2).sum()) / total
            first, second = mean + RELAXED * (first - mean), square + RELAXED * (second - square)
            found = found.plus(Shares(count, count * first, count * second))
    return found
