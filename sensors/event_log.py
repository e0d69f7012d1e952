"""The durable, partitioned event log on Redis Streams: append, read, retain.

An entry is a micro-batch: ``e`` newline-joined JSON events, ``t`` received_at as epoch milliseconds. A tick has no
``e``. Redis numbers the entries, so several ingests may append to one partition.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import redis
from redis.exceptions import OutOfMemoryError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from sensors.clock import from_ms, to_ms
from sensors.keyspace import committed_key, log_key
from sensors.stream_source import UNREACHABLE, parse_entry
from sensors.streams import START, Entry, Position

Command = tuple[Any, ...]
"""A Redis command and its arguments."""

ANSWER_S = 5.0  # an answer that takes longer is taken for lost


class Batch(NamedTuple):
    """What is to become one entry; ``lines`` empty makes it a tick."""

    partition: int
    lines: bytes
    received_at: datetime


Answer = Position | ResponseError
"""Where Redis put it, or why it refused."""


def append(client: redis.Redis, batches: Sequence[Batch]) -> list[Answer]:
    """Append in one round trip; one answer a batch, in order.

    A refusal (``OutOfMemoryError`` while Redis is full) is an answer. Raises ``redis.ConnectionError`` or
    ``redis.TimeoutError`` if it is not known what was taken: append them again, readers drop the repeats.
    """
    if not batches:
        return []
    flight = InFlight(client, [xadd(batch) for batch in batches])
    return [a if isinstance(a, ResponseError) else Position.parse(a) for a in flight.answers()]


def xadd(batch: Batch) -> Command:
    """The command that appends a batch."""
    stamp = (b"t", to_ms(batch.received_at))
    body = (b"e", batch.lines) if batch.lines else ()
    return ("XADD", log_key(batch.partition), "*", *stamp, *body)


class InFlight:
    """Commands on their way to Redis, sent at once on a connection of their own; the answers come when they come.

    So the caller reads on while Redis waits for its disk. Raises ``redis.ConnectionError`` or
    ``redis.TimeoutError`` from every method if it is not known what was taken.

    Args:
        client: whose pool lends the connection until ``answers`` or ``drop``.
        commands: at least one.
    """

    def __init__(self, client: redis.Redis, commands: Sequence[Command]) -> None:
        self._pool, self._count = client.connection_pool, len(commands)
        self._connection = self._pool.get_connection()
        self._late_at = time.monotonic() + ANSWER_S
        with self._lost_on_error():
            packed = self._connection.pack_commands(commands)  # type: ignore[no-untyped-call]
            self._connection.send_packed_command(packed)  # type: ignore[no-untyped-call]

    def is_answered(self, wait_s: float = 0) -> bool:
        """Whether answers are there, after at most ``wait_s``; raises ``TimeoutError`` if they are overdue."""
        with self._lost_on_error():
            if self._connection.can_read(timeout=wait_s):
                return True
            if time.monotonic() > self._late_at:
                raise RedisTimeoutError(f"no answer within {ANSWER_S} s")
            return False

    def answers(self) -> list[Any]:
        """Each command's answer in order, a refusal as its exception; waits for them."""
        said: list[Any] = []
        with self._lost_on_error():
            while len(said) < self._count:
                try:
                    said.append(self._connection.read_response())
                except ResponseError as refusal:
                    said.append(
                        refusal.with_traceback(None)
                    )  # an answer, which holds on to nothing
        self._pool.release(self._connection)
        return said

    def drop(self) -> None:
        """Give up on it: what was taken stays unknown."""
        self._connection.disconnect()  # type: ignore[no-untyped-call]
        self._pool.release(self._connection)

    @contextmanager
    def _lost_on_error(self) -> Iterator[None]:
        try:
            yield
        except UNREACHABLE:
            self.drop()
            raise


def is_full(answer: Answer) -> bool:
    """Whether Redis refused because its memory is full; that ends when there is room again."""
    return isinstance(answer, OutOfMemoryError)


def read(
    client: redis.Redis, partition: int, after: Position = START, count: int = 1000
) -> Iterator[Entry]:
    """The partition's entries behind ``after``, in order, up to its end as found on the way."""
    while True:
        rows: Any = client.xrange(log_key(partition), min=f"({after}", count=count)
        if not rows:
            return
        for position, fields in rows:
            after = Position.parse(position)
            yield parse_entry(partition, after, fields)


def last_received_at(client: redis.Redis, partitions: Iterable[int]) -> datetime | None:
    """The newest received_at of the log, below which no new one may lie; ``None`` if it is empty."""
    pipeline = client.pipeline(transaction=False)
    for partition in partitions:
        pipeline.xrevrange(log_key(partition), count=1)
    stamps = [int(fields[b"t"]) for rows in pipeline.execute() for _, fields in rows]
    return from_ms(max(stamps)) if stamps else None


def committed(client: redis.Redis, partitions: Sequence[int]) -> dict[int, Position | None]:
    """How far the slowest consumer of each partition has surely come; ``None`` if none has said so yet."""
    told = _told(client, partitions).items()
    return {partition: min(by_name.values(), default=None) for partition, by_name in told}


class Trimmed(NamedTuple):
    """What a trim came to.

    Attributes:
        entries: how many went.
        held_back_s: by how much the slowest consumer keeps the log beyond its retention.
        slowest: its name; empty if none does.
        passed_over: consumers that were waited for too long, forgotten now: name, partition, where they stood.
    """

    entries: int
    held_back_s: float
    slowest: str
    passed_over: list[tuple[str, int, Position]]


def trim(
    client: redis.Redis,
    partitions: Sequence[int],
    *,
    now: datetime,
    retention: timedelta,
    hold: timedelta,
) -> Trimmed:
    """Drop entries older than ``retention``, but none that a consumer has not committed, unless older than ``hold``.

    A consumer that disappeared would fill the memory, and a full Redis takes nothing at all: the rest of the house
    matters more than one that has not come for days. Trims whole nodes of the stream only (``~``), so slightly more
    than asked may stay.
    """
    horizon = Position(to_ms(now - retention), 0)
    limit = Position(to_ms(now - max(retention, hold)), 0)
    passed_over: list[tuple[str, int, Position]] = []
    waited_for: list[tuple[Position, str]] = []
    pipeline = client.pipeline(transaction=False)
    for partition, told in _told(client, partitions).items():
        late = {name: at for name, at in told.items() if at < limit}
        if late:
            passed_over += [(name, partition, at) for name, at in late.items()]
            pipeline.hdel(committed_key(log_key(partition)), *late)
        kept = [(at, name) for name, at in told.items() if name not in late]
        waited_for += [(at, name) for at, name in kept if at < horizon]
        least = min([horizon, *(at for at, _ in kept)])
        pipeline.xtrim(log_key(partition), minid=str(least), approximate=True)
    went = sum(pipeline.execute()) - len(passed_over)
    slowest_at, slowest = min(waited_for, default=(horizon, ""))
    return Trimmed(went, (horizon.ms - slowest_at.ms) / 1000, slowest, passed_over)


def _told(client: redis.Redis, partitions: Sequence[int]) -> dict[int, dict[str, Position]]:
    """How far each consumer of each partition has surely come."""
    pipeline = client.pipeline(transaction=False)
    for partition in partitions:
        pipeline.hgetall(committed_key(log_key(partition)))
    return {
        partition: {name.decode(): Position.parse(at) for name, at in told.items()}
        for partition, told in zip(partitions, pipeline.execute(), strict=True)
    }
