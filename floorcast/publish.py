"""Deliveries published to a broker as gateways would: QoS 1, several events a message, at a chosen speed."""

import threading
import time
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby
from urllib.parse import unquote, urlsplit

import msgspec
from paho.mqtt.client import Client, MQTTMessageInfo
from paho.mqtt.enums import CallbackAPIVersion

from floorcast.errors import FloorcastError, UnavailableError, place_of, unanswered
from sensors.clock import Clock, SystemClock
from sensors.events import AnyEvent
from sensors.simulation.delivery import Delivery
from sensors.topics import topic_of

MOST = 100  # events in a message
IN_FLIGHT = 500  # messages not yet acknowledged
_encode = msgspec.json.Encoder().encode


def publish(
    deliveries: Iterable[Delivery],
    broker: str,
    *,
    speed: float | None = 1.0,
    since: datetime | None = None,
    clock: Clock | None = None,
    stop: threading.Event | None = None,
    as_recorded: bool = False,
) -> int:
    """Publish until all is acknowledged or ``stop`` is set; returns the number of events.

    At speed 1 an event is published when it is due by ``clock``: what was due before ``since`` (the start, by
    default) is left out, so that today can be joined at noon. At any other speed the first event is due at once
    and the rest follow at that multiple of real time, with the times they carry unchanged; ``None`` does not wait.
    ``as_recorded`` makes speed 1 such a speed too: what is long past is published at the pace it had.

    Raises:
        FloorcastError: ``broker`` is not of the form ``mqtt://[user:password@]host[:port]``.
        UnavailableError: the broker cannot be reached.
    """
    clock, stop = clock or SystemClock(), stop or threading.Event()
    client = _connect(broker)
    sent = 0
    waiting: list[MQTTMessageInfo] = []
    try:
        for topic, events in _messages(
            _due(deliveries, speed, clock, stop, since, as_recorded=as_recorded)
        ):
            info = client.publish(topic, b"\n".join(map(_encode, events)), qos=1)
            sent += len(events)
            waiting.append(info)
            if len(waiting) >= IN_FLIGHT:
                _acknowledged(waiting, broker)
        _acknowledged(waiting, broker)
    finally:
        client.disconnect()
        client.loop_stop()
    return sent


def _acknowledged(waiting: list[MQTTMessageInfo], broker: str) -> None:
    """Wait until the broker has taken every message."""
    for info in waiting:
        info.wait_for_publish(timeout=30)
        if not info.is_published():
            raise UnavailableError(f"{place_of(broker)}: does not acknowledge messages")
    waiting.clear()


def _connect(broker: str) -> Client:
    parts = urlsplit(broker)
    if parts.scheme != "mqtt" or not parts.hostname:
        raise FloorcastError(f"{place_of(broker)}: write mqtt://host:port")
    client = Client(CallbackAPIVersion.VERSION2)
    if parts.username:
        client.username_pw_set(unquote(parts.username), unquote(parts.password or "") or None)
    try:
        client.connect(parts.hostname, parts.port or 1883)
    except OSError as error:
        raise unanswered("broker", broker, error) from None
    client.loop_start()
    return client


def _due(
    deliveries: Iterable[Delivery],
    speed: float | None,
    clock: Clock,
    stop: threading.Event,
    since: datetime | None = None,
    *,
    as_recorded: bool = False,
) -> Iterator[list[AnyEvent]]:
    """Events in the batches in which they fall due."""
    joins = speed == 1.0 and not as_recorded
    since = since or clock.now()
    pace = _Joined(clock) if joins else _Multiple(speed)
    batch: list[AnyEvent] = []
    for at, event in deliveries:
        if joins and at < since:
            continue
        wait_s = pace.wait_s(at)
        if wait_s > 0:
            if batch:
                yield batch
                batch = []
            stop.wait(wait_s)
        if stop.is_set():
            return
        batch.append(event)
        if len(batch) >= MOST:
            yield batch
            batch = []
    if batch:
        yield batch


class _Joined:
    """What is due by the clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def wait_s(self, at: datetime) -> float:
        """Seconds until then."""
        return (at - self._clock.now()).total_seconds()


class _Multiple:
    """The first at once, the rest at a multiple of real time; without a speed all at once."""

    def __init__(self, speed: float | None) -> None:
        self._speed, self._begun = speed, time.monotonic()
        self._first: datetime | None = None

    def wait_s(self, at: datetime) -> float:
        """Seconds until then."""
        self._first = self._first or at
        if self._speed is None:
            return 0.0
        due_s = (at - self._first).total_seconds() / self._speed
        return due_s - (time.monotonic() - self._begun)


def _messages(batches: Iterable[list[AnyEvent]]) -> Iterator[tuple[str, list[AnyEvent]]]:
    """Each batch by topic, in order within a device."""
    for batch in batches:
        named = sorted(((str(topic_of(event)), event) for event in batch), key=lambda pair: pair[0])
        for topic, pairs in groupby(named, key=lambda pair: pair[0]):
            yield topic, [event for _, event in pairs]
