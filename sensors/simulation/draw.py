"""Draws that the standard library lacks, and one stream of chance per concern.

Each concern draws from a generator of its own, seeded by its name, so that a changed basket leaves the
people who come in unchanged: two days that differ in one cause differ in nothing else.
"""

import math
from random import Random


def stream(seed: int, *names: str) -> Random:
    """The generator of one concern; the same names give the same draws on every machine.

    >>> stream(7, "doors").random() == stream(7, "doors").random()
    True
    >>> stream(7, "doors").random() == stream(7, "tills").random()
    False
    """
    return Random("/".join((str(seed), *names)))


def poisson(rng: Random, mean: float) -> int:
    """A Poisson count, exact: unit-rate arrivals before ``mean``. Takes about ``mean`` draws.

    >>> poisson(Random(1), 0.0)
    0
    """
    count, reached = 0, rng.expovariate(1.0)
    while reached < mean:
        count += 1
        reached += rng.expovariate(1.0)
    return count


def around(rng: Random, median: float, spread: float) -> float:
    """A log-normal draw with this median; ``spread`` is the standard deviation of its logarithm."""
    return median * math.exp(rng.gauss(0.0, spread))
