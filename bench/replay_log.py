"""Long logs for ``bench.replay``, made as they are written: nothing is held."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import msgspec

from bench.floor import RATE
from bench.floor_log import START, entries, ticks
from floorcast.settings import Settings
from sensors.event_log import Batch
from sensors.keyspace import partition_of
from sensors.streams import Entry, Position

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST = datetime(2026, 11, 1, 16, tzinfo=UTC)  # midnight of shops at UTC+8
PARTITIONS = 16
OPEN_H = range(10, 22)  # local hours in which anybody comes
A_DAY = 18_000  # events of a shop, one in fifty a ticket, as of the simulated one


def shops_like(settings: Settings, stores: int) -> Settings:
    """The configured first shop, so many times."""
    first = settings.sensors.stores[0]
    made = [msgspec.structs.replace(first, id=f"store-{n:03d}") for n in range(stores)]
    sensors = msgspec.structs.replace(settings.sensors, stores=made)
    return msgspec.structs.replace(settings, sensors=sensors)


def long_log(stores: list[str], events: int, tick: timedelta) -> Iterator[Entry]:
    """Counts and tickets of shops day after day, until there are so many; each tick's events as one entry a shop."""
    partitions = sorted({partition_of(store, PARTITIONS) for store in stores})
    at, made = FIRST, 0
    each = max(1, round(A_DAY * tick / timedelta(hours=len(OPEN_H))))
    while made < events:
        if (at + timedelta(hours=8)).hour in OPEN_H:
            stamps = [_stamp(at + tick * n / each) for n in range(each)]
            received = at + tick * (each - 1) / each
            first = made // len(stores)
            for place, store in enumerate(stores):
                lines = b"\n".join(_line(store, first + n, stamps[n]) for n in range(each))
                partition = partition_of(store, PARTITIONS)
                yield Entry(partition, Position(_ms(received), place + 1), received, lines)
            made += each * len(stores)
        at += tick
        for partition in partitions:
            yield Entry(partition, Position(_ms(at), 0), at, b"")


def _line(store: str, n: int, stamp: str) -> bytes:
    head = f'"store":"{store}","at":"{stamp}","seq":{n - n // 50 - 1 if n % 50 else n // 50}'
    if n % 50:
        way = "entered" if n % 2 else "left"
        return f'{{"kind":"footfall",{head},"source":"door-main","door":"main","{way}":1}}'.encode()
    lines = f'[{{"sku":"W-LIN-{n % 40}","net_minor":18800}}]'
    return (
        f'{{"kind":"pos",{head},"source":"till-1","till":"1","transaction":"{n}","net_minor":18800,'
        f'"lines":{lines}}}'
    ).encode()


def stores_log(events: int) -> Iterator[Entry]:
    """The very log of ``bench.floor`` with 100 stores, closed as it is there."""
    newest: dict[int, Position] = {}

    def entry(batch: Batch) -> Entry:
        ms, before = _ms(batch.received_at), newest.get(batch.partition)
        seq = before.seq + 1 if before and before.ms >= ms else 0
        position = newest[batch.partition] = Position(max(ms, before.ms if before else 0), seq)
        return Entry(batch.partition, position, batch.received_at, batch.lines)

    for batches in entries(events, 100, RATE):
        yield from map(entry, batches)
    for minutes in (20, 40):
        yield from map(entry, ticks(START + timedelta(minutes=minutes)))


def _stamp(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def _ms(at: datetime) -> int:
    return (at - EPOCH) // timedelta(milliseconds=1)
