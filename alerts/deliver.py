"""The delivery process: outbox → people, at least once, one push per person and step.

    outbox:{p} ─▶ Courier ─▶ a thread pool per channel ─▶ people
                     ▲  retry with backoff  │
                     └──────────────────────┴─▶ sent:{p}

The consumer group ``deliver`` holds what is not finished, ``sent:{p}`` what is; both live in Redis, so the process
may be killed at any moment. A delivery tried just before a kill is tried again under the same key, by which the
channel, the endpoint or the phone replaces it.
"""

import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import msgspec
import redis
import structlog

from alerts import metrics
from alerts.book import Book
from alerts.channels import Channel, Context, RefusedError, UnreachableError, build
from alerts.courier import Attempt, Courier, Task
from alerts.incident import Notice
from alerts.keyspace import outbox_key, sent_key
from alerts.links import Links
from alerts.phones import StoredPhones
from alerts.settings import AlertsSettings
from flows.settings import FlowsSettings
from sensors.settings import Broker, SensorsSettings
from sensors.stream_source import RETRY_S, UNREACHABLE, connect, stop_on_signals
from sensors.streams import Position

GROUP, CONSUMER = "deliver", "deliver"
BLOCK_MS = 50  # how long a read waits; a finished delivery is recorded within it
PRUNE_EVERY = 12_000  # reads, about ten minutes

_notice = msgspec.json.Decoder(Notice)
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
        self._client = connect(url)
        self._courier, self._channels, self._settings = courier, channels, settings
        self._streams = {outbox_key(p).encode(): p for p in partitions}
        self._done: SimpleQueue[tuple[Task, Attempt]] = SimpleQueue()
        named = settings.channels_by_name()
        self._pools = {
            name: ThreadPoolExecutor(named[name].threads, thread_name_prefix=name)
            for name in channels
        }
        self._reads = 0
        self._fresh = False

    def run(self, stop: threading.Event) -> None:
        """Deliver until ``stop`` is set; an unreachable Redis is waited for."""
        pause_s = RETRY_S[0]
        while not stop.is_set():
            try:
                self.turn()
                pause_s = RETRY_S[0]
            except UNREACHABLE as error:
                _log.warning("redis-unreachable", error=str(error))
                stop.wait(pause_s)
                pause_s = min(pause_s * 2, RETRY_S[1])
            except redis.ResponseError as error:
                if "NOGROUP" not in str(error):
                    raise
                _log.warning("outbox-lost", error=str(error))  # a Redis that came back empty
                self._fresh = False
        self.close()

    def turn(self) -> None:
        """One round: take what is new, start what is due, record what is finished."""
        if not self._fresh:
            self._join()
        for stream, rows in self._read(">"):
            self._take(stream, rows)
        for task in self._courier.due():
            self._pools[task.channel].submit(self._send, task)
        self._record()

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
        self._client.close()

    def _join(self) -> None:
        """Make the group where it is missing and take up again what was left unfinished."""
        for key in self._streams:
            try:
                self._client.xgroup_create(key, GROUP, id="0", mkstream=True)
            except redis.ResponseError as error:
                if "BUSYGROUP" not in str(error):
                    raise
        after = dict.fromkeys(self._streams, "0")
        while True:
            answer = [(stream, rows) for stream, rows in self._read(after) if rows]
            if not answer:
                break
            for stream, rows in answer:
                self._take(stream, rows)
                after[stream] = rows[-1][0].decode()
        self._fresh = True

    def _read(
        self, after: str | Mapping[bytes, str]
    ) -> list[tuple[bytes, list[tuple[bytes, dict[bytes, bytes]]]]]:
        ids = dict.fromkeys(self._streams, after) if isinstance(after, str) else dict(after)
        answer = self._client.xreadgroup(
            GROUP,
            CONSUMER,
            ids,  # type: ignore[arg-type]
            count=256,
            block=BLOCK_MS if after == ">" else None,
        )
        return answer or []  # type: ignore[return-value]

    def _take(self, stream: bytes, rows: list[tuple[bytes, dict[bytes, bytes]]]) -> None:
        """Hand notices to the courier, less what ``sent`` says is finished."""
        partition = self._streams[stream]
        for entry, fields in rows:
            if not fields:  # trimmed by retention before it could be delivered
                self._client.xack(stream, GROUP, entry)
                continue
            notice = _notice.decode(fields[b"n"])
            keys = self._courier.keys(notice)
            known = self._client.hmget(sent_key(partition), keys) if keys else []
            records = {
                key: msgspec.json.decode(raw, type=list[Attempt])
                for key, raw in zip(keys, known, strict=True)
                if raw
            }
            self._courier.take(partition, Position.parse(entry), notice, records)
        self._record()

    def _send(self, task: Task) -> None:
        """On a channel's thread: try once, and report."""
        try:
            self._channels[task.channel].send(task.delivery)
            attempt = Attempt(channel=task.channel, n=task.attempt, state="sent")
            self._remember(task, attempt)
        except RefusedError as error:
            attempt = Attempt(channel=task.channel, n=task.attempt, state="refused", why=str(error))
        except UnreachableError as error:
            attempt = Attempt(channel=task.channel, n=task.attempt, state="failed", why=str(error))
        except Exception as error:  # noqa: BLE001 - a channel's own mistake must not lose the delivery
            _log.exception("channel-broken", channel=task.channel)
            attempt = Attempt(channel=task.channel, n=task.attempt, state="failed", why=repr(error))
        metrics.PUSHES.labels(task.channel, attempt.state).inc()
        self._done.put((task, attempt))

    def _remember(self, task: Task, attempt: Attempt) -> None:
        """Write at once that it got through: what a kill can make us repeat is what is on its way, no more."""
        raw = msgspec.json.encode([*task.attempts, attempt])
        try:
            pipe = self._client.pipeline(transaction=False)
            pipe.hset(sent_key(task.partition), task.delivery.key, raw)
            pipe.time()
            seconds, micros = pipe.execute()[-1]
            behind_s = seconds + micros / 1e6 - task.delivery.notice.at.timestamp()
            metrics.PUSH_S.observe(max(0.0, behind_s))
        except UNREACHABLE as error:  # the main loop writes it again
            _log.warning("redis-unreachable", error=str(error))

    def _record(self) -> None:
        """Write attempts, acknowledge entries that are finished, and now and then forget old records."""
        while True:
            try:
                task, attempt = self._done.get_nowait()
            except Empty:
                break
            self._courier.report(task, attempt)
        if self._courier.unwritten or self._courier.finished:
            pipe = self._client.pipeline(transaction=True)
            for (partition, key), attempts in self._courier.unwritten.items():
                pipe.hset(sent_key(partition), key, msgspec.json.encode(attempts))
            for partition, entry in self._courier.finished:
                pipe.xack(outbox_key(partition), GROUP, str(entry))
            pipe.execute()
            self._courier.written()
        self._reads += 1
        if self._reads % PRUNE_EVERY == 0:
            self._prune()

    def _prune(self) -> None:
        """Forget records of notices that have left the outbox."""
        for key, partition in self._streams.items():
            rows: Any = self._client.xrange(key)
            kept = {k for _, f in rows for k in self._courier.keys(_notice.decode(f[b"n"]))}
            for field, _ in self._client.hscan_iter(sent_key(partition)):
                if field.decode() not in kept:
                    self._client.hdel(sent_key(partition), field)


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
    courier = Courier(Book(settings, sensors, flows), settings, boards, links=links_of(settings))
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
