"""False alarms and detection of the shipped rules on simulated days: ``python -m bench.alerts [--days 1000]``.

Every day goes event by event through the floor's ledger and measures and then the alert pipeline, in log time. The same
facts are judged in the same run by the naive threshold: no evidence, no hold, no hysteresis, no damping.
"""

import argparse
import statistics
import time as clock
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cache
from itertools import groupby
from pathlib import Path

from msgspec.structs import replace

from alerts.book import Book
from alerts.memory import Memory
from alerts.pipeline import run
from alerts.settings import AlertsSettings, Flapping, Rule
from floorcast.settings import Settings, load_settings
from flows.facts import FactBatch
from flows.ledger import Ledger
from flows.profile import Profiles
from flows.publish import Publisher
from sensors.simulate import simulate_day
from sensors.simulation.faults import ConversionDrop, DoorStuck, Fault, TillsClosed

STORE = "riverside"
FIRST = date(2026, 3, 2)
CAUSES: dict[str, tuple[Fault, tuple[str, ...]]] = {
    "conversion -35 % for an hour": (
        ConversionDrop(at=time(15), minutes=60, factor=0.65),
        ("low-conversion",),
    ),
    "conversion -65 % for an hour": (
        ConversionDrop(at=time(15), minutes=60, factor=0.35),
        ("low-conversion",),
    ),
    "one slow till, the line grows": (
        TillsClosed(at=time(17), minutes=60),
        ("queue-long", "queue-wait"),
    ),
    "door counts nobody for 90 min": (DoorStuck(at=time(15), minutes=90), ("door-dead",)),
}


@dataclass
class Found:
    """What one day's rules said: when each act incident fired, by rule, shipped and naive."""

    shipped: dict[str, list[datetime]] = field(default_factory=lambda: defaultdict(list))
    naive: dict[str, list[datetime]] = field(default_factory=lambda: defaultdict(list))
    visitors: int = 0


@cache
def configured() -> Settings:
    """The repository's own configuration."""
    return load_settings(Path(__file__).parents[1] / "config.toml")


def facts_of(seed: int, faults: Sequence[Fault], tick_s: int) -> Iterator[FactBatch]:
    """One simulated day as the floor publishes it."""
    settings = configured()
    store = next(s for s in settings.sensors.stores if s.id == STORE)
    products = settings.sensors.ranges[store.range]
    day = simulate_day(store, products, FIRST + timedelta(days=seed % 364), seed, faults=faults)
    publisher = Publisher(Ledger(Profiles(settings.flows, settings.sensors).of(STORE)))
    every = timedelta(seconds=tick_s)
    start = datetime.combine(day.day.date, time(), store.tz).astimezone(day.events[0].at.tzinfo)
    at = start + (day.events[0].at - start) // every * every
    for number, events in groupby(day.events, key=lambda e: (e.at - start) // every):
        due = start + (number + 1) * every
        while at < due:  # quiet ticks before it
            at += every
            if at < due:
                yield _batch(publisher, at)
        publisher.ledger.take(list(events), due)
        yield _batch(publisher, due)


def _batch(publisher: Publisher, at: datetime) -> FactBatch:
    facts = publisher.tick(at)
    position = f"{int(at.timestamp() * 1000)}-0"
    return FactBatch(store=STORE, partition=0, position=position, at=at, facts=facts)


def naive(settings: AlertsSettings) -> AlertsSettings:
    """The same levels as plain thresholds."""
    rules = [_plain(rule) for rule in settings.rules]
    return replace(settings, rules=rules, flapping=Flapping(fires=10_000, factor=1))


def _plain(rule: Rule) -> Rule:
    """One rule without evidence, hold and hysteresis."""
    back = rule.fire_pct - 0.001
    changes = {"confidence": 0, "hold_s": 0, "clear_hold_s": 0, "min_n": 0, "min_coverage": 0}
    return replace(rule, **changes, clear_pct=back, clear_level=rule.level)


def one_day(job: tuple[int, str, int]) -> Found:
    """Run one day through both sets of rules."""
    seed, cause, tick_s = job
    faults = [CAUSES[cause][0]] if cause else []
    settings = configured()
    found = Found()
    sides = [
        (Book(rules, settings.sensors, settings.flows).of(STORE), Memory(), kept)
        for rules, kept in (
            (settings.alerts, found.shipped),
            (naive(settings.alerts), found.naive),
        )
    ]
    for batch in facts_of(seed, faults, tick_s):
        for book, memory, kept in sides:
            told = run(memory, batch, book)
            for incident in told.incidents if told else ():
                newest = incident.steps[-1]
                if newest.kind == "firing" and newest.at == batch.at and incident.severity == "act":
                    kept[incident.rule].append(batch.at)
    found.shipped, found.naive = dict(found.shipped), dict(found.naive)
    return found


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=1000, help="ordinary days")
    parser.add_argument("--faulty", type=int, default=100, help="days with each cause")
    parser.add_argument("--tick", type=int, default=30, help="seconds of log time between ticks")
    parser.add_argument("--workers", type=int, default=2)
    args = parser.parse_args()
    began = clock.perf_counter()
    with ProcessPoolExecutor(args.workers) as pool:
        ordinary = list(
            pool.map(one_day, [(n, "", args.tick) for n in range(args.days)], chunksize=2)
        )
        print(
            f"act incidents per ordinary store-day, {args.days} days of {STORE}, tick {args.tick} s"
        )
        for name in ("shipped", "naive"):
            count: Counter[str] = Counter()
            for day in ordinary:
                count.update({rule: len(at) for rule, at in getattr(day, name).items()})
            each = ", ".join(f"{rule} {n / args.days:.3f}" for rule, n in count.most_common())
            print(f"  {name:8} {sum(count.values()) / args.days:7.3f}   {each or 'none'}")
        print(
            "detection of planted causes (within the cause and 30 minutes after it), median delay"
        )
        for cause in CAUSES:
            jobs = [(10_000 + n, cause, args.tick) for n in range(args.faulty)]
            _detection(cause, list(pool.map(one_day, jobs, chunksize=2)))
    print(f"{clock.perf_counter() - began:.0f} s")


def _detection(cause: str, days: list[Found]) -> None:
    fault, rules = CAUSES[cause]
    tz = next(s for s in configured().sensors.stores if s.id == STORE).tz
    limit = timedelta(minutes=fault.minutes + 30)
    for name in ("shipped", "naive"):
        delays: list[float] = []
        for day in days:
            fired = [at for rule in rules for at in getattr(day, name).get(rule, [])]
            since = [at - datetime.combine(at.astimezone(tz), fault.at, tz) for at in fired]
            good = [s for s in since if timedelta(0) <= s <= limit]
            if good:
                delays.append(min(good).total_seconds() / 60)
        middle = f"{statistics.median(delays):5.1f} min" if delays else "    –"
        print(f"  {cause:32} {name:8} {len(delays) / len(days):6.1%}  {middle}")


if __name__ == "__main__":
    main()
