"""People who step out and come straight back through the same door: associates on errands, not customers.

Pairs (one alone out, one alone in within ``WITHIN_S``) beyond what chance gives. Chance is read off the neighbourhood,
pairs two to five times as far apart on either side, so a busy hour raises both. Cross-correlogram of point processes
(Cox & Lewis 1966).
"""

from collections.abc import Mapping
from math import sqrt
from typing import NamedTuple

import numpy as np

WITHIN_S = 120
_EDGES = np.array(
    (1, WITHIN_S + 1, 2 * WITHIN_S + 1, 5 * WITHIN_S + 1, -5 * WITHIN_S, 1 - 2 * WITHIN_S)
)  # from, and to before, of near, after and before
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
    if not went or not came:
        return Pairs(0, 0.0, 0.0)
    order = sorted(came)
    seconds = np.repeat(np.array(order), [max(0, came[second]) for second in order])
    out, counts = np.array([*went]), np.array([*went.values()])
    places = seconds.searchsorted(out[:, None] + _EDGES)
    near, after, before = (counts @ (places[:, 1::2] - places[:, ::2])).tolist()
    sides = after + before
    expected = sides / _SIDES
    return Pairs(near, expected, (near - expected) / sqrt(max(1.0, expected * (1 + 1 / _SIDES))))
