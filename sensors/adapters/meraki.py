"""Cisco Meraki MV Sense over MQTT: ``/merakimv/{serial}/{zone}`` counts.

Zone 0 is the whole picture. Raw detections and light levels count nobody.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from sensors.adapters._json import count, parse_object, sub
from sensors.adapters._message import Message
from sensors.adapters._times import instant
from sensors.adapters._unreadable import UnreadableError
from sensors.events import Event
from sensors.reject import Reject

NAME = "meraki"
COUNTS = ("level",)

_TOPIC = re.compile(r"merakimv/([^/]{1,40})/([^/]{1,40})$")


def guess(payload: bytes, topic: str) -> float:
    """By the topic, else by ``counts`` of ``person``."""
    if _TOPIC.search(topic):
        return 0.9
    return 0.6 if b'"counts"' in payload[:4096] and b'"person"' in payload[:4096] else 0.0


def read(message: Message) -> Iterable[Event | Reject]:
    """One zone's count, or none."""
    where = _TOPIC.search(message.topic)
    serial, zone = (where[1], where[2]) if where else (None, "0")
    tree = parse_object(message.payload)
    if "lux" in tree or zone in ("light", "raw_detections", "audio_analytics") or "objects" in tree:
        return ()
    if "counts" not in tree:
        raise UnreadableError("no counts in it")
    return _level(message, tree, serial, zone)


def _level(
    message: Message, tree: dict[str, Any], serial: str | None, zone: str
) -> Iterator[Event | Reject]:
    said = sub(tree, "counts")
    if "person" not in said:
        return
    stamp = tree.get("ts")
    yield from message.presence(
        (zone,),
        at=instant(stamp, message.tz, message.received_at, "$.ts")
        if stamp
        else message.received_at,
        people=count(said["person"], "$.counts.person"),
        source=message.source(serial),
    )
