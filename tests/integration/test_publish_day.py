"""A simulated day published to a real broker as gateways would."""

import threading
from collections import Counter
from datetime import timedelta

import msgspec
import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from floorcast.publish import publish
from sensors.clock import FakeClock
from sensors.events import AnyEvent
from sensors.topics import parse_topic
from tests.days import demo_day
from tests.servers import Mosquitto

pytestmark = pytest.mark.servers
_decode = msgspec.json.Decoder(AnyEvent).decode


class Listener:
    """Collects every event published below floor/v1 until ``wanted`` have come."""

    def __init__(self, port: int, wanted: int) -> None:
        self.lines: Counter[bytes] = Counter()
        self.misplaced: list[str] = []
        self.done, self.ready = threading.Event(), threading.Event()
        self._wanted = wanted
        self.client = Client(CallbackAPIVersion.VERSION2)
        self.client.on_message = self._take
        self.client.on_subscribe = lambda *_: self.ready.set()
        self.client.connect("127.0.0.1", port)
        self.client.subscribe("floor/v1/#", qos=1)
        self.client.loop_start()
        assert self.ready.wait(30)

    def _take(self, _client: Client, _userdata: object, message: MQTTMessage) -> None:
        topic = parse_topic(message.topic)
        for line in message.payload.split(b"\n"):
            event = _decode(line)
            if topic is None or (topic.store, topic.source) != (event.store, event.source):
                self.misplaced.append(message.topic)
            self.lines[line] += 1
        if self.lines.total() >= self._wanted:
            self.done.set()

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


def test_every_event_arrives_once_on_its_device_s_topic(mosquitto: Mosquitto) -> None:
    """A day at high speed reaches a subscriber whole: each event once, on the topic of its store and device."""
    day = demo_day(visitors=100)
    listener = Listener(mosquitto.port, len(day.events))
    sent = publish(day.deliveries, f"mqtt://127.0.0.1:{mosquitto.port}", speed=1e9)
    assert listener.done.wait(30)
    listener.close()
    assert sent == len(day.events)
    assert listener.lines == Counter(msgspec.json.encode(event) for event in day.events)
    assert listener.misplaced == []


def test_at_real_time_the_past_is_left_out_and_a_stop_ends_the_wait(mosquitto: Mosquitto) -> None:
    """At speed 1 only what is due from the start on is published, and nothing once ``stop`` is set."""
    broker = f"mqtt://127.0.0.1:{mosquitto.port}"
    deliveries = demo_day(visitors=100).deliveries
    last = deliveries[-1].received_at
    due = sum(delivery.received_at == last for delivery in deliveries)
    assert publish(deliveries, broker, clock=FakeClock(last)) == due >= 1
    stop = threading.Event()
    stop.set()
    assert (
        publish(deliveries[-1:], broker, clock=FakeClock(last - timedelta(hours=1)), stop=stop) == 0
    )
