"""The polled session on a real broker."""

import pytest
import structlog

from sensors.intake import Message
from sensors.mqtt_client import MqttClient
from sensors.settings import Broker
from tests.ingest_process import Gateway, wait_for
from tests.servers import Mosquitto

pytestmark = pytest.mark.servers


def test_while_nothing_can_be_taken_the_connection_lives(mosquitto: Mosquitto) -> None:
    """Polled for no message it connects, subscribes and hears the broker; what came meanwhile is there afterwards."""
    broker = Broker(host="127.0.0.1", port=mosquitto.port)
    client = MqttClient(broker, ["a/#"])
    taken: list[Message] = []
    with structlog.testing.capture_logs() as said:
        wait_for(lambda: [client.poll(0), "mqtt-subscribed" in str(said)][1], what="subscribed")
    with Gateway(mosquitto.port) as gateway:
        gateway.send([("a/b", b"%d" % n) for n in range(50)])
        wait_for(lambda: [taken.extend(client.poll(0)), gateway.acknowledged == 50][1])
        assert taken == []
        wait_for(lambda: [taken.extend(client.poll(7)), len(taken) >= 20][1])  # its limit in flight
        client.ack([(message.mid, message.session) for message in taken])
        wait_for(lambda: [taken.extend(answered(client)), len(taken) >= 50][1])
    client.close()
    assert [message.payload for message in taken] == [b"%d" % n for n in range(50)]


def answered(client: MqttClient) -> list[Message]:
    """What is there, acknowledged at once."""
    arrived = client.poll(7)
    client.ack([(message.mid, message.session) for message in arrived])
    return arrived
