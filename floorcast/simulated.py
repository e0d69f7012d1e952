"""Simulated days in a row: as deliveries, as a recording."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path

from floorcast.errors import FloorcastError
from floorcast.recording import RecordingWriter
from sensors.settings import SensorsSettings, Store
from sensors.simulate import SimulatedDay, simulate_day
from sensors.simulation.delivery import Delivery
from sensors.simulation.faults import NAMED, Fault
from sensors.simulation.log_maker import log_entries


def fault_named(name: str) -> Fault:
    """A fault by its name; raises ``FloorcastError`` with the names there are."""
    try:
        return NAMED[name]
    except KeyError:
        raise FloorcastError(f"no fault {name}; there is {', '.join(sorted(NAMED))}") from None


def days_of(
    sensors: SensorsSettings,
    store: Store,
    first: date,
    days: int,
    seed: int,
    *,
    visitors: float = 1_400.0,
    conversion: float = 0.26,
    faults: Sequence[Fault] = (),
    on_day: Callable[[SimulatedDay], None] = lambda _day: None,
) -> Iterator[SimulatedDay]:
    """Days in a row of one store with its own price list; ``on_day`` is told of each as it is made."""
    products = sensors.ranges.get(store.range, [])
    for n in range(days):
        made = simulate_day(
            store, products, first + timedelta(days=n), seed,
            visitors=visitors, conversion=conversion, faults=faults,
        )  # fmt: skip
        on_day(made)
        yield made


def deliveries_of(days: Iterable[SimulatedDay]) -> Iterator[Delivery]:
    """The deliveries of consecutive days, by time received, across midnight too."""
    held: list[Delivery] = []
    for day in days:
        arrived = sorted([*held, *day.deliveries], key=lambda delivery: delivery.received_at)
        held = [delivery for delivery in arrived if delivery.received_at >= day.day.end]
        yield from arrived[: len(arrived) - len(held)]
    yield from held


def record(deliveries: Iterable[Delivery], out: Path, partitions: int, tick: timedelta) -> None:
    """Write the log that ingest would have made of these deliveries."""
    with RecordingWriter(out) as recording:
        for entry in log_entries(deliveries, partitions=partitions, tick=tick):
            recording.write(entry)
