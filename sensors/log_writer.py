"""Taken messages → log, dead letters and device table; then, and only then, the acknowledgement (edge).

    Taken ─▶ one pipeline of XADD ─▶ all taken? ─ yes ─▶ acknowledge
                                         └─ no: hold it in order, say so once, try again

While the log takes nothing nothing is acknowledged, so the broker keeps what it has not yet handed over.
"""

import time
from collections import deque
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import msgspec
import redis
import structlog
from redis.exceptions import ResponseError

from sensors import metrics
from sensors.clock import Clock, from_ms, to_ms
from sensors.device_table import DeviceTable
from sensors.event_log import Answer, Batch, append, is_full, trim
from sensors.intake import Taken
from sensors.keyspace import dead_key, device_key, partition_of
from sensors.reject import Reject
from sensors.settings import Log
from sensors.stream_source import UNREACHABLE

Ack = Callable[[Sequence[tuple[int, int]]], None]

RETRY_S = (0.05, 1.0)  # first and longest pause while the log takes nothing
TRIM_EVERY_S = 60.0

_log = structlog.get_logger("sensors.log_writer")


class LogWriter:
    """The one writer of this process; in order, at least once, nothing acknowledged too early.

    Args:
        client: of the Redis that holds the log.
        settings: partitions, retention, dead letters.
        clock: restamps what had to wait, so that received_at never decreases within a partition.
        ack: acknowledges messages at the broker.
        devices: whose changes are written with each tick.
    """

    def __init__(
        self, client: redis.Redis, settings: Log, clock: Clock, ack: Ack, devices: DeviceTable
    ) -> None:
        self._client, self._settings, self._clock = client, settings, clock
        self._ack, self._devices = ack, devices
        self._held: deque[Taken] = deque()
        self._blocked_at: float | None = None  # monotonic
        self._retry_at, self._pause_s = 0.0, 0.0
        self._trim_at = 0.0
        self._last_at = from_ms(0)

    @property
    def held(self) -> int:
        """Messages decoded that the log has not taken."""
        return sum(len(taken.acks) for taken in self._held)

    @property
    def is_blocked(self) -> bool:
        """Whether the log takes nothing at present."""
        return self._blocked_at is not None

    def take(self, taken: Taken) -> None:
        """Append it behind what is held; a tick is left out while anything is held."""
        if taken.lines or taken.rejects or taken.acks:
            self._held.append(taken)
        self.flush()
        if taken.is_tick and not self._held:
            self._tick()

    def flush(self) -> None:
        """Append what is held, oldest first, unless it is too early to try again."""
        if time.monotonic() < self._retry_at:
            return
        while self._held and self._append(self._held[0]):
            self._held.popleft()
        metrics.HELD.set(self.held)

    def _append(self, taken: Taken) -> bool:
        at = self._clock.now() if self.is_blocked else max(taken.received_at, self._last_at)
        self._last_at = at
        batches = [Batch(partition, lines, at) for partition, lines in taken.lines.items()]
        try:
            with metrics.APPEND_S.time():
                answers = append(self._client, batches) if batches else []
                for batch, answer in zip(batches, answers, strict=True):
                    if not isinstance(answer, ResponseError):
                        del taken.lines[batch.partition]
                if refused := _refusal(answers):
                    return self._refused(refused)
                self._bury(taken.rejects)
        except UNREACHABLE as error:
            return self._refused(str(error))
        except ResponseError as error:
            return self._refused(_refusal([error]))
        self._ack(taken.acks)
        metrics.EVENTS.inc(taken.events)
        metrics.REJECTS.inc(len(taken.rejects))
        self._accepted()
        return True

    def _bury(self, rejects: Sequence[Reject]) -> None:
        """Dead letters, the oldest making room."""
        pipeline = self._client.pipeline(transaction=False)
        for reject in rejects:
            fields: dict[Any, Any] = {
                "reason": reject.reason,
                "place": reject.place,
                "topic": reject.topic,
                "store": reject.store,
                "source": reject.source,
                "bytes": len(reject.raw),
                "raw": reject.raw[: self._settings.dead_letter_bytes],
                "t": to_ms(self._clock.now()),
            }
            key = dead_key(self._partition(reject.store))
            pipeline.xadd(key, fields, maxlen=self._settings.dead_letters, approximate=True)
        pipeline.execute()

    def _partition(self, store: str) -> int:
        return partition_of(store, self._settings.partitions) if store else 0

    def _tick(self) -> None:
        """Time has passed: say so in every partition, write who was heard, drop what is too old."""
        now = self._clock.now()
        partitions = range(self._settings.partitions)
        try:
            answers = append(self._client, [Batch(partition, b"", now) for partition in partitions])
            if refused := _refusal(answers):
                self._refused(refused)
                return
            self._write_devices()
            self._trim(partitions)
        except UNREACHABLE as error:
            self._refused(str(error))
        except ResponseError as error:
            self._refused(_refusal([error]))
        else:
            self._accepted()

    def _write_devices(self) -> None:
        pipeline = self._client.pipeline(transaction=False)
        for seen in self._devices.changed():
            key = device_key(self._partition(seen.store))
            pipeline.hset(key, seen.field, msgspec.json.encode(seen))
        pipeline.execute()

    def _trim(self, partitions: Sequence[int]) -> None:
        if time.monotonic() < self._trim_at:
            return
        self._trim_at = time.monotonic() + TRIM_EVERY_S
        retention = timedelta(hours=self._settings.retention_h)
        dropped = trim(self._client, partitions, now=self._clock.now(), retention=retention)
        if dropped:
            _log.info("log-trimmed", entries=dropped)

    def _refused(self, reason: str) -> bool:
        if self._blocked_at is None:
            self._blocked_at = time.monotonic()
            _log.error("log-blocked", reason=reason, advice=_advice(reason))
            metrics.BLOCKED.set(1)
        self._pause_s = min(max(self._pause_s * 2, RETRY_S[0]), RETRY_S[1])
        self._retry_at = time.monotonic() + self._pause_s
        return False

    def _accepted(self) -> None:
        if self._blocked_at is not None:
            _log.info("log-takes-again", after_s=round(time.monotonic() - self._blocked_at, 1))
            metrics.BLOCKED.set(0)
        self._blocked_at, self._retry_at, self._pause_s = None, 0.0, 0.0


def _refusal(answers: Sequence[Answer]) -> str:
    """Why Redis refused the first that it refused; empty if it took all."""
    for answer in answers:
        if isinstance(answer, ResponseError):
            return "full" if is_full(answer) else str(answer)
    return ""


def _advice(reason: str) -> str:
    if reason == "full":
        return "nothing is acknowledged until Redis has room: raise maxmemory or lower retention_h"
    return "nothing is acknowledged until Redis answers; messages wait at the broker"
