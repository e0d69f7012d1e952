"""Deliveries → log entries with ticks, as ingest would have appended them. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from sensors.keyspace import partition_of
from sensors.simulation.delivery import Delivery
from sensors.streams import Entry, Position

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_encode = msgspec.json.Encoder().encode


def log_entries(
    deliveries: Iterable[Delivery],
    *,
    partitions: int = 16,
    tick: timedelta = timedelta(seconds=1),
    batch_events: int = 500,
    start: datetime | None = None,
    end: datetime | None = None,
) -> Iterator[Entry]:
    """The log of these deliveries, in order of time received.

    Between two ticks each partition gets its events as one entry, or several of ``batch_events``; then
    every partition that has ever had an event gets the tick.

    Args:
        deliveries: by time received.
        partitions: of the log; an event belongs to the one of its store.
        tick: time between ticks; ingest's is a second, a coarser one makes a shorter log.
        batch_events: most events in an entry.
        start: ticks begin here; default the first delivery's whole tick.
        end: the last tick is at or after this; default the last delivery.
    """
    return _Appender(partitions, tick, batch_events).run(deliveries, start, end)


class _Appender:
    """Positions and what waits for the next tick."""

    def __init__(self, partitions: int, tick: timedelta, batch_events: int) -> None:
        self.partitions, self.tick, self.batch_events = partitions, tick, batch_events
        self.waiting: dict[int, list[Delivery]] = {}
        self.newest: dict[int, Position] = {}

    def run(
        self, deliveries: Iterable[Delivery], start: datetime | None, end: datetime | None
    ) -> Iterator[Entry]:
        next_tick = start
        for delivery in deliveries:
            at = delivery.received_at
            if next_tick is None:
                next_tick = EPOCH + (at - EPOCH) // self.tick * self.tick + self.tick
            while at > next_tick:
                yield from self._flush(next_tick)
                next_tick += self.tick
            partition = partition_of(delivery.event.store, self.partitions)
            self.waiting.setdefault(partition, []).append(delivery)
        while next_tick is not None and (
            any(self.waiting.values()) or (end is not None and next_tick <= end)
        ):
            yield from self._flush(next_tick)
            next_tick += self.tick

    def _flush(self, tick_at: datetime) -> Iterator[Entry]:
        for partition in sorted(self.waiting):
            waiting = self.waiting[partition]
            for first in range(0, len(waiting), self.batch_events):
                yield self._entry(partition, waiting[first : first + self.batch_events])
            waiting.clear()
        for partition in sorted(self.waiting):
            yield Entry(partition, self._position(partition, tick_at), tick_at, b"")

    def _entry(self, partition: int, batch: Sequence[Delivery]) -> Entry:
        at = batch[-1].received_at
        lines = b"\n".join(_encode(delivery.event) for delivery in batch)
        return Entry(partition, self._position(partition, at), at, lines)

    def _position(self, partition: int, at: datetime) -> Position:
        """The next stream id: the time in milliseconds, numbered within one."""
        ms = (at - EPOCH) // timedelta(milliseconds=1)
        newest = self.newest.get(partition)
        position = Position(ms, newest.seq + 1 if newest and newest.ms == ms else 0)
        self.newest[partition] = position
        return position
