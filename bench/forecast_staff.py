"""Staffing simulated on weeks of the simulated shop: our roster, a flat one, a clairvoyant's.

``python -m bench.forecast_staff [--quick] [--write]``. The forecaster hears the tickets of the weeks before, hour by
hour; at a week's start it says the week, ``tills_needed`` turns the 80 % interval's upper end into tills, and
``roster.propose`` into shifts of people. The week's customers then come to those tills (one line, first come first
served, with the patience of ``sensors.simulation.checkout``).

- ours: as above; *by the hour* without shifts, for what the shifts cost;
- flat: as many tills in every open hour as our roster's hours allow on average, rounded up and down;
- clairvoyant: tills from the week's true counts by hour, shifts by the same programme.
"""

import time
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from math import ceil
from pathlib import Path
from random import Random
from typing import NamedTuple

import numpy as np

from bench import machine
from bench.page import Piece, parser, publish
from floorcast.settings import load_settings
from flows.decisions.roster import Person, propose, shifts_of
from flows.decisions.staffing import tills_needed
from flows.forecasting.calendar import ShopCalendar, day_number
from flows.forecasting.slots import SlotForecaster
from sensors.events import Pos
from sensors.settings import Hours, Store
from sensors.simulate import PATIENCE_S, SERVICE_S, simulate_day
from sensors.simulation.checkout import Arrival, Span, serve

DOCUMENT = "staffing-results.md"
SHOPS = (5_000.0, 9_000.0)  # visitors a day
FIRST = date(2026, 1, 5)  # a Monday
TARGET_S = 120.0  # nobody should wait longer
MEAN_S = 30.0  # the mean wait tills are planned for
PEOPLE = [Person(f"p{i}", 38, frozenset((i + d) % 7 for d in range(5))) for i in range(18)]
Tills = Mapping[tuple[int, int], int]  # (day of the week, hour) → tills


class Outcome(NamedTuple):
    """A week under a roster."""

    late: float  # share of customers who waited longer than the target or gave up
    over_min: float  # minutes waited beyond the target, all customers
    gave_up: int
    staffed_h: float
    idle_h: float  # staffed and not serving


def tickets(store: Store, day: date, seed: int, visitors: float) -> list[float]:
    """Seconds of the day at which customers come to the tills."""
    made = simulate_day(store, [], day, seed, visitors=visitors)
    start = made.day.start
    return sorted(
        (event.at - start).total_seconds()
        for event in made.events
        if isinstance(event, Pos) and event.nature == "sale" and event.state == "completed"
    )


def play(week: list[list[float]], tills: Tills, seed: int) -> Outcome:
    """The week's customers at these tills."""
    served = late = gave_up = 0
    over = busy = 0.0
    for weekday, came in enumerate(week):
        draw = Random(f"{seed}-{weekday}")
        arrivals = [
            Arrival(i, at, draw.expovariate(1 / SERVICE_S), draw.expovariate(1 / PATIENCE_S))
            for i, at in enumerate(came)
        ]
        for turn in serve(arrivals, _spans(tills, weekday)):
            served += 1
            late += turn.gave_up or turn.wait_s > TARGET_S
            gave_up += turn.gave_up
            over += max(0.0, turn.wait_s - TARGET_S) / 60
            busy += turn.ended - turn.started
    staffed = float(sum(tills.values()))
    return Outcome(late / max(1, served), over, gave_up, staffed, staffed - busy / 3600)


def _spans(tills: Tills, weekday: int) -> dict[str, list[Span]]:
    """When each till is manned, neighbouring hours joined."""
    most = max((n for (day, _), n in tills.items() if day == weekday), default=0)
    told: dict[str, list[Span]] = {}
    for till in range(1, most + 1):
        spans: list[Span] = []
        for hour in range(24):
            if tills.get((weekday, hour), 0) >= till:
                if spans and spans[-1][1] == hour * 3600:
                    spans[-1] = spans[-1][0], (hour + 1) * 3600.0
                else:
                    spans.append((hour * 3600.0, (hour + 1) * 3600.0))
        told[f"till {till}"] = spans
    return told


def need_of(per_hour: Mapping[tuple[int, int], float], hours: Hours) -> dict[tuple[int, int], int]:
    """Tills for every open hour, one at least."""
    told = {}
    for (day, hour), rate in per_hour.items():
        if hours.opens.hour <= hour < _closes(hours):
            need = tills_needed(rate, SERVICE_S, MEAN_S)
            told[day, hour] = max(1, need.servers if need else 1)
    return told


def _closes(hours: Hours) -> int:
    return ceil(hours.closes.hour + hours.closes.minute / 60)


def rostered(need: Tills, hours: Hours, limit_s: float) -> dict[tuple[int, int], int]:
    """Who stands at the tills when the need has become shifts."""
    proposal = propose(need, PEOPLE, shifts_of(hours.opens.hour, _closes(hours)), limit_s=limit_s)
    told = dict.fromkeys(need, 0)
    for shifts in proposal.shifts.values():
        for shift in shifts:
            for hour in range(shift.begins, shift.ends):
                told[shift.day, hour] = told.get((shift.day, hour), 0) + 1
    return told


def weeks(
    visitors: float, learned: int, played: int, limit_s: float
) -> Iterator[dict[str, Outcome]]:
    """Learn some weeks, then for each week played: the outcome by roster."""
    store = load_settings(Path(__file__).parents[1] / "config.toml").sensors.stores[0]
    calendar, model = ShopCalendar(store.country), SlotForecaster(24)
    hours = max(store.hours, key=lambda h: len(h.days))
    for number in range(learned + played):
        first = FIRST + timedelta(weeks=number)
        dates = [first + timedelta(days=d) for d in range(7)]
        week = [tickets(store, day, 1000 + day_number(day), visitors) for day in dates]
        counts = np.array([np.histogram(day, bins=24, range=(0, 86400))[0] for day in week])
        if number >= learned:
            yield _week(model, calendar, dates, week, counts, hours, limit_s)
        for day, row in zip(dates, counts, strict=True):
            for hour, y in enumerate(row):
                x = {"step": float(day_number(day) * 24 + hour), **calendar.features(day)}
                model.learn_one(x, float(y))


def _week(
    model: SlotForecaster, calendar: ShopCalendar, dates: list[date], week: list[list[float]],
    counts: np.ndarray, hours: Hours, limit_s: float,
) -> dict[str, Outcome]:  # fmt: skip
    high: dict[tuple[int, int], float] = {}
    for weekday, day in enumerate(dates):
        x = calendar.features(day)
        mixed = np.nan_to_num(model.plan_for(day_number(day), x).mixed)
        for hour, mean in enumerate(mixed):
            bands = model.plan_bands.around(float(mean), hour, holiday=x["holiday"] > 0)
            high[weekday, hour] = bands[0].high
    true = {(d, h): float(counts[d, h]) for d in range(7) for h in range(24)}
    need, known = need_of(high, hours), need_of(true, hours)
    ours = rostered(need, hours, limit_s)
    knows = rostered(known, hours, limit_s)
    mean = sum(ours.values()) / len(need)
    seed = day_number(dates[0])
    return {
        "ours": play(week, ours, seed),
        "ours, by the hour": play(week, need, seed),
        "flat, rounded down": play(week, dict.fromkeys(need, int(mean)), seed),
        "flat, rounded up": play(week, dict.fromkeys(need, ceil(mean)), seed),
        "clairvoyant": play(week, knows, seed),
        "clairvoyant, by the hour": play(week, known, seed),
    }


def page(learned: int, played: int, limit_s: float) -> Iterator[Piece]:
    """The page, shop by shop."""
    yield Piece(f"""# Staffing simulated

Written by `python -m bench.forecast_staff --write`; nothing here is edited by hand.

{machine.description()}

{(__doc__ or "").partition("[--write]``. ")[2]}
{learned} weeks learned, {played} played. A customer is late who waits over {TARGET_S:.0f} s or gives up; tills are
planned for a mean wait of {MEAN_S:.0f} s at a mean service of {SERVICE_S:.0f} s. {len(PEOPLE)} people of 38 hours.
""")
    for visitors in SHOPS:
        begun = time.monotonic()
        outcomes = list(weeks(visitors, learned, played, limit_s))
        told = (
            f"\n## {visitors:,.0f} visitors a day\n\n"
            "| roster | late % | minutes over target a week | gave up a week | staffed h a week | idle h a week |\n"
            "|---|---:|---:|---:|---:|---:|\n"
        )
        for name in outcomes[0]:
            mean = np.mean([outcome[name] for outcome in outcomes], axis=0)
            told += (
                f"| {name} | {100 * mean[0]:.1f} | {mean[1]:,.0f} | {mean[2]:.0f} | {mean[3]:.0f} "
                f"| {mean[4]:.0f} |\n"
            )
        yield Piece(f"{told}\nRun time {time.monotonic() - begun:.0f} s.\n", f"{visitors:,.0f}")


def main() -> None:
    """Simulate, print, keep if asked."""
    options = parser(__doc__, DOCUMENT)
    options.add_argument("--quick", action="store_true", help="fewer weeks")
    asked = options.parse_args()
    pieces = page(*((4, 1, 5.0) if asked.quick else (10, 8, 20.0)))
    publish(pieces, len(SHOPS), DOCUMENT, write=asked.write)


if __name__ == "__main__":
    main()
