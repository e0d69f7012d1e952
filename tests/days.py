"""Simulated days and their replay, shared by tests: small enough to be quick, whole enough to be real."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path

from floorcast.replay import replay
from floorcast.replayed import Keep, Replayed
from floorcast.settings import Settings, load_settings
from flows.facts import Fact
from sensors.settings import Store
from sensors.simulate import SimulatedDay, simulate_day
from sensors.simulation.delivery import Delivery
from sensors.simulation.faults import Fault
from sensors.simulation.log_maker import log_entries

DAY = date(2026, 11, 20)
TICK = timedelta(minutes=5)


@cache
def demo_settings() -> Settings:
    """The configuration that comes with the repository."""
    return load_settings(Path(__file__).parents[1] / "config.toml")


def demo_store() -> Store:
    """Its first store."""
    return demo_settings().sensors.stores[0]


def demo_day(
    seed: int = 7, *, visitors: float = 1_400.0, day: date = DAY, faults: Sequence[Fault] = ()
) -> SimulatedDay:
    """A day of the demo store."""
    store = demo_store()
    products = demo_settings().sensors.ranges[store.range]
    return simulate_day(store, products, day, seed, visitors=visitors, faults=faults)


def replayed(
    deliveries: Iterable[Delivery],
    *,
    end: datetime | None = None,
    workers: int = 1,
    tick: timedelta = TICK,
    keep: Keep = "last",
) -> Replayed:
    """These deliveries through floor and alerts."""
    entries = log_entries(deliveries, tick=tick, end=end)
    return replay(entries, demo_settings(), workers=workers, keep=keep)


def fact(
    result: Replayed, metric: str, window: str = "day", subject: str = "", start: str = ""
) -> Fact:
    """The newest fact of a name; for aligned windows the last, or the one that starts then."""
    names = [
        name
        for name in result.latest
        if name[1:4] == (metric, subject, window) and name[4].startswith(start)
    ]
    return result.latest[max(names)]
