"""What kind of day it is: public holidays, make-up workdays, school breaks, with the shop's own corrections.

Holidays come from the ``holidays`` library. It knows China's make-up workdays for the years published; the
``[flows.calendar]`` table adds, takes back and names what it does not know.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache

import holidays

from flows.settings import CalendarSettings

MONDAY = date(1970, 1, 5)
PAY_DAYS = (1, 15, 25)


class ShopCalendar:
    """The days of one country.

    >>> calendar = ShopCalendar("CN", CalendarSettings(workdays=[date(2026, 10, 1)]))
    >>> calendar.is_holiday(date(2026, 10, 2)), calendar.is_holiday(date(2026, 10, 1))
    (True, False)
    """

    def __init__(self, country: str, own: CalendarSettings | None = None) -> None:
        self.own = own or CalendarSettings()
        self._public = _public(country)
        self._added = frozenset(self.own.holidays)
        self._removed = frozenset(self.own.workdays)

    def is_holiday(self, day: date) -> bool:
        """Whether it is a public holiday; weekends by themselves are not."""
        if day in self._removed:
            return False
        return day in self._added or day in self._public

    def is_school_break(self, day: date) -> bool:
        """Whether schools are closed for a break."""
        return any(first <= day <= last for first, last in self.own.school_breaks)

    def features(self, day: date) -> Mapping[str, float]:
        """The calendar's features of a day; known years ahead."""
        one = timedelta(days=1)
        return {
            "holiday": float(self.is_holiday(day)),
            "holiday_tomorrow": float(self.is_holiday(day + one)),
            "holiday_yesterday": float(self.is_holiday(day - one)),
            "school_break": float(self.is_school_break(day)),
            "pay_day": float(day.day in PAY_DAYS),
        }


@lru_cache(maxsize=64)
def _public(country: str) -> "holidays.HolidayBase | frozenset[date]":
    """Public holidays of a country; none where the library does not know it."""
    if country not in holidays.list_supported_countries():
        return frozenset()
    return holidays.country_holidays(country)


def day_number(day: date) -> int:
    """Days since a Monday: the day's number to the forecasters.

    >>> day_number(date(1970, 1, 5)), day_number(date(2026, 11, 22)) % 7
    (0, 6)
    """
    return (day - MONDAY).days
