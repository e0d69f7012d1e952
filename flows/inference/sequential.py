"""How much speaks for a conversion that has fallen, in nats: a binomial CUSUM over lag-aligned visitors.

Page (1954), Lorden (1971): S_t = max(0, S_{t−1} + log-likelihood ratio of minute t). It asks no fixed window, so it
waits neither for an hour to fill nor tests the same hour again and again, as a trailing window with an interval does.
"""

from collections.abc import Sequence
from math import log
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Series = npt.NDArray[np.float64]


class Evidence(NamedTuple):
    """What has gathered since the change is thought to have begun.

    Attributes:
        nats: 0 if all is well; e^nats to one for the fall.
        since: index of the first minute that speaks for it; the series' length if none does.
        due, sales: visitors due at the tills since then, and sales.
    """

    nats: float
    since: int
    due: float
    sales: int


def gathered(sales: Series, due: Series, usual: float, fallen: float) -> Evidence:
    """The CUSUM at the end of the series, of ``fallen`` against ``usual`` sales per visitor.

    >>> flat = np.full(60, 2.0)
    >>> gathered(np.zeros(60), flat, 0.25, 0.15).nats > 10, gathered(flat, flat, 0.25, 0.15).nats
    (True, 0.0)
    """
    odds = log((1 - fallen) / (1 - usual))
    steps = sales * log(fallen / usual) + (due - sales) * odds
    path = np.concatenate(([0.0], np.cumsum(steps)))
    since = int(len(path) - 1 - np.argmin(path[::-1]))
    nats = float(path[-1] - path[since])
    return Evidence(nats, since, float(due[since:].sum()), int(sales[since:].sum()))


def strongest(sales: Series, due: Series, usual: float, fallen: Sequence[float]) -> Evidence:
    """The most that speaks for any of several falls; a busy shop shows a small fall that a quiet one cannot.

    >>> flat = np.full(60, 4.0)
    >>> strongest(flat * 0.17, flat, 0.234, (0.117, 0.169)).nats > gathered(flat * 0.17, flat, 0.234, 0.117).nats
    True
    """
    return max(
        (gathered(sales, due, usual, to) for to in fallen),
        key=lambda found: (found.nats, found.since),
    )


def bound(visitors: float, usual: float, fallen: float) -> float:
    """The most nats ``visitors`` can be expected to show: KL(fallen ‖ usual) × visitors (Kullback & Leibler 1951).

    >>> round(bound(54, 0.26, 0.26 * 0.65), 2)
    1.27
    """
    kept = fallen * log(fallen / usual) if fallen > 0 else 0.0
    return visitors * (kept + (1 - fallen) * log((1 - fallen) / (1 - usual)))
