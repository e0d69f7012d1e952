"""How far the floor has come, for those who look: a store without news writes nothing, and is not late for that.

Written by the live dataflow alone, beside the facts; it is no fact, and nothing is computed from it.
"""

import time
from collections.abc import Iterable
from datetime import datetime

import redis
from bytewax.outputs import DynamicSink, StatelessSinkPartition

from flows.keyspace import through_key
from sensors.stream_source import connect
from sensors.streams import Entry

EVERY_S = 0.5  # between two writes of a worker, whatever the log's pace

Through = tuple[int, datetime]
"""A partition, and the time received of the newest entry taken from it."""


def newest(entries: Iterable[Entry]) -> Iterable[Through]:
    """The newest of a batch for each partition.

    >>> from datetime import UTC, timedelta
    >>> from sensors.streams import Position
    >>> at = datetime(2026, 1, 1, tzinfo=UTC)
    >>> taken = [Entry(3, Position(n, 0), at + timedelta(seconds=n), b"") for n in (1, 2)]
    >>> [(partition, at.second) for partition, at in newest(taken)]
    [(3, 2)]
    """
    return {entry.partition: entry.received_at for entry in entries}.items()


class ThroughSink(DynamicSink[Through]):
    """A connection for each worker."""

    def __init__(self, url: str) -> None:
        self._url = url

    def build(self, _step_id: str, _worker: int, _workers: int) -> "ThroughPartition":
        """One worker's share of the partitions."""
        return ThroughPartition(connect(self._url))


class ThroughPartition(StatelessSinkPartition[Through]):
    """Writes what is newest, not each. Raises what Redis raises, as the facts' sink does."""

    def __init__(self, client: "redis.Redis") -> None:
        self._client = client
        self._taken: dict[int, datetime] = {}
        self._written = float("-inf")

    def write_batch(self, items: list[Through]) -> None:
        """Note how far each partition is, and say so twice a second: a tick a second follows the last of a burst."""
        self._taken.update(items)
        if time.monotonic() - self._written < EVERY_S:
            return
        pipe = self._client.pipeline(transaction=False)
        for partition, at in self._taken.items():
            pipe.set(through_key(partition), at.isoformat())
        pipe.execute()
        self._taken.clear()
        self._written = time.monotonic()

    def close(self) -> None:
        """Let the connection go."""
        self._client.close()
