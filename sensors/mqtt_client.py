"""paho-mqtt driven by polling, fast enough for a till's rush hour (edge).

paho connects, subscribes and keeps the connection alive. It reads each packet in three system calls and sends each
acknowledgement in one; so the socket below it buffers both ways, and messages and their acknowledgements, nearly all
there is, go past it: see ``mqtt_packets``.
"""

import threading
import time
from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any

import structlog
from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from sensors.intake import Message
from sensors.mqtt_packets import pubacks
from sensors.mqtt_session import introduce, protocol_of
from sensors.mqtt_socket import CHUNK, BufferedSocket
from sensors.settings import Broker

KEEPALIVE_S = 30
RETRY_S = (0.1, 10.0)  # first and longest pause between attempts to connect
_FOREVER = 0xFFFFFFFF  # session expiry interval, MQTT 5

_log = structlog.get_logger("sensors.mqtt")


class _BufferedClient(Client):
    """paho's client on a buffered socket."""

    buffered: BufferedSocket | None = None

    def _create_socket(self) -> Any:  # noqa: ANN401
        self.buffered = BufferedSocket(super()._create_socket())
        return self.buffered


class MqttClient:
    """A persistent QoS 1 session that is polled; it connects, and connects again, beside the caller.

    Messages stay unacknowledged until ``ack``. An acknowledgement for a message of an earlier connection is dropped,
    because the broker sends that message again and may use its number for another by now.

    Args:
        broker: where and as whom.
        filters: what to subscribe to, each time a connection stands.
        sessions: numbers the connections; clients of one process share it, so that none takes another's messages
            for its own.
    """

    def __init__(
        self, broker: Broker, filters: Sequence[str], sessions: Iterator[int] | None = None
    ) -> None:
        self._broker, self._filters = broker, filters
        self._sessions = sessions or count(1)
        self._is_v5 = protocol_of(broker) == MQTTProtocolVersion.MQTTv5
        self._client = _make_client(broker)
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_disconnect = self._on_disconnect
        self._session = 0
        self._connecting: threading.Thread | None = None
        self._retry_at, self._pause_s = 0.0, 0.0
        self.connected = False

    def poll(self, most: int) -> list[Message]:
        """The messages that are there, at most ``most`` of them; never waits.

        With ``most`` 0 it takes no message but keeps the connection alive, unless messages lie before that.
        """
        if self._is_connecting:
            return []
        self._connecting = None
        if self._client.socket() is None:
            self._connect_beside()
            return []
        self._client.loop_misc()
        arrived: list[Message] = []
        while self._read(arrived, most - len(arrived)):
            pass
        self.flush()
        return arrived

    def ack(self, acks: Sequence[tuple[int, int]]) -> None:
        """Acknowledge (mid, session) pairs in one go."""
        buffered = self._client.buffered
        if buffered is not None and self.connected:
            buffered.send(pubacks(mid for mid, session in acks if session == self._session))
            self.flush()

    def publish(self, topic: str, payload: bytes) -> bool:
        """Send a message once, without waiting for anybody to have it; False while there is no connection."""
        if not self.connected:
            return False
        self._client.publish(topic, payload, 0)
        self.flush()
        return True

    def flush(self) -> None:
        """Send what is waiting; a lost connection is found by the next read."""
        buffered = self._client.buffered
        if buffered is None or self._client.socket() is None:
            return
        if self._client.want_write():
            self._client.loop_write()
        try:
            buffered.flush()
        except OSError as error:
            _log.debug("mqtt-send-failed", error=str(error))
            buffered.close()

    def close(self) -> None:
        """Say goodbye; the broker keeps the session and what is unacknowledged."""
        if self._is_connecting or self._client.socket() is None:
            return
        self._client.disconnect()
        self.flush()

    @property
    def _is_connecting(self) -> bool:
        """Whether the other thread has the connection to itself."""
        return self._connecting is not None and self._connecting.is_alive()

    def _read(self, arrived: list[Message], most: int) -> bool:
        """Add messages to ``arrived``, or let paho take another packet, or read on; False if there is nothing."""
        buffered = self._client.buffered
        if buffered is None or self._client.socket() is None:
            return False
        if most and (found := buffered.published(most, is_v5=self._is_v5)):
            arrived += [Message(*one, self._session) for one in found]
            return True
        if not most and (buffered.is_message_next or buffered.pending() >= CHUNK):
            return False
        if buffered.offer():
            return self._client.loop_read() == MQTTErrorCode.MQTT_ERR_SUCCESS
        return buffered.fill() or buffered.has_ended

    def _connect_beside(self) -> None:
        """Start an attempt on a thread of its own: name lookup and TLS may take their time."""
        now = time.monotonic()
        if now < self._retry_at:
            return
        self._pause_s = min(max(self._pause_s * 2, RETRY_S[0]), RETRY_S[1])
        self._retry_at = now + self._pause_s
        self._connecting = threading.Thread(target=self._try_connect, daemon=True, name="mqtt")
        self._connecting.start()

    def _try_connect(self) -> None:
        try:
            self._client.reconnect()
            self.flush()
        except OSError as error:
            if self._pause_s == RETRY_S[0]:
                _log.warning("mqtt-unreachable", broker=_name(self._broker), error=str(error))

    def _on_connect(
        self,
        _client: Client,
        _userdata: object,
        _flags: ConnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if reason.is_failure:
            _log.error("mqtt-refused", broker=_name(self._broker), reason=str(reason))
            return
        self._session = next(self._sessions)
        self.connected, self._pause_s = True, 0.0
        self._client.subscribe([(name, 1) for name in self._filters])
        _log.info("mqtt-connected", broker=_name(self._broker))

    def _on_subscribe(
        self,
        _client: Client,
        _userdata: object,
        _number: int,
        reasons: list[ReasonCode],
        _properties: Properties | None,
    ) -> None:
        """Only now is everything published from here on ours; a new session missed what came before."""
        refused = [str(reason) for reason in reasons if reason.is_failure]
        if refused:
            _log.error("mqtt-refused", broker=_name(self._broker), reason=", ".join(refused))
        else:
            _log.info("mqtt-subscribed", broker=_name(self._broker))

    def _on_disconnect(
        self,
        _client: Client,
        _userdata: object,
        _flags: DisconnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if self.connected and reason.is_failure:
            _log.warning("mqtt-lost", broker=_name(self._broker), reason=str(reason))
        self.connected = False


def _name(broker: Broker) -> str:
    return f"{broker.host}:{broker.port}"


def _make_client(broker: Broker) -> _BufferedClient:
    protocol = protocol_of(broker)
    is_v5 = protocol == MQTTProtocolVersion.MQTTv5
    client = _BufferedClient(
        CallbackAPIVersion.VERSION2,
        client_id=broker.client_id,
        clean_session=None if is_v5 else False,
        protocol=protocol,
        manual_ack=True,
    )
    client.connect_timeout = 5.0
    introduce(client, broker)
    extra: dict[str, Any] = {}
    if is_v5:
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = _FOREVER
        properties.ReceiveMaximum = min(broker.receive_maximum, 65_535)
        extra = {"clean_start": False, "properties": properties}
    client.connect_async(broker.host, broker.port, KEEPALIVE_S, **extra)
    return client
