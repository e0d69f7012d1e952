"""Xovis people sensors: data push V5 (live data, logics) and V4 (line and zone counts).

``live_data``: each crossing as it happens; ``logics_data``: sums per interval. Forward is in, backward out.
The same crossing may be pushed as a SCENE event, as a logic's COUNT event and in a sum: one form is taken
(option ``counts`` = ``scene``, ``logics`` or ``sums``; else the first heard).
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import partial
from typing import Any

from sensors.adapter_memory import remember
from sensors.adapters import salvaged
from sensors.adapters._json import count, decimal, each, maybe_count, parse_object, sub, text
from sensors.adapters._message import Message
from sensors.adapters._times import instant, span
from sensors.adapters._unreadable import UnreadableError
from sensors.events import Event
from sensors.reject import Reject

NAME = "xovis"
COUNTS = ("delta", "interval", "level")
REMEMBERS = True

_IN = {"fw", "forward", "in", "fw-count", "forward-count"}
_OUT = {"bw", "backward", "out", "bw-count", "backward-count"}
_LEVEL = {"balance", "occupancy", "fill-level", "fill_level", "count", "object-count"}
_DWELL = {"dwell-time", "dwell_time", "avg-dwell-time", "average-dwell-time"}


def guess(payload: bytes, topic: str) -> float:
    """By the two roots of V5, or V4's hyphenated keys."""
    head = payload[:4096]
    if b'"live_data"' in head or b'"logics_data"' in head:
        return 0.95
    return (
        0.9 if b'"sensor-time"' in payload and b'"element-' in payload else 0.1 * ("xovis" in topic)
    )


def read(message: Message) -> Iterable[Event | Reject]:
    """Crossings, sums, levels, dwell and queues."""
    tree = parse_object(message.payload)
    if "live_data" in tree:
        return _live(message, sub(tree, "live_data"))
    if "logics_data" in tree:
        return _logics(message, sub(tree, "logics_data"))
    if "content" in tree:
        return _v4(message, tree)
    raise UnreadableError("neither live_data, logics_data nor V4 content")


def _live(message: Message, live: dict[str, Any]) -> Iterator[Event | Reject]:
    package = sub(live, "package_info")
    source = message.source(sub(live, "sensor_info").get("serial_number"))
    for place, frame in each(live, "frames", "$.live_data"):
        at = instant(frame.get("time"), message.tz, message.received_at, f"{place}.time")
        kinds = {
            text(o.get("track_id")): text(o.get("type"))
            for _, o in each(frame, "tracked_objects", place)
        }
        stamp = f"{text(package.get('agent_id'))}-{text(package.get('id'))}-{text(frame.get('framenumber'))}"
        yield from salvaged(
            message,
            (
                partial(_scene, message, event, at, kinds, f"{stamp}-{i}", source)
                for i, (_, event) in enumerate(each(frame, "events", place))
            ),
        )


def _scene(
    message: Message,
    event: dict[str, Any],
    at: datetime,
    kinds: dict[str, str],
    id_: str,
    source: str,
) -> Iterator[Event | Reject]:
    said = sub(event, "attributes")
    kind = text(event.get("type"))
    track = text(said.get("track_id"))
    names = (text(said.get("geometry_name")), text(said.get("geometry_id")))
    what = kinds.get(track, "PERSON")
    if (
        kind.startswith("LINE_CROSS_")
        and what in ("PERSON", "GROUP")
        and message.takes("counts", "scene", source)
    ):
        forward = kind.endswith("FORWARD")
        group = what == "GROUP"
        if group and forward == message.device.invert:
            return  # a group going out is counted by its people
        yield from message.footfall(
            names,
            at=at,
            counting="delta",
            entered=int(forward and not group),
            left=int(not forward and not group),
            groups=1 if group else None,
            source=source,
            id=id_,
        )
    elif kind == "COUNT_INCREMENT" and message.takes("counts", "logics", source):
        yield from _increment(message, said, at, id_, source)
    elif kind in ("ZONE_ENTRY", "ZONE_EXIT") and what == "PERSON":
        yield from _zone(message, kind, (*names, track), at, source)
    elif kind == "SENSOR_FAILURE":
        yield message.status("fault", at=at, source=source, detail="sensor failure")


def _increment(
    message: Message, said: dict[str, Any], at: datetime, id_: str, source: str
) -> Iterator[Event | Reject]:
    counter = text(said.get("counter_name")).lower()
    if counter in _IN or counter in _OUT:
        yield from message.footfall(
            (text(said.get("logic_name")), text(said.get("logic_id"))),
            at=at,
            counting="delta",
            entered=int(counter in _IN),
            left=int(counter in _OUT),
            source=source,
            id=id_,
        )


def _zone(
    message: Message, kind: str, names: tuple[str, str, str], at: datetime, source: str
) -> Iterator[Event | Reject]:
    name, number, track = names
    key = f"in:{number or name}:{track}"
    if kind == "ZONE_ENTRY":
        remember(message.memory, key, at)
    elif (since := message.memory.pop(key, None)) is not None and at >= since:
        yield from message.dwell(
            (name, number), at=at, dwell_s=(at - since).total_seconds(), track=track, source=source
        )


def _logics(message: Message, tree: dict[str, Any]) -> Iterator[Event | Reject]:
    source = message.source(sub(tree, "sensor_info").get("serial_number"))
    for place, logic in each(tree, "logics", "$.logics_data"):
        names = (
            text(logic.get("name")),
            text(logic.get("id")),
            *(text(g.get(k)) for _, g in each(logic, "geometries", place) for k in ("name", "id")),
        )
        info = text(logic.get("info"))
        yield from salvaged(
            message,
            (
                partial(_record, message, record, where, names, info, source)
                for where, record in each(logic, "records", place)
            ),
        )


def _record(
    message: Message,
    record: dict[str, Any],
    place: str,
    names: tuple[str, ...],
    info: str,
    source: str,
) -> Iterator[Event | Reject]:
    at, seconds = span(record.get("from"), record.get("to"), message.tz, message.received_at, place)
    expected = maybe_count(record.get("samples_expected"), place)
    if expected and maybe_count(record.get("samples"), place) == 0:
        yield message.status(
            "fault", at=at, source=source, detail=f"{info}: no samples in the interval"
        )
        return  # its zeros are not counts
    values = {text(c.get("name")).lower(): c.get("value") for _, c in each(record, "counts", place)}
    yield from _sums(message, values, names, at, seconds, info, source, place)


def _sums(
    message: Message,
    values: dict[str, Any],
    names: tuple[str, ...],
    at: datetime,
    seconds: float,
    info: str,
    source: str,
    place: str,
) -> Iterator[Event | Reject]:
    if "QUEUE" in info or "queue-length" in values:
        wait = values.get("queueing-time")
        yield from message.queue(
            names,
            at=at,
            length=maybe_count(values.get("queue-length"), place),
            wait_s=None if wait is None else float(decimal(wait, place)),
            served=maybe_count(values.get("outflow"), place) or 0,
            source=source,
        )
        return
    entered = [count(v, place) for k, v in values.items() if k in _IN]
    left = [count(v, place) for k, v in values.items() if k in _OUT]
    if (entered or left) and "GROUP" not in info and message.takes("counts", "sums", source):
        yield from message.footfall(
            names,
            at=at,
            counting="interval",
            interval_s=seconds,
            entered=sum(entered),
            left=sum(left),
            source=source,
        )
    for key, value in values.items():
        if key in _LEVEL and value is not None:
            yield from message.presence(names, at=at, people=count(value, place), source=source)
        elif key in _DWELL and value is not None:
            yield from message.dwell(
                names, at=at, dwell_s=float(decimal(value, place)), source=source
            )


def _v4(message: Message, tree: dict[str, Any]) -> Iterator[Event | Reject]:
    source = message.source(sub(tree, "sensor-info").get("serial-number"))
    for place, element in each(sub(tree, "content"), "element", "$.content"):
        names = (text(element.get("element-name")), text(element.get("element-id")))
        info = text(element.get("data-type")).upper()
        for where, measured in each(element, "measurement", place):
            at, seconds = span(
                measured.get("from"), measured.get("to"), message.tz, message.received_at, where
            )
            values = {
                text(v.get("label")).lower(): v.get("value")
                for _, v in each(measured, "value", where)
            }
            yield from _sums(message, values, names, at, seconds, info, source, where)
