"""The outbox in Redis as the deliverer reads it, and what it writes down of each delivery (edge).

The consumer group ``deliver`` holds what is not finished, ``sent:{p}`` what became of each try, by idempotency key.
Every method may raise what ``UNREACHABLE`` names.
"""

from collections.abc import Iterable, Iterator, Mapping
from time import monotonic
from typing import Any, NamedTuple

import msgspec
import redis
import structlog

from alerts.attempts import Attempt
from alerts.incident import Notice
from alerts.keyspace import outbox_key, sent_key
from sensors.stream_source import connect
from sensors.streams import Position

GROUP, CONSUMER = "deliver", "deliver"
BLOCK_MS = 50  # how long a read waits; a finished delivery is recorded within it
BATCH = 256
PAGE = 1000
CLOCK_S = 1.0  # a round trip a delivery would be the half of what Redis is asked

Rows = list[tuple[bytes, dict[bytes, bytes]]]

_notice = msgspec.json.Decoder(Notice)
_attempts = msgspec.json.Decoder(list[Attempt])
_encode = msgspec.json.Encoder().encode
_log = structlog.get_logger("alerts.outbox")


class Taken(NamedTuple):
    """A notice that is not finished."""

    partition: int
    entry: Position
    notice: Notice


class Outbox:
    """The outboxes of some partitions."""

    def __init__(self, url: str, partitions: Iterable[int]) -> None:
        self._client = connect(url)
        self._streams = {outbox_key(p).encode(): p for p in partitions}
        self._ahead, self._asked_at = 0.0, -CLOCK_S  # of our own seconds; when that was learned

    def unfinished(self) -> Iterator[Taken]:
        """What an earlier life took and did not finish; makes the groups where they are missing."""
        for key in self._streams:
            try:
                self._client.xgroup_create(key, GROUP, id="0", mkstream=True)
            except redis.ResponseError as error:
                if "BUSYGROUP" not in str(error):
                    raise
        after = dict.fromkeys(self._streams, "0")
        while answer := [(key, rows) for key, rows in self._read(after, None) if rows]:
            for key, rows in answer:
                yield from self._taken(key, rows)
                after[key] = rows[-1][0].decode()

    def new(self) -> Iterator[Taken]:
        """What has come since; waits up to ``BLOCK_MS`` where there is nothing."""
        for key, rows in self._read(dict.fromkeys(self._streams, ">"), BLOCK_MS):
            yield from self._taken(key, rows)

    def _read(self, after: dict[bytes, str], block: int | None) -> list[tuple[bytes, Rows]]:
        streams: Any = after
        answer: Any = self._client.xreadgroup(GROUP, CONSUMER, streams, count=BATCH, block=block)
        return answer or []

    def _taken(self, key: bytes, rows: Rows) -> Iterator[Taken]:
        partition = self._streams[key]
        for entry, fields in rows:
            if not fields:  # trimmed by retention before it could be delivered
                self._client.xack(key, GROUP, entry)
                continue
            try:
                notice = _notice.decode(fields[b"n"])
            except (KeyError, msgspec.DecodeError) as error:
                self._unreadable(partition, key, entry, error)
            else:
                yield Taken(partition, Position.parse(entry), notice)

    def _unreadable(self, partition: int, key: bytes, entry: bytes, error: Exception) -> None:
        """A notice nobody can read is a dead letter, and stops nothing."""
        _log.error("notice-unreadable", entry=entry.decode(), error=str(error))
        dead = [Attempt(channel="", n=0, state="dead", why=f"unreadable: {error}")]
        pipe = self._client.pipeline(transaction=True)
        pipe.hset(sent_key(partition), f"entry {entry.decode()}", _encode(dead))
        pipe.xack(key, GROUP, entry)
        pipe.execute()

    def records(self, asked: list[tuple[int, list[str]]]) -> list[dict[str, list[Attempt]]]:
        """What was tried before, for keys by partition, in one round trip."""
        pipe = self._client.pipeline(transaction=False)
        for partition, keys in asked:
            pipe.hmget(sent_key(partition), keys or ["-"])
        answers = pipe.execute() if asked else []
        return [
            {key: _attempts.decode(raw) for key, raw in zip(keys, known, strict=False) if raw}
            for (_, keys), known in zip(asked, answers, strict=True)
        ]

    def clock(self) -> float:
        """The time of Redis, in epoch seconds; asked for once in ``CLOCK_S`` and told on from there."""
        now = monotonic()
        if now - self._asked_at >= CLOCK_S:
            seconds, micros = self._client.time()
            self._ahead, self._asked_at = float(seconds) + float(micros) / 1e6 - now, now
        return self._ahead + now

    def remember(self, partition: int, key: str, attempts: list[Attempt]) -> None:
        """Write at once what became of one delivery."""
        self._client.hset(sent_key(partition), key, _encode(attempts))

    def write(
        self,
        unwritten: Mapping[tuple[int, str], list[Attempt]],
        finished: Iterable[tuple[int, Position]],
    ) -> None:
        """Write attempts, and let go of the entries that are finished."""
        pipe = self._client.pipeline(transaction=True)
        for (partition, key), attempts in unwritten.items():
            pipe.hset(sent_key(partition), key, _encode(attempts))
        for partition, entry in finished:
            pipe.xack(outbox_key(partition), GROUP, str(entry))
        pipe.execute()

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()


def forget_old(client: redis.Redis, partition: int) -> int:
    """Drop records of notices that have left the outbox, and say how many. A key begins with its notice's id."""
    kept = {notice.id for _, notice in notices(client, partition)}
    old = [
        field
        for field, _ in client.hscan_iter(sent_key(partition), count=PAGE)
        if field.decode().rpartition("|")[0] not in kept and not field.startswith(b"entry ")
    ]
    for begin in range(0, len(old), PAGE):
        client.hdel(sent_key(partition), *old[begin : begin + PAGE])
    return len(old)


def notices(client: redis.Redis, partition: int) -> Iterator[tuple[str, Notice]]:
    """Every notice that stands in a partition's outbox, the oldest first, with its entry's id."""
    after = "-"
    while rows := _page(client, partition, after):
        for entry, fields in rows:
            try:
                yield entry.decode(), _notice.decode(fields[b"n"])
            except (KeyError, msgspec.DecodeError):
                continue  # told as a dead letter when it was read
        after = f"({rows[-1][0].decode()}"


def _page(client: redis.Redis, partition: int, after: str) -> Rows:
    rows: Any = client.xrange(outbox_key(partition), min=after, count=PAGE)
    return list(rows)
