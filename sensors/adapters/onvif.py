"""ONVIF analytics over MQTT (``…/onvif-ej/…``): cameras of Bosch, Hanwha, Axis, i-PRO and others.

``RuleEngine/CountAggregation/Counter`` is a running total of one direction, named by its rule, and
``OccupancyCounter`` a level; ``LineDetector/Crossed`` is one person. Items come as plain objects or as lists
of ``SimpleItem``. Which way a rule counts is told by its name (in, entry, inbound / out, exit, outbound) or by
the mapping: ``doors = { "Counter 2" = "main:out" }``.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from sensors.adapters._json import count, obj, parse_object, text
from sensors.adapters._message import Message
from sensors.adapters._times import instant
from sensors.adapters._unreadable import UnreadableError
from sensors.events import Event
from sensors.reject import Reject

NAME = "onvif"
COUNTS = ("total", "delta", "level")

_OUT = re.compile(r"(?i)(?<![a-z])(out|outbound|exit|exits|leave|leaving)(?![a-z])")


def guess(payload: bytes, topic: str) -> float:
    """By the topic's marker, else by UtcTime beside Source and Data."""
    if "onvif-ej" in topic or "RuleEngine" in topic:
        return 0.9
    return 0.6 if b'"UtcTime"' in payload and b'"Data"' in payload else 0.0


def read(message: Message) -> Iterable[Event | Reject]:
    """One notification."""
    tree = parse_object(message.payload)
    if "UtcTime" not in tree:
        raise UnreadableError("no UtcTime: not an ONVIF event")
    at = instant(tree["UtcTime"], message.tz, message.received_at, "$.UtcTime")
    source, said = _items(tree, "Source"), _items(tree, "Data")
    topic = message.topic + text(tree.get("Topic"))
    rule = text(source.get("Rule")) or message.topic.rpartition("/")[2]
    camera = message.source(_camera(message.topic))
    return _said(message, topic, rule, said, at, camera)


def _said(
    message: Message,
    topic: str,
    rule: str,
    said: dict[str, Any],
    at: datetime,
    camera: str,
) -> Iterator[Event | Reject]:
    outward = bool(_OUT.search(rule))
    if "Occupancy" in topic or "Occupancy" in said:
        people = count(said.get("Count", said.get("Occupancy")), "$.Data.Count")
        yield from message.presence((rule,), at=at, people=people, source=camera)
    elif "Count" in said:
        people = count(said["Count"], "$.Data.Count")
        yield from message.footfall(
            (rule,),
            at=at,
            counting="total",
            entered=0 if outward else people,
            left=people if outward else 0,
            source=f"{camera[:40]}/{rule[:20]}",
        )
    elif "Crossed" in topic or "LineDetector" in topic:
        direction = text(said.get("Direction"))
        back = direction.lower() in ("left", "out", "backward") or (not direction and outward)
        yield from message.footfall(
            (rule,),
            at=at,
            counting="delta",
            entered=int(not back),
            left=int(back),
            source=camera,
            id=f"{camera}-{rule}-{at.timestamp():.3f}-{text(said.get('ObjectId'))}",
        )
    elif "ConnectionLost" in topic or "GlobalSceneChange" in topic or "ImageTooDark" in topic:
        bad = text(said.get("State")).lower() in ("true", "1") or said.get("State") is True
        yield message.status("fault" if bad else "alive", at=at, source=camera, detail=rule[:100])
    else:
        yield message.reject(UnreadableError(f"topic {message.topic[-80:]!r} counts nobody"))


def _items(tree: dict[str, Any], key: str) -> dict[str, Any]:
    """Named values, from either of the two ways cameras write them."""
    value = tree.get(key)
    if value is None:
        return {}
    said = obj(value, f"$.{key}")
    simple = said.get("SimpleItem")
    if simple is None:
        return said
    pairs = simple if isinstance(simple, list) else [simple]
    return {
        text(obj(p, f"$.{key}").get("Name")): p.get("Value") for p in pairs if isinstance(p, dict)
    }


def _camera(topic: str) -> str | None:
    head, marker, _ = topic.partition("/onvif-ej")
    return (head or None) if marker else None
