"""The log that every row of ``bench.floor`` reads: footfall of 100 stores, mostly, and their tickets.

Events of about 110 bytes, 1 in 50 a ticket of one line; each store has ten numbered door counters and a till. Log
time runs at ``rate`` events a second, so that a minute's turn comes as often as it would at that rate.
Entries hold up to 500 events of one partition; a tick stands in every partition at each full second.
"""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import redis

from sensors.event_log import Batch, append
from sensors.events import Event, Footfall, Line, Pos
from sensors.keyspace import partition_of
from sensors.settings import Door, Hours, SensorsSettings, Store, Text

START = datetime(2026, 3, 2, 9, 1, 2, tzinfo=UTC)
ENTRY = 500  # events
PARTITIONS = 16
DOORS = [f"c{number}" for number in range(10)]
_encode = msgspec.json.Encoder().encode
_DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def names(stores: int) -> list[str]:
    """Store ids."""
    return [f"s{number:05d}" for number in range(stores)]


def shops(stores: int) -> SensorsSettings:
    """Their configuration."""
    hours = msgspec.convert({"days": _DAYS, "opens": "06:00:00", "closes": "22:00:00"}, Hours)
    doors = [Door(id=door, name=Text(en=door, zh=door)) for door in DOORS]
    return SensorsSettings(
        stores=[
            Store(
                id=name, name=Text(en=name, zh=name), timezone="UTC", capacity=100, doors=doors, hours=[hours]
            )
            for name in names(stores)
        ]
    )  # fmt: skip


def events(count: int, stores: int, rate: float) -> Iterator[Event]:
    """Events in order of time, each ``1 / rate`` s after the one before."""
    draw = random.Random(1)
    every, numbers = names(stores), dict.fromkeys(range(stores * 11), 0)
    micros = 1_000_000 / rate
    for index in range(count):
        at = START + timedelta(microseconds=int(index * micros) | 1)
        number = draw.randrange(stores)
        device = draw.randrange(10) if index % 50 else 10
        seq = numbers[number * 11 + device] = numbers[number * 11 + device] + 1
        if device == 10:
            line = Line(sku=f"k{draw.randrange(200)}", net_minor=draw.randrange(100, 9_000))
            yield Pos(
                at=at, store=every[number], source="till", seq=seq, till="1", transaction=f"{seq}",
                net_minor=line.net_minor, lines=[line],
            )  # fmt: skip
        else:
            came = draw.random() < 0.52
            yield Footfall(
                at=at, store=every[number], source=DOORS[device], seq=seq, door=DOORS[device],
                entered=int(came), left=int(not came),
            )  # fmt: skip


def entries(count: int, stores: int, rate: float, step_s: float = 1.0) -> Iterator[list[Batch]]:
    """What is appended at each step of log time: full entries, the rest of the step, ticks at full seconds."""
    pending: dict[int, list[bytes]] = {}
    batches: list[Batch] = []
    step = START + timedelta(seconds=step_s)
    for event in events(count, stores, rate):
        while event.at >= step:
            yield [*batches, *_rest(pending, step)]
            batches, pending, step = [], {}, step + timedelta(seconds=step_s)
        partition = partition_of(event.store, PARTITIONS)
        waiting = pending.setdefault(partition, [])
        waiting.append(_encode(event))
        if len(waiting) == ENTRY:
            batches.append(Batch(partition, b"\n".join(pending.pop(partition)), event.at))
    yield [*batches, *_rest(pending, step)]


def _rest(pending: dict[int, list[bytes]], step: datetime) -> Iterator[Batch]:
    for partition, lines in sorted(pending.items()):
        yield Batch(partition, b"\n".join(lines), step)
    if not step.microsecond:
        yield from ticks(step)


def ticks(at: datetime) -> Iterator[Batch]:
    """A tick of every partition."""
    for partition in range(PARTITIONS):
        yield Batch(partition, b"", at)


def write(client: "redis.Redis", lines: Path, count: int, stores: int, rate: float) -> int:
    """Append the log and write the same events' bytes to a file; returns the bytes of events."""
    size = 0
    with lines.open("wb") as file:
        for batches in entries(count, stores, rate):
            for start in range(0, len(batches), 200):
                append(client, batches[start : start + 200])
            for batch in batches:
                if batch.lines:
                    size += file.write(batch.lines + b"\n")
    return size


def close(client: "redis.Redis") -> None:
    """Two ticks much later: every window ends, so that what the floor counted can be read from its facts."""
    for minutes in (20, 40):
        append(client, list(ticks(START + timedelta(minutes=minutes))))
