"""Units of each SKU to come: the rest of today, its hours, seven days. SKUs are told in turn, a quarter at a time."""

from collections.abc import Iterator, Sequence

from flows.facts import Evidence
from flows.forecasting.contract import Forecast
from flows.measure import Measure, Reading, View
from flows.outlook_ahead import just_learned
from flows.outlook_readings import Detail, reading
from flows.outlook_units import (
    SLICES,
    DaysAhead,
    UnitsMemory,
    days_ahead,
    learn_day,
    learn_quarter,
    panel_of,
    rest_of,
    shape_of,
    share_between,
)
from flows.profile import minute_of
from flows.tallies.sales import SkuTally

HOUR = 60


def units_forecast(view: View) -> Iterator[Reading]:
    """By SKU: the rest of today and today in all each hour; once a day its hours and the seven days from today on.

    While the shop is closed nothing sells, and nothing is said that is not owed.
    """
    memory, minute = view.memory(UnitsMemory), minute_of(view.at)
    found = days_ahead(view) if memory.state and just_learned(view, memory.taught_at) else None
    if found is None:
        return
    panel, shape = panel_of(memory.state), shape_of(memory)
    today, end = found.bounds[0]
    opened = view.profile.open_minutes(minute) or range(today, end)
    passed = share_between(view.profile, shape, opened.start, minute)
    hours = _hours(view, shape, max(minute, opened.start), opened.stop)
    sold = view.today.tallies.get(SkuTally.kind, {})
    detail = _detail(memory)
    selling = opened.start <= minute < opened.stop + HOUR  # its last slices are told after closing
    turns = [s for s in memory.slices if selling or s in memory.owed]
    for i in range(len(panel.skus)):
        if i % SLICES not in turns:
            continue
        sku = panel.skus[i]
        subject, units = f"sku:{sku}", max(0, sold[sku].units) if sku in sold else 0
        value, variance = float(found.said[0].value[i]), float(panel.variance[i])
        left = rest_of(value, variance, passed, units)
        ahead = min(max(minute, opened.start), opened.stop), opened.stop
        yield reading(left, "rest", ahead, detail, 2, subject)
        whole = Forecast(
            left.value + units, tuple(b._replace(low=b.low + units, high=b.high + units) for b in left.bands)
        )  # fmt: skip
        yield reading(whole, "day", (today, end), {}, 2, subject)
        if i % SLICES in memory.owed:
            yield from _later(memory, found, i, subject)
            for span, share in hours:
                yield Reading(round(value * share, 3), subject, window="hour", span=span)


def _hours(
    view: View, shape: Sequence[float], start: int, end: int
) -> list[tuple[tuple[int, int], float]]:
    """Today's hours to come, each with its share of the day."""
    first = start - start % 60
    return [
        ((hour, hour + 60), share_between(view.profile, shape, hour, hour + 60))
        for hour in range(first, end, 60)
    ]


def _later(memory: UnitsMemory, found: DaysAhead, i: int, subject: str) -> Iterator[Reading]:
    panel = panel_of(memory.state)
    for bounds, said, horizon in list(zip(*found, strict=True))[1:]:
        value = float(said.value[i])
        told = Forecast(value, panel.bands(said, i, horizon) if value > 0 else ())
        yield reading(told, "day", bounds, {}, 2, subject)


def _detail(memory: UnitsMemory) -> Detail:
    governor = panel_of(memory.state).governor
    error = governor.wape()
    return {"champion": governor.champion, "error": None if error is None else round(error, 4)}


def units_state(view: View) -> Iterator[Reading]:
    """The panel's own word on how it does: error against the 28-day mean, coverage of its 80 % interval."""
    memory = view.memory(UnitsMemory)
    if not memory.state:
        return
    panel = panel_of(memory.state)
    governor = panel.governor
    error, reference = governor.wape(), governor.baseline_wape()
    coverage = panel.conformal[0].coverage()
    yield Reading(
        None if error is None else round(error, 4), evidence=Evidence(n=len(panel.skus), k=panel.days),
        reason="learning" if error is None else "",
        detail={
            "champion": governor.champion, "baseline_error": None if reference is None else round(reference, 4),
            "coverage80": None if coverage is None else round(coverage, 3),
            "promotion": round(panel.promotion_factor(), 3),
        },
    )  # fmt: skip


MEASURES = (
    Measure(
        "sku_units_forecast", "units", (), units_forecast, ("now",),
        every_minute=True, quiet=True, memory=UnitsMemory, learn=learn_quarter,
    ),
    Measure(
        "sku_forecast_error", "ratio", (), units_state, ("now",),
        every_minute=True, quiet=True, memory=UnitsMemory, learn=learn_day, learn_over="day",
    ),
)  # fmt: skip
