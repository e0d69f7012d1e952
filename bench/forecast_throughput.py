"""What forecasting 100 stores × 500 SKUs costs beside the floor itself: ``python -m bench.forecast_throughput``.

The floor's CPU per event comes from a simulated store's first day through ``flows.topology.floor``, every fact on and
the log's clock ticking each second (a first day has no forecasts yet); the forecasts' from the models the dataflow
keeps for a store, at the rate it calls them: a quarter-hour model for visitors, tickets, sales and queue inflow, and
one panel of 500 SKUs a day with 7 days ahead.
"""

import argparse
import pickle
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
from bytewax import operators as op
from bytewax.dataflow import Dataflow
from bytewax.testing import TestingSink, TestingSource, run_main

from floorcast.settings import load_settings
from flows.facts import FactBatch
from flows.forecasting import ahead
from flows.forecasting.panel import UnitsPanel
from flows.forecasting.slots import SlotForecaster
from flows.topology import floor
from sensors.simulate import simulate_day
from sensors.simulation.log_maker import log_entries

SERIES = 4  # visitors, tickets, sales, queue inflow
QUARTERS = 56  # open quarter-hours of a day
GOAL = 0.25


def cpu_s(action: Callable[[], object]) -> float:
    """CPU seconds of an action."""
    begun = time.process_time()
    action()
    return time.process_time() - begun


def floor_us(visitors: float) -> tuple[float, int]:
    """The floor's CPU per event, µs, and the events of a store's day."""
    settings = load_settings(Path(__file__).parents[1] / "config.toml")
    store = settings.sensors.stores[0]
    day = simulate_day(
        store, settings.sensors.ranges[store.range], date(2026, 3, 3), 3, visitors=visitors
    )
    entries = list(log_entries(day.deliveries))
    flow = Dataflow("floor")
    told: list[FactBatch] = []
    told_of = floor(
        op.input("log", flow, TestingSource(entries, batch_size=500)),
        settings.flows,
        settings.sensors,
    )
    op.output("facts", told_of, TestingSink(told))
    taken = cpu_s(lambda: run_main(flow))  # type: ignore[no-untyped-call]
    return 1e6 * taken / len(day.events), len(day.events)


def panel_day(skus: int, stores: int, days: int) -> float:
    """CPU seconds a store and day: learn a day of SKUs from stored state, say seven days, store."""
    draw = np.random.default_rng(1)
    rate = draw.lognormal(0.5, 1.2, skus)
    names = [f"sku{i:04d}" for i in range(skus)]
    taken = 0.0
    for _ in range(stores):
        panel = UnitsPanel()
        for day in range(days):
            units: dict[str, float | None] = dict(
                zip(names, draw.poisson(rate).astype(float).tolist(), strict=True)
            )
            begun = time.process_time()
            panel.learn(day, units, {}, {})
            for horizon in range(1, 8):
                panel.say(day + horizon, {}, {})
            panel = pickle.loads(pickle.dumps(panel))  # noqa: S301  our own bytes
            taken += time.process_time() - begun
    return taken / stores / days


def slots_day(days: int) -> float:
    """CPU seconds a series and day: from stored state learn each quarter, say the rest of the day, store."""
    draw, model, taken = np.random.default_rng(2), SlotForecaster(96), 0.0
    for day in range(days):
        for quarter in range(36, 36 + QUARTERS):
            x = {"step": float(day * 96 + quarter)}
            begun = time.process_time()
            model = pickle.loads(pickle.dumps(model))  # noqa: S301  our own bytes
            model.learn_one(x, float(draw.poisson(20)))
            last = 36 + QUARTERS
            ahead.at_steps(model, [{"step": float(day * 96 + q)} for q in range(quarter + 1, last)])
            taken += time.process_time() - begun
    return taken / days


def main() -> None:
    """Measure and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stores", type=int, default=100)
    parser.add_argument("--skus", type=int, default=500)
    parser.add_argument("--days", type=int, default=40, help="days each model lives through")
    parser.add_argument("--sample", type=int, default=3, help="stores whose panels are really run")
    parser.add_argument("--visitors", type=float, default=1_400.0, help="a store's people a day")
    options = parser.parse_args()
    per_event, events = floor_us(options.visitors)
    panels = panel_day(options.skus, options.sample, options.days)
    slots = SERIES * slots_day(min(options.days, 15))
    base = per_event * events / 1e6
    print("| per store and day | CPU ms | µs an event | of the floor |")
    print("|---|---:|---:|---:|")
    for name, taken in (
        (f"the floor, {events:,} events", base),
        (f"{options.skus} SKUs, learned and 7 days ahead", panels),
        (f"{SERIES} series by quarter-hour", slots),
    ):
        print(f"| {name} | {1e3 * taken:.1f} | {1e6 * taken / events:.2f} | {taken / base:.3f} |")
    share = (panels + slots) / base
    print(
        f"\n{options.stores} stores: {options.stores * (panels + slots):.1f} s of CPU a day beside "
        f"{options.stores * base:.1f} s; {100 * share:.1f} % more, goal {100 * GOAL:.0f} %: "
        f"{'met' if share <= GOAL else 'missed'}"
    )


if __name__ == "__main__":
    main()
