"""The list of a store's open incidents on ``floor/v1/{store}/alerts``, retained; cleared when none is open.

For watches, lights and pagers. It is a state: the newest list holds, an empty payload means all is well.
"""

from pathlib import Path
from threading import Lock

import msgspec
from paho.mqtt.client import Client, MQTTMessageInfo
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode

from alerts.channels import Context, Delivery, UnreachableError
from alerts.settings import ChannelSettings
from sensors.settings import Broker


def build(settings: ChannelSettings, context: Context) -> "MqttChannel":
    """A channel on the broker that the gateways use, or on ``url`` (``host:port``)."""
    broker = context.broker
    if settings.url:
        host, _, port = settings.url.removeprefix("mqtt://").partition(":")
        broker = msgspec.structs.replace(broker, host=host, port=int(port or 1883))
    return MqttChannel(broker, settings.timeout_s)


def topic_of(store: str) -> str:
    """Where a store's open incidents are."""
    return f"floor/v1/{store}/alerts"


class MqttChannel:
    """Publishes at QoS 1 and waits for the broker's acknowledgement."""

    shows_board = True
    takes_joined = False

    def __init__(self, broker: Broker, timeout_s: float) -> None:
        self._broker, self._timeout_s = broker, timeout_s
        self._client: Client | None = None
        self._lock = Lock()

    def send(self, delivery: Delivery) -> None:
        """Replace the retained list; raises ``UnreachableError`` without the broker's acknowledgement in time."""
        notice = delivery.notice
        payload = (
            msgspec.json.encode({"at": notice.at, "incidents": notice.incidents})
            if notice.incidents
            else b""
        )
        try:
            sent = self._connected().publish(topic_of(notice.store), payload, qos=1, retain=True)
            self._wait(sent)
        except (OSError, RuntimeError, ValueError) as error:
            raise UnreachableError(str(error)) from error

    def close(self) -> None:
        """Disconnect."""
        if self._client:
            self._client.disconnect()
            self._client.loop_stop()
            self._client = None

    def _wait(self, sent: MQTTMessageInfo) -> None:
        if sent.rc not in (MQTTErrorCode.MQTT_ERR_SUCCESS, MQTTErrorCode.MQTT_ERR_NO_CONN):
            raise UnreachableError(f"publish failed: {sent.rc.name}")
        sent.wait_for_publish(self._timeout_s)
        if not sent.is_published():
            raise UnreachableError("the broker did not acknowledge in time")

    def _connected(self) -> Client:
        with self._lock:
            if self._client is None:
                broker = self._broker
                client = Client(CallbackAPIVersion.VERSION2)
                if broker.username:
                    password = Path(broker.password_file).read_text(encoding="utf-8").strip()
                    client.username_pw_set(broker.username, password)
                if broker.tls_ca:
                    client.tls_set(broker.tls_ca, broker.tls_cert or None, broker.tls_key or None)
                client.connect_timeout = self._timeout_s
                client.connect(broker.host or "127.0.0.1", broker.port)
                client.loop_start()
                self._client = client
            return self._client
