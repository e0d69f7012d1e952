"""How much speaks for a conversion that has fallen, in nats: a scan over the newest hour of visitors due at the tills.

Every minute the hour's sales are held against the usual rate by their log-likelihood ratio (Wilks 1938), as a scan
statistic does (Glaz, Naus & Wallenstein 2001). An hour is the length of what shall be found: a CUSUM, which asks for
none, pays for that with false calls that grow with the shop, and finds far less at as many (``bench.conversion``).
"""

from math import log

WORTH_TELLING = 0.8  # of the usual: less of a fall is none, however many visitors make it certain


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
