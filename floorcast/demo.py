"""The demo shop: open whenever it is looked at, with weeks of history behind it."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from heapq import merge
from itertools import islice, takewhile

import redis

from floorcast.simulated import days_of, deliveries_of
from flows.keyspace import clock_key
from sensors.clock import from_ms, to_ms
from sensors.keyspace import log_key, partition_of
from sensors.settings import SensorsSettings, Store
from sensors.simulation.delivery import Delivery
from sensors.simulation.log_maker import log_entries
from sensors.streams import START, Entry, Position

SEED = 20
AFTERNOON = 15  # the local hour the demo is in
TICK = timedelta(hours=1)  # of the history; a live log has one a second
TODAY_TICK = timedelta(minutes=5)
ROUND_TRIP = 200  # entries


def afternoon_zone(now: datetime) -> str:
    """A fixed-offset time zone in which it is between 15 and 16 o'clock.

    The names' signs are POSIX's: ``Etc/GMT-8`` is eight hours ahead of UTC.

    >>> afternoon_zone(datetime(2026, 11, 22, 2, tzinfo=UTC))
    'Etc/GMT-13'
    >>> afternoon_zone(datetime(2026, 11, 22, 22, tzinfo=UTC))
    'Etc/GMT+7'
    """
    ahead = AFTERNOON - now.astimezone(UTC).hour
    if ahead > 14:
        ahead -= 24
    return f"Etc/GMT{-ahead:+d}" if ahead else "Etc/GMT"


def history(
    sensors: SensorsSettings, stores: Sequence[Store], days: int, until: datetime
) -> Iterator[Entry]:
    """The log the shops would have written in the ``days`` before today, and today until ``until``."""
    midnight = until.astimezone(stores[0].tz).replace(hour=0, minute=0, second=0, microsecond=0)
    first = midnight.date() - timedelta(days=days)
    arrived = merge(
        *(deliveries_of(days_of(sensors, store, first, days + 1, SEED)) for store in stores),
        key=lambda delivery: delivery.received_at,
    )
    told = takewhile(lambda delivery: delivery.received_at < until, arrived)
    before: list[Delivery] = []
    today: list[Delivery] = []
    for delivery in told:
        (before if delivery.received_at <= midnight else today).append(delivery)
    count = sensors.log.partitions
    yield from log_entries(before, partitions=count, tick=TICK, end=midnight)
    late = log_entries(today, partitions=count, tick=TODAY_TICK, start=midnight + TODAY_TICK)
    yield from (
        entry for entry in late if entry.received_at <= until
    )  # no tick lies ahead of ingest
    last = Position(to_ms(until) + 1, 0)
    for partition in sorted({partition_of(store.id, count) for store in stores}):
        yield Entry(partition, last, from_ms(last.ms), b"")


def seed_log(client: redis.Redis, entries: Iterator[Entry]) -> Iterator[Entry]:
    """Append entries under the positions they carry; yields the newest after each round trip.

    Raises:
        redis.ResponseError: the log already holds something newer.
    """
    while batch := list(islice(entries, ROUND_TRIP)):
        pipeline = client.pipeline(transaction=False)
        for entry in batch:
            fields: dict[bytes, bytes | int] = {b"t": to_ms(entry.received_at)}
            if entry.lines:
                fields[b"e"] = entry.lines
            pipeline.xadd(log_key(entry.partition), fields, id=str(entry.position))  # type: ignore[arg-type]
        pipeline.execute()
        yield batch[-1]


def reached(client: redis.Redis, sensors: SensorsSettings, stores: Sequence[Store]) -> Position:
    """How far the floor dataflow's facts have come: the position of the slowest store's newest batch."""
    newest: list[Position] = []
    for store in stores:
        partition = partition_of(store.id, sensors.log.partitions)
        said = client.hget(clock_key(partition, store.id), "position")
        newest.append(Position.parse(said) if isinstance(said, (str, bytes)) else START)
    return min(newest, default=START)
