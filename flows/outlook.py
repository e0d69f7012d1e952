"""A store's forecasts: their models in memory, how they learn, and what they say of the time ahead. Pure.

A *target* (visitors, sales, …) is one number by slot: quarter-hours for visitors, hours for what comes in smaller
numbers. Its model is a ``SlotForecaster`` of the usual under an ``EventLift`` of what was announced; both are kept as
bytes, so that a snapshot never aliases them. They learn when a slot's quarters are final, and only then do their
forecasts change.
"""

import pickle
from collections.abc import Callable, Sequence
from functools import lru_cache
from math import isnan, nan
from typing import NamedTuple

import numpy as np
from msgspec import Struct

from flows.announced import Known, Words, newest_word, slot_features, words_of
from flows.forecasting import ahead
from flows.forecasting.contract import Band, Forecast
from flows.forecasting.lift import EventLift
from flows.forecasting.slots import SlotForecaster
from flows.measure import View
from flows.panes import squeeze, unsqueeze
from flows.profile import Profile, instant_of, minute_of
from flows.spans import QUARTER

COVERED = 0.8  # below this share of sensor minutes a quarter is unknown and teaches nothing
HORIZON_DAYS = 7


class ForecastMemory(Struct):
    """One target's models as bytes, and what governance last said.

    Attributes:
        state: ``Model``, pickled and compressed; empty before the first slot.
        learned: minute after the last slot learned; ``taught_at``: the minute in which it was.
        reason, changed_at: governance's last word, and the first minute of the slot that brought it.
        slot, parts, total: first minute of the slot whose quarters are being added up, how many, their sum.
    """

    state: bytes = b""
    learned: int = 0
    taught_at: int = 0
    reason: str = ""
    changed_at: int = 0
    slot: int = 0
    parts: int = 0
    total: float = 0.0


class Target(NamedTuple):
    """What is forecast.

    Attributes:
        name: as in ``forecast_state``'s subject.
        memory: the class its models are kept in.
        length: minutes of a slot, 15 or 60.
        amount: its number in a quarter's view.
    """

    name: str
    memory: type[ForecastMemory]
    length: int
    amount: Callable[[View], float]


class Model(NamedTuple):
    """The usual, and what events do to it."""

    base: SlotForecaster
    lift: EventLift


class Ahead(NamedTuple):
    """A slot to come: its forecast without events, and their factor."""

    start: int
    usual: Forecast
    factor: float


@lru_cache(maxsize=512)
def model_of(state: bytes) -> Model:
    """The models in a memory's state, to look at only."""
    base, lift = pickle.loads(unsqueeze(state))  # noqa: S301  our own recovery state, as bytewax itself keeps it
    return Model(base, lift)


# ── learn ─────────────────────────────────────────────────────────────────────────────────────────────────
def learn(memory: ForecastMemory, view: View, target: Target) -> None:
    """Take in a final quarter; its slot is learned when all of its open quarters are final.

    A quarter the doors' counters did not cover leaves its slot unknown: also of sales, for the gateway that carries
    both was away.
    """
    slot = _slot_start(view.profile, view.start, target.length)
    if memory.slot != slot:
        memory.slot, memory.parts, memory.total = slot, 0, 0.0
    if not _is_open(view.profile, view.start):
        return
    if view.coverage is not None and view.coverage < COVERED:
        memory.parts = -target.length  # never whole
    memory.parts += 1
    memory.total += max(0.0, float(target.amount(view)))
    quarters = [q for q in range(slot, slot + target.length, QUARTER) if _is_open(view.profile, q)]
    if quarters and view.start == quarters[-1] and memory.parts == len(quarters):
        _teach(memory, view, target, slot)


def _slot_start(profile: Profile, minute: int, length: int) -> int:
    return minute - instant_of(minute).astimezone(profile.store.tz).minute % length


def _is_open(profile: Profile, minute: int) -> bool:
    opened = profile.open_minutes(minute)
    return not profile.store.hours or (minute + QUARTER > opened.start and minute < opened.stop)


def _teach(memory: ForecastMemory, view: View, target: Target, slot: int) -> None:
    profile, y = view.profile, memory.total
    x = slot_features(profile, slot, target.length, words_of(view), instant_of(slot))
    if x.get("open") == 0.0:
        return
    slots = 1440 // target.length
    if memory.state:
        base, lift = pickle.loads(unsqueeze(memory.state))  # noqa: S301  our own recovery state
    else:
        base, lift = SlotForecaster(slots), EventLift(slots)
    day, at = divmod(int(x["step"] or 0), slots)
    planned = nan
    if base.step is not None and lift.row(x) is not None:
        planned = float(base.plan_for(day, x).mixed[at])
    lift.learn(x, y, 0.0 if isnan(planned) else planned, day=day, level=base.profile.level)
    base.learn_one(x, y / lift.factor(x))
    memory.state = squeeze(pickle.dumps((base, lift), protocol=pickle.HIGHEST_PROTOCOL))
    memory.learned, memory.taught_at = view.end, minute_of(view.at)
    if base.verdict is not None and memory.reason != base.verdict.reason:
        memory.reason, memory.changed_at = base.verdict.reason, view.start


# ── the time ahead ────────────────────────────────────────────────────────────────────────────────────────
def upcoming(view: View, target: Target) -> list[Ahead]:
    """The slots after the last one learned up to closing time; empty before anything is known."""
    memory, minute = view.memory(target.memory), minute_of(view.at)
    if not memory.state:
        return []
    opened, day = view.profile.open_minutes(minute), view.profile.day_of(minute)
    end = opened.stop if opened else day[1]
    first = max(memory.learned, opened.start if opened else day[0])
    first = _slot_start(view.profile, first, target.length)
    starts = range(first, end, target.length)
    return _slots(view.profile, target.length, memory.state, starts, words_of(view))


@lru_cache(maxsize=1024)
def _slots(profile: Profile, length: int, state: bytes, starts: range, words: Words) -> list[Ahead]:
    """Forecasts of the slots that begin at ``starts``; they change only when the model learned or a plan was heard."""
    model = model_of(state)
    xs = _features(profile, length, starts, words)
    told = ahead.at_steps(model.base, xs) if xs else []
    return [
        Ahead(start, said, model.lift.factor(x))
        for start, said, x in zip(starts, told, xs, strict=True)
        if said is not None and not isnan(said.value)
    ]


@lru_cache(maxsize=1024)
def _features(profile: Profile, length: int, starts: range, words: Words) -> list[Known]:
    """The features of slots to come, as all the words heard so far tell them."""
    heard = newest_word(words)
    asked = instant_of(max(starts[0] if starts else 0, int(heard // 60) + 1))
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


def over(
    slots: Sequence[Ahead], length: int, start: int, end: int, *, events: bool = True
) -> Forecast | None:
    """The sum over [start, end), slots in part; errors of neighbouring slots are taken to move together."""
    value = 0.0
    edges: dict[float, tuple[float, float]] = {}
    for begin, told, factor in slots:
        share = max(0, min(end, begin + length) - max(start, begin)) / length
        if share:
            share *= factor if events else 1.0
            value += share * told.value
            for band in told.bands:
                low, high = edges.get(band.level, (0.0, 0.0))
                edges[band.level] = (low + share * band.low, high + share * band.high)
    if not edges:
        return None
    return Forecast(value, tuple(Band(level, *edge) for level, edge in edges.items()))


def rest(view: View, target: Target, slots: Sequence[Ahead]) -> Forecast:
    """The rest of the day from now on: the rest-of-day model's word, less what should have come since, with events.

    While the model has not learned anything of this day, the plan's slots are summed.
    """
    minute, length = minute_of(view.at), target.length
    base = model_of(view.memory(target.memory).state).base
    end = slots[-1].start + length
    left = over(slots, length, minute, end) or Forecast(0.0)
    now = slot_features(view.profile, minute - minute % QUARTER, length, (), view.at)
    if base.day != int(now["step"] or 0) // (1440 // length):
        return left
    said, every = ahead.rest_of_day(base), over(slots, length, slots[0].start, end, events=False)
    if said is None or not said.value or every is None or not every.value:
        return left
    return scaled(said, left.value / every.value)


def days_ahead(view: View, target: Target) -> list[tuple[tuple[int, int], Forecast]]:
    """The totals of the seven days after this business day, each with its bounds; a closed day is 0."""
    memory = view.memory(target.memory)
    if not memory.state:
        return []
    today = view.profile.day_of(minute_of(view.at))
    return _days(view.profile, target.length, memory.state, today, words_of(view))


@lru_cache(maxsize=512)
def _days(
    profile: Profile, length: int, state: bytes, today: tuple[int, int], words: Words
) -> list[tuple[tuple[int, int], Forecast]]:
    base, lift = model_of(state)
    if base.day is None:
        return []
    bounds = [profile.day_of(today[1])]
    while len(bounds) < HORIZON_DAYS:
        bounds.append(profile.day_of(bounds[-1][1]))
    told = []
    for day in bounds:
        opened = profile.open_minutes(day[0]) if profile.store.hours else range(*day)
        first = _slot_start(profile, opened.start, length)
        xs = _features(profile, length, range(first, max(first, opened.stop), length), words)
        told.append((day, _day(base, lift, xs) if xs else Forecast(0.0)))
    return told


def _day(base: SlotForecaster, lift: EventLift, xs: Sequence[Known]) -> Forecast:
    """A later day: the base's total with its interval, times its slots' factors by their share."""
    number = int(xs[0]["step"] or 0) // base.slots
    between = number - (base.day or 0) - 1
    whole = ahead.days(base, [{}] * between + [xs[0]])[-1] if between >= 0 else Forecast(0.0)
    factors = [lift.factor(x) if x.get("open") != 0.0 else 0.0 for x in xs]
    if all(factor == 1.0 for factor in factors):
        return whole
    mixed = np.nan_to_num(base.plan_for(number, xs[0]).mixed)
    weights = [float(mixed[int(x["step"] or 0) % base.slots]) for x in xs]
    total = sum(weights)
    share = sum(w * f for w, f in zip(weights, factors, strict=True)) / total if total else 1.0
    return scaled(whole, share)


def just_learned(view: View, taught_at: int) -> bool:
    """Whether what was learned in that minute is still to be told.

    A slot is final with the first tick of a minute, which is read at once, unless devices' lateness is not of whole
    minutes: then the next minute reads it.
    """
    within = 0 if view.profile.settings.lateness.settle_s % 60 == 0 else 1
    return minute_of(view.at) - taught_at <= within


def due(view: View, memory: ForecastMemory) -> bool:
    """Whether a series is to be told: the model just learned, a plan was just heard, an hour begins.

    Between these nothing of it has changed.
    """
    minute = minute_of(view.at)
    heard = newest_word(words_of(view))
    return (
        just_learned(view, memory.taught_at)
        or minute % 60 <= 1
        or 0 <= view.at.timestamp() - heard < 120
    )


def detail_of(memory: ForecastMemory) -> dict[str, str | int | float | None]:
    """Champion, challenger, their errors, the 80 % interval's coverage, governance's last word, and drift."""
    base = model_of(memory.state).base
    governor = base.governor
    challenger = governor.baseline if governor.champion == governor.model else governor.model
    error, reference = governor.wape(), governor.baseline_wape()
    coverage = base.next_bands.conformal.coverage()
    return {
        "champion": governor.champion,
        "challenger": challenger,
        "error": None if error is None else round(error, 4),
        "baseline_error": None if reference is None else round(reference, 4),
        "coverage80": None if coverage is None else round(coverage, 3),
        "governance": memory.reason,
        "drift": int(base.drifted),
    }
