"""When a shop is open, on its own clock."""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Literal, NamedTuple

import holidays

from sensors.settings import Hours, Store

Phase = Literal["before", "open", "closed"]
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Opening(NamedTuple):
    """A day's opening, as aware UTC instants."""

    opens: datetime
    closes: datetime

    def phase(self, at: datetime) -> Phase:
        """Where ``at`` lies: a shop is open from its opening up to, not including, its closing."""
        if at < self.opens:
            return "before"
        return "open" if at < self.closes else "closed"


def business_day(store: Store, at: datetime) -> date:
    """The business day an instant belongs to: it turns at the store's daily reset, not at midnight."""
    local = at.astimezone(store.tz)
    return local.date() if local.time() >= store.day_starts else local.date() - timedelta(days=1)


def opening(store: Store, day: date) -> Opening | None:
    """The opening hours of a business day; ``None`` when the shop stays closed that day."""
    hours = _hours_of(store, day)
    if hours is None:
        return None
    past_midnight = timedelta(days=1 if hours.closes <= hours.opens else 0)
    opens = datetime.combine(day, hours.opens, store.tz)
    closes = datetime.combine(day + past_midnight, hours.closes, store.tz)
    return Opening(opens.astimezone(UTC), closes.astimezone(UTC))


def next_opening(store: Store, at: datetime, horizon_days: int = 14) -> datetime | None:
    """When the shop opens next after ``at``; ``None`` if not within the horizon."""
    today = business_day(store, at)
    for ahead in range(horizon_days):
        hours = opening(store, today + timedelta(days=ahead))
        if hours and hours.opens > at:
            return hours.opens
    return None


def _hours_of(store: Store, day: date) -> Hours | None:
    """A public holiday's own hours come before the weekday's."""
    named = _DAYS[day.weekday()]
    festive = [h for h in store.hours if "holiday" in h.days] if is_holiday(store, day) else []
    return next(iter(festive + [h for h in store.hours if named in h.days]), None)


def is_holiday(store: Store, day: date) -> bool:
    """Whether a day is a public holiday in the store's country."""
    return day in _calendar(store.country)


@lru_cache(maxsize=64)
def _calendar(country: str) -> holidays.HolidayBase:
    return holidays.country_holidays(country)
