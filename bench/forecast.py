"""Walk-forward evaluation of the forecast ladder on real data, and how far it is from its goals.

``make bench-forecast``; options after ``python -m bench.forecast``. ``FLOORCAST_DATA`` names the folder of data sets;
without it, or without a data set, that part is skipped and says so. Offline references run when the ``bench`` extra
is installed (``--offline``).
"""

import argparse
import os
from collections.abc import Callable
from pathlib import Path

from bench import forecast_offline, forecast_sets
from bench.forecast_score import HEAD
from bench.forecast_walk import Walk, walk_days, walk_slots

ROOT = Path(os.environ.get("FLOORCAST_DATA", Path(__file__).parents[2] / "shared" / "data"))
GOALS = {
    ("melbourne", "next slot"): 0.50, ("melbourne", "rest of day"): 0.62,
    ("melbourne", "day ahead by slot"): 0.73, ("calit2", "next slot"): 0.74,
    ("online_retail SKU", "1–7 days ahead"): 0.69,
}  # fmt: skip


def report(name: str, walk: Walk) -> None:
    """Print one data set's table, its coverage by hour and its distance to the goals."""
    print(f"\n── {name} " + "─" * (100 - len(name)))
    print(HEAD)
    for (task, model), score in walk.scores.items():
        mixed = model == "mixture"
        naive = walk.scores[task, "naive"]
        print(
            score.row(task, model, naive, walk.cost_us if mixed else 0, walk.size if mixed else 0)
        )
    for task in dict.fromkeys(task for task, _ in walk.scores):
        _coverage(walk, task)
        ratio = walk.scores[task, "mixture"].error / walk.scores[task, "naive"].error
        if goal := GOALS.get((name, task)):
            print(
                f"   {task}: ÷ naive {ratio:.3f}, goal {goal}: {'met' if ratio <= goal else 'missed'}"
            )
    if walk.rollbacks or walk.by_hour:
        years = walk.days / 365
        print(
            f"   rollbacks {walk.rollbacks} in {years:.1f} store-years: {walk.rollbacks / years:.2f} a year"
        )


def _coverage(walk: Walk, task: str) -> None:
    hours = [s for (t, _), s in walk.by_hour.items() if t == task and s.banded > 300]
    if hours:
        shares = [100 * s.inside[0] / s.banded for s in hours]
        print(f"   {task}: in80 by hour of day {min(shares):.0f}–{max(shares):.0f} %", end="")
        off = walk.holidays.get((task, "mixture"))
        print(f", holidays {100 * off.inside[0] / off.banded:.0f} %" if off and off.banded else "")


def run(name: str, folder: str, make: Callable[[], Walk]) -> None:
    """One data set, or why not."""
    if not (ROOT / folder).is_dir():
        print(f"\n── {name}: skipped, no {ROOT / folder}")
        return
    report(name, make())


def main() -> None:
    """Parse the options and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sensors", type=int, default=8, help="Melbourne sensors")
    parser.add_argument("--keys", type=int, default=150, help="SKUs of the shops")
    parser.add_argument("--stores", type=int, default=6, help="fresh_retail stores")
    parser.add_argument("--only", default="", help="one data set")
    parser.add_argument("--offline", action="store_true", help="LightGBM, AutoETS, MSTL as well")
    parser.add_argument(
        "--weeks", type=int, default=16, help="weeks scored beside the offline references"
    )
    options = parser.parse_args()
    sensors, stores, keys = options.sensors, options.stores, options.keys
    journey = forecast_sets.complete_journey
    sets: dict[str, tuple[str, Callable[[], Walk]]] = {
        "melbourne": ("melbourne", lambda: walk_slots(forecast_sets.melbourne(ROOT, sensors), 10)),
        "calit2": ("calit2", lambda: walk_slots(forecast_sets.calit2(ROOT), 3)),
        "bakery hours": ("bakery", lambda: walk_slots(forecast_sets.bakery(ROOT, 24), 4)),
        "bakery quarter-hours": ("bakery", lambda: walk_slots(forecast_sets.bakery(ROOT, 96), 4)),
        "fresh_retail SKU": ("fresh_retail", lambda: walk_days(forecast_sets.fresh_retail(ROOT, stores), 35)),
        "fresh_retail store": ("fresh_retail", lambda: walk_days(forecast_sets.fresh_retail_stores(ROOT), 35)),
        "online_retail SKU": (
            "online_retail", lambda: walk_days(forecast_sets.online_retail(ROOT, keys), 70, lumpy=True)),
        "complete_journey store": ("complete_journey", lambda: walk_days(journey(ROOT, 1)[0], 70)),
        "complete_journey SKU": ("complete_journey", lambda: walk_days(journey(ROOT, keys)[1], 70, lumpy=True)),
    }  # fmt: skip
    for name, (folder, make) in sets.items():
        if options.only in name:
            run(name, folder, make)
    if options.offline:
        forecast_offline.compare(ROOT, options.sensors, options.stores, options.weeks)


if __name__ == "__main__":
    main()
