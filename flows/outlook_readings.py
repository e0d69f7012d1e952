"""How a target's forecast becomes readings: near windows, the rest of the day, its total, the series, days ahead."""

from collections.abc import Iterator

from flows.facts import Evidence, Window
from flows.forecasting.contract import Band, Forecast
from flows.measure import Reading, View
from flows.outlook import Ahead, Target, days_ahead, detail_of, due, over, rest, scaled, upcoming
from flows.profile import minute_of
from flows.spans import QUARTER

LEVEL = 0.95
NEAR: tuple[tuple[Window, int], ...] = (("next15m", 15), ("next60m", 60))
EVERY = 5  # minutes between two words on what is near, of all but the visitors
Detail = dict[str, str | int | float | None]


def readings(
    view: View, target: Target, seen: float, *, digits: int = 1, every: int = EVERY, subject: str = ""
) -> Iterator[Reading]:  # fmt: skip
    """Everything there is to say of a target; nothing before its first day is known.

    Args:
        view: of the present tick.
        target: what is forecast.
        seen: its number today so far.
        digits: after the point.
        every: minutes between two words on the time from now on; the series are told when they change.
        subject: of the readings.
    """
    memory = view.memory(target.memory)
    slots = upcoming(view, target)
    minute = minute_of(view.at)
    if not slots:
        if memory.state and minute >= view.profile.open_minutes(minute).stop > 0:
            yield from _closed(view, seen, digits, subject)
        return
    telling, detail = due(view, memory), detail_of(memory)
    if telling:
        yield from _series(target, slots, digits, subject)
        for day, told in days_ahead(view, target) if minute % 60 < QUARTER else ():
            yield reading(
                told, "day", day, {}, digits, subject
            )  # once an hour is enough of later days
    if not telling and minute % every:
        return
    for window, length in NEAR:
        near = over(slots, target.length, minute, minute + length)
        if near is not None:
            yield reading(near, window, (minute, minute + length), detail, digits, subject)
    left = rest(view, target, slots)
    end = slots[-1].start + target.length
    yield reading(left, "rest", (minute, end), detail, digits, subject)
    bands = tuple(Band(b.level, b.low + seen, b.high + seen) for b in left.bands)
    whole = Forecast(left.value + seen, bands)
    yield reading(whole, "day", view.profile.day_of(minute), detail, digits, subject)


def _closed(view: View, seen: float, digits: int, subject: str) -> Iterator[Reading]:
    """After closing time nobody is to come, and the day is what was seen."""
    minute, (start, end) = minute_of(view.at), view.profile.day_of(minute_of(view.at))
    yield reading(Forecast(0.0), "rest", (minute, end), {}, digits, subject)
    yield reading(Forecast(seen), "day", (start, end), {}, digits, subject)


def _series(target: Target, slots: list[Ahead], digits: int, subject: str) -> Iterator[Reading]:
    window: Window = "quarter" if target.length == QUARTER else "hour"
    for start, told, factor in slots:
        more: Detail = {} if factor == 1.0 else {"events": round(factor, 3)}
        span = (start, start + target.length)
        yield reading(scaled(told, factor), window, span, more, digits, subject)


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
