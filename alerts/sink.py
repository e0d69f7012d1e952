"""Incident batches → Redis: upserts, so that a repeat after a crash changes nothing."""

import threading
from datetime import UTC, datetime, timedelta

import msgspec
import redis
import structlog
from bytewax.outputs import DynamicSink, StatelessSinkPartition

from alerts import metrics
from alerts.arrivals import Arrivals
from alerts.incident import IncidentBatch
from alerts.keyspace import incidents_key, outbox_key
from flows.keyspace import changed_channel
from sensors.stream_source import RETRY_S, UNREACHABLE, connect

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_encode = msgspec.json.Encoder().encode
_log = structlog.get_logger("alerts.sink")


class IncidentSink(DynamicSink[IncidentBatch]):
    """Writes a store's incidents, appends its notices to the outbox and tells screens to look.

    Args:
        retention_h: notices older than this leave the outbox.
        stop: once set, an unreachable Redis is waited for no longer.
        arrivals: when the facts behind a batch were in Redis.
    """

    def __init__(
        self, url: str, retention_h: float, stop: threading.Event, arrivals: Arrivals | None = None
    ) -> None:
        self._url, self._retention, self._stop = url, timedelta(hours=retention_h), stop
        self._arrivals = arrivals or Arrivals()

    def build(self, _step: str, _worker: int, _count: int) -> "_Writer":
        """A writer with a connection of its own."""
        return _Writer(connect(self._url), self._retention, self._stop, self._arrivals)


class _Writer(StatelessSinkPartition[IncidentBatch]):
    def __init__(
        self, client: redis.Redis, retention: timedelta, stop: threading.Event, arrivals: Arrivals
    ) -> None:
        self._client, self._retention, self._stop = client, retention, stop
        self._arrivals = arrivals

    def write_batch(self, items: list[IncidentBatch]) -> None:
        """Write a list of batches in one round trip; waits out a Redis that cannot be reached."""
        pause_s = RETRY_S[0]
        while True:
            try:
                self._write(items)
            except UNREACHABLE as error:
                _log.warning("redis-unreachable", error=str(error), pause_s=pause_s)
                if self._stop.wait(pause_s):
                    raise
                pause_s = min(pause_s * 2, RETRY_S[1])
            else:
                return

    def _write(self, items: list[IncidentBatch]) -> None:
        pipe = self._client.pipeline(transaction=True)
        for batch in items:
            key = incidents_key(batch.partition, batch.store)
            if batch.incidents:
                pipe.hset(key, mapping={i.id: _encode(i) for i in batch.incidents})
            if batch.forget:
                pipe.hdel(key, *batch.forget)
            oldest = (batch.at - self._retention - _EPOCH) // timedelta(milliseconds=1)
            for notice in batch.notices:
                fields = {"n": _encode(notice)}
                pipe.xadd(outbox_key(batch.partition), fields, minid=max(0, oldest))  # type: ignore[arg-type]
            pipe.publish(changed_channel(batch.partition), batch.store)
        pipe.time()
        _count(items, pipe.execute()[-1], self._arrivals)


def _count(items: list[IncidentBatch], now: tuple[int, int], arrivals: Arrivals) -> None:
    """For the metrics page; ``now`` is the time of Redis, seconds and microseconds."""
    now_s = now[0] + now[1] / 1e6
    for batch in items:
        at = batch.at.timestamp()
        metrics.NEWEST.labels(batch.partition).set(at)
        metrics.NOTICES.inc(len(batch.notices))
        for incident in batch.incidents:
            metrics.INCIDENTS.labels(incident.state).inc()
        if batch.incidents:
            metrics.LATENCY_S.observe(max(0.0, now_s - at))
            taken_ms = arrivals.taken(batch.store, batch.position)
            if taken_ms is not None:
                metrics.FACT_S.observe(max(0.0, now_s - taken_ms / 1000))
