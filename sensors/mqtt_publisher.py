"""Publishing from an event loop: a message is sent when the broker has acknowledged it (edge).

paho works on a thread of its own; its acknowledgements come back into the loop, where alone the waiting is kept.
"""

import asyncio

import structlog
from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from sensors.mqtt_session import introduce, protocol_of
from sensors.settings import Broker

KEEPALIVE_S = 10
RETRY_S = (1, 5)
IN_FLIGHT = 1_000

_log = structlog.get_logger("sensors.mqtt_publisher")


class UntakenError(Exception):
    """The broker has not acknowledged it: it may come twice, it must be sent again."""


class Publisher:
    """A QoS 1 publisher.

    Args:
        broker: where and as whom.
        loop: in which ``publish`` is awaited.
    """

    def __init__(self, broker: Broker, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: dict[int, asyncio.Future[None]] = {}
        self._client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=broker.client_id,
            protocol=protocol_of(broker),
        )
        introduce(self._client, broker)
        self._client.reconnect_delay_set(*RETRY_S)
        self._client.max_inflight_messages_set(IN_FLIGHT)
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_publish = self._on_publish
        self._client.connect_async(broker.host, broker.port, KEEPALIVE_S)
        self._client.loop_start()

    @property
    def is_connected(self) -> bool:
        """Whether the broker is there."""
        return self._client.is_connected()

    async def publish(self, topic: str, payload: bytes, within_s: float) -> None:
        """Send it and wait for the broker; raises ``UntakenError`` after ``within_s`` or if it is not there."""
        if not self.is_connected or len(self._waiting) >= IN_FLIGHT:
            raise UntakenError("the broker is not connected")
        info = self._client.publish(topic, payload, 1)
        if info.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise UntakenError("the broker is not connected")
        taken: asyncio.Future[None] = self._loop.create_future()
        self._waiting[info.mid] = taken
        try:
            await asyncio.wait_for(taken, within_s)
        except TimeoutError:
            raise UntakenError(f"no acknowledgement within {within_s:g} s") from None
        finally:
            self._waiting.pop(info.mid, None)

    def close(self) -> None:
        """Say goodbye."""
        self._client.disconnect()
        self._client.loop_stop()

    def _settle(self, mid: int, reason: str) -> None:
        taken = self._waiting.get(mid)
        if taken is None or taken.done():
            return
        if reason:
            taken.set_exception(UntakenError(reason))
        else:
            taken.set_result(None)

    def _on_publish(
        self,
        _client: Client,
        _userdata: object,
        mid: int,
        reason: ReasonCode,
        _properties: Properties,
    ) -> None:
        self._loop.call_soon_threadsafe(self._settle, mid, str(reason) if reason.is_failure else "")

    def _on_connect(
        self,
        _client: Client,
        _userdata: object,
        _flags: ConnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if reason.is_failure:
            _log.error("mqtt-refused", reason=str(reason))
        else:
            _log.info("mqtt-connected")

    def _on_disconnect(
        self,
        _client: Client,
        _userdata: object,
        _flags: DisconnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if reason.is_failure:
            _log.warning("mqtt-lost", reason=str(reason))
