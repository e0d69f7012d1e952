"""Facts on a real Redis become incidents, and incidents reach a real broker."""

import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import paho.mqtt.client as mqtt
import pytest
from bytewax.recovery import RecoveryConfig, init_db_dir
from bytewax.testing import run_main
from paho.mqtt.enums import CallbackAPIVersion

from alerts.deliver import deliverer
from alerts.incident import Incident, Notice
from alerts.keyspace import incidents_key, outbox_key
from alerts.settings import AlertsSettings, ChannelSettings
from alerts.topology import live
from flows.facts import FactBatch
from flows.keyspace import facts_key
from flows.settings import FlowsSettings
from sensors.settings import Broker
from tests.outbox import LOW, SENSORS, acked, turn_until
from tests.scenario import Story
from tests.servers import Mosquitto, RedisServer

pytestmark = pytest.mark.servers

SETTINGS = AlertsSettings(
    rules=[LOW], channels={"mqtt": ChannelSettings(kind="mqtt", backoff_s=0.01, backoff_max_s=0.05)}
)


def story() -> Story:
    """A morning with one bout of low conversion that resolves."""
    told = Story([LOW]).at("10:00").rate(30, 400, minutes=10)
    return told.rate(60, 400, minutes=5).rate(30, 400, minutes=3)


def write(server: RedisServer, batches: list[FactBatch]) -> None:
    """Put fact batches on the stream as the floor does."""
    pipe = server.client().pipeline()
    for batch in batches:
        pipe.xadd(facts_key(0), {"f": msgspec.json.encode(batch)}, id=batch.position)
    pipe.execute()


def run_alerts(server: RedisServer, recovery: Path | None = None) -> None:
    """Run the alert dataflow to the present end of the facts."""
    flow = live(SETTINGS, SENSORS, FlowsSettings(), url=server.url, partitions=[0], follow=False)
    config = RecoveryConfig(recovery, timedelta(0)) if recovery else None
    run_main(flow, epoch_interval=timedelta(0), recovery_config=config)


def incidents(server: RedisServer) -> dict[str, Incident]:
    """What the screen would read."""
    found: Any = server.client().hgetall(incidents_key(0, "s1"))
    return {k.decode(): msgspec.json.decode(v, type=Incident) for k, v in found.items()}


def outbox(server: RedisServer) -> list[Notice]:
    """What is to be told."""
    rows: Any = server.client().xrange(outbox_key(0))
    return [msgspec.json.decode(f[b"n"], type=Notice) for _, f in rows]


def test_facts_to_incidents_as_in_the_story(redis_server: RedisServer) -> None:
    """The live dataflow leaves the very incidents and notices that the pure pipeline made."""
    told = story()
    write(redis_server, told.log)
    run_alerts(redis_server)
    kept = dict(told.memory.incidents)
    assert incidents(redis_server) == kept
    assert outbox(redis_server) == [n for b in told.out for n in b.notices]


def test_restart_repeats_no_notice_of_its_own(redis_server: RedisServer, tmp_path: Path) -> None:
    """Stopped half-way and resumed, it tells the same as in one go, and no notice twice."""
    told = story()
    recovery = tmp_path / "recovery"
    recovery.mkdir()
    init_db_dir(recovery, 1)
    half = len(told.log) // 2
    write(redis_server, told.log[:half])
    run_alerts(redis_server, recovery)
    write(redis_server, told.log[half:])
    run_alerts(redis_server, recovery)
    assert [n.id for n in outbox(redis_server)] == [n.id for b in told.out for n in b.notices]


def test_run_again_from_the_start_changes_nothing(redis_server: RedisServer) -> None:
    """Everything read again without its memory leaves the same incidents, and only notices known by id."""
    told = story()
    write(redis_server, told.log)
    run_alerts(redis_server)
    once = incidents(redis_server)
    run_alerts(redis_server)
    assert incidents(redis_server) == once
    assert len({n.id for n in outbox(redis_server)}) == len(outbox(redis_server)) // 2


def test_board_is_retained_and_cleared(redis_server: RedisServer, mosquitto: Mosquitto) -> None:
    """Who subscribes late sees what is open now; after the resolve there is nothing retained."""
    told = Story([LOW]).at("10:00").rate(30, 400, minutes=2)
    broker = Broker(host="127.0.0.1", port=mosquitto.port)
    worker = deliverer(
        SETTINGS, SENSORS, FlowsSettings(), url=redis_server.url, broker=broker, partitions=[0]
    )
    write(redis_server, told.log)
    run_alerts(redis_server)
    turn_until(worker, lambda: acked(redis_server))
    first = retained(mosquitto)
    assert [i["rule"] for i in first["incidents"]] == ["low-conversion"]
    before = len(told.log)
    told.rate(60, 400, minutes=3)
    write(redis_server, told.log[before:])
    run_alerts(redis_server)
    turn_until(worker, lambda: acked(redis_server))
    assert retained(mosquitto) == {}
    worker.close()


def retained(server: Mosquitto) -> dict[str, Any]:
    """What the broker hands to a new subscriber before it confirms a later marker."""
    got: dict[str, Any] = {}
    ended = threading.Event()

    def heard(client: mqtt.Client, _state: object, message: mqtt.MQTTMessage) -> None:
        if message.topic == "marker":
            ended.set()
        elif message.payload:
            got.update(msgspec.json.decode(message.payload))

    def ready(client: mqtt.Client, *_: object) -> None:
        client.publish("marker", b"x", qos=1)

    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    client.on_message = heard
    client.on_subscribe = ready
    client.connect("127.0.0.1", server.port)
    client.subscribe([("floor/v1/s1/alerts", 1), ("marker", 1)])
    client.loop_start()
    assert ended.wait(30)
    client.disconnect()
    client.loop_stop()
    return got
