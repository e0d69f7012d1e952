"""People who step out and come straight back through the same door: associates on errands, not customers.

Pairs (one alone out, one alone in within ``WITHIN_S``) beyond what chance gives. Chance is read off the neighbourhood,
pairs two to five times as far apart on either side, so a busy hour raises both. Cross-correlogram of point processes
(Cox & Lewis 1966).
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from math import sqrt
from typing import NamedTuple

WITHIN_S = 120
_SIDES = 6  # widths of WITHIN_S on both sides together
_SURE = 4.0  # standard deviations
_LEAST = 12.0  # people


class Pairs(NamedTuple):
    """Pairs seen and expected by chance, and how many standard deviations lie between."""

    seen: int
    expected: float
    z: float

    @property
    def reentered(self) -> int:
        """People who are thought to have stepped out and back; 0 unless that is beyond doubt.

        >>> Pairs(80, 20.0, 12.4).reentered, Pairs(22, 20.0, 0.4).reentered
        (60, 0)
        """
        excess = self.seen - self.expected
        return round(excess) if self.z >= _SURE and excess >= _LEAST else 0


def pairs(went: Mapping[int, int], came: Mapping[int, int]) -> Pairs:
    """Pairs of lone people out and in, by second; 0 counts are fine.

    >>> pairs({0: 1, 600: 1}, {60: 1}).seen
    1
    """
    seconds = sorted(second for second, count in came.items() for _ in range(count))

    def between(low: int, high: int) -> int:
        return bisect_right(seconds, high) - bisect_left(seconds, low)

    near = sides = 0
    for second, count in went.items():
        near += count * between(second + 1, second + WITHIN_S)
        sides += count * between(second + 2 * WITHIN_S + 1, second + 5 * WITHIN_S)
        sides += count * between(second - 5 * WITHIN_S, second - 2 * WITHIN_S - 1)
    expected = sides / _SIDES
    return Pairs(near, expected, (near - expected) / sqrt(max(1.0, expected * (1 + 1 / _SIDES))))
