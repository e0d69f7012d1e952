"""How much speaks for a conversion that has fallen, in nats: a scan over the newest hours of visitors due at the tills.

Every minute the sales of the last one, two and four hours are held against the usual rate by their log-likelihood
ratios (Wilks 1938), as a scan statistic does (Glaz, Naus & Wallenstein 2001). An hour is what a busy shop needs to show
a fall by a third; a quiet one shows it when it lasts. A CUSUM, which asks for no length, pays for that with false calls
that grow with the shop, and finds far less at as many (``bench.conversion``).
"""

from math import log
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Series = npt.NDArray[np.float64]
SPANS = (60, 120, 240)  # minutes

WORTH_TELLING = 0.8  # of the usual: less of a fall is none, however many visitors make it certain


class Found(NamedTuple):
    """The span that speaks most for a fall: its nats, minutes, sales, and visitors due."""

    nats: float
    minutes: int
    sales: float
    due: float


def strongest(sales: Series, due: Series, usual: float) -> Found:
    """The span that speaks most, at the end of two series by minute; the shortest if none speaks.

    >>> due = np.full(300, 1.0)
    >>> strongest(due * 0.15, due, 0.25).minutes, strongest(due * 0.25, due, 0.25)[:2]
    (240, (0.0, 60))
    """
    totals = ((span, float(sales[-span:].sum()), float(due[-span:].sum())) for span in SPANS)
    found = (Found(evidence(k, n, usual), min(span, len(due)), k, n) for span, k, n in totals)
    return max(found, key=lambda span: span.nats)


def evidence(sales: float, due: float, usual: float) -> float:
    """Log-likelihood ratio of the rate that was seen against the usual one; e^nats to one for the fall.

    0 if nobody was due or the rate is not ``WORTH_TELLING``.

    >>> round(evidence(13, 100, 0.25), 2), round(evidence(0, 10, 0.25), 2)
    (4.41, 2.88)
    >>> evidence(21, 100, 0.25), evidence(0, 0, 0.25)
    (0.0, 0.0)
    """
    if due <= 0 or sales >= WORTH_TELLING * usual * due:
        return 0.0
    rate = sales / due
    bought = sales * log(rate / usual) if sales else 0.0
    return bought + (due - sales) * log((1 - rate) / (1 - usual))


def bound(visitors: float, usual: float, fallen: float) -> float:
    """The most nats ``visitors`` can be expected to show: KL(fallen ‖ usual) × visitors (Kullback & Leibler 1951).

    >>> round(bound(54, 0.26, 0.26 * 0.65), 2)
    1.27
    """
    kept = fallen * log(fallen / usual) if fallen > 0 else 0.0
    return visitors * (kept + (1 - fallen) * log((1 - fallen) / (1 - usual)))
