"""A short visit to the broker from the command line: publish one message, or hear what a topic says."""

import queue
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from floorcast.errors import FloorcastError, UnavailableError
from sensors.settings import Broker


def broker_named(configured: Broker, to: str) -> tuple[Broker, str]:
    """Which broker, and the password ``to`` carries; raises ``FloorcastError`` if none is named.

    >>> broker_named(Broker(), "mqtt://gate:s%40fe@127.0.0.1:1884")[0].port
    1884
    """
    if not to:
        if not configured.host:
            raise FloorcastError(
                "no broker: name one with --to mqtt://host:port, or sensors.broker.host"
            )
        return configured, ""
    parts = urlsplit(to)
    if parts.scheme != "mqtt" or not parts.hostname:
        raise FloorcastError(f"{parts.scheme}://{parts.hostname or ''}: write mqtt://host:port")
    named = Broker(
        host=parts.hostname, port=parts.port or 1883, username=unquote(parts.username or "")
    )
    return named, unquote(parts.password or "")


@contextmanager
def linked(broker: Broker, password: str = "") -> Iterator[Client]:
    """A connected client whose loop runs; raises ``UnavailableError`` where the broker is not there."""
    client = Client(CallbackAPIVersion.VERSION2)
    where = f"broker {broker.host}:{broker.port}"
    if broker.password_file:
        password = read_file(broker.password_file).decode("utf-8", "replace").strip()
    if broker.username:
        client.username_pw_set(broker.username, password or None)
    try:
        if broker.tls_ca:
            client.tls_set(broker.tls_ca, broker.tls_cert or None, broker.tls_key or None)
        client.connect(broker.host, broker.port)
    except OSError as error:
        raise UnavailableError(f"{where}: {error}") from None
    client.loop_start()
    try:
        yield client
    finally:
        client.disconnect()
        client.loop_stop()


def publish_once(broker: Broker, password: str, topic: str, payload: bytes) -> None:
    """Publish at QoS 1 and wait for the acknowledgement; raises ``UnavailableError`` without one."""
    where = f"broker {broker.host}:{broker.port}"
    try:
        with linked(broker, password) as client:
            sent = client.publish(topic, payload, qos=1)
            sent.wait_for_publish(timeout=10)
            if not sent.is_published():
                raise UnavailableError(
                    f"{where}: does not acknowledge; check user, password and ACL"
                )
    except (ValueError, RuntimeError) as error:
        raise UnavailableError(f"{where}: {error}") from None


def heard_once(broker: Broker, password: str, topic: str, within_s: float) -> bytes | None:
    """The first message on a topic within that time, retained ones too; ``None`` in silence."""
    heard: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def take(_client: Client, _userdata: object, message: MQTTMessage) -> None:
        heard.put(bytes(message.payload))

    with linked(broker, password) as client:
        client.on_message = take
        client.subscribe(topic, qos=1)  # may follow CONNECT at once (MQTT 3.1.1, 3.1.4)
        try:
            return heard.get(timeout=within_s)
        except queue.Empty:
            return None


def read_file(name: str) -> bytes:
    """A file's bytes, ``-`` being standard input; raises ``UnavailableError``."""
    try:
        return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise UnavailableError(f"{name}: {error.strerror}") from None
