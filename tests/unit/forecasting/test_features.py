"""Nothing leaks from the future through the features."""

from datetime import UTC, date, datetime, timedelta

from flows.forecasting.calendar import ShopCalendar, day_number
from flows.forecasting.features import REGISTRY, Announced, known_features, usable
from flows.settings import CalendarSettings
from sensors.events import Plan

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def _plan(about: str, value: float | None, heard_h: float) -> Announced:
    plan = Plan(at=NOON, about=about, starts_at=NOON, ends_at=NOON + HOUR, value=value)  # type: ignore[arg-type]
    return Announced(plan, NOON + heard_h * HOUR)


def test_a_plan_heard_later_is_not_looked_at() -> None:
    """What was announced after the forecast was made does not enter it; the newest word before it does."""
    plans = [_plan("promotion", 2.0, -5), _plan("promotion", 3.0, -2), _plan("promotion", 9.0, 1)]
    assert known_features(NOON, NOON + HOUR, NOON - 3 * HOUR, plans) == {"promotion": 2.0}
    assert known_features(NOON, NOON + HOUR, NOON, plans) == {"promotion": 3.0}
    assert known_features(NOON + HOUR, NOON + 2 * HOUR, NOON, plans) == {}


def test_a_closure_closes() -> None:
    """A planned closure turns the slot's ``open`` off."""
    assert known_features(NOON, NOON + HOUR, NOON, [_plan("closure", None, -1)]) == {"open": 0.0}


def test_counts_are_not_known_before_their_slot() -> None:
    """Features that only the slot itself reveals are left out of its forecast; the calendar is not."""
    x = {"holiday": 1.0, "out_of_stock": 0.4, "peers": 0.2, "made up": 1.0}
    assert usable(x, NOON, NOON) == {"holiday": 1.0}
    assert set(usable(x, NOON, NOON + HOUR)) == {"holiday", "out_of_stock", "peers"}


def test_every_feature_says_where_it_comes_from() -> None:
    """Names are keys, and meanings are written."""
    assert all(name == feature.name and feature.meaning for name, feature in REGISTRY.items())


def test_the_shops_own_corrections_hold() -> None:
    """China's National Day is known, a make-up workday is taken back, a day off and a school break are added."""
    own = CalendarSettings(
        holidays=[date(2026, 6, 1)], workdays=[date(2026, 10, 7)],
        school_breaks=[(date(2026, 7, 10), date(2026, 8, 31))],
    )  # fmt: skip
    calendar = ShopCalendar("CN", own)
    assert calendar.is_holiday(date(2026, 10, 1))
    assert not calendar.is_holiday(date(2026, 10, 7))
    assert calendar.is_holiday(date(2026, 6, 1))
    assert calendar.features(date(2026, 5, 31))["holiday_tomorrow"] == 1.0
    assert calendar.features(date(2026, 8, 1))["school_break"] == 1.0
    assert not ShopCalendar("QQ").is_holiday(date(2026, 1, 1))
    assert day_number(date(2026, 3, 2)) % 7 == 0
