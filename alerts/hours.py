"""Whether a store is open, and whether somebody is on shift: by the store's own calendar. Pure."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Protocol

import holidays

from alerts.settings import Day
from sensors.settings import Store

DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@lru_cache(maxsize=4096)
def day_of(country: str, day: date) -> Day:
    """What kind of day it is; a public holiday is ``holiday`` whatever the weekday.

    >>> day_of("CN", date(2026, 11, 23)), day_of("CN", date(2026, 10, 1))
    ('mon', 'holiday')
    """
    try:
        known = holidays.country_holidays(country, years=day.year)
    except NotImplementedError:  # a country the library does not know: it has weekdays
        return DAYS[day.weekday()]
    return "holiday" if day in known else DAYS[day.weekday()]


class Span(Protocol):
    """A daily span of local time; one that ends at or before its start ends the next morning."""

    @property
    def starts(self) -> time:
        """When it begins."""

    @property
    def ends(self) -> time:
        """When it ends, exclusive."""

    @property
    def days(self) -> list[Day]:
        """The days it begins on; empty means every day."""


def local(store: Store | None, at: datetime) -> datetime:
    """The store's wall clock; UTC for a store that is not configured."""
    return at.astimezone(store.tz) if store else at


def within(spans: Iterable[Span], store: Store | None, at: datetime) -> bool:
    """Whether ``at`` lies in one of the spans."""
    now = local(store, at).replace(tzinfo=None)
    country = store.country if store else ""
    for span in spans:
        for day in (now.date() - DAY, now.date()):
            if span.days and day_of(country, day) not in span.days:
                continue
            starts, ends = _bounds(day, span.starts, span.ends)
            if starts <= now < ends:
                return True
    return False


def opened_at(store: Store | None, at: datetime) -> datetime | None:
    """When the store opened, if it is open at ``at``, as local time without zone; else ``None``.

    A holiday takes the hours listed for ``holiday``, or its weekday's where none are.
    A store that is not configured is always open, since its own midnight.
    """
    now = local(store, at).replace(tzinfo=None)
    if store is None:
        return datetime.combine(now.date(), time())
    for day in (now.date() - DAY, now.date()):
        for opens, closes in _open_spans(store, day):
            if opens <= now < closes:
                return opens
    return None


def open_between_h(store: Store | None, start: datetime, end: datetime) -> float:
    """Opening hours between two local times without zone; all of them for a store that is not configured."""
    if store is None:
        return (end - start) / HOUR
    days = (start.date() + n * DAY for n in range(-1, (end.date() - start.date()).days + 1))
    spans = (span for day in days for span in _open_spans(store, day))
    return sum(max(0.0, (min(end, closes) - max(start, opens)) / HOUR) for opens, closes in spans)


def _open_spans(store: Store, day: date) -> Iterator[tuple[datetime, datetime]]:
    """The opening hours that begin on a day."""
    kind = day_of(store.country, day)
    if kind == "holiday" and not any("holiday" in span.days for span in store.hours):
        kind = DAYS[day.weekday()]
    for span in store.hours:
        if kind in span.days:
            yield _bounds(day, span.opens, span.closes)


def open_for_s(store: Store | None, at: datetime) -> float | None:
    """Seconds since opening; ``None`` while closed."""
    since = opened_at(store, at)
    now = local(store, at).replace(tzinfo=None)
    return None if since is None else (now - since).total_seconds()


def _bounds(day: date, starts: time, ends: time) -> tuple[datetime, datetime]:
    begin, end = datetime.combine(day, starts), datetime.combine(day, ends)
    return begin, end if end > begin else end + DAY
