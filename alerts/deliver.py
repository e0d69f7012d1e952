"""The delivery process: outbox → people, at least once, one push per person and step.

    outbox:{p} ─▶ Courier ─▶ a thread pool per channel ─▶ people
                     ▲  retry with backoff  │
                     └──────────────────────┴─▶ sent:{p}

What is not finished and what became of each try both live in Redis, so the process may be killed at any moment. A
delivery tried just before a kill is tried again under the same key, by which the channel, the endpoint or the phone
replaces it.
"""

import threading
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from itertools import cycle, islice
from pathlib import Path
from queue import Empty, SimpleQueue

import redis
import structlog
from msgspec.structs import replace

from alerts import metrics
from alerts.attempts import Attempt, Task
from alerts.book import Book
from alerts.channels import Channel, Context, RefusedError, UnreachableError, build
from alerts.courier import Courier
from alerts.links import Links
from alerts.outbox import BATCH, Outbox, Taken, forget_old
from alerts.phones import StoredPhones
from alerts.settings import AlertsSettings
from flows.settings import FlowsSettings
from sensors.settings import Broker, SensorsSettings
from sensors.stream_source import RETRY_S, UNREACHABLE, connect, stop_on_signals

FORGET_EVERY = 1_000  # rounds, about a minute: old records of one partition

_log = structlog.get_logger("alerts.deliver")


class Deliverer:
    """Reads the outbox, lets the courier decide, sends on threads, records what became of it."""

    def __init__(
        self,
        url: str,
        courier: Courier,
        channels: Mapping[str, Channel],
        settings: AlertsSettings,
        partitions: Iterable[int],
    ) -> None:
        parts = list(partitions)
        self._outbox, self._client = Outbox(url, parts), connect(url)
        self._courier, self._channels = courier, channels
        self._done: SimpleQueue[tuple[Task, Attempt, bool]] = SimpleQueue()
        named = settings.channels_by_name()
        self._pools = {
            name: ThreadPoolExecutor(named[name].threads, thread_name_prefix=name)
            for name in channels
        }
        self._begun: dict[int, tuple[Future[None], Task]] = {}
        self._rounds, self._to_forget = 0, cycle(parts)
        self._joined = False

    def run(self, stop: threading.Event) -> None:
        """Deliver until ``stop`` is set; an unreachable Redis is waited for."""
        pause_s = RETRY_S[0]
        while not stop.is_set():
            try:
                self.turn()
                pause_s = RETRY_S[0]
            except UNREACHABLE as error:
                _log.warning("redis-unreachable", error=str(error))
                self._joined = False  # what was read and not heard is in the group, and read again
                stop.wait(pause_s)
                pause_s = min(pause_s * 2, RETRY_S[1])
            except redis.ResponseError as error:
                if "NOGROUP" not in str(error):
                    raise
                _log.warning("outbox-lost", error=str(error))  # a Redis that came back empty
                self._joined = False
        self.close()

    def turn(self) -> None:
        """One round: take what is new, start what is due, record what is finished."""
        if not self._joined:
            self._record()  # before anything is read again that is finished and not yet written
            self._take(self._outbox.unfinished())
            self._joined = True
        self._take(self._outbox.new())
        self._start()
        self._record()
        self._rounds += 1
        if self._rounds % FORGET_EVERY == 0:
            forget_old(self._client, next(self._to_forget))

    def close(self) -> None:
        """Wait for what is being sent and let go of the channels."""
        for pool in self._pools.values():
            pool.shutdown(wait=True, cancel_futures=True)
        try:
            self._record()
        except UNREACHABLE as error:  # it will be tried again under the same key
            _log.warning("redis-unreachable", error=str(error))
        for channel in self._channels.values():
            channel.close()
        self._outbox.close()
        self._client.close()

    def _take(self, found: Iterator[Taken]) -> None:
        """Hand notices to the courier, less what ``sent`` says is finished."""
        while some := list(islice(found, BATCH)):
            asked = [(t.partition, self._courier.keys(t.notice)) for t in some]
            for taken, records in zip(some, self._outbox.records(asked), strict=True):
                self._courier.take(*taken, records)
            self._record()

    def _start(self) -> None:
        """Hand what is due to its channel's threads."""
        for task in self._courier.due():
            future = self._pools[task.channel].submit(self._send, task)
            self._begun[task.order] = (future, task)

    def _send(self, task: Task) -> None:
        """On a channel's thread: try once, and report."""
        attempt, kept = self._tried(task), False
        metrics.PUSHES.labels(task.channel, attempt.state).inc()
        try:
            now = self._outbox.clock()
            attempt = replace(attempt, at_ms=int(now * 1000))
            if attempt.state == "sent":  # at once: a kill repeats what is on its way, no more
                metrics.PUSH_S.observe(max(0.0, now - task.delivery.notice.at.timestamp()))
                self._outbox.remember(task.partition, task.delivery.key, [*task.attempts, attempt])
                kept = True
        except UNREACHABLE as error:  # the main loop writes it when it can
            _log.warning("redis-unreachable", error=str(error))
        self._done.put((task, attempt, kept))

    def _tried(self, task: Task) -> Attempt:
        channel, n = task.channel, task.attempt
        try:
            self._channels[channel].send(task.delivery)
        except RefusedError as error:
            return Attempt(channel=channel, n=n, state="refused", why=str(error))
        except UnreachableError as error:
            return Attempt(channel=channel, n=n, state="failed", why=str(error))
        except Exception as error:  # noqa: BLE001 - a channel's own mistake must not lose the delivery
            _log.exception("channel-broken", channel=channel)
            return Attempt(channel=channel, n=n, state="failed", why=repr(error))
        return Attempt(channel=channel, n=n, state="sent")

    def _record(self) -> None:
        """Tell the courier what is finished, take back what waits for a channel that is down, and write it down."""
        while True:
            try:
                task, attempt, kept = self._done.get_nowait()
            except Empty:
                break
            self._begun.pop(task.order, None)
            self._courier.report(task, attempt)
            if kept:
                self._courier.unwritten.pop((task.partition, task.delivery.key), None)
        if self._courier.down:
            self._call_back()
        if self._courier.unwritten or self._courier.finished:
            # of what is on its way its thread may just be writing more than is known here
            begun = {(task.partition, task.delivery.key) for _, task in self._begun.values()}
            known = {k: v for k, v in self._courier.unwritten.items() if k not in begun}
            self._outbox.write(known, self._courier.finished)
            for attempts in known.values():
                if attempts[-1].state == "dead":
                    metrics.PUSHES.labels(attempts[-1].channel, "dead").inc()
            self._courier.written()

    def _call_back(self) -> None:
        """What stands behind an endpoint that is down goes another way, or waits without a thread."""
        for future, task in list(self._begun.values()):
            if task.channel in self._courier.down and future.cancel():
                del self._begun[task.order]
                self._courier.give_back(task)
        self._courier.down.clear()


def deliverer(
    settings: AlertsSettings,
    sensors: SensorsSettings,
    flows: FlowsSettings,
    *,
    url: str,
    broker: Broker | None = None,
    partitions: Iterable[int] | None = None,
) -> Deliverer:
    """Put the process together; raises ``ValueError`` or ``OSError`` when a channel cannot be set up.

    ``broker`` replaces the configured one, for an embedded broker on a port of its own.
    """
    named = settings.channels_by_name()
    context = Context(broker or sensors.broker, StoredPhones(connect(url)))
    channels = {name: build(chosen, context) for name, chosen in named.items()}
    boards = [n for n in settings.board if n in channels and channels[n].shows_board]
    apart = [name for name, channel in channels.items() if not channel.takes_joined]
    book = Book(settings, sensors, flows)
    courier = Courier(book, settings, boards, apart=apart, links=links_of(settings))
    parts = range(sensors.log.partitions) if partitions is None else partitions
    return Deliverer(url, courier, channels, settings, parts)


def links_of(settings: AlertsSettings) -> Links | None:
    """The maker of links, where they are configured; raises ``ValueError`` for a secret too short to sign with."""
    chosen = settings.links
    if not chosen.url:
        return None
    key = Path(chosen.secret_file).read_bytes().strip() if chosen.secret_file else b""
    if len(key) < 32:
        raise ValueError("alerts.links.secret_file: needs a secret of at least 32 bytes")
    return Links(chosen.url, key, timedelta(seconds=chosen.expires_s))


def run(
    settings: AlertsSettings,
    sensors: SensorsSettings,
    flows: FlowsSettings,
    *,
    url: str,
    broker: Broker | None = None,
) -> None:
    """Deliver until SIGTERM or SIGINT. Call it in the main thread."""
    stop = stop_on_signals()
    deliverer(settings, sensors, flows, url=url, broker=broker).run(stop)
