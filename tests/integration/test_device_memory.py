"""What adapters keep between messages outlives the ingest, and devices that were missed are asked to say it again."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from sensors.adapters.sparkplug import _PAYLOAD
from sensors.clock import SystemClock
from sensors.events import Dwell, Footfall
from sensors.keyspace import memory_key, partition_of
from sensors.settings import Device, SensorsSettings
from tests.ingest_cases import settings
from tests.ingest_process import Gateway, Ingest, logged, wait_for
from tests.servers import Mosquitto, RedisServer

pytestmark = pytest.mark.servers
MEMORY = memory_key(partition_of("riverside", 16))
SPARKPLUG = Device(
    match="spBv1.0/#", adapter="sparkplug", store="riverside", doors={"Door/In": "main"}
)
FRIGATE = Device(match="frigate/#", adapter="frigate", store="riverside", zones={"promo": "promo"})


def shop(
    mosquitto: Mosquitto, redis_server: RedisServer, folder: Path, *devices: Device
) -> SensorsSettings:
    """A shop with these devices."""
    made = settings(port=mosquitto.port, url=redis_server.url, folder=str(folder))
    return replace(made, devices=list(devices))


def sparkplug(seq: int, **metric: object) -> bytes:
    """A node's message with one metric."""
    said: Any = _PAYLOAD(timestamp=round(SystemClock().now().timestamp() * 1000), seq=seq)
    added = said.metrics.add()
    for key, value in metric.items():
        setattr(added, key, value)
    return bytes(said.SerializeToString())


def frigate(kind: str, seconds: float, *zones: str) -> bytes:
    """A tracked person, so many seconds after it was seen first."""
    after = {
        "id": "one", "camera": "c", "label": "person", "frame_time": BEGAN + seconds, "end_time": BEGAN + seconds,
        "current_zones": zones,
    }  # fmt: skip
    return msgspec.json.encode({"type": kind, "after": after})


BEGAN = round(SystemClock().now().timestamp()) - 600.0


class Node:
    """A Sparkplug node that hears its commands."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.asked: list[tuple[str, Any]] = []

    def say(self, topic: str, payload: bytes) -> None:
        """Publish as nodes do: once."""
        self._client.publish(topic, payload, 1).wait_for_publish(5)

    def hear(self, _client: Client, _userdata: object, message: MQTTMessage) -> None:
        """A command."""
        self.asked.append((message.topic, _PAYLOAD.FromString(message.payload)))


@contextmanager
def node(port: int) -> Iterator[Node]:
    """Connected and subscribed."""
    client, ready = Client(CallbackAPIVersion.VERSION2), threading.Event()
    one = Node(client)
    client.on_subscribe = lambda *_: ready.set()
    client.on_message = one.hear
    client.connect("127.0.0.1", port)
    client.loop_start()
    client.subscribe("spBv1.0/g/NCMD/node", 1)
    assert ready.wait(30)
    yield one
    client.disconnect()
    client.loop_stop()


def test_a_node_that_was_missed_is_asked_for_a_rebirth(
    mosquitto: Mosquitto, redis_server: RedisServer, tmp_path: Path
) -> None:
    """After a sequence gap one rebirth command reaches the node's NCMD topic, and none more within the minute."""
    made = shop(mosquitto, redis_server, tmp_path, SPARKPLUG)
    client = redis_server.client()
    birth = sparkplug(0, name="Door/In", alias=7, datatype=8, long_value=100)
    with Ingest(made, tmp_path) as ingest, node(mosquitto.port) as edge:
        wait_for(lambda: "mqtt-subscribed" in ingest.said)
        edge.say("spBv1.0/g/NBIRTH/node", birth)
        for seq in (1, 2, 5, 9, 11):
            edge.say("spBv1.0/g/NDATA/node", sparkplug(seq, alias=7, long_value=100 + seq))
        wait_for(
            lambda: edge.asked and len([e for e in logged(client) if isinstance(e, Footfall)]) == 6
        )
        edge.say("spBv1.0/g/NBIRTH/node", birth)
        edge.say("spBv1.0/g/NDATA/node", sparkplug(1, alias=7, long_value=120))
        wait_for(lambda: len([e for e in logged(client) if isinstance(e, Footfall)]) == 8)
        ((topic, asked),) = edge.asked
    assert topic == "spBv1.0/g/NCMD/node"
    (metric,) = asked.metrics
    assert (metric.name, metric.datatype, metric.boolean_value) == (
        "Node Control/Rebirth",
        11,
        True,
    )
    reasons = [
        fields[b"reason"]
        for _, fields in client.xrange(f"dead:{{{partition_of('riverside', 16)}}}")
    ]  # type: ignore[union-attr]
    assert len(reasons) == 3
    assert all(b"rebirth required" in reason for reason in reasons)


def test_an_adapter_forgets_nothing_when_the_ingest_is_killed(
    mosquitto: Mosquitto, redis_server: RedisServer, tmp_path: Path
) -> None:
    """Killed between two messages, the next ingest knows a node's aliases and numbers and who stands in a zone."""
    made = shop(mosquitto, redis_server, tmp_path, SPARKPLUG, FRIGATE)
    client = redis_server.client()
    birth = sparkplug(0, name="Door/In", alias=7, datatype=8, long_value=100)
    with (
        Ingest(made, tmp_path) as ingest,
        node(mosquitto.port) as edge,
        Gateway(mosquitto.port) as gateway,
    ):
        wait_for(lambda: "mqtt-subscribed" in ingest.said)
        edge.say("spBv1.0/g/NBIRTH/node", birth)
        gateway.send([("frigate/events", frigate("new", 0, "promo"))])
        wait_for(lambda: client.hlen(MEMORY) == 3)  # its aliases, its number, a visit
        ingest.kill()
        edge.say("spBv1.0/g/NDATA/node", sparkplug(1, alias=7, long_value=104))
        gateway.send([("frigate/events", frigate("end", 90))])
        ingest.start()
        wait_for(lambda: any(isinstance(e, Dwell) for e in logged(client)))
        wait_for(lambda: 104 in [e.entered for e in logged(client) if isinstance(e, Footfall)])
        assert edge.asked == []
    assert {e.dwell_s for e in logged(client) if isinstance(e, Dwell)} == {90.0}
    assert client.xlen(f"dead:{{{partition_of('riverside', 16)}}}") == 0
    assert b"visit" not in b"".join(client.hkeys(MEMORY))  # type: ignore[arg-type]


def test_what_is_no_longer_configured_is_forgotten(
    mosquitto: Mosquitto, redis_server: RedisServer, tmp_path: Path
) -> None:
    """An ingest that starts without a device forgets what was kept of it."""
    client = redis_server.client()
    client.hset(MEMORY, "gone/#\tfrigate\tvisit|1|promo", msgspec.msgpack.encode(1))
    with Ingest(shop(mosquitto, redis_server, tmp_path, FRIGATE), tmp_path) as ingest:
        ingest.connected()
        assert client.hlen(MEMORY) == 0
