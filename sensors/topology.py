"""The ingest dataflow.

broker ─▶ rounds ─▶ taken ─▶ log ─▶ acknowledged
                      ├────▶ dead letters, device table, what adapters remember
                      └────▶ replies to devices, by the broker
"""

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import bytewax.operators as op
import redis
import structlog
from bytewax.dataflow import Dataflow
from bytewax.outputs import DynamicSink, StatelessSinkPartition
from bytewax.run import cli_main

from sensors.clock import SystemClock
from sensors.device_table import DeviceTable
from sensors.event_log import last_received_at
from sensors.intake import Adapter, Intake, Taken
from sensors.keyspace import memory_key
from sensors.log_writer import LogWriter
from sensors.mqtt_shared import Sessions, sessions
from sensors.mqtt_source import MqttSource, Round
from sensors.pseudonym import Pseudonym, load_key
from sensors.settings import SensorsSettings
from sensors.stream_source import UNREACHABLE, connect, stop_on_signals

_log = structlog.get_logger("sensors.topology")

Find = Callable[[str], Adapter]
Answer = TypeVar("Answer")

DRAIN_S = 0.5  # at the end, for Redis to take what is on its way


def ingest(source: MqttSource, intake: Intake, writer: LogWriter, mqtt: Sessions) -> Dataflow:
    """The wiring."""

    def take(item: Round) -> Taken:
        return intake.take(item.messages, item.at)._replace(is_tick=item.is_tick)

    flow = Dataflow("ingest")
    rounds = op.input("rounds", flow, source)
    # → Round
    taken = op.map("taken", rounds, take)
    # → Taken
    op.output("log", taken, LogSink(writer, mqtt))
    return flow


class LogSink(DynamicSink[Taken]):
    """Hands everything taken to the writer, which acknowledges it; at the end says goodbye to the broker."""

    def __init__(self, writer: LogWriter, mqtt: Sessions) -> None:
        self._writer, self._mqtt = writer, mqtt

    def build(self, _step_id: str, _worker_index: int, _worker_count: int) -> "_LogPartition":
        """There is one writer a process."""
        return _LogPartition(self._writer, self._mqtt)


class _LogPartition(StatelessSinkPartition[Taken]):
    def __init__(self, writer: LogWriter, mqtt: Sessions) -> None:
        self._writer, self._mqtt = writer, mqtt

    def write_batch(self, items: list[Taken]) -> None:
        for taken in items:
            for reply in taken.replies:
                if self._mqtt.publish(reply.topic, reply.payload):
                    _log.info("device-asked", topic=reply.topic)
            self._writer.take(taken)

    def close(self) -> None:
        self._writer.drain(DRAIN_S)
        if self._writer.held:
            _log.warning("left-at-the-broker", messages=self._writer.held)
        self._mqtt.close()


def run(
    settings: SensorsSettings, find: Find | None = None, stop: threading.Event | None = None
) -> int:
    """Ingest until SIGTERM or SIGINT, then flush and return 0 within a second.

    Args:
        settings: with ``broker.host`` and ``redis.url`` filled in.
        find: an adapter by its name; by default those under ``sensors/adapters``.
        stop: ends it instead of a signal, for callers outside the main thread.

    Raises:
        KeyFileError: the key of the people's names cannot be used.
        LookupError: a device names an adapter that does not exist.
        redis.ResponseError: Redis answers but refuses us, e.g. a wrong password.
    """
    stop = stop or stop_on_signals()
    find = find or _finder(settings)
    key_file = settings.hash_key_file or str(Path(settings.redis.embedded_dir) / "people.key")
    devices = DeviceTable()
    intake = Intake(settings, Pseudonym(load_key(Path(key_file))), find, devices)
    client = connect(settings.redis.url)
    clock = _clock_behind_log(client, settings.log.partitions, stop)
    if clock is None:
        return 0

    def recall() -> None:
        _recall(client, settings.log.partitions, intake)

    mqtt = _answered(stop, lambda: sessions(settings.broker, intake.asks, client, recall, stop))
    if mqtt is None:
        return 0
    writer = LogWriter(client, settings.log, clock, mqtt.ack, devices)
    most = settings.broker.receive_maximum
    source = MqttSource(mqtt, writer, settings.log, clock, most=most, stop=stop)
    cli_main(ingest(source, intake, writer, mqtt))  # type: ignore[no-untyped-call]
    client.close()
    return 0


def _clock_behind_log(
    client: redis.Redis, partitions: int, stop: threading.Event
) -> SystemClock | None:
    """A clock that does not fall behind the log; waits for Redis, ``None`` if told to stop meanwhile."""
    found = _answered(stop, lambda: [last_received_at(client, range(partitions))])
    if found is None:
        return None
    clock = SystemClock(found[0])
    if clock.behind > timedelta(seconds=1):
        _log.warning("clock-behind-log", behind_s=clock.behind.total_seconds())
    return clock


def _recall(client: redis.Redis, partitions: int, intake: Intake) -> None:
    """Give adapters back what was kept of their devices; forget what was kept of others."""
    rows: dict[bytes, bytes] = {}
    for partition in range(partitions):
        rows |= client.hgetall(memory_key(partition))  # type: ignore[arg-type]
    if strange := intake.recall(rows):
        for partition in range(partitions):
            client.hdel(memory_key(partition), *strange)


def _answered(stop: threading.Event, ask: Callable[[], Answer]) -> Answer | None:
    """What Redis answers, once it does; ``None`` if told to stop meanwhile."""
    said = False
    while not stop.is_set():
        try:
            return ask()
        except UNREACHABLE as error:
            if not said:
                _log.warning("redis-unreachable", error=str(error))
            said = True
            stop.wait(0.2)
    return None


def _finder(settings: SensorsSettings) -> Find:
    from sensors.adapters import finder  # noqa: PLC0415  # all vendors, only where a device needs one

    return finder(settings.stores)
