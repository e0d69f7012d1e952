"""Taken messages → log, dead letters and device table; then, and only then, the acknowledgement (edge).

    Taken ─▶ held ─▶ one send: XADD … ─▶ answers ─▶ all taken? ─ yes ─▶ acknowledge
              ▲      (reading goes on meanwhile)       │
              └────── say so once, try again ───────── no

What comes while Redis still writes goes out together in the next send, so a slow disk makes larger batches, not a
slower ingest. While the log takes nothing nothing is acknowledged: the broker keeps what it has not handed over.
"""

import time
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import chain
from typing import Any, NamedTuple

import msgspec
import redis
import structlog
from redis.exceptions import ResponseError

from sensors import metrics
from sensors.adapter_memory import Note
from sensors.clock import Clock, from_ms, to_ms
from sensors.device_table import DeviceTable
from sensors.event_log import Batch, Command, InFlight, is_full, trim, xadd
from sensors.intake import Taken
from sensors.keyspace import dead_key, device_key, memory_key, partition_of
from sensors.redaction import redacted
from sensors.reject import Reject
from sensors.settings import Log
from sensors.stream_source import UNREACHABLE

Ack = Callable[[Sequence[tuple[int, int]]], None]

RETRY_S = (0.05, 1.0)  # first and longest pause while the log takes nothing
TRIM_EVERY_S = 60.0
JOINED = 8  # rounds in one send at most
FULL = "full"  # why the log takes nothing: there is no room

_log = structlog.get_logger("sensors.log_writer")


class _Sent(NamedTuple):
    """What waits for Redis; ``flight`` is ``None`` only while it is being sent."""

    flight: InFlight | None
    taken: Taken
    at: float  # monotonic


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
        self._is_full = False  # what it is blocked by
        self._retry_at, self._pause_s = 0.0, 0.0
        self._trim_at, self._is_held_back = 0.0, False
        self._last_at = from_ms(0)
        self._sent: _Sent | None = None
        self._is_tick_due = False

    @property
    def held(self) -> int:
        """Messages decoded that the log has not yet answered for."""
        sent = len(self._sent.taken.acks) if self._sent is not None else 0
        return sent + sum(len(taken.acks) for taken in self._held)

    @property
    def is_blocked(self) -> bool:
        """Whether the log takes nothing at present."""
        return self._blocked_at is not None

    def take(self, taken: Taken) -> None:
        """Append it behind what is held; a tick is left out while the log takes nothing."""
        if taken.lines or taken.rejects or taken.acks or taken.notes:
            self._held.append(taken)
        self._is_tick_due |= taken.is_tick
        self.flush()

    def flush(self, wait_s: float = 0) -> None:
        """Take in answers, after at most ``wait_s``, then send what is held, unless it is too early to try again."""
        try:
            self._exchange(wait_s)
            self._trim(range(self._settings.partitions))
        except UNREACHABLE as error:
            self._lost()
            self._refused(str(error))
        except ResponseError as error:
            self._lost()
            self._refused(_refusal([error]))
        metrics.HELD.set(self.held)

    def _lost(self) -> None:
        """What was taken of the last send is unknown: again, readers drop the repeats."""
        if self._sent is not None:
            self._held.appendleft(self._sent.taken)
            self._sent = None

    def drain(self, within_s: float) -> None:
        """Flush until nothing is held, the log takes nothing, or the time is over."""
        until = time.monotonic() + within_s
        self.flush()
        while self.held and not self.is_blocked and time.monotonic() < until:
            self.flush(wait_s=max(0.0, until - time.monotonic()))

    def _exchange(self, wait_s: float) -> None:
        if self._sent is not None:
            self._receive(self._sent, wait_s)
        if self._sent is None and time.monotonic() >= self._retry_at:
            self._send()

    def _send(self) -> None:
        """What is held, and a tick if one is due, in one write to Redis."""
        taken = _joined(self._held)
        now = self._clock.now()
        at = now if self.is_blocked else max(taken.received_at, self._last_at)
        commands = [xadd(Batch(partition, lines, at)) for partition, lines in taken.lines.items()]
        commands += [self._burial(reject) for reject in taken.rejects]
        commands += [_keeping(note) for note in taken.notes]
        if self._is_tick_due and not self._held:
            self._is_tick_due, at = False, max(at, now)
            commands += [xadd(Batch(p, b"", at)) for p in range(self._settings.partitions)]
            commands += self._device_rows()
        self._last_at = at
        if not commands:
            self._ack(taken.acks)
            return
        self._sent = _Sent(None, taken, time.monotonic())
        self._sent = self._sent._replace(flight=InFlight(self._client, commands))

    def _receive(self, sent: "_Sent", wait_s: float) -> None:
        """Take in the answers if they are there: acknowledge what was all taken, hold what was not."""
        if sent.flight is None or not sent.flight.is_answered(wait_s):
            return
        answers = sent.flight.answers()
        self._sent = None
        metrics.APPEND_S.observe(time.monotonic() - sent.at)
        rest, refusal = _rest(sent.taken, answers), _refusal(answers)
        if rest.lines or rest.rejects or rest.notes:
            self._held.appendleft(rest)
            self._refused(refusal)
            return
        self._ack(rest.acks)
        metrics.EVENTS.inc(rest.events)
        for reject in sent.taken.rejects:
            metrics.REJECTS.labels(metrics.kind_of(reject.reason)).inc()
        if refusal:  # of the tick alone
            self._refused(refusal)
        else:
            self._accepted()

    def _burial(self, reject: Reject) -> Command:
        """A dead letter without the people in it, the oldest making room."""
        fields = {
            "reason": reject.reason,
            "place": reject.place,
            "topic": reject.topic,
            "store": reject.store,
            "source": reject.source,
            "bytes": len(reject.raw),
            "raw": redacted(reject.raw, self._settings.dead_letter_bytes),
            "t": to_ms(self._clock.now()),
        }
        key, most = dead_key(self._partition(reject.store)), self._settings.dead_letters
        return ("XADD", key, "MAXLEN", "~", most, "*", *chain.from_iterable(fields.items()))

    def _partition(self, store: str) -> int:
        return partition_of(store, self._settings.partitions) if store else 0

    def _device_rows(self) -> list[Command]:
        """Who was heard since the last tick."""
        return [
            ("HSET", device_key(self._partition(seen.store)), seen.field, msgspec.json.encode(seen))
            for seen in self._devices.changed()
        ]

    def _trim(self, partitions: Sequence[int]) -> None:
        if self._sent is not None or self.is_blocked or time.monotonic() < self._trim_at:
            return
        self._trim_at = time.monotonic() + TRIM_EVERY_S
        trimmed = trim(
            self._client,
            partitions,
            now=self._clock.now(),
            retention=timedelta(hours=self._settings.retention_h),
            hold=timedelta(hours=self._settings.hold_h),
        )
        metrics.HELD_BACK.set(trimmed.held_back_s)
        for consumer, partition, position in trimmed.passed_over:
            advice = "it has lost what lies between; raise hold_h if it will come back"
            _log.error("consumer-passed-over", consumer=consumer, partition=partition,
                       position=str(position), advice=advice)  # fmt: skip
        if trimmed.held_back_s and not self._is_held_back:
            _log.warning("log-held-back", by=trimmed.slowest, seconds=round(trimmed.held_back_s))
        self._is_held_back = bool(trimmed.held_back_s)
        if trimmed.entries:
            _log.info("log-trimmed", entries=trimmed.entries)

    def _refused(self, reason: str) -> None:
        is_full = reason == FULL
        if self._blocked_at is None or is_full != self._is_full:  # once for each of the two
            self._blocked_at, self._is_full = self._blocked_at or time.monotonic(), is_full
            _log.error("log-blocked", reason=reason, advice=_advice(reason))
            metrics.BLOCKED.set(1)
        self._is_tick_due = False  # the next one says the same
        self._pause_s = min(max(self._pause_s * 2, RETRY_S[0]), RETRY_S[1])
        self._retry_at = time.monotonic() + self._pause_s

    def _accepted(self) -> None:
        if self._blocked_at is not None:
            _log.info("log-takes-again", after_s=round(time.monotonic() - self._blocked_at, 1))
            metrics.BLOCKED.set(0)
        self._blocked_at, self._retry_at, self._pause_s = None, 0.0, 0.0


def _joined(held: deque[Taken]) -> Taken:
    """The first few rounds as one, taken off ``held``; an empty one if there are none."""
    rounds = [held.popleft() for _ in range(min(JOINED, len(held)))]
    if len(rounds) == 1:
        return rounds[0]
    lines: defaultdict[int, list[bytes]] = defaultdict(list)
    for taken in rounds:
        for partition, said in taken.lines.items():
            lines[partition].append(said)
    return Taken(
        {partition: b"\n".join(said) for partition, said in lines.items()},
        sum(taken.events for taken in rounds),
        [reject for taken in rounds for reject in taken.rejects],
        [ack for taken in rounds for ack in taken.acks],
        max((taken.received_at for taken in rounds), default=from_ms(0)),
        notes=[note for taken in rounds for note in taken.notes],
    )


def _rest(taken: Taken, answers: Sequence[Any]) -> Taken:
    """What of it Redis has refused."""
    said = iter(answers)
    lines = {p: lines for p, lines in taken.lines.items() if isinstance(next(said), ResponseError)}
    rejects = [r for r in taken.rejects if isinstance(next(said), ResponseError)]
    notes = [note for note in taken.notes if isinstance(next(said), ResponseError)]
    return taken._replace(lines=lines, rejects=rejects, notes=notes)


def _keeping(note: Note) -> Command:
    """The command that keeps what an adapter has to remember, or forgets it."""
    key = memory_key(note.partition)
    return (
        ("HDEL", key, note.field) if note.value is None else ("HSET", key, note.field, note.value)
    )


def _refusal(answers: Sequence[Any]) -> str:
    """Why Redis refused the first that it refused; empty if it took all."""
    for answer in answers:
        if isinstance(answer, ResponseError):
            return FULL if is_full(answer) else str(answer)
    return ""


def _advice(reason: str) -> str:
    if reason == FULL:
        return "nothing is acknowledged until Redis has room: raise maxmemory or lower retention_h"
    return "nothing is acknowledged until Redis answers; messages wait at the broker"
