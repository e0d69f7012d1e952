"""What the two recursive models of a slot forecaster look at, as feature rows in a fixed order.

Every number here is known when it is used: a plan row at the start of its day, a next row after the slot
before. Ratios are logs against the usual, so a weight multiplies.
"""

from math import cos, pi, sin
from typing import NamedTuple

import numpy as np

from flows.forecasting.contract import Features, feature
from flows.forecasting.profile import Vector, WeeklyProfile, kind_of, log_ratios, or_zero

PLAN = (
    "usual", "kind_of_day", "slot_yesterday", "slot_last_week", "yesterday", "level",
    "day_last_week", "holiday", "holiday_as_sunday", "holiday_tomorrow", "after_holiday",
    "yesterday_was_holiday", "last_evening", "beside",
)  # fmt: skip
NEXT = (
    "bias", "last_slot", "slot_before", "two_before", "today", "missed_here_yesterday",
    "missed_before_yesterday", "last_slot_noon", "last_slot_evening", "today_noon", "today_evening",
    "noon", "evening", "peers",
)  # fmt: skip
REST = (
    "bias", "last_slot", "lately", "today", "last_slot_late", "today_late", "today_noon", "holiday",
    "plan", "plan_late",
)  # fmt: skip


NEAR = (0.1, 0.2, 0.4, 0.2, 0.1)  # weights of the slots before and after
BESIDE = PLAN.index("beside")


class Known(NamedTuple):
    """What the day's start knew about the days before."""

    yesterday: float = 0.0  # log ratio of yesterday's total to its usual
    level: float = 0.0  # the same, smoothed over a week
    evening: float = 0.0  # mean miss of yesterday's last slots
    holiday: float = 0.0  # yesterday was one
    last_week: float = 0.0  # the same weekday's log ratio


def plan_rows(profile: WeeklyProfile, day: int, usual: Vector, known: Known, x: Features) -> Vector:
    """One row of ``PLAN`` per slot of the day."""
    holiday = feature(x, "holiday")
    kind = kind_of(day % 7, holiday=holiday > 0)
    rows = np.empty((profile.slots, len(PLAN)))
    rows[:, 0] = 1.0
    rows[:, 1] = log_ratios(profile.kind(kind), usual)
    rows[:, 2] = log_ratios(
        profile.day_of(profile.last, day - 1), profile.day_of(profile.weekly, day - 1)
    )
    rows[:, 3] = log_ratios(profile.day_of(profile.last, day), usual)
    rows[:, 4] = known.yesterday
    rows[:, 5] = known.level
    rows[:, 6] = known.last_week
    rows[:, 7] = holiday
    rows[:, 8] = holiday * log_ratios(profile.kind(3), usual) if holiday else 0.0
    rows[:, 9] = feature(x, "holiday_tomorrow")
    rows[:, 10] = feature(x, "holiday_yesterday")
    rows[:, 11] = known.yesterday * known.holiday
    rows[:, 12] = known.evening
    around = np.pad(or_zero(usual), 2, mode="wrap")
    beside = np.convolve(around, NEAR, mode="valid")  # small counts are read with their neighbours
    rows[:, BESIDE] = log_ratios(beside, usual).astype(np.float32)  # exact where it is kept
    return rows


def next_row(
    slot: int, slots: int, lags: list[float], today: float, misses: tuple[float, float], x: Features
) -> Vector:
    """The row of ``NEXT`` for one slot."""
    angle = 2 * pi * slot / slots
    noon, evening, last = -cos(angle), -sin(angle), lags[0]
    return np.array((
        1.0, last, lags[1], lags[2], today, *misses, last * noon,
        last * evening, today * noon, today * evening, noon, evening, feature(x, "peers"),
    ))  # fmt: skip


def rest_row(
    slot: int, slots: int, lags: list[float], today: float, holiday: float, plan: float
) -> Vector:
    """The row of ``REST`` after ``slot`` was seen."""
    late = (slot + 1) / slots
    noon = -cos(2 * pi * late)
    lately = (lags[0] + lags[1] + lags[2]) / 3
    return np.array((
        1.0, lags[0], lately, today, lags[0] * late, today * late, today * noon, holiday, plan, plan * late,
    ))  # fmt: skip
