"""The durable, partitioned event log on Redis Streams: append, read, retain.

An entry is a micro-batch: ``e`` newline-joined JSON events, ``t`` received_at as epoch milliseconds. A tick has no
``e``. Redis numbers the entries, so several ingests may append to one partition.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import redis
from redis.exceptions import OutOfMemoryError, ResponseError

from sensors.clock import from_ms, to_ms
from sensors.keyspace import committed_key, log_key
from sensors.stream_source import parse_entry
from sensors.streams import START, Entry, Position


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
    pipeline = client.pipeline(transaction=False)
    for batch in batches:
        pipeline.xadd(log_key(batch.partition), _fields(batch))
    answers: list[Any] = pipeline.execute(raise_on_error=False)
    for answer in answers:
        if isinstance(answer, redis.RedisError) and not isinstance(answer, ResponseError):
            raise answer
    return [a if isinstance(a, ResponseError) else Position.parse(a) for a in answers]


def _fields(batch: Batch) -> dict[Any, Any]:
    stamp = {b"t": to_ms(batch.received_at)}
    return {**stamp, b"e": batch.lines} if batch.lines else stamp


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
    pipeline = client.pipeline(transaction=False)
    for partition in partitions:
        pipeline.hvals(committed_key(log_key(partition)))
    answers = zip(partitions, pipeline.execute(), strict=True)
    return {p: min(map(Position.parse, told), default=None) for p, told in answers}


def trim(
    client: redis.Redis, partitions: Sequence[int], *, now: datetime, retention: timedelta
) -> int:
    """Drop entries older than ``retention``, never past what a consumer has committed; how many went.

    Trims whole nodes of the stream only (``~``), so slightly more than asked may stay.
    """
    horizon = Position(to_ms(now - retention), 0)
    pipeline = client.pipeline(transaction=False)
    for partition, done in committed(client, partitions).items():
        least = horizon if done is None else min(horizon, done)
        pipeline.xtrim(log_key(partition), minid=str(least), approximate=True)
    return sum(pipeline.execute())
