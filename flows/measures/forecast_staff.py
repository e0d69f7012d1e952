"""Tills and associates needed until close and by hour for the coming week, and by when to call for more."""

from collections.abc import Iterator
from functools import lru_cache
from math import ceil
from typing import NamedTuple

import numpy as np

from flows.announced import newest_word, words_of
from flows.decisions.staffing import Need, associates_needed, last_chance, tills_needed
from flows.facts import Evidence
from flows.forecasting.calendar import day_number
from flows.measure import Measure, Reading, View
from flows.measures.associates import present, roster
from flows.measures.forecast import VISITORS
from flows.measures.forecast_sales import INFLOW
from flows.measures.tills import service_s
from flows.outlook import model_of
from flows.outlook_ahead import Ahead, Upcoming, days_ahead, due, upcoming
from flows.outlook_readings import Detail
from flows.profile import instant_of, minute_of
from flows.spans import QUARTER

UPPER = 0.8  # its upper end is what is planned for: a spare till costs an hour's wage, one too few a queue
PER_HOUR = 60 // QUARTER


class Demand(NamedTuple):
    """What a quarter asks for: visitors and customers at the tills an hour, as planned for."""

    start: int
    visitors: float
    customers: float


def demand(view: View) -> list[Demand]:
    """The quarters to come until close, from the upper ends of the forecasts; empty before anything is known.

    The hour's customers are spread over its quarters as the visitors are.
    """
    every = _demand(upcoming(view, VISITORS), upcoming(view, INFLOW))
    minute = minute_of(view.at)
    return [each for each in every if each.start + QUARTER > minute]


@lru_cache(maxsize=512)
def _demand(quarters: Upcoming, hours: Upcoming) -> list[Demand]:
    by_hour = {hour.start: _upper(hour) for hour in hours.slots}
    visitors = [(quarter.start, _upper(quarter)) for quarter in quarters.slots]
    totals: dict[int, float] = {}
    for start, people in visitors:
        hour = _hour_of(start, by_hour)
        totals[hour] = totals.get(hour, 0.0) + people
    found = []
    for start, people in visitors:
        hour = _hour_of(start, by_hour)
        share = people / totals[hour] if totals[hour] else 1 / PER_HOUR
        found.append(Demand(start, people * PER_HOUR, by_hour.get(hour, 0.0) * share * PER_HOUR))
    return found


def _hour_of(start: int, hours: dict[int, float]) -> int:
    return next((hour for hour in hours if hour <= start < hour + 60), -1)


def _upper(slot: Ahead) -> float:
    told = slot.told
    band = told.band(UPPER)
    return band.high if band else told.value


def _tills(view: View, customers: float) -> Need | None:
    service = service_s(view)
    if service is None:
        return None
    return _tills_for(customers, service, view.profile.benchmark.queue_wait_s)


_tills_for = lru_cache(maxsize=4096)(tills_needed)  # the same quarters are asked about each minute


def tills_forecast(view: View) -> Iterator[Reading]:
    """The fewest tills by quarter until close that keep the mean wait under target (Erlang C)."""
    if not due(view, view.memory(INFLOW.memory)):
        return
    for quarter in demand(view):
        need = _tills(view, quarter.customers)
        if need is not None:
            detail: Detail = {
                "wait_s": round(need.wait_s, 1), "load": round(need.load, 3), "tills": len(view.profile.store.tills),
            }  # fmt: skip
            yield Reading(
                need.servers, window="quarter", span=(quarter.start, quarter.start + QUARTER), detail=detail,
                evidence=Evidence(n=round(quarter.customers, 1)),
                reason="beyond_tills" if need.servers > len(view.profile.store.tills) else "",
            )  # fmt: skip


def associates_of(view: View, visitors: float, customers: float) -> int:
    """Associates a quarter needs: one for every ``star_target`` visitors an hour, and one at each till needed."""
    need = _tills(view, customers)
    return associates_needed(visitors, view.profile.settings.star_target) + (
        need.servers if need else 0
    )


def associates_forecast(view: View) -> Iterator[Reading]:
    """Associates by quarter until close; while closed, by hour for the seven days after today, for the roster."""
    if not due(view, view.memory(VISITORS.memory)):
        return
    for quarter in demand(view):
        yield Reading(
            associates_of(view, quarter.visitors, quarter.customers),
            window="quarter", span=(quarter.start, quarter.start + QUARTER),
            evidence=Evidence(n=round(quarter.visitors, 1), k=round(quarter.customers, 1)),
        )  # fmt: skip
    minute = minute_of(view.at)
    heard = newest_word(words_of(view))
    if minute not in view.profile.open_minutes(minute) or view.at.timestamp() - heard < 120:
        yield from _week(view)


def _week(view: View) -> Iterator[Reading]:
    customers = {bounds: told.value for bounds, told in days_ahead(view, INFLOW)}
    base = model_of(view.memory(VISITORS.memory).state).base if customers else None
    for bounds, told in days_ahead(view, VISITORS):
        opened = view.profile.open_minutes(bounds[0])
        if base is None or not told.value or not opened:
            continue
        band = told.band(UPPER)
        widened = (band.high if band else told.value) / told.value
        weights = np.nan_to_num(
            base.profile.usual_of_day(day_number(view.profile.date_of(bounds[0])))
        )
        total = float(weights.sum())
        for hour in range(opened.start - opened.start % 60, opened.stop, 60):
            local = instant_of(hour).astimezone(view.profile.store.tz)
            first = local.hour * PER_HOUR
            share = float(weights[first : first + PER_HOUR].sum()) / total if total else 0.0
            people = told.value * widened * share
            at_tills = customers.get(bounds, 0.0) * widened * share
            yield Reading(
                associates_of(view, people, at_tills), window="hour", span=(hour, hour + 60),
                evidence=Evidence(n=round(people, 1), k=round(at_tills, 1)),
            )  # fmt: skip


def staff_short(view: View) -> Iterator[Reading]:
    """The most associates missing in any quarter until close, and when the decision turns: by when a call still helps.

    Against the roster, else those on the floor now; nothing if neither speaks.
    """
    quarters, people = demand(view), present(view)
    if not quarters or people is None:
        return
    rostered = roster(view)
    there = [
        round(rostered.hours(q.start * 60, (q.start + QUARTER) * 60) * PER_HOUR) if rostered else people
        for q in quarters
    ]  # fmt: skip
    needed = [associates_of(view, each.visitors, each.customers) for each in quarters]
    lead = ceil(view.profile.settings.decisions.call_lead_min / QUARTER)
    minute, end = minute_of(view.at), quarters[-1].start + QUARTER
    chance = last_chance(needed, there, lead)
    if chance is None:
        yield Reading(
            0, window="rest", span=(minute - minute % QUARTER, end), evidence=Evidence(k=people)
        )
        return
    slot, _by = chance
    worst = max(range(len(needed)), key=lambda i: needed[i] - there[i])
    turns = quarters[slot].start - view.profile.settings.decisions.call_lead_min
    yield Reading(
        needed[worst] - there[worst], window="rest", span=(minute - minute % QUARTER, end),
        evidence=Evidence(n=needed[worst], k=there[worst]),
        reason="call_now" if turns > minute else "too_late_for_first",
        detail={
            "short_from": instant_of(quarters[slot].start).isoformat(),
            "decide_by": instant_of(turns).isoformat(), "short": needed[slot] - there[slot],
        },
    )  # fmt: skip


MEASURES = (
    Measure("tills_forecast", "tills", (), tills_forecast, ("now",), cadence=5, quiet=True),
    Measure("associates_forecast", "associates", (), associates_forecast, ("now",), cadence=5, quiet=True),
    Measure("staff_short", "associates", (), staff_short, ("now",), cadence=5, quiet=True),
)  # fmt: skip
