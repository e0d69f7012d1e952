"""Drift: the errors are no longer what they were.

ADWIN (Bifet & Gavaldà 2007, river's) watches the daily mean of standardised errors; when it cuts its window the
recursive models forget ``HURRY`` times faster for ``DAYS`` days, and the change is reported.
"""

from river.drift import ADWIN

HURRY = 4.0
DAYS = 7


class DriftWatch:
    """Watches one key's errors, a value a day.

    >>> watch = DriftWatch()
    >>> any([watch.close_day(0.0) for _ in range(100)])
    False
    >>> any([watch.close_day(1.5) for _ in range(40)])
    True
    """

    def __init__(self) -> None:
        # tests every day with few samples: at one value a day the defaults would take months
        self.adwin = ADWIN(delta=0.002, clock=1, min_window_length=5, grace_period=10)  # type: ignore[no-untyped-call]
        self.days_left = 0

    @property
    def hurry(self) -> float:
        """By how much forgetting is quickened."""
        return HURRY if self.days_left else 1.0

    def close_day(self, error: float) -> bool:
        """Take in a day's mean standardised error; true when the change was found today."""
        self.days_left = max(0, self.days_left - 1)
        self.adwin.update(error)  # type: ignore[no-untyped-call]
        if self.adwin.drift_detected:
            self.days_left = DAYS
        return bool(self.adwin.drift_detected)
