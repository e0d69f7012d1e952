"""What forecasting adds to the floor's time per event: ``python -m bench.forecast_live [--skus 500] [--days 3]``.

One store's simulated days run through its ledger and publisher tick by tick, as the floor dataflow runs each store,
with every measure and, in a process of its own, with those of the forecasts and of the decisions made of them left out
(``flows/measures/forecast*``). CPU seconds, facts and the snapshot's bytes; stores do not share state, so 100 stores
take 100 times as much of both and the share is the same.
"""

import argparse
import json
import subprocess
import sys
import time
from datetime import date, timedelta
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import msgspec

import flows.measures
from floorcast.settings import load_settings
from flows import measure
from flows.ledger import Ledger
from flows.profile import Profile
from flows.publish import Publisher
from flows.settings import FlowsSettings
from flows.snapshot import dump
from sensors.events import Pos, Stock
from sensors.settings import Product, SensorsSettings, Store, Text
from sensors.simulate import simulate_day

FIRST = date(2026, 11, 2)
GOAL_PCT = 25.0


def shop(skus: int) -> tuple[Store, SensorsSettings]:
    """The documented shop with a range of so many SKUs."""
    settings = load_settings(Path(__file__).parents[1] / "config.toml").sensors
    store = settings.stores[0]
    known = settings.ranges[store.range]
    made = [
        Product(
            sku=f"sku-{i:04d}", name=Text(en=f"{i}", zh=f"{i}"), category=known[i % len(known)].category,
            price_minor=4_900 + 10 * i, cost_minor=2_000, shelf=24, pack=6,
        )
        for i in range(skus)
    ]  # fmt: skip
    ranges = {**settings.ranges, store.range: made}
    return store, msgspec.structs.replace(settings, ranges=ranges)


def without_forecasts() -> None:
    """Leave the forecasts' measures out of what the publisher reads and learns in this process."""
    for found in iter_modules(flows.measures.__path__):
        module = vars(import_module(f"flows.measures.{found.name}"))
        module["MEASURES"] = tuple(m for m in module["MEASURES"] if not _of_forecasts(m))
    measure.measures.cache_clear()


def _of_forecasts(one: measure.Measure) -> bool:
    read = getattr(one.read, "func", one.read)
    return "forecast" in read.__module__ or one.metric.endswith("_forecast")


def run(skus: int, days: int, tick_s: int) -> dict[str, float]:
    """The last day's cost; the days before are learned from."""
    store, sensors = shop(skus)
    publisher = Publisher(Ledger(Profile(store, FlowsSettings(), sensors)))
    products = sensors.ranges[store.range]
    spent, facts, events = 0.0, 0, 0
    for number in range(days):
        made = simulate_day(store, products, FIRST + timedelta(days=number), 7)
        arriving = sorted(made.events, key=lambda event: event.at)
        events = len(arriving)
        at, index, facts = made.day.start, 0, 0
        tick = timedelta(seconds=tick_s)
        began = time.process_time()
        while at < made.day.end:
            at += tick
            first = index
            while index < len(arriving) and arriving[index].at <= at:
                index += 1
            publisher.ledger.take(arriving[first:index], at)
            facts += len(publisher.tick(at))
        spent = time.process_time() - began
    return {
        "cpu_s": round(spent, 3), "us_per_event": round(spent / events * 1e6, 1), "events": events, "facts": facts,
        "snapshot_bytes": len(dump(publisher)), "tickets": sum(isinstance(e, Pos) for e in arriving),
        "stock": sum(isinstance(e, Stock) for e in arriving),
    }  # fmt: skip


def main() -> None:
    """Print both runs and what forecasting adds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)  # fmt: skip
    parser.add_argument("--skus", type=int, default=500)
    parser.add_argument("--days", type=int, default=3)
    parser.add_argument("--tick-s", type=int, default=10)
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--only", choices=("with", "without"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only:
        if options.only == "without":
            without_forecasts()
        print(json.dumps(run(options.skus, options.days, options.tick_s)))
        return
    told: dict[str, list[dict[str, float]]] = {"without": [], "with": []}
    for _ in range(options.repeats):
        for which, rows in told.items():
            done = subprocess.run(
                [
                    sys.executable, "-m", "bench.forecast_live", "--only", which, "--skus", str(options.skus),
                    "--days", str(options.days), "--tick-s", str(options.tick_s),
                ],
                check=True, capture_output=True, text=True, cwd=Path(__file__).parents[1],
            )  # fmt: skip
            rows.append(json.loads(done.stdout))
    best = {which: min(rows, key=lambda row: row["cpu_s"]) for which, rows in told.items()}
    print(
        f"| {options.skus} SKUs, ticks of {options.tick_s} s | CPU s a store-day | µs an event | facts | snapshot |"
    )
    print("|---|---:|---:|---:|---:|")
    for which, row in best.items():
        print(
            f"| {which} forecasts | {row['cpu_s']} | {row['us_per_event']} | {row['facts']:,} "
            f"| {row['snapshot_bytes']:,} |"
        )
    added = best["with"]["cpu_s"] - best["without"]["cpu_s"]
    share = added / best["without"]["cpu_s"] * 100
    print(
        f"\nForecasting adds {added:.2f} CPU s a store-day, {share:.0f} % (goal: at most {GOAL_PCT:.0f} %)."
    )


if __name__ == "__main__":
    main()
