"""Associates the coming days ask for, hour by hour, beside who is on shift. Pure."""

from collections.abc import Iterable, Mapping
from datetime import date, time
from math import ceil
from typing import NamedTuple

from alerts.settings import Person, Shift
from dashboard.opening import opening
from dashboard.shop import Shop

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Slot(NamedTuple):
    """One hour of one day; ``needed`` is ``None`` where no forecast is known."""

    hour: int
    needed: int | None
    on_shift: int


def roster(
    days: Iterable[date],
    needed: Mapping[date, Mapping[int, int]],
    shop: Shop,
    people: Iterable[Person],
) -> dict[date, list[Slot]]:
    """Each coming day's opening hours: what the forecast of associates asks for, and who of them is on shift."""
    staff = [
        p for p in people if p.role == "associate" and (not p.stores or shop.store.id in p.stores)
    ]
    made: dict[date, list[Slot]] = {}
    for day in days:
        hours = opening(shop.store, day)
        if hours is None:
            continue
        first = hours.opens.astimezone(shop.store.tz).hour
        count = ceil((hours.closes - hours.opens).total_seconds() / 3600)
        every = [hour % 24 for hour in range(first, first + count)]
        like = needed.get(day, {})
        made[day] = [Slot(h, like.get(h), on_shift(staff, day, h)) for h in every]
    return made


def on_shift(people: Iterable[Person], day: date, hour: int) -> int:
    """How many of those with shifts work at the half of an hour; who has none is not counted."""
    at = time(hour, 30)
    return sum(any(_covers(shift, day, at) for shift in p.shifts) for p in people)


def _covers(shift: Shift, day: date, at: time) -> bool:
    if shift.days and DAYS[day.weekday()] not in shift.days:
        return False
    if shift.starts < shift.ends:
        return shift.starts <= at < shift.ends
    return at >= shift.starts or at < shift.ends
