"""A bytewax source over partitioned Redis Streams, for every stage that reads the one before it.

    stream {00} ─┐
    stream {01} ─┼─ one XREAD per worker ─▶ a buffer per partition ─▶ next_batch
    stream {15} ─┘

One bytewax partition per stream partition, named ``00`` to ``15``. The resume state is the position of the last
item handed out. Nothing here blocks: a read is one round trip without ``BLOCK``, an unreachable Redis is logged
once and tried again with growing pauses.
"""

import signal
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from types import FrameType
from typing import Any, Generic, TypeVar

import redis
import structlog
from bytewax.inputs import FixedPartitionedSource, StatefulSourcePartition
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

from sensors.clock import from_ms, wake_in
from sensors.keyspace import committed_key
from sensors.streams import START, Entry, Position

Item = TypeVar("Item")
Parse = Callable[[int, Position, Mapping[bytes, bytes]], Item]
Rows = list[tuple[bytes, dict[bytes, bytes]]]

UNREACHABLE = (RedisConnectionError, RedisTimeoutError)
IDLE_S = 0.005  # between polls of streams that had nothing new
BATCH_BYTES = 1 << 17
"""Handed out at once, about: a thousand events, so that asking all partitions costs little beside them."""

RETRY_S = (0.05, 2.0)  # first and longest pause while Redis is unreachable

_log = structlog.get_logger("sensors.stream_source")


def connect(url: str) -> redis.Redis:
    """A client that fails at once instead of retrying in silence; its callers know what a failure means."""
    return redis.Redis.from_url(
        url, retry=Retry(NoBackoff(), 0), socket_connect_timeout=1.0, socket_timeout=5.0, protocol=2
    )


def stop_on_signals() -> threading.Event:
    """Set on SIGTERM or SIGINT, for ``StreamSource(stop=…)``; call it in the main thread."""
    stop = threading.Event()

    def handle(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, handle)
    return stop


def parse_entry(partition: int, position: Position, fields: Mapping[bytes, bytes]) -> Entry:
    """One entry of the event log from its Redis fields: ``t`` received_at in ms, ``e`` events or absent."""
    return Entry(partition, position, from_ms(int(fields[b"t"])), fields.get(b"e", b""))


class StreamSource(FixedPartitionedSource[Item, str], Generic[Item]):
    """Items of ``key(partition)`` for each partition, in stream order, from the resume position on.

    Args:
        url: of the Redis that holds the streams.
        key: stream name of a partition, e.g. ``sensors.keyspace.log_key``.
        parse: makes an item of one stream entry; must not raise on what this house wrote.
        partitions: which to read; a process may own a share of them.
        stop: once set, every partition ends at the next poll and the dataflow exits cleanly.
        follow: False ends at the streams' present end.
        consumer: under this name what is surely committed is told to the stream's owner, so that retention
            never trims past it; empty tells nothing.
        after: where a partition without resume state begins; its stream's start by default.
        count: entries taken of each stream by one read.
    """

    def __init__(
        self,
        url: str,
        key: Callable[[int], str],
        parse: Parse[Item],
        partitions: Iterable[int],
        *,
        stop: threading.Event | None = None,
        follow: bool = True,
        consumer: str = "",
        after: Position = START,
        count: int = 64,
    ) -> None:
        self._url, self._key, self._parse = url, key, parse
        self._partitions = list(partitions)
        self._stop = stop or threading.Event()
        self._follow, self._consumer, self._after, self._count = follow, consumer, after, count
        self._readers: dict[int, _Reader] = {}  # by worker thread

    def list_parts(self) -> list[str]:
        """Names of the partitions: ``00``, ``01`` and so on."""
        return [f"{partition:02d}" for partition in self._partitions]

    def build_part(
        self, _step_id: str, for_part: str, resume_state: str | None
    ) -> "_StreamPartition[Item]":
        """One partition on the reader of the calling worker's thread."""
        reader = self._readers.setdefault(
            threading.get_ident(), _Reader(self._url, self._count, follow=self._follow)
        )
        after = Position.parse(resume_state) if resume_state else self._after
        partition = int(for_part)
        stream = _Stream(self._key(partition), after)
        place = reader.add(stream)
        return _StreamPartition(
            reader, stream, place, partition, self._parse, self._stop, self._consumer
        )


class _Stream:
    """One stream as its reader sees it: how far it is read, and what is read but not handed out."""

    def __init__(self, key: str, after: Position) -> None:
        self.key = key
        self.read_to = str(after)
        self.rows: Rows = []
        self.end: Position | None = None  # of a bounded read

    def hand_out(self, most: int) -> tuple[Rows, int]:
        """Rows of about ``most`` bytes, at least one if there is one, and their size; the others stay."""
        cut = size = 0
        while cut < len(self.rows) and size < most:
            size += sum(map(len, self.rows[cut][1].values()))
            cut += 1
        rows, self.rows = self.rows[:cut], self.rows[cut:]
        return rows, size


class Turns:
    """Which streams of one worker hand out rows at one activation: neighbours, until ``BATCH_BYTES`` are reached.

    Bytewax asks every partition in order before any later step runs; what all of them held would not fit the cache.
    """

    def __init__(self) -> None:
        self._asked = -1  # place of the stream that was asked last
        self._first = 0  # place of the first one that may hand out
        self._left = BATCH_BYTES

    def budget(self, place: int) -> int:
        """Bytes that the stream at ``place`` may hand out now."""
        if place <= self._asked:
            if self._left > 0:
                self._first = 0
            self._left = BATCH_BYTES
        self._asked = place
        return self._left if place >= self._first else 0

    def spend(self, place: int, size: int) -> None:
        """It handed out so many bytes."""
        self._left -= size
        if self._left <= 0:
            self._first = place + 1


class _Reader:
    """All streams of one worker behind one connection."""

    def __init__(self, url: str, count: int, *, follow: bool) -> None:
        self._client = connect(url)
        self._count = count
        self._follow = follow
        self._streams: dict[bytes, _Stream] = {}
        self.turns = Turns()
        self._pause_s = 0.0  # 0: reachable
        self._poll_at = 0.0  # monotonic
        self.wake_at: datetime | None = None

    def add(self, stream: _Stream) -> int:
        """Read this stream too; returns its place among them."""
        self._streams[stream.key.encode()] = stream
        if not self._follow:
            stream.end = self._last(stream.key)
        return len(self._streams) - 1

    def poll(self) -> None:
        """Read every stream whose buffer is empty, unless it is too early for that."""
        if time.monotonic() < self._poll_at:
            return
        wanted: dict[Any, Any] = {s.key: s.read_to for s in self._streams.values() if not s.rows}
        try:
            answer: Any = self._client.xread(wanted, count=self._count)
        except UNREACHABLE as error:
            self._unreachable(error)
            return
        if self._pause_s:
            _log.info("redis-back")
        self._pause_s = 0.0
        for name, rows in answer:
            stream = self._streams[name]
            stream.rows = rows
            stream.read_to = rows[-1][0].decode()
        self._wait(0.0 if answer else IDLE_S)

    def tell(self, key: str, field: str, value: str) -> None:
        """Write one hash field; a failure is left to the next time."""
        try:
            self._client.hset(key, field, value)
        except UNREACHABLE as error:
            self._unreachable(error)

    def _last(self, key: str) -> Position:
        rows: Any = self._client.xrevrange(key, count=1)
        return Position.parse(rows[0][0]) if rows else START

    def _unreachable(self, error: Exception) -> None:
        if not self._pause_s:
            _log.warning("redis-unreachable", error=str(error))
        self._pause_s = min(max(self._pause_s * 2, RETRY_S[0]), RETRY_S[1])
        self._wait(self._pause_s)

    def _wait(self, seconds: float) -> None:
        self._poll_at = time.monotonic() + seconds
        self.wake_at = wake_in(seconds) if seconds else None


class _StreamPartition(StatefulSourcePartition[Item, str], Generic[Item]):
    """One stream; its state is the position of the last item handed out."""

    def __init__(
        self,
        reader: _Reader,
        stream: _Stream,
        place: int,
        partition: int,
        parse: Parse[Item],
        stop: threading.Event,
        consumer: str,
    ) -> None:
        self._reader, self._stream, self._partition = reader, stream, partition
        self._place = place
        self._parse, self._stop, self._consumer = parse, stop, consumer
        self._state = stream.read_to
        self._told = ""
        self._earlier = ["", ""]  # of the two snapshots before: the older one is surely committed

    def next_batch(self) -> list[Item]:
        """What the stream has; empty if nothing new. Raises ``StopIteration`` when told to stop or at the end."""
        if self._stop.is_set():
            raise StopIteration
        if not self._stream.rows:
            if self._stream.end and Position.parse(self._state) >= self._stream.end:
                raise StopIteration
            self._reader.poll()
        turns = self._reader.turns
        budget = turns.budget(self._place)
        if budget <= 0 or not self._stream.rows:
            return []
        rows, size = self._stream.hand_out(budget)
        turns.spend(self._place, size)
        placed = [(Position.parse(at), row) for at, row in rows]
        self._state = str(placed[-1][0])
        end = self._stream.end
        return [self._parse(self._partition, p, row) for p, row in placed if not end or p <= end]

    def next_awake(self) -> datetime | None:
        """At once while there is more, else when the worker's reader polls next."""
        return None if self._stream.rows else self._reader.wake_at

    def snapshot(self) -> str:
        """The position to resume after; tells the one of two snapshots ago as committed."""
        done, newer = self._earlier
        if self._consumer and done != self._told:
            self._reader.tell(committed_key(self._stream.key), self._consumer, done)
            self._told = done
        self._earlier = [newer, self._state]
        return self._state
