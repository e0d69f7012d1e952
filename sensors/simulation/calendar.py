"""The business day of a store in UTC, its opening hours, and how busy each minute of them is."""

import math
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate
from random import Random
from typing import NamedTuple

from sensors.settings import Store

WEEKDAY = (0.86, 0.86, 0.89, 0.94, 1.08, 1.22, 1.15)
"""Footfall of Monday … Sunday relative to the week's mean."""

_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Day(NamedTuple):
    """A store's business day. ``opens_s`` and ``closes_s`` are seconds after ``start``; equal: shut."""

    date: date
    start: datetime
    end: datetime
    opens_s: float
    closes_s: float

    def at(self, second: float) -> datetime:
        """The instant ``second`` seconds into the day, to the millisecond."""
        return self.start + timedelta(milliseconds=round(second * 1000))

    @property
    def open_s(self) -> float:
        """How long it is open, in seconds."""
        return self.closes_s - self.opens_s


def day_of(store: Store, day: date) -> Day:
    """The business day named ``day``: from its daily reset to the next, and its opening hours."""
    start = _instant(store, day, store.day_starts)
    end = _instant(store, day + timedelta(days=1), store.day_starts)
    for hours in store.hours:
        if _NAMES[day.weekday()] in hours.days:
            opens = _instant(store, day, hours.opens)
            overnight = hours.closes <= hours.opens
            closes = _instant(store, day + timedelta(days=overnight), hours.closes)
            return Day(
                day, start, end, (opens - start).total_seconds(), (closes - start).total_seconds()
            )
    return Day(day, start, end, 0.0, 0.0)


def seconds_of(store: Store, day: Day, local: time) -> float:
    """Seconds into ``day`` of a local time of day; times before the daily reset belong to its end."""
    at = _instant(store, day.date, local)
    if at < day.start:
        at = _instant(store, day.date + timedelta(days=1), local)
    return (at - day.start).total_seconds()


def _instant(store: Store, day: date, local: time) -> datetime:
    """A local wall-clock time in UTC."""
    return datetime.combine(day, local, store.tz).astimezone(UTC)


def busyness(fraction: float) -> float:
    """Relative arrival rate at a fraction of the opening hours: a noon and a higher evening peak."""
    noon = math.exp(-(((fraction - 0.30) / 0.10) ** 2))
    evening = 1.25 * math.exp(-(((fraction - 0.74) / 0.10) ** 2))
    closing = 0.25 if fraction > 0.97 else 1.0
    return (0.35 + noon + evening) * closing


def arrival_times(rng: Random, day: Day, count: int) -> list[float]:
    """``count`` arrivals in seconds of the day, ascending.

    Given their number, the arrivals of a non-homogeneous Poisson process are independent draws from its
    intensity (Çinlar 1975); the intensity here is constant within a minute.
    """
    minutes = int(day.open_s // 60)
    if not minutes:
        return []
    weights = list(accumulate(busyness((m + 0.5) / minutes) for m in range(minutes)))
    drawn = rng.choices(range(minutes), cum_weights=weights, k=count)
    return sorted(day.opens_s + 60.0 * (minute + rng.random()) for minute in drawn)


def passing(rng: Random, day: Day, total: float) -> list[tuple[float, float]]:
    """Minutes of the opening hours with the mean number of passers-by in each; ``total`` over the day."""
    minutes = int(day.open_s // 60)
    shape = [0.5 + busyness((m + 0.5) / minutes) for m in range(minutes)]
    scale = total / sum(shape) if shape else 0.0
    noise = rng.uniform(0.9, 1.1)
    return [
        (day.opens_s + 60.0 * (m + 1), weight * scale * noise) for m, weight in enumerate(shape)
    ]
