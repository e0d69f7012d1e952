"""Azure AI Vision spatial analysis, and containers that speak its events.

``personLineEvent`` crossings (CrossLeft is in), ``personZoneEnterExitEvent`` and
``personZoneDwellTimeEvent`` visits, ``personCountEvent`` levels; one message holds several.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import partial
from typing import Any

from sensors.adapter_memory import remember
from sensors.adapters import salvaged
from sensors.adapters._json import count, each, parse_object, real, sub, text
from sensors.adapters._message import Message
from sensors.adapters._times import instant
from sensors.adapters._unreadable import UnreadableError
from sensors.events import Event
from sensors.reject import Reject

NAME = "azure-spatial"
COUNTS = ("delta", "level")
REMEMBERS = True


def guess(payload: bytes, topic: str) -> float:
    """By the event types' names."""
    known = (b"personCountEvent", b"personLineEvent", b"personZone", b"personDistanceEvent")
    return 0.95 if any(k in payload for k in known) else 0.1 * ("spatial" in topic)


def read(message: Message) -> Iterable[Event | Reject]:
    """Every event of the message."""
    tree = parse_object(message.payload)
    info = sub(tree, "sourceInfo")
    at = instant(info.get("timestamp"), message.tz, message.received_at, "$.sourceInfo.timestamp")
    source = message.source(text(info.get("id")) or None)
    return salvaged(
        message,
        (
            partial(_event, message, event, at, source, place)
            for place, event in each(tree, "events")
        ),
    )


def _event(
    message: Message, event: dict[str, Any], at: datetime, source: str, place: str
) -> Iterator[Event | Reject]:
    kind = text(event.get("type"))
    said = sub(event, "properties", place)
    names = (
        text(event.get("zone")),
        text(said.get("zone")),
        text(event.get("line")),
        text(said.get("line")),
    )
    track = text(said.get("trackingId"))
    status = text(said.get("status"))
    if kind == "personCountEvent":
        people = count(said.get("personCount"), f"{place}.properties.personCount")
        yield from message.presence(names, at=at, people=people, source=source)
    elif kind == "personLineEvent":
        if status not in ("CrossLeft", "CrossRight"):
            raise UnreadableError(
                f"status {status[:40]!r} is no crossing", f"{place}.properties.status"
            )
        yield from message.footfall(
            names,
            at=at,
            counting="delta",
            entered=int(status == "CrossLeft"),
            left=int(status == "CrossRight"),
            source=source,
            id=text(event.get("id")),
        )
    elif kind == "personZoneDwellTimeEvent":
        if status != "Enter" and message.takes("dwell", "dwell", source):
            stayed = said.get("dwellTime", said.get("durationMs"))  # renamed by a later release
            milliseconds = real(stayed, f"{place}.properties.dwellTime")
            yield from message.dwell(
                names, at=at, dwell_s=milliseconds / 1000, track=track or None, source=source
            )
    elif kind in ("personZoneEnterExitEvent", "personZoneEvent"):
        yield from _visit(message, status, names, track, at, source)
    elif kind not in ("personDistanceEvent", "cameraCalibrationEvent"):
        raise UnreadableError(f"event type {kind[:60]!r} is unknown", f"{place}.type")


def _visit(
    message: Message, status: str, names: tuple[str, ...], track: str, at: datetime, source: str
) -> Iterator[Event | Reject]:
    key = f"visit|{track}|{next((n for n in names if n), '')}"
    if status == "Enter":
        remember(message.memory, key, at)
        return
    began = message.memory.pop(key, None)
    if isinstance(began, datetime) and at >= began and message.takes("dwell", "enter-exit", source):
        yield from message.dwell(
            names, at=at, dwell_s=(at - began).total_seconds(), track=track or None, source=source
        )
