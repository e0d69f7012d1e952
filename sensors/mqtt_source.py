"""Broker → dataflow: one item is a round, the messages of a few milliseconds (edge).

A round ends at ``batch_events`` messages or after ``batch_ms``; with it goes, each ``tick_s``, a tick.
"""

import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple, Protocol

from bytewax.inputs import FixedPartitionedSource, StatefulSourcePartition

from sensors import metrics
from sensors.clock import Clock, wake_in
from sensors.intake import Message
from sensors.settings import Log

POLL_S = 0.003  # between looks at a quiet broker
BUSY = 16  # this many messages in one look: the next one waits in the socket already
BYTES_PER_EVENT = 512  # a round of large messages ends early


class Round(NamedTuple):
    """What one look at the broker brought.

    Attributes:
        messages: in the order they came.
        at: when the round ended.
        is_tick: whether a tick is due.
    """

    messages: list[Message]
    at: datetime
    is_tick: bool


class Broker(Protocol):
    """Where messages come from; see ``MqttClient``."""

    def poll(self, most: int) -> list[Message]:
        """About ``most`` messages that are there; must not wait."""
        ...


class Backlog(Protocol):
    """What is decoded but not yet taken by the log; see ``LogWriter``."""

    @property
    def held(self) -> int:
        """How many messages."""
        ...

    def flush(self) -> None:
        """Try again to have them taken."""
        ...


class MqttSource(FixedPartitionedSource[Round, None]):
    """One partition: this process's session with the broker.

    Args:
        broker: polled without waiting.
        backlog: holds messages back; nothing more is read while it holds ``most`` of them.
        settings: size and time of a round, and of a tick.
        clock: stamps rounds.
        most: messages in memory at once.
        stop: once set, the source hands out what it has and ends.
    """

    def __init__(
        self,
        broker: Broker,
        backlog: Backlog,
        settings: Log,
        clock: Clock,
        *,
        most: int,
        stop: threading.Event,
    ) -> None:
        self._make: Callable[[], _Session] = lambda: _Session(
            broker, backlog, settings, clock, most, stop
        )

    def list_parts(self) -> list[str]:
        """The session."""
        return ["mqtt"]

    def build_part(self, _step_id: str, _for_part: str, _resume_state: None) -> "_Session":
        """A session begins where the broker says it does: it keeps what was not acknowledged."""
        return self._make()


class _Session(StatefulSourcePartition[Round, None]):
    def __init__(
        self,
        broker: Broker,
        backlog: Backlog,
        settings: Log,
        clock: Clock,
        most: int,
        stop: threading.Event,
    ) -> None:
        self._broker, self._backlog, self._clock, self._stop = broker, backlog, clock, stop
        self._most = most
        self._full = settings.batch_events
        self._wait_s, self._tick_s = settings.batch_ms / 1000, settings.tick_s
        self._waiting: list[Message] = []
        self._bytes = 0
        self._due_at = 0.0  # monotonic, of the round
        self._tick_at = time.monotonic()
        self._is_busy = False

    def next_batch(self) -> list[Round]:
        """At most one round. Raises ``StopIteration`` once told to stop and nothing is left to hand out."""
        if self._stop.is_set() and not self._waiting:
            raise StopIteration
        self._backlog.flush()
        if not self._stop.is_set():
            self._read()
        now = time.monotonic()
        is_tick = now >= self._tick_at
        if not (is_tick or self._is_round(now)):
            return []
        if is_tick:  # never twice for one second, however long something took
            self._tick_at = max(self._tick_at + self._tick_s, now)
        messages, self._waiting, self._bytes = self._waiting, [], 0
        metrics.MESSAGES.inc(len(messages))
        return [Round(messages, self._clock.now(), is_tick)]

    def next_awake(self) -> datetime | None:
        """At once while the broker has more, else after a short rest."""
        return None if self._is_busy else wake_in(POLL_S)

    def snapshot(self) -> None:
        """Nothing: the broker remembers."""

    def _read(self) -> None:
        room = self._most - self._backlog.held - len(self._waiting)
        wanted = max(0, min(room, self._full - len(self._waiting)))
        arrived = self._broker.poll(wanted)
        self._is_busy = bool(arrived) and len(arrived) >= min(wanted, BUSY)
        if arrived and not self._waiting:
            self._due_at = time.monotonic() + self._wait_s
        self._waiting += arrived
        self._bytes += sum(len(message.payload) for message in arrived)

    def _is_round(self, now: float) -> bool:
        if not self._waiting:
            return False
        return (
            len(self._waiting) >= self._full
            or self._bytes >= self._full * BYTES_PER_EVENT
            or now >= self._due_at
            or self._stop.is_set()
        )
