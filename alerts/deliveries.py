"""When goods usually come in, learned from stock that rises: what stands in for a delivery nobody announced. Pure.

A delivery from outside and a round from the back room are the same to a shelf. An hour of the day counts as usual where
goods came in it on three days of ten: on the others nothing may have been wanted. Older days fade.
"""

from datetime import datetime, timedelta

from msgspec import Struct

from flows.facts import Fact

LEAST_UNITS = 2  # one unit more is a return
KEEP = 0.9  # of what was learned, each day
LEAST_DAYS = 2.7  # faded: three days in a row
USUAL = 0.3  # of the days


class Deliveries(Struct, kw_only=True, omit_defaults=True):
    """The hours of the day at which goods come in, by the store's clock.

    Attributes:
        day: the present day's number; ``today``: hour → minute at which goods first came in it today.
        days: days before it, faded; ``hours``: hour → days on which goods came in it and Σ of their minutes, faded.
    """

    day: int = 0
    today: dict[int, int] = {}
    days: float = 0.0
    hours: dict[int, tuple[float, float]] = {}

    def hear(self, before: Fact | None, fact: Fact, now: datetime) -> None:
        """A newer word on a SKU's stock, at ``now`` by the store's clock."""
        day = now.toordinal()
        if day != self.day:
            self._turn()
            self.day = day
        had, has = (f.evidence.k if f else None for f in (before, fact))
        if had is not None and has is not None and has - had >= LEAST_UNITS:
            self.today.setdefault(now.hour, now.minute)

    def _turn(self) -> None:
        """Take in the day that is over; one on which nothing was said of stock is none."""
        if not self.day:
            return
        self.days = KEEP * self.days + 1
        hours = {hour: (KEEP * n, KEEP * minutes) for hour, (n, minutes) in self.hours.items()}
        for hour, minute in self.today.items():
            n, minutes = hours.get(hour, (0.0, 0.0))
            hours[hour] = n + 1, minutes + minute
        self.hours = {hour: seen for hour, seen in hours.items() if seen[0] > 0.01}
        self.today = {}

    def next_after(self, now: datetime) -> datetime | None:
        """When goods usually come next, by the store's clock; ``None`` where that is not known."""
        if self.days < LEAST_DAYS:
            return None
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        usual = [
            timedelta(hours=hour, minutes=minutes / n)
            for hour, (n, minutes) in self.hours.items()
            if n >= USUAL * self.days
        ]
        days = (midnight, midnight + timedelta(days=1))
        return min(
            (at for day in days for since in usual if (at := day + since) > now), default=None
        )
