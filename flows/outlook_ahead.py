"""What a store's forecasts say of the time ahead: today's slots to come, the rest of the day, seven days. Pure.

What is said of a slot changes only when its model learned or a plan was heard, so it is worked out once for each and
kept; between, a minute asks for sums of it.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate
from math import isnan
from typing import NamedTuple

import numpy as np

from flows.announced import Known, Words, newest_word, slot_features, words_of
from flows.forecasting import ahead
from flows.forecasting.calendar import day_number
from flows.forecasting.contract import LEVELS, Band, Forecast
from flows.forecasting.lift import EventLift
from flows.forecasting.slots import SlotForecaster
from flows.measure import View
from flows.outlook import ForecastMemory, Target, model_of, slot_start
from flows.profile import Profile, instant_of, minute_of
from flows.spans import QUARTER

HORIZON_DAYS = 7
EVERY = 5  # minutes from one word to the next: the cadence of forecasts
Bounds = tuple[int, int]
Row = tuple[float, ...]  # a value, then low and high of each of ``LEVELS``


class Ahead(NamedTuple):
    """A slot to come: its forecast without events, and their factor."""

    start: int
    usual: Forecast
    factor: float

    @property
    def told(self) -> Forecast:
        """Its forecast with events."""
        return scaled(self.usual, self.factor)


class Upcoming:
    """The slots to come today, in order, with the sum from each of them on; equal only to itself.

    Attributes:
        slots: those of which anything is known.
        end: minute after the last of them; 0 without any.
        usual: their sum without events, ``None`` if none of them has an interval.
    """

    __slots__ = ("_left", "_starts", "end", "length", "slots", "usual")

    def __init__(self, slots: Sequence[Ahead], length: int) -> None:
        self.slots, self.length = tuple(slots), length
        self._starts = [slot.start for slot in slots]
        self.end = self._starts[-1] + length if slots else 0
        known = [slot for slot in slots if slot.usual.bands]
        self.usual = sum(slot.usual.value for slot in slots) if known else None
        backwards = accumulate(map(_row, reversed(slots)), _plus, initial=_row(None))
        self._left = list(backwards)[::-1]

    def __bool__(self) -> bool:
        return bool(self.slots)

    def over(self, start: int, end: int) -> Forecast | None:
        """The sum over [start, end), slots in part; errors of neighbouring slots are taken to move together."""
        first = bisect_right(self._starts, start - self.length)
        last = bisect_left(self._starts, end)
        if end >= self.end and last - first > 1:
            whole = self._left[first + 1]
            return _forecast(_plus(_row(self.slots[first], self._share(first, start, end)), whole))
        total = _row(None)
        for i in range(first, last):
            total = _plus(total, _row(self.slots[i], self._share(i, start, end)))
        return _forecast(total)

    def _share(self, i: int, start: int, end: int) -> float:
        begin = self._starts[i]
        return max(0, min(end, begin + self.length) - max(start, begin)) / self.length


def _row(slot: Ahead | None, share: float = 1.0) -> Row:
    """A slot's numbers times ``share`` and its events; all NaN where no interval is known yet."""
    if slot is None or not slot.usual.bands:
        return ()
    share *= slot.factor
    edges = [share * edge for band in slot.usual.bands for edge in (band.low, band.high)]
    return (share * slot.usual.value, *edges)


def _plus(one: Row, other: Row) -> Row:
    return tuple(map(float.__add__, one, other)) if one and other else one or other


def _forecast(row: Row) -> Forecast | None:
    if not row:
        return None
    edges = zip(LEVELS, row[1::2], row[2::2], strict=True)
    return Forecast(row[0], tuple(Band(*edge) for edge in edges))


def upcoming(view: View, target: Target) -> Upcoming:
    """The slots after the last one learned up to closing time; none before anything is known."""
    memory, minute = view.memory(target.memory), minute_of(view.at)
    if not memory.state:
        return NOTHING
    opened, day = view.profile.open_minutes(minute), view.profile.day_of(minute)
    end = opened.stop if opened else day[1]
    first = max(memory.learned, opened.start if opened else day[0])
    first = slot_start(view.profile, first, target.length)
    starts = range(first, end, target.length)
    return _slots(view.profile, target.length, memory.state, starts, words_of(view))


NOTHING = Upcoming((), QUARTER)


@lru_cache(maxsize=1024)
def _slots(profile: Profile, length: int, state: bytes, starts: range, words: Words) -> Upcoming:
    model = model_of(state)
    xs = _features(profile, length, starts, words)
    told = ahead.at_steps(model.base, xs) if xs else []
    slots = [
        Ahead(start, said, model.lift.factor(x))
        for start, said, x in zip(starts, told, xs, strict=True)
        if said is not None and not isnan(said.value)
    ]
    return Upcoming(slots, length)


@lru_cache(maxsize=1024)
def _features(profile: Profile, length: int, starts: range, words: Words) -> list[Known]:
    """The features of slots to come, as all the words heard so far tell them."""
    asked = instant_of(max(starts[0] if starts else 0, int(newest_word(words) // 60) + 1))
    return [slot_features(profile, start, length, words, asked) for start in starts]


def scaled(told: Forecast, factor: float) -> Forecast:
    """A forecast and its intervals, multiplied.

    >>> scaled(Forecast(4.0, (Band(0.8, 2.0, 6.0),)), 1.5)
    Forecast(value=6.0, bands=(Band(level=0.8, low=3.0, high=9.0),))
    """
    if factor == 1.0:
        return told
    bands = tuple(Band(b.level, b.low * factor, b.high * factor) for b in told.bands)
    return Forecast(told.value * factor, bands)


def rest(view: View, target: Target, slots: Upcoming) -> Forecast:
    """The rest of the day from now on: the rest-of-day model's word, less what should have come since, with events.

    While the model has not learned anything of this day, the plan's slots are summed.
    """
    minute, state = minute_of(view.at), view.memory(target.memory).state
    left = slots.over(minute, slots.end) or Forecast(0.0)
    now = instant_of(minute - minute % QUARTER).astimezone(view.profile.store.tz)
    if model_of(state).base.day != day_number(now.date()):
        return left
    said = _rest_of_day(state)
    if said is None or not said.value or not slots.usual:
        return left
    return scaled(said, left.value / slots.usual)


@lru_cache(maxsize=512)
def _rest_of_day(state: bytes) -> Forecast | None:
    return ahead.rest_of_day(model_of(state).base)


def days_ahead(view: View, target: Target) -> list[tuple[Bounds, Forecast]]:
    """The totals of the seven days after this business day, each with its bounds; a closed day is 0."""
    memory = view.memory(target.memory)
    if not memory.state:
        return []
    today = view.profile.day_of(minute_of(view.at))
    return _days(view.profile, target.length, memory.state, today, words_of(view))


@lru_cache(maxsize=512)
def _days(
    profile: Profile, length: int, state: bytes, today: Bounds, words: Words
) -> list[tuple[Bounds, Forecast]]:
    base, lift = model_of(state)
    if base.day is None:
        return []
    bounds = [profile.day_of(today[1])]
    while len(bounds) < HORIZON_DAYS:
        bounds.append(profile.day_of(bounds[-1][1]))
    told = []
    for day in bounds:
        opened = profile.open_minutes(day[0]) if profile.store.hours else range(*day)
        first = slot_start(profile, opened.start, length)
        xs = _features(profile, length, range(first, max(first, opened.stop), length), words)
        told.append((day, _day(base, lift, xs) if xs else Forecast(0.0)))
    return told


def _day(base: SlotForecaster, lift: EventLift, xs: Sequence[Known]) -> Forecast:
    """A later day: the base's total with its interval, times its slots' factors by their share."""
    number = int(xs[0]["step"] or 0) // base.slots
    if number <= (base.day or 0):
        return Forecast(0.0)
    plan = np.nan_to_num(base.plan_for(number, xs[0]).mixed)
    whole = ahead.day_total(base, plan, xs[0])
    factors = [lift.factor(x) if x.get("open") != 0.0 else 0.0 for x in xs]
    if all(factor == 1.0 for factor in factors):
        return whole
    weights = [float(plan[int(x["step"] or 0) % base.slots]) for x in xs]
    total = sum(weights)
    share = sum(w * f for w, f in zip(weights, factors, strict=True)) / total if total else 1.0
    return scaled(whole, share)


def just_learned(view: View, taught_at: int) -> bool:
    """Whether what was learned in that minute is still to be told: when five minutes next begin."""
    return minute_of(view.at) // EVERY <= -(-taught_at // EVERY)


def due(view: View, memory: ForecastMemory) -> bool:
    """Whether a series is to be told: the model just learned, a plan was just heard, an hour begins.

    Between these nothing of it has changed.
    """
    return (
        just_learned(view, memory.taught_at)
        or minute_of(view.at) % 60 < EVERY
        or 0 <= view.at.timestamp() - newest_word(words_of(view)) <= 60 * EVERY
    )
