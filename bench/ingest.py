"""MQTT → durable log, beside a bare paho subscriber that only acknowledges, in one run.

    python bench/ingest.py [--messages N] [--repeats N] [--json]

Each case: a fresh mosquitto and redis-server on loopback, the subscriber's session opened, N QoS 1 messages
queued at the broker while it is away, then the subscriber started and timed from its first look to its last
acknowledgement. So the publisher costs nothing and the broker's hand-over is the only other work. CPU is that of
the subscribing process alone. Rows: bare (paho loop, manual acknowledgement), then the ingest of Floorcast: with one
event a line, each with an id; with a JSON array; with events without ids.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))

import msgspec
import redis
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from sensors.clock import SystemClock
from sensors.event_log import read
from sensors.keyspace import log_key, partition_of
from sensors.settings import SensorsSettings
from tests.ingest_cases import TOPIC, settings
from tests.servers import Mosquitto, RedisServer, cpu_s


class Row(NamedTuple):
    """One case's figures; shares are of the bare subscriber's rate and CPU, above 1 where it is outdone."""

    subscriber: str
    events_a_message: int
    fsync: str
    messages_per_s: float
    events_per_s: float
    cpu_us_per_message: float
    share_of_bare: float
    cpu_share: float


class Case(NamedTuple):
    """What is measured: ``fsync`` ``None`` is the bare subscriber; ``shape`` is lines, array, or no ids."""

    fsync: str | None
    shape: str = "lines"

    @property
    def name(self) -> str:
        """Of its row."""
        shape = "" if self.shape == "lines" else f", {self.shape}"
        return f"ingest{shape}" if self.fsync else "bare paho"


CASES = (
    Case(None),
    Case("everysec"),
    Case("always"),
    Case("always", "array"),
    Case("always", "no ids"),
)


def payloads(messages: int, events: int, shape: str) -> Iterator[bytes]:
    """Messages of footfall events, about 110 bytes each."""
    at = SystemClock().now().isoformat().encode()
    for number in range(messages):
        said = [
            b'{"kind":"footfall","at":"%b","door":"main","entered":1,"seq":%d%b}'
            % (
                at,
                number * events + n,
                b"" if shape == "no ids" else b',"id":"%d-%d"' % (number, n),
            )
            for n in range(events)
        ]
        yield b"[" + b",".join(said) + b"]" if shape == "array" else b"\n".join(said)


def fill(port: int, client_id: str, messages: int, events: int, shape: str) -> None:
    """Open the subscriber's session, then leave all messages for it at the broker."""
    absent = Client(CallbackAPIVersion.VERSION2, client_id=client_id, clean_session=False)
    ready = threading.Event()
    absent.on_connect = lambda c, *_: c.subscribe("floor/v1/+/events/+", 1)
    absent.on_subscribe = lambda *_: ready.set()
    absent.connect("127.0.0.1", port)
    absent.loop_start()
    ready.wait(10)
    absent.disconnect()
    absent.loop_stop()
    gateway = Client(CallbackAPIVersion.VERSION2, client_id="gateway")
    gateway.max_inflight_messages_set(1000)
    gateway.connect("127.0.0.1", port)
    gateway.loop_start()
    for payload in payloads(messages, events, shape):
        last = gateway.publish(TOPIC, payload, 1)
    last.wait_for_publish()
    gateway.disconnect()
    gateway.loop_stop()


def bare(port: int, messages: int) -> tuple[float, float]:
    """Seconds and CPU seconds of a subscriber that only acknowledges."""
    command = [sys.executable, __file__, "--bare", str(port), str(messages)]
    spent = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return spent[0], spent[1]


def bare_subscriber(port: int, messages: int) -> None:
    """The bare subscriber itself; prints seconds and CPU seconds."""
    client = Client(
        CallbackAPIVersion.VERSION2,
        client_id="floorcast-ingest",
        clean_session=False,
        manual_ack=True,
    )
    taken = 0

    def on_message(c: Client, _userdata: object, message: MQTTMessage) -> None:
        nonlocal taken
        taken += 1
        c.ack(message.mid, message.qos)
        if taken == messages:
            c.disconnect()

    client.on_message = on_message
    client.connect("127.0.0.1", port)
    began, used = time.perf_counter(), time.process_time()
    client.loop_forever()
    print(json.dumps([time.perf_counter() - began, time.process_time() - used]))


def newest(client: redis.Redis, partition: int) -> Any:  # noqa: ANN401  # redis-py's own
    """The last two entries, of which one may be a tick; all that the watching costs Redis."""
    return client.xrevrange(log_key(partition), count=2)


def ingest(
    shop: SensorsSettings, server: RedisServer, messages: int, events: int
) -> tuple[float, float]:
    """Seconds and CPU seconds of the ingest, from connecting until the log holds every event."""
    file = server.folder / "settings.json"
    file.write_bytes(msgspec.json.encode(shop))
    client = server.client()
    partition = partition_of("riverside", shop.log.partitions)
    with (server.folder / "ingest.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.ingest_process", str(file)],
            stdout=log,
            stderr=log,
            cwd=Path(__file__).parents[1],
        )
    try:
        while "mqtt-connected" not in (server.folder / "ingest.log").read_text():
            time.sleep(0.002)
        began, used = time.perf_counter(), cpu_s(process.pid)
        wanted = messages * events
        last = b'"seq":%d' % (wanted - 1)
        while not any(last in row.get(b"e", b"") for _, row in newest(client, partition)):
            time.sleep(0.01)
        took_s, used_s = time.perf_counter() - began, cpu_s(process.pid) - used
        held = sum(e.lines.count(b"\n") + 1 for e in read(client, partition) if not e.is_tick)
        assert held >= wanted, f"{held} events of {wanted} in the log"
        return took_s, used_s
    finally:
        process.terminate()
        process.wait(10)


def run(messages: int, events: int, case: Case) -> tuple[float, float]:
    """One case on servers of its own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with Mosquitto(folder) as broker:
            fill(broker.port, "floorcast-ingest", messages, events, case.shape)
            if case.fsync is None:
                return bare(broker.port, messages)
            with RedisServer(folder, fsync=case.fsync) as server:
                shop = settings(port=broker.port, url=server.url, folder=name)
                return ingest(shop, server, messages, events)


def measure(messages: int, repeats: int) -> Iterator[Row]:
    """Every case: medians of interleaved repeats, so that what else the machine does strikes all alike."""
    for events in (1, 20):
        count = messages if events == 1 else messages // 2
        runs = [[run(count, events, case) for case in CASES] for _ in range(repeats)]
        for index, case in enumerate(CASES):
            took_s = median(one[index][0] for one in runs)
            used_s = median(one[index][1] for one in runs)
            rate = count / took_s
            yield Row(
                case.name,
                events,
                case.fsync or "-",
                round(rate),
                round(rate * events),
                round(used_s / count * 1e6, 1),
                round(median(one[0][0] / one[index][0] for one in runs), 2),
                round(median(one[0][1] / one[index][1] for one in runs), 2),
            )


def main() -> None:
    """Print the table, or JSON lines."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--messages", type=int, default=50_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--bare", nargs=2, type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.bare:
        bare_subscriber(*options.bare)
        return
    if not options.json:
        print(
            f"{'':16} {'ev/msg':>6} {'fsync':>9} {'msg/s':>9} {'events/s':>10} {'µs CPU/msg':>11} {'of bare':>8} "
            f"{'by CPU':>7}"
        )
    for row in measure(options.messages, options.repeats):
        if options.json:
            print(json.dumps(row._asdict()), flush=True)
        else:
            print(
                f"{row.subscriber:16} {row.events_a_message:6} {row.fsync:>9} {row.messages_per_s:9,.0f} "
                f"{row.events_per_s:10,.0f} {row.cpu_us_per_message:11.1f} {row.share_of_bare:8.2f} "
                f"{row.cpu_share:7.2f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
