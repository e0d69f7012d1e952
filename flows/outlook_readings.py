"""How a target's forecast becomes readings: near windows, the rest of the day, its total, the series, days ahead."""

from collections.abc import Callable, Iterator
from functools import lru_cache

from flows.facts import Evidence, Window
from flows.forecasting.contract import Band, Forecast
from flows.measure import Reading, View
from flows.outlook import ForecastMemory, Target, model_of
from flows.outlook_ahead import Upcoming, days_ahead, due, rest, upcoming
from flows.profile import minute_of
from flows.spans import QUARTER

LEVEL = 0.95
NEAR: tuple[tuple[Window, int], ...] = (("next15m", 15), ("next60m", 60))
Detail = dict[str, str | int | float | None]


def readings(
    view: View, target: Target, seen: Callable[[View], float], *, digits: int = 1, subject: str = ""
) -> Iterator[Reading]:  # fmt: skip
    """Everything there is to say of a target; nothing before its first day is known. The series when they change.

    Args:
        view: of the present tick.
        target: what is forecast.
        seen: its number today so far.
        digits: after the point.
        subject: of the readings.
    """
    memory, minute = view.memory(target.memory), minute_of(view.at)
    if not memory.state:
        return
    telling = due(view, memory)
    slots = upcoming(view, target)
    if not slots:
        if minute >= view.profile.open_minutes(minute).stop > 0:
            yield from _closed(view, seen(view), digits, subject)
        return
    detail = detail_of(memory)
    if telling:
        yield from _series(target, slots, digits, subject)
        for day, told in days_ahead(view, target) if minute % 60 < QUARTER else ():
            yield reading(
                told, "day", day, {}, digits, subject
            )  # once an hour is enough of later days
    for window, length in NEAR:
        near = slots.over(minute, minute + length)
        if near is not None:
            yield reading(near, window, (minute, minute + length), detail, digits, subject)
    left, before = rest(view, target, slots), seen(view)
    yield reading(left, "rest", (minute, slots.end), detail, digits, subject)
    bands = tuple(Band(b.level, b.low + before, b.high + before) for b in left.bands)
    whole = Forecast(left.value + before, bands)
    yield reading(whole, "day", view.profile.day_of(minute), detail, digits, subject)


def _closed(view: View, seen: float, digits: int, subject: str) -> Iterator[Reading]:
    """After closing time nobody is to come, and the day is what was seen."""
    minute = minute_of(view.at)
    start, end = view.profile.day_of(minute)
    closed = view.profile.open_minutes(minute).stop, end
    yield reading(Forecast(0.0), "rest", closed, {}, digits, subject)
    yield reading(Forecast(seen), "day", (start, end), {}, digits, subject)


def _series(target: Target, slots: Upcoming, digits: int, subject: str) -> Iterator[Reading]:
    window: Window = "quarter" if target.length == QUARTER else "hour"
    for slot in slots.slots:
        more: Detail = {} if slot.factor == 1.0 else {"events": round(slot.factor, 3)}
        span = (slot.start, slot.start + target.length)
        yield reading(slot.told, window, span, more, digits, subject)


def reading(
    told: Forecast, window: Window, span: tuple[int, int], detail: Detail, digits: int = 1, subject: str = ""
) -> Reading:  # fmt: skip
    """One forecast with its 95 % interval as evidence and its 80 % one in the detail."""
    band, inner = told.band(LEVEL), told.band(0.8)

    def short(value: float) -> float | int:
        return round(value, digits) if digits else round(value)

    evidence = (
        Evidence(low=short(band.low), high=short(band.high), level=LEVEL) if band else Evidence()
    )
    more: Detail = {"low80": short(inner.low), "high80": short(inner.high)} if inner else {}
    return Reading(
        short(told.value), subject, evidence, detail={**detail, **more}, window=window, span=span,
        reason=str(detail.get("governance") or ""),
    )  # fmt: skip


def detail_of(memory: ForecastMemory) -> Detail:
    """Champion, challenger, their errors, the 80 % interval's coverage, governance's last word, and drift."""
    return _detail_of(memory.state, memory.reason)


@lru_cache(maxsize=512)
def _detail_of(state: bytes, reason: str) -> Detail:
    base = model_of(state).base
    governor = base.governing
    challenger = governor.baseline if governor.champion == governor.model else governor.model
    error, reference = governor.wape(), governor.baseline_wape()
    coverage = base.next_bands.conformal.coverage()
    return {
        "champion": governor.champion,
        "challenger": challenger,
        "error": None if error is None else round(error, 4),
        "baseline_error": None if reference is None else round(reference, 4),
        "coverage80": None if coverage is None else round(coverage, 3),
        "governance": reason,
        "drift": int(base.drifted),
    }
