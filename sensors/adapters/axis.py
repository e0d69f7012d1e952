"""Axis cameras: People Counter, Object Analytics, 3D retail data push, scene metadata, device status.

Running totals (People Counter ``in``/``out``, Object Analytics ``total…``) come as text or numbers, times as
milliseconds, RFC 3339 or local ``YYYYMMDDhhmmss``. An Object Analytics scenario counts one direction only:
map the other scenario as ``doors = { Device1Scenario2 = "main:out" }``.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC
from typing import Any

from sensors.adapters._json import count, each, maybe_count, parse_object, real, sub, text
from sensors.adapters._message import Message
from sensors.adapters._times import instant, span
from sensors.adapters._unreadable import UnreadableError
from sensors.events import Event
from sensors.reject import Reject

NAME = "axis"
COUNTS = ("total", "interval", "level")


def guess(payload: bytes, topic: str) -> float:
    """By its application's names, or its serial beside a count or a connection state."""
    head = payload[:65536]
    if b"axis:CameraApplicationPlatform" in head or b'"Axis Retail Data"' in head:
        return 0.95
    if b'"serial"' in head and any(
        k in head for k in (b'"occupancy"', b'"connected"', b'"Uptime_Hours"', b'"out"')
    ):
        return 0.8
    if (b'"observations"' in head or b'"classes"' in head) and b"Human" in head:
        return 0.7
    return 0.2 if topic.startswith("axis") else 0.0


def read(message: Message) -> Iterable[Event | Reject]:
    """Totals, intervals, levels, tracks and status."""
    tree = parse_object(message.payload)
    if "message" in tree:
        return _object_analytics(message, tree)
    if "measurements" in sub(tree, "data"):
        return _retail(message, tree)
    for key, form in _FORMS:
        if key in tree:
            return form(message, tree)
    raise UnreadableError("none of the Axis forms: no counts, occupancy, track or status in it")


def _people_counter(message: Message, tree: dict[str, Any]) -> Iterator[Event | Reject]:
    at = instant(tree.get("timestamp"), message.tz, message.received_at, "$.timestamp")
    yield from message.footfall(
        (text(tree.get("name")), text(tree.get("serial"))),
        at=at,
        counting="total",
        entered=count(tree.get("in"), "$.in"),
        left=count(tree.get("out"), "$.out"),
        source=message.source(tree.get("serial")),
    )


def _object_analytics(message: Message, tree: dict[str, Any]) -> Iterator[Event | Reject]:
    said = sub(sub(tree, "message"), "data", "$.message")
    at = instant(tree.get("timestamp"), message.tz, message.received_at, "$.timestamp")
    scenario = text(tree.get("topic")).rpartition("/")[2]
    serial = message.source(tree.get("serial"))
    people = said.get("totalHuman", said.get("total"))
    if "total" not in said and "totalHuman" not in said:
        raise UnreadableError("an Object Analytics event without totals", "$.message.data")
    number = count(people, "$.message.data.totalHuman")
    if "startTime" not in said and "reason" not in said:  # occupancy in area
        yield from message.presence((scenario,), at=at, people=number, source=serial)
        return
    yield from message.footfall(
        (scenario, text(tree.get("name"))),
        at=at,
        counting="total",
        entered=number,
        source=message.source(f"{serial}/{scenario}")
        if not message.device.source
        else f"{serial}/{scenario}",
    )


def _occupancy(message: Message, tree: dict[str, Any]) -> Iterator[Event | Reject]:
    at = instant(tree.get("timestamp"), message.tz, message.received_at, "$.timestamp")
    seen = tree["occupancy"]
    people = (
        maybe_count(seen.get("Human"), "$.occupancy.Human")
        if isinstance(seen, dict)
        else count(seen)
    )
    yield from message.presence(
        (text(tree.get("name")), text(tree.get("serial"))),
        at=at,
        people=people or 0,
        source=message.source(tree.get("serial")),
    )


def _retail(message: Message, tree: dict[str, Any]) -> Iterator[Event | Reject]:
    sensor = sub(tree, "sensor")
    names = (text(sensor.get("name")), text(sensor.get("serial")))
    for place, measured in each(sub(tree, "data"), "measurements", "$.data"):
        if measured.get("kind") != "people-counts":
            continue
        at, seconds = span(
            measured.get("utcFrom"), measured.get("utcTo"), UTC, message.received_at, place
        )
        sides = {text(i.get("direction")): i for _, i in each(measured, "items", place)}
        came, went = sides.get("in", {}), sides.get("out", {})
        yield from message.footfall(
            names,
            at=at,
            counting="interval",
            interval_s=seconds,
            entered=maybe_count(came.get("count"), place) or 0,
            left=maybe_count(went.get("count"), place) or 0,
            source=message.source(sensor.get("serial")),
        )


def _status(message: Message, tree: dict[str, Any]) -> Iterator[Event | Reject]:
    source = message.source(tree.get("serial"))
    if "connected" in tree:
        state = "online" if tree["connected"] is True else "offline"
        yield message.status(state, source=source, detail=text(tree.get("model")) or None)
        return
    load, up = text(tree.get("CPU_average")), text(tree.get("Uptime_Hours"))
    yield message.status("alive", source=source, detail=f"CPU {load or '–'} %, up {up or '–'} h")


def _track(message: Message, tree: dict[str, Any]) -> Iterator[Event | Reject]:
    """One consolidated track: a person's whole stay in the picture."""
    best = max(
        (c for _, c in each(tree, "classes")), key=lambda c: real(c.get("score", 0)), default={}
    )
    if text(best.get("type")) != "Human":
        return
    at = instant(tree.get("end_time"), message.tz, message.received_at, "$.end_time")
    begun = instant(tree.get("start_time"), message.tz, message.received_at, "$.start_time")
    yield from message.dwell(
        (text(tree.get("channel_id")),),
        at=at,
        dwell_s=max(0.0, (at - begun).total_seconds()),
        track=text(tree.get("id")) or None,
    )


def _frame(message: Message, tree: dict[str, Any]) -> Iterator[Event | Reject]:
    """One scene description: how many people are in the picture now."""
    frame = sub(tree, "frame")
    at = instant(frame.get("timestamp"), message.tz, message.received_at, "$.frame.timestamp")
    people = {
        text(o.get("track_id"))
        for _, o in each(frame, "observations", "$.frame")
        if text(sub(o, "class").get("type")) == "Human"
    }
    yield from message.presence((), at=at, people=len(people))


_FORMS = (
    ("occupancy", _occupancy),
    ("in", _people_counter),
    ("classes", _track),
    ("frame", _frame),
    ("connected", _status),
    ("CPU_average", _status),
    ("Uptime_Hours", _status),
)
