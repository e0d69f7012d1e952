"""What changed, with its interval: differences of rates and of counts. Pure."""

from math import sqrt
from typing import NamedTuple

Z95 = 1.959964  # two-sided 95 %


class Span(NamedTuple):
    """A value with its two-sided 95 % interval; ends are ``None`` where none can be given."""

    value: float
    low: float | None = None
    high: float | None = None

    def minus(self, other: "Span") -> "Span":
        """The difference of two independent ones: Newcombe's hybrid (Statistics in Medicine 1998, method 10).

        >>> wide = rate(20, 100).minus(rate(10, 100))
        >>> round(wide.value, 2), round(wide.low or 0, 3), round(wide.high or 0, 3)
        (0.1, 0.0, 0.199)
        """
        value = self.value - other.value
        if self.low is None or self.high is None or other.low is None or other.high is None:
            return Span(value)
        down = sqrt((self.value - self.low) ** 2 + (other.high - other.value) ** 2)
        up = sqrt((self.high - self.value) ** 2 + (other.value - other.low) ** 2)
        return Span(value, value - down, value + up)

    def times(self, factor: float) -> "Span":
        """Scaled by a factor that is not below 0."""
        ends = (None if end is None else end * factor for end in (self.low, self.high))
        return Span(self.value * factor, *ends)


def rate(k: float, n: float) -> Span:
    """A rate with its Wilson interval; ``k`` above ``n`` counts as ``n`` for the interval, ``n`` must be above 0."""
    p = min(k / n, 1.0)
    middle = p + Z95 * Z95 / (2 * n)
    reach = Z95 * sqrt(p * (1 - p) / n + Z95 * Z95 / (4 * n * n))
    scale = 1 + Z95 * Z95 / n
    return Span(k / n, max(0.0, (middle - reach) / scale), min(1.0, (middle + reach) / scale))


def count(k: float, spread: float = 2.0) -> Span:
    """A count with its interval by square roots (Bartlett 1936); people come in parties: variance ``spread`` × mean.

    >>> [round(end or 0, 1) for end in count(100.0)]
    [100.0, 74.2, 129.6]
    """
    reach = Z95 * sqrt(spread) / 2
    root = sqrt(max(0.0, k))
    return Span(k, max(0.0, root - reach) ** 2, (root + reach) ** 2)
