"""Walk-forward evaluation of the forecasts on real data, beside offline references, and how far from their goals.

``make bench-forecast`` runs the middle size; ``python -m bench.forecast --quick`` a small one, ``--full`` everything.
``--write`` keeps the tables in ``docs/forecast-results.md``. ``FLOORCAST_DATA`` names the folder of data sets; a data
set that is not there is skipped and says so, and so are the offline references without the ``bench`` extra.
"""

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

from bench import forecast_offline, forecast_sets, machine
from bench.forecast_days import walk_days
from bench.forecast_score import HEAD
from bench.forecast_sets import Days, Slots
from bench.forecast_walk import Walk, walk_slots
from bench.page import Piece, parser, publish

ROOT = Path(os.environ.get("FLOORCAST_DATA", Path(__file__).parents[2] / "shared" / "data"))
DOCUMENT = "forecast-results.md"
GOALS = {
    ("melbourne", "next slot"): 0.50, ("melbourne", "rest of day"): 0.62,
    ("melbourne", "day ahead by slot"): 0.73, ("calit2", "next slot"): 0.74,
    ("online_retail SKU", "1–7 days ahead"): 0.69,
}  # fmt: skip


class Size(NamedTuple):
    """How much of the data is walked, and how much of it beside the offline references."""

    sensors: int  # Melbourne's
    keys: int  # SKUs of online_retail and complete_journey
    stores: int  # of fresh_retail, by SKU
    weeks: int  # scored beside the references
    references: int  # sensors beside the references
    fits: int  # keys that AutoETS is fitted for


SIZES = {
    "quick": Size(2, 30, 1, 4, 1, 5),
    "middle": Size(8, 150, 6, 8, 2, 20),
    "full": Size(24, 600, 30, 16, 4, 60),
}


def slots(name: str, series: list[Slots], warm_weeks: int, size: Size) -> Iterator[str]:
    """A data set of counts by slot: its tables."""
    walk = walk_slots(series, warm_weeks)
    yield from report(name, walk)
    yield from references(
        lambda: forecast_offline.by_slot(series[: size.references], walk, size.weeks)
    )


def days(name: str, made: Days, warm: int, size: Size, *, skus: bool = False) -> Iterator[str]:
    """A data set of counts by day: its tables."""
    walk = walk_days(made, warm, skus=skus)
    yield from report(name, walk)
    yield from references(lambda: forecast_offline.by_day(made, walk, warm, size.weeks, size.fits))


def references(rows: Callable[[], Iterator[str]]) -> Iterator[str]:
    """The offline references' table, or why there is none."""
    absent = forecast_offline.missing()
    if absent:
        yield f"\nOffline references left out: {absent}; `make bench-forecast` installs them.\n"
        return
    yield "\n"
    for row in rows():
        yield f"{row}\n"


def report(name: str, walk: Walk) -> Iterator[str]:
    """One data set's table, its coverage by hour and its distance to the goals."""
    yield f"{HEAD}\n"
    for task, model in sorted(walk.scores, key=lambda pair: _order(pair[0])):
        score, mixed = walk.scores[task, model], model == "mixture"
        cost, size = (walk.cost_us, walk.size) if mixed else (0, 0)
        yield f"{score.row(task, model, walk.scores[task, 'naive'], cost, size)}\n"
    yield "\n"
    for task in sorted({task for task, _ in walk.scores}, key=_order):
        yield from _coverage(walk, task)
        ratio = walk.scores[task, "mixture"].error / walk.scores[task, "naive"].error
        if goal := GOALS.get((name, task)):
            verdict = "met" if ratio <= goal else f"missed by {100 * (ratio / goal - 1):.1f} %"
            yield f"- {task}: {ratio:.3f} of the seasonal naive, goal {goal}: {verdict}\n"
    if walk.by_hour:
        years = walk.days / 365
        yield f"- rollbacks: {walk.rollbacks} in {years:.1f} store-years\n"


TASKS = (
    "next slot", "rest of day", "day ahead by slot", "1 days ahead", "3 days ahead", "7 days ahead",
    "1–7 days ahead",
)  # fmt: skip


def _order(task: str) -> int:
    return TASKS.index(task)


def _coverage(walk: Walk, task: str) -> Iterator[str]:
    hours = [s for (t, _), s in walk.by_hour.items() if t == task and s.banded > 300]
    said = []
    for i, level in enumerate((80, 95)):
        shares = [100 * s.inside[i] / s.banded for s in hours]
        if shares:
            said.append(f"{level} % by hour of day {min(shares):.0f}–{max(shares):.0f} %")
        off = walk.holidays.get((task, "mixture"))
        if off and off.banded:
            said.append(f"{level} % on holidays {100 * off.inside[i] / off.banded:.0f} %")
    if said:
        yield f"- {task}, coverage: {', '.join(said)}\n"
    if small := walk.scores[task, "mixture"].open_coverage():
        yield f"- {task}, where 0 alone is not as likely as the level: {small}\n"


def sets(size: Size) -> dict[str, tuple[str, Callable[[], Iterator[str]]]]:
    """Every data set: its folder and how its tables are made."""
    of = forecast_sets
    return {
        "melbourne": ("melbourne", lambda: slots("melbourne", of.melbourne(ROOT, size.sensors), 10, size)),
        "calit2": ("calit2", lambda: slots("calit2", of.calit2(ROOT), 3, size)),
        "bakery, hours": ("bakery", lambda: slots("bakery", of.bakery(ROOT, 24), 4, size)),
        "bakery, quarter-hours": ("bakery", lambda: slots("bakery", of.bakery(ROOT, 96), 4, size)),
        "fresh_retail store": (
            "fresh_retail", lambda: days("fresh_retail store", of.fresh_retail_stores(ROOT), 35, size)),
        "fresh_retail SKU": (
            "fresh_retail", lambda: days("fresh_retail SKU", of.fresh_retail(ROOT, size.stores), 35, size, skus=True)),
        "complete_journey store": (
            "complete_journey", lambda: days("complete_journey store", of.complete_journey(ROOT, 1)[0], 70, size)),
        "complete_journey SKU": (
            "complete_journey",
            lambda: days("complete_journey SKU", of.complete_journey(ROOT, size.keys)[1], 70, size, skus=True)),
        "online_retail SKU": (
            "online_retail",
            lambda: days("online_retail SKU", of.online_retail(ROOT, size.keys), 70, size, skus=True)),
    }  # fmt: skip


def page(size_name: str, only: str, jobs: int) -> Iterator[Piece]:
    """The whole page, data set by data set in their order; ``jobs`` of them at once, each in a process of its own."""
    yield Piece(f"""# Forecasts measured

Written by `python -m bench.forecast --{size_name} --write`; nothing here is edited by hand.

{machine.description()}
- {jobs} data sets at once, a process each

Every model speaks before it hears the truth: the next slot after each slot, the rest of the day after each hour, a
day's slots at its start, a day's total on the evening 1, 3 and 7 days before. All rows of a task are scored on the
same evaluations. `naive` is the same slot (day) a week before; WAPE is Σ|e| ÷ Σy, MASE is against the series' own
weekly naive error before scoring began, pinball the mean of the 10, 50 and 90 % quantiles' over Σy, `in 80 %` the
share of truths inside the 80 % interval. Where fewer than 0.22 people are expected (0.05 for 95 %), the one number 0 is
likelier than that by itself (e^−μ, Poisson): no whole numbers hold less, so such slots hold more than is asked whatever
is said, and a line below the table says what the others hold. µs and bytes are of the whole ladder, of one key.
""")
    names = chosen(only)
    with ProcessPoolExecutor(jobs) as pool:
        made = [pool.submit(section, size_name, name) for name in names]
        for name, one in zip(names, made, strict=True):
            yield Piece(one.result(), name)


def chosen(only: str) -> list[str]:
    """The data sets whose name holds ``only``."""
    return [name for name in sets(SIZES["quick"]) if only in name]


def section(size_name: str, name: str) -> str:
    """One data set's part of the page."""
    folder, make = sets(SIZES[size_name])[name]
    head = f"\n## {name}\n\n"
    if not (ROOT / folder).is_dir():
        return f"{head}Skipped: `{folder}` is not in the folder that `FLOORCAST_DATA` names.\n"
    begun = time.monotonic()
    told = "".join(make())
    return f"{head}{told}- run time {time.monotonic() - begun:.0f} s\n"


def main() -> None:
    """Parse the options, run, print, keep if asked."""
    options = parser(__doc__, DOCUMENT)
    group = options.add_mutually_exclusive_group()
    for size in SIZES:
        group.add_argument(f"--{size}", dest="size", action="store_const", const=size)
    options.set_defaults(size="middle")
    options.add_argument("--only", default="", help="data sets whose name holds this")
    options.add_argument("--jobs", type=int, default=2, help="data sets at once")
    asked = options.parse_args()
    pieces = page(asked.size, asked.only, asked.jobs)
    publish(pieces, len(chosen(asked.only)), DOCUMENT, write=asked.write)


if __name__ == "__main__":
    main()
