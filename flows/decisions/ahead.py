"""One SKU's demand from now on, as a sum over so many days, with its quantiles."""

from math import sqrt
from typing import NamedTuple

from flows.forecasting.counts import count_quantile
from flows.forecasting.lead_time import LeadTimeSums

LEAST_VARIANCE = 0.2  # in Poisson variances


class Ahead(NamedTuple):
    """One SKU's demand ahead: from now, by business day.

    Attributes:
        days: units of the rest of today, tomorrow, …
        passed: share of today's demand that is over.
        variance: of a day's errors, in Poisson variances.
        sums: the errors of such sums lately, where there is a panel.
        lead_sd: days by which deliveries come early or late.
    """

    days: list[float]
    passed: float
    variance: float
    sums: LeadTimeSums | None = None
    lead_sd: float = 0.0

    def mean(self, days: float) -> float:
        """Units within ``days`` × 24 hours from now.

        >>> Ahead([5.0, 10.0, 10.0], 0.5, 1.0).mean(1.0)
        10.0
        """
        total = self.days[0]
        for d, units in enumerate(self.days[1:], start=1):
            total += units * min(1.0, max(0.0, days - d + self.passed))
        longest = len(self.days) - 1 + 1 - self.passed
        return total + max(0.0, days - longest) * self.days[-1]

    def spread(self, days: float) -> float:
        """Their usual error: √(σ² + (D·σ_L)²), of demand and of when the delivery comes; D is a day's demand."""
        mean = self.mean(days)
        late = mean / max(1.0, days) * self.lead_sd
        return sqrt(max(LEAST_VARIANCE, self.variance) * (mean + 0.5) + late**2)

    def quantile(self, days: float, q: float) -> float:
        """Their ``q`` quantile: by the errors of such sums lately; the negative binomial's before enough was seen."""
        mean = self.mean(days)
        tail = self.sums.tail(days, q) if self.sums else None
        if mean <= 0:
            return 0.0
        if tail is not None:
            return max(0.0, mean + tail * self.spread(days))
        return count_quantile(q, mean, max(0.0, self.spread(days) ** 2 - mean) / mean**2)

    def lasts(self, units: float) -> float | None:
        """Days until ``units`` are sold, by the forecast; ``None`` beyond its horizon."""
        left, day = units, 0.0
        for d, expected in enumerate(self.days):
            length = 1.0 - self.passed if d == 0 else 1.0
            if expected >= left:
                return day + length * (left / expected if expected else 0.0)
            left -= expected
            day += length
        return None
