"""Frigate NVR over MQTT: tracked objects, reviews, zone counts, availability.

``frigate/events`` follows one object; entering a zone begins a visit and leaving it (or the object's end)
finishes one, so a ``Dwell`` needs both messages and ``memory`` between them. A zone named under ``doors``
counts the person who enters it instead (``doors = { porch = "main:in" }``). ``frigate/<camera or
zone>/person`` is how many there are now. Reviews bundle several objects and count nobody; with option
``counts = "reviews"`` a finished one is a visit to each of its zones.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from sensors.adapter_memory import remember
from sensors.adapters._json import count, obj, parse, sub, text
from sensors.adapters._message import Message
from sensors.adapters._times import instant
from sensors.adapters._unreadable import UnreadableError
from sensors.events import Event
from sensors.reject import Reject

NAME = "frigate"
COUNTS = ("delta", "level")
REMEMBERS = True


def guess(payload: bytes, topic: str) -> float:
    """By ``before`` and ``after`` of the same object, or the topic."""
    head = payload[:65536]
    if b'"before"' in head and b'"after"' in head and b'"camera"' in head:
        return 0.9
    return 0.6 if topic.startswith("frigate/") else 0.0


def read(message: Message) -> Iterable[Event | Reject]:
    """Visits, people through a zone that is a door, levels, status."""
    last = message.topic.rpartition("/")[2]
    if message.payload in (b"online", b"offline"):
        return [message.status(message.payload.decode(), source=message.source("frigate"))]
    tree = parse(message.payload)
    if isinstance(tree, int) and last in ("person", "active"):
        return _level(message, tree)
    event = obj(tree)
    if "after" not in event:
        raise UnreadableError('neither an event nor a review: no "after" in it')
    after = sub(event, "after")
    if "severity" in after or "detections" in sub(after, "data", "$.after"):
        return _review(message, event, after)
    return _tracked(message, event, after)


def _level(message: Message, people: object) -> Iterator[Event | Reject]:
    parts = message.topic.split("/")
    place = parts[parts.index("person") - 1] if "person" in parts[1:] else parts[-1]
    yield from message.presence(
        (place,), at=message.received_at, people=count(people), source=message.source()
    )


def _tracked(
    message: Message, event: dict[str, Any], after: dict[str, Any]
) -> Iterator[Event | Reject]:
    labels = message.option("labels", "person").split(",")
    if text(after.get("label")) not in labels or after.get("false_positive") is True:
        return
    if message.option("counts", "events") != "events":
        return
    ended = after.get("end_time") if event.get("type") == "end" else None
    stamp = ended if ended is not None else after.get("frame_time", after.get("start_time"))
    at = instant(stamp, message.tz, message.received_at, "$.after.frame_time")
    track = text(after.get("id"))
    source = message.source(text(after.get("camera")) or None)
    now = [] if event.get("type") == "end" else _zones(after, "current_zones", "$.after")
    before = event.get("before") if event.get("type") != "new" else None
    was = _zones(obj(before, "$.before"), "current_zones", "$.before") if before else []
    inside = [k.split("|", 2)[2] for k in message.memory if k.startswith(f"visit|{track}|")]
    for zone in dict.fromkeys((*was, *inside)):
        if zone not in now:
            yield from _left(message, track, zone, at, source)
    for zone in now:
        if f"visit|{track}|{zone}" in message.memory:
            continue
        if zone in was:  # seen inside before we listened: its visit began at the latest then
            began = instant(
                sub(event, "before").get("frame_time"), message.tz, message.received_at, "$.before"
            )
            remember(message.memory, f"visit|{track}|{zone}", min(began, at))
            continue
        remember(message.memory, f"visit|{track}|{zone}", at)
        if zone in message.device.doors:
            yield from message.footfall(
                (zone,), at=at, counting="delta", entered=1, source=source, id=f"{track}-{zone}"
            )


def _left(
    message: Message, track: str, zone: str, at: datetime, source: str
) -> Iterator[Event | Reject]:
    began = message.memory.pop(f"visit|{track}|{zone}", None)
    if isinstance(began, datetime) and at >= began and zone not in message.device.doors:
        yield from message.dwell(
            (zone,), at=at, dwell_s=(at - began).total_seconds(), track=track, source=source
        )


def _review(
    message: Message, event: dict[str, Any], after: dict[str, Any]
) -> Iterator[Event | Reject]:
    if event.get("type") != "end" or message.option("counts", "events") != "reviews":
        return
    said = sub(after, "data", "$.after")
    objects = said.get("objects")
    if not isinstance(objects, list) or "person" not in objects:
        return
    at = instant(after.get("end_time"), message.tz, message.received_at, "$.after.end_time")
    began = instant(after.get("start_time"), message.tz, message.received_at, "$.after.start_time")
    for zone in _zones(said, "zones", "$.after.data"):
        yield from message.dwell(
            (zone,),
            at=at,
            dwell_s=max(0.0, (at - began).total_seconds()),
            track=text(after.get("id")),
            source=message.source(text(after.get("camera")) or None),
        )


def _zones(tree: dict[str, Any], key: str, place: str) -> list[str]:
    zones = tree.get(key) or []
    if not isinstance(zones, list) or not all(isinstance(z, str) for z in zones):
        raise UnreadableError("expected a list of zone names", f"{place}.{key}")
    return zones
