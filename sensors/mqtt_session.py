"""What every connection of ours to a broker has in common: its protocol, who we are, and TLS (edge)."""

from pathlib import Path

from paho.mqtt.client import Client
from paho.mqtt.enums import MQTTProtocolVersion

from sensors.settings import Broker


def protocol_of(broker: Broker) -> MQTTProtocolVersion:
    """The protocol the broker is spoken to in."""
    return MQTTProtocolVersion.MQTTv5 if broker.protocol == "5" else MQTTProtocolVersion.MQTTv311


def introduce(client: Client, broker: Broker) -> None:
    """Give a client its name, password and certificates; raises ``OSError`` if a file cannot be read."""
    if broker.username:
        file = broker.password_file
        word = Path(file).read_text(encoding="utf-8").strip() if file else None
        client.username_pw_set(broker.username, word)
    if broker.tls_ca or broker.tls_cert:
        client.tls_set(broker.tls_ca or None, broker.tls_cert or None, broker.tls_key or None)
