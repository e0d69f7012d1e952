"""False alarms and detection of the shipped rules: ``python -m bench.alerts [--days 1000] [--faulty 60]``.

Ordinary simulated days in a row at shops that have learned what is usual, then days with planted causes, by the size of
the shop; the naive threshold judges the same facts. Then CalIt2's labelled events, where the data is
(``bench.alerts_calit2``). ``--days 1000`` is the claim's run, about 50 minutes of two cores.
"""

import argparse
import statistics
import sys
import time as clock
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import time, timedelta
from functools import reduce
from pathlib import Path
from typing import NamedTuple

from bench import alerts_calit2
from bench.alerts_days import SIDES, STORE, USUAL_HOUR, Found, Shop, instant, warmed
from bench.alerts_stock import LEAST, Score
from flows.inference.fall import bound
from sensors.simulation.faults import ConversionDrop, DoorStuck, Fault, TillsClosed

WARM = 15  # days before anything is counted: two weeks are learned, and one to spare
RUN = 100  # counted days of one shop in a row
SHOWN = 10  # planted days, each time that many are through
LATE = timedelta(minutes=30)  # after its end a cause may still be found
State = tuple[bytes, dict[str, bytes]]


class Cause(NamedTuple):
    """What is planted, and the rules that should say so."""

    name: str
    fault: Fault
    rules: tuple[str, ...]


FALL = Cause(
    "conversion −35 % for an hour",
    ConversionDrop(at=time(15), minutes=60, factor=0.65),
    ("conversion-fell", "low-conversion"),
)
CAUSES = (
    Cause(
        "a queue of nine: one slow till",
        TillsClosed(at=time(17), minutes=60, slower=6.0),
        ("queue-long", "queue-wait"),
    ),
    Cause(
        "a door counts nobody for 90 min", DoorStuck(at=time(15), minutes=90), ("sensor-stuck", "door-dead")
    ),
)  # fmt: skip
JUDGED = tuple(sorted({rule for cause in (FALL, *CAUSES) for rule in cause.rules}))
SIZES = (56, 150, 400, 800)  # visitors in the hour of the fall


def ordinary(job: tuple[int, int, int]) -> list[Found]:
    """A shop's days in a row after its warm-up."""
    run, days, tick_s = job
    shop = Shop(tick_s=tick_s)
    seed = 1_000 * (run + 1)
    found = [shop.day(37 * run + n, seed + n) for n in range(WARM + days)]
    return found[WARM:]


def planted(job: tuple[float, State, Cause, int, int]) -> Found:
    """One day with a cause, at a shop that has learned."""
    size, state, cause, number, tick_s = job
    shop = Shop(size, tick_s, JUDGED).resume(state)
    over = instant(WARM, cause.fault.at) + timedelta(minutes=cause.fault.minutes) + LATE
    return shop.day(WARM, 90_000 + number, [cause.fault], until=over)


def warm(job: tuple[float, int]) -> State:
    """A shop of a size after its warm-up; a busier one has shown as much in fewer days."""
    size, tick_s = job
    days = max(2, -(-WARM // int(max(1.0, size))))
    return warmed(size, days, 50_000, tick_s, JUDGED)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=1000, help="ordinary days, warm-up not counted")
    parser.add_argument("--faulty", type=int, default=40, help="days with each cause")
    parser.add_argument(
        "--sizes",
        type=int,
        nargs="*",
        default=SIZES,
        help="visitors an hour, for the fall; none: no fall",
    )
    parser.add_argument("--only", choices=("queue", "door", "fall"), help="plant this cause alone")
    parser.add_argument("--tick", type=int, default=60, help="seconds of log time between ticks")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument(
        "--data", type=Path, default=Path("../shared/data"), help="where calit2/ lies"
    )
    args = parser.parse_args()
    began = clock.perf_counter()
    with ProcessPoolExecutor(args.workers) as pool:
        runs = [(n, min(RUN, args.days - n * RUN), args.tick) for n in range(-(-args.days // RUN))]
        if runs:
            days: list[Found] = []
            for run in pool.map(ordinary, runs):
                days += run
                false_alarms(days, args.tick)  # a run that is ended early leaves what it found
            sold_out(days)
        if args.faulty:
            detection(pool, args)
    if (args.data / "calit2").is_dir():
        alerts_calit2.report(args.data / "calit2")
    else:
        print(f"CalIt2: not under {args.data}, left out")
    print(f"{clock.perf_counter() - began:.0f} s")


def false_alarms(days: Sequence[Found], tick_s: int) -> None:
    """What ordinary days raise."""
    print(f"\nincidents per ordinary store-day: {len(days)} days of {STORE}, tick {tick_s} s")
    for kind in ("act", "watch"):
        for side in SIDES:
            count: Counter[str] = Counter()
            for day in days:
                kept = getattr(day, kind)[side]
                count.update({rule: len(at) for rule, at in kept.items()})
            each = ", ".join(f"{rule} {n / len(days):.3f}" for rule, n in count.most_common())
            print(
                f"  {kind:5} {side:8} {sum(count.values()) / len(days):8.3f}   {each or 'none'}",
                flush=True,
            )


def sold_out(days: Sequence[Found]) -> None:
    """How often the word that a SKU sells out was right, and how many that did were told."""
    for side in SIDES:
        found = reduce(Score.__add__, (day.stock[side] for day in days))
        print(
            f"  sells-out {side:8} {found.told / len(days):6.2f} a day, right {found.right / max(1, found.told):.0%}; "
            f"{found.gone / len(days):.2f} sell-outs a day of {LEAST.seconds // 60} min and more, told "
            f"{found.met / max(1, found.gone):.0%}, before they began {found.warned / max(1, found.gone):.0%}",
            flush=True,
        )


def detection(pool: ProcessPoolExecutor, args: argparse.Namespace) -> None:
    """What planted causes raise, by rule, with the median delay."""
    falls = [] if args.only and args.only != "fall" else args.sizes
    sizes = sorted({*falls, *([] if args.only == "fall" else [USUAL_HOUR])})
    states = dict(
        zip(sizes, pool.map(warm, [(s / USUAL_HOUR, args.tick) for s in sizes]), strict=True)
    )
    print(
        f"\nfound within the cause and {LATE.seconds // 60} minutes after it, {args.faulty} days each; median delay"
    )
    for cause in (c for c in CAUSES if not args.only or args.only in c.name):
        found = _days(pool, cause, USUAL_HOUR, states[USUAL_HOUR], args)
        note = ""
        if "queue" in cause.name:
            waited = [day for day in found if day.nine_at]
            note = f", from when nine wait; they did on {len(waited)} of {len(found)} days"
            found = waited
        print(f"  {cause.name}{note}")
        if found:
            _lines(cause, found)
    for size in falls:
        nats = bound(size, 0.26, 0.26 * 0.65)
        print(f"  {FALL.name} at {size} visitors an hour (information bound {nats:.1f} nats)")
        _lines(FALL, _days(pool, FALL, size, states[size], args))


def _days(
    pool: ProcessPoolExecutor, cause: Cause, size: float, state: State, args: argparse.Namespace
) -> list[Found]:
    jobs = [(size / USUAL_HOUR, state, cause, n, args.tick) for n in range(args.faulty)]
    days: list[Found] = []
    for day in pool.map(planted, jobs):
        days.append(day)
        if len(days) % SHOWN == 0:  # a run that is ended early leaves what it found
            found = len(list(_waits(cause, cause.rules, "shipped", days)))
            print(
                f"  … {cause.name}, {size:g} an hour: {found} of {len(days)}",
                file=sys.stderr,
                flush=True,
            )
    return days


def _lines(cause: Cause, days: Sequence[Found]) -> None:
    """One line a side for any of the rules, and one for each."""
    for side in SIDES:
        for rules in dict.fromkeys([cause.rules, *((rule,) for rule in cause.rules)]):
            waits = list(_waits(cause, rules, side, days))
            middle = f"{statistics.median(waits):5.1f} min" if waits else "    –"
            name = " or ".join(rules)
            print(f"    {side:8} {name:34} {len(waits) / len(days):6.1%}  {middle}", flush=True)


def _waits(
    cause: Cause, rules: tuple[str, ...], side: str, days: Sequence[Found]
) -> Iterator[float]:
    """Minutes from the cause (or from when nine wait) to the first incident of these rules, on days that have one."""
    begins = instant(WARM, cause.fault.at)
    limit = timedelta(minutes=cause.fault.minutes) + LATE
    for day in days:
        since = day.nine_at if day.nine_at and "queue" in cause.name else begins
        fired = [
            at - since
            for rule in rules
            for kept in (day.act, day.watch)
            for at in kept[side].get(rule, [])
        ]
        good = [wait for wait in fired if begins - since <= wait <= limit]
        if good:
            yield min(good).total_seconds() / 60


if __name__ == "__main__":
    main()
