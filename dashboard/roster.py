"""Associates needed in each hour of the coming days, beside who is on shift. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, time
from math import ceil
from typing import NamedTuple

from alerts.settings import Person, Shift
from dashboard.opening import opening
from dashboard.shop import Shop
from flows.facts import Fact

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Slot(NamedTuple):
    """One hour of one day; ``needed`` is ``None`` where no forecast or no like day is known."""

    hour: int
    needed: int | None
    on_shift: int


def shares(days: Mapping[date, Sequence[Fact]], shop: Shop) -> dict[int, dict[int, float]]:
    """By weekday, each local hour's share of the day's visitors over the days kept."""
    totals: dict[int, dict[int, float]] = {}
    for day, facts in days.items():
        for f in facts:
            if (
                f.metric == "visitors"
                and f.window == "quarter"
                and isinstance(f.value, int | float)
            ):
                hours = totals.setdefault(day.weekday(), {})
                hour = f.start.astimezone(shop.store.tz).hour
                hours[hour] = hours.get(hour, 0.0) + float(f.value)
    return {
        weekday: {h: v / whole for h, v in sorted(hours.items())}
        for weekday, hours in totals.items() if (whole := sum(hours.values()))
    }  # fmt: skip


def roster(
    expected: Mapping[date, float | None],
    usual: Mapping[int, Mapping[int, float]],
    shop: Shop,
    people: Iterable[Person],
) -> dict[date, list[Slot]]:
    """Each coming day's hours: its expected visitors × the hour's usual share ÷ visitors an associate can serve."""
    staff = [
        p for p in people if p.role == "associate" and (not p.stores or shop.store.id in p.stores)
    ]
    made: dict[date, list[Slot]] = {}
    for day, whole in expected.items():
        hours = opening(shop.store, day)
        if hours is None:
            made[day] = []
            continue
        first = hours.opens.astimezone(shop.store.tz).hour
        count = ceil((hours.closes - hours.opens).total_seconds() / 3600)
        like = usual.get(day.weekday(), {})
        every = [hour % 24 for hour in range(first, first + count)]
        made[day] = [
            Slot(h, _needed(whole, like.get(h), shop), on_shift(staff, day, h)) for h in every
        ]
    return made


def _needed(whole: float | None, share: float | None, shop: Shop) -> int | None:
    if whole is None or share is None:
        return None
    return max(1, ceil(whole * share / shop.star_target - 1e-9))


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
