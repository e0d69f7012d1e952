"""How sure a rate is, and how sure it is that stock will not last: the one-sided bounds behind alerts. Pure."""

from functools import lru_cache
from math import ceil, exp, sqrt
from statistics import NormalDist


@lru_cache
def z_of(confidence: float) -> float:
    """The one-sided normal quantile.

    >>> round(z_of(0.90), 4)
    1.2816
    """
    return NormalDist().inv_cdf(confidence)


def wilson(k: float, n: float, confidence: float) -> tuple[float, float]:
    """One-sided lower and upper bound of ``k`` of ``n`` at ``confidence`` (Wilson 1927).

    Each bound holds alone with that confidence. (0, 1) for nothing seen; ``k`` above ``n`` counts as ``n``.

    >>> [round(bound, 4) for bound in wilson(10, 100, 0.90)]
    [0.0678, 0.1451]
    """
    if n <= 0:
        return 0.0, 1.0
    z = z_of(confidence)
    p = min(k / n, 1.0)
    middle = p + z * z / (2 * n)
    reach = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    return max(0.0, (middle - reach) / scale), min(1.0, (middle + reach) / scale)


def still_needed(k: float, n: float, threshold: float, confidence: float) -> int | None:
    """How much more of ``n``, at the rate seen, would bring the bound to ``threshold``.

    The Wilson bound is the inverted score test, so it lies beyond ``t`` once n > z²·t(1−t)/(t−p)².
    0 if there is enough; ``None`` if the rate is not beyond the threshold, where no sample would do.

    >>> still_needed(2, 20, 0.12, 0.90)
    414
    """
    rate = k / n if n else None
    if rate is None or rate == threshold or not 0 < threshold < 1:
        return None
    z = z_of(confidence)
    return max(0, ceil(z * z * threshold * (1 - threshold) / (threshold - rate) ** 2 - n))


def sold_by(units: float, rate: float, confidence: float) -> tuple[float, float]:
    """Hours in which ``units`` will have sold with chance 1 − ``confidence``, and with chance ``confidence``.

    Sales come one by one at ``rate`` an hour (Poisson), so the time is gamma distributed; its quantiles by Wilson &
    Hilferty (1931), within 1 % from one unit on. Nothing left is sold by now.

    >>> [round(hours, 2) for hours in sold_by(3, 3.0, 0.8)], sold_by(0, 3.0, 0.8)
    ([0.51, 1.42], (0.0, 0.0))
    """
    if units <= 0:
        return 0.0, 0.0
    z = z_of(confidence)
    low, high = (max(0.0, 1 - 1 / (9 * units) + s * z / (3 * sqrt(units))) ** 3 for s in (-1, 1))
    return units * low / rate, units * high / rate


def lost_units(units: float, wanted: float) -> float:
    """Units that customers will ask for in vain: E[(N − ``units``)⁺], N Poisson with mean ``wanted``.

    >>> round(lost_units(2, 3.0), 3), lost_units(0, 3.0)
    (1.249, 3.0)
    """
    held = max(0, int(units))
    chance = exp(-wanted)  # of exactly n asked for
    short = wanted - held
    for n in range(held):
        short += (held - n) * chance
        chance *= wanted / (n + 1)
    return max(0.0, short)
