"""Units of each SKU to come: seven days, the rest of today, its hours. SKUs are told in turn, a quarter at a time.

Only what says something is told. A rate seen on k days with sales has a relative error of about 1 ÷ √k, so a SKU that
sold on fewer than one day in seven has no forecast; where less than a unit is expected today, the hours that passed
without one change nothing; and an hour of less than one unit most likely has none, whichever hour it is.
"""

from collections.abc import Iterator
from typing import NamedTuple

from flows.facts import Evidence
from flows.forecasting.contract import Forecast
from flows.forecasting.panel import UnitsPanel
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
DAILY = 1.0  # units expected today, from which on they are revised each hour
HOURLY = 1.0  # units expected in each open hour, from which on hours are told


class Today(NamedTuple):
    """What all SKUs have in common at a tick.

    Attributes:
        minute: of the tick; ``bounds``, ``opened``: the business day, and its open minutes.
        ahead: the open minutes to come; ``passed``: the share of the day's demand before them.
        hours: those to come, each with its share of the day.
        detail: how the panel does.
    """

    minute: int
    bounds: tuple[int, int]
    opened: range
    ahead: tuple[int, int]
    passed: float
    hours: list[tuple[tuple[int, int], float]]
    detail: Detail

    @property
    def is_selling(self) -> bool:
        """Nothing is revised while nothing sells; the last slices are told after closing."""
        return self.opened.start <= self.minute < self.opened.stop + HOUR


def units_forecast(view: View) -> Iterator[Reading]:
    """By SKU that sells on one day in seven: the seven days from today on, once a day.

    Of those expected to sell a unit today also the rest of today and today in all, each hour while the shop sells; of
    those expected to sell one in each open hour, once a day its hours.
    """
    memory = view.memory(UnitsMemory)
    found = days_ahead(view) if memory.state and just_learned(view, memory.taught_at) else None
    if found is None:
        return
    owed = set(memory.owed).intersection(memory.slices)
    today, panel = _today(view, memory, found), panel_of(memory.state)
    fast = HOURLY * len(today.opened) / HOUR
    for i in panel.regular().tolist():
        is_owed, expected = i % SLICES in owed, float(found.value[0, i])
        if is_owed or (today.is_selling and expected >= DAILY and i % SLICES in memory.slices):
            yield from _rest(view, panel, today, i, expected)
        if is_owed:
            yield from _later(panel, found, i)
            for span, share in today.hours if expected >= fast else ():
                yield Reading(
                    round(expected * share, 3), f"sku:{panel.skus[i]}", window="hour", span=span
                )


def _today(view: View, memory: UnitsMemory, found: DaysAhead) -> Today:
    minute, shape, bounds = minute_of(view.at), shape_of(memory), found.bounds[0]
    opened = view.profile.open_minutes(minute) or range(*bounds)
    now = min(max(minute, opened.start), opened.stop)
    starts = range(now - now % HOUR, opened.stop, HOUR)
    hours = [((h, h + HOUR), share_between(view.profile, shape, h, h + HOUR)) for h in starts]
    passed = share_between(view.profile, shape, opened.start, minute)
    return Today(minute, bounds, opened, (now, opened.stop), passed, hours, _detail(memory))


def _rest(
    view: View, panel: UnitsPanel, today: Today, i: int, expected: float
) -> Iterator[Reading]:
    """The rest of today, of a SKU expected to sell, and today in all."""
    sku = panel.skus[i]
    sold = view.today.tallies.get(SkuTally.kind, {}).get(sku)
    units = max(0, sold.units) if sold else 0
    left = rest_of(expected, float(panel.variance[i]), today.passed, units)
    if expected >= DAILY:
        yield reading(left, "rest", today.ahead, today.detail, 2, f"sku:{sku}")
    bands = tuple(b._replace(low=b.low + units, high=b.high + units) for b in left.bands)
    whole = Forecast(left.value + units, bands)
    yield reading(whole, "day", today.bounds, {}, 2, f"sku:{sku}")


def _later(panel: UnitsPanel, found: DaysAhead, i: int) -> Iterator[Reading]:
    for day in range(1, len(found.bounds)):
        value = float(found.value[day, i])
        told = Forecast(value, panel.bands(value, i, found.horizons[day]) if value > 0 else ())
        yield reading(told, "day", found.bounds[day], {}, 2, f"sku:{panel.skus[i]}")


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
        cadence=5, quiet=True, memory=UnitsMemory, learn=learn_quarter,
    ),
    Measure(
        "sku_forecast_error", "ratio", (), units_state, ("now",),
        cadence=5, quiet=True, memory=UnitsMemory, learn=learn_day, learn_over="day",
    ),
)  # fmt: skip
