"""Visitors to come: next 15 and 60 minutes, the rest of the day, the day, and every quarter until close."""

import pickle
from collections.abc import Iterator
from functools import lru_cache
from math import isnan

from msgspec import Struct

from flows.facts import Evidence, Window
from flows.forecasting import ahead
from flows.forecasting.calendar import day_number
from flows.forecasting.contract import Band, Forecast
from flows.forecasting.slots import SlotForecaster
from flows.measure import Measure, Reading, View
from flows.profile import Profile, instant_of, minute_of
from flows.spans import QUARTER
from flows.tallies.footfall import DoorTally

SLOTS = 1440 // QUARTER
COVERED = 0.8  # below this share of sensor minutes a quarter is unknown and teaches nothing
LEVEL = 0.95
NEAR: tuple[tuple[Window, int], ...] = (("next15m", 15), ("next60m", 60))


class VisitorsMemory(Struct):
    """The store's forecaster as bytes, so that a snapshot never aliases it; and what governance last said.

    Attributes:
        model: a pickled ``SlotForecaster``, empty before the first quarter.
        learned: minute after the last quarter learned.
    """

    model: bytes = b""
    learned: int = 0
    champion: str = ""
    reason: str = ""
    changed_at: int = 0


@lru_cache(maxsize=512)
def _read_only(block: bytes) -> SlotForecaster:
    model = pickle.loads(block)  # noqa: S301  our own recovery state, as bytewax itself keeps it
    assert isinstance(model, SlotForecaster)  # noqa: S101
    return model


def _slot_features(profile: Profile, minute: int) -> dict[str, float | None]:
    """Step and calendar of the quarter that begins at ``minute``, in the shop's own time."""
    local = instant_of(minute).astimezone(profile.store.tz)
    day = local.date()
    step = day_number(day) * SLOTS + (local.hour * 60 + local.minute) // QUARTER
    opened = profile.open_minutes(minute)
    is_open = not profile.store.hours or (minute + QUARTER > opened.start and minute < opened.stop)
    return {"step": float(step), "open": float(is_open), **profile.calendar.features(day)}


def learn(memory: VisitorsMemory, view: View) -> None:
    """Teach the forecaster a final quarter; one its sensors did not cover teaches nothing."""
    if view.coverage is not None and view.coverage < COVERED:
        return
    x = _slot_features(view.profile, view.start)
    if x["open"] == 0.0:
        return
    model = pickle.loads(memory.model) if memory.model else SlotForecaster(SLOTS)  # noqa: S301
    model.learn_one(x, float(view.total(DoorTally).visitors))
    memory.model = pickle.dumps(model, protocol=pickle.HIGHEST_PROTOCOL)
    memory.learned = view.end
    memory.champion = model.governor.champion
    if model.verdict is not None and memory.reason != model.verdict.reason:
        memory.reason, memory.changed_at = model.verdict.reason, view.start


def visitors_forecast(view: View) -> Iterator[Reading]:
    """What is expected from the present minute on, with 95 % intervals; nothing before the first day is known."""
    memory = view.memory(VisitorsMemory)
    if not memory.model:
        return
    model = _read_only(memory.model)
    minute = minute_of(view.at)
    quarters = _quarters(view.profile, memory, minute)
    if not quarters:
        return
    detail = detail_of(memory)
    for start, told in quarters:
        if start + QUARTER > minute - QUARTER:
            yield _reading(told, "quarter", (start, start + QUARTER), detail)
    for window, length in NEAR:
        near = _over(quarters, minute, minute + length)
        if near is not None:
            yield _reading(near, window, (minute, minute + length), detail)
    end = quarters[-1][0] + QUARTER
    now = _slot_features(view.profile, minute - minute % QUARTER)
    same_day = model.day == int(now["step"] or 0) // SLOTS
    rest = _rest(model if same_day else None, quarters, minute)
    yield _reading(rest, "rest", (minute, end), detail)
    seen = sum(tally.visitors for tally in view.today.tallies.get(DoorTally.kind, {}).values())
    whole = Forecast(
        rest.value + seen, tuple(Band(b.level, b.low + seen, b.high + seen) for b in rest.bands)
    )
    yield _reading(whole, "day", view.profile.day_of(minute), detail)


def expected_per_hour(view: View) -> float | None:
    """Visitors an hour expected from the present minute until closing time; ``None`` before anything is known."""
    memory, minute = view.memory(VisitorsMemory), minute_of(view.at)
    quarters = _quarters(view.profile, memory, minute) if memory.model else []
    left = _over(quarters, minute, quarters[-1][0] + QUARTER) if quarters else None
    minutes = quarters[-1][0] + QUARTER - minute if quarters else 0
    return left.value * 60 / minutes if left is not None and minutes > 0 else None


def _quarters(profile: Profile, memory: VisitorsMemory, minute: int) -> list[tuple[int, Forecast]]:
    """The quarters after the last one learned up to closing time, with their forecasts."""
    opened = profile.open_minutes(minute)
    day = profile.day_of(minute)
    end = opened.stop if opened else day[1]
    first = max(memory.learned, opened.start if opened else day[0])
    return _told(profile, memory.model, range(first - first % QUARTER, end, QUARTER))


@lru_cache(maxsize=256)
def _told(profile: Profile, block: bytes, starts: range) -> list[tuple[int, Forecast]]:
    """Forecasts of the quarters that begin at ``starts``; they change only when the model learned."""
    xs = [_slot_features(profile, start) for start in starts]
    told = ahead.at_steps(_read_only(block), xs) if xs else []
    return [
        (s, f) for s, f in zip(starts, told, strict=True) if f is not None and not isnan(f.value)
    ]


def _over(quarters: list[tuple[int, Forecast]], start: int, end: int) -> Forecast | None:
    """The sum over [start, end), quarters in part; errors of neighbouring quarters are taken to move together."""
    value = 0.0
    edges: dict[float, tuple[float, float]] = {}
    for begin, told in quarters:
        share = max(0, min(end, begin + QUARTER) - max(start, begin)) / QUARTER
        if share:
            value += share * told.value
            for band in told.bands:
                low, high = edges.get(band.level, (0.0, 0.0))
                edges[band.level] = (low + share * band.low, high + share * band.high)
    if not edges:
        return None
    return Forecast(value, tuple(Band(level, *edge) for level, edge in edges.items()))


def _rest(
    model: SlotForecaster | None, quarters: list[tuple[int, Forecast]], minute: int
) -> Forecast:
    """The rest of the day from ``minute`` on: the rest-of-day model's word, less what should have come since.

    ``model`` is ``None`` while it has not learned anything of this day: then the plan's quarters are summed.
    """
    end = quarters[-1][0] + QUARTER
    every = _over(quarters, quarters[0][0], end) or Forecast(0.0)
    left = _over(quarters, minute, end) or Forecast(0.0)
    said = None if model is None else ahead.rest_of_day(model)
    if said is None or not said.value or not every.value:
        return left
    share = left.value / every.value
    bands = tuple(Band(b.level, b.low * share, b.high * share) for b in said.bands)
    return Forecast(said.value * share, bands)


def model_of(memory: VisitorsMemory) -> SlotForecaster:
    """The forecaster, to look at only."""
    return _read_only(memory.model)


def detail_of(memory: VisitorsMemory) -> dict[str, str | int | float | None]:
    """Champion, challenger, their errors, the 80 % interval's coverage and governance's last word."""
    model = model_of(memory)
    governor = model.governor
    challenger = governor.baseline if governor.champion == governor.model else governor.model
    error, reference = governor.wape(), governor.baseline_wape()
    coverage = model.next_bands.conformal.coverage()
    return {
        "champion": governor.champion,
        "challenger": challenger,
        "error": None if error is None else round(error, 4),
        "baseline_error": None if reference is None else round(reference, 4),
        "coverage80": None if coverage is None else round(coverage, 3),
        "governance": memory.reason,
        "drift": int(model.drifted),
    }


def _reading(
    told: Forecast,
    window: Window,
    span: tuple[int, int],
    detail: dict[str, str | int | float | None],
) -> Reading:
    band, inner = told.band(LEVEL), told.band(0.8)
    evidence = Evidence(
        low=round(band.low, 1), high=round(band.high, 1), level=LEVEL
    ) if band else Evidence()  # fmt: skip
    more = {"low80": round(inner.low, 1), "high80": round(inner.high, 1)} if inner else {}
    return Reading(
        round(told.value, 1), evidence=evidence, detail={**detail, **more}, window=window, span=span,
        reason=str(detail["governance"] or ""),
    )  # fmt: skip


MEASURES = (
    Measure(
        "visitors_forecast", "people", (), visitors_forecast, ("now",),
        every_minute=True, memory=VisitorsMemory, learn=learn,
    ),
)  # fmt: skip
