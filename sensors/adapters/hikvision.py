"""Hikvision PeopleCounting alerts: ISAPI event XML (or its JSON form), real-time and time-range.

The namespace is that of hikvision.com, isapi.org, psialliance.org or absent; the body may come as a part of
a multipart upload, with BOM and CRLF. ``realTime`` carries running totals since the camera's reset,
``timeRange`` the sum of an interval: the same people twice, so one is taken (option ``counts``).
"""

from collections.abc import Iterable, Iterator
from typing import Any

from sensors.adapters import _xml
from sensors.adapters._json import BOM, maybe_count, obj, parse_object, sub, text
from sensors.adapters._message import Message
from sensors.adapters._times import instant, span
from sensors.adapters._unreadable import UnreadableError
from sensors.events import Event
from sensors.reject import Reject

NAME = "hikvision"
COUNTS = ("total", "interval")
REMEMBERS = True


def guess(payload: bytes, _topic: str) -> float:
    """By the event's root and type."""
    if b"EventNotificationAlert" in payload or b'"peopleCounting"' in payload:
        return 0.95 if b"eopleCounting" in payload else 0.6
    return 0.0


def read(message: Message) -> Iterable[Event | Reject]:
    """One alert: people in, out and past, children apart."""
    tree = _tree(message.payload)
    if text(tree.get("eventType")).lower() != "peoplecounting":
        kind = text(tree.get("eventType")) or "none"
        if kind.lower() in ("videoloss", "heartbeat"):
            return [message.status("alive", source=_source(message, tree), detail=kind)]
        raise UnreadableError(f"event type {kind!r} counts nobody", "$.eventType")
    return _alert(message, tree)


def _alert(message: Message, tree: dict[str, Any]) -> Iterator[Event | Reject]:
    said = sub(tree, "peopleCounting")
    names = (
        text(tree.get("channelName")),
        text(said.get("regionsID")),
        text(tree.get("channelID")),
    )
    entered = maybe_count(said.get("enter"), "$.peopleCounting.enter") or 0
    left = maybe_count(said.get("exit"), "$.peopleCounting.exit") or 0
    young = tree.get("childCounting")
    children = (
        maybe_count(obj(young).get("enter"), "$.childCounting.enter")
        if isinstance(young, dict)
        else None
    )
    if "timerange" in text(said.get("statisticalMethods")).lower():
        if not message.takes("counts", "timeRange", _source(message, tree)):
            return
        between = sub(said, "TimeRange") or sub(said, "timeRange")
        at, seconds = span(
            between.get("startTime"),
            between.get("endTime"),
            message.tz,
            message.received_at,
            "$.TimeRange",
        )
        counting: Any = "interval"
    else:
        if not message.takes("counts", "realTime", _source(message, tree)):
            return
        when = sub(said, "RealTime").get("time") or tree.get("dateTime")
        at, seconds, counting = (
            instant(when, message.tz, message.received_at, "$.dateTime"),
            None,
            "total",
        )
    yield from message.footfall(
        names,
        at=at,
        counting=counting,
        interval_s=seconds,
        entered=entered,
        left=left,
        children=children,
        source=_source(message, tree),
    )


def _source(message: Message, tree: dict[str, Any]) -> str:
    channel = text(tree.get("channelID"))
    camera = message.source(text(tree.get("macAddress")) or text(tree.get("ipAddress")) or None)
    return camera if channel in ("", "1") else f"{camera[:54]}/{channel[:8]}"


def _tree(payload: bytes) -> dict[str, Any]:
    body = payload.removeprefix(BOM).lstrip()
    if body.startswith(b"{"):
        return obj(parse_object(body).get("EventNotificationAlert", parse_object(body)))
    start = body.find(b"<?xml")
    start = start if start >= 0 else body.find(b"<EventNotificationAlert")
    end = body.rfind(b"</EventNotificationAlert>")
    if not body.startswith(b"<") and 0 < start < end:  # one part of a multipart upload
        body = body[start : end + len(b"</EventNotificationAlert>")]
    root = _xml.parse(body)
    if _xml.local(root) != "EventNotificationAlert":
        raise UnreadableError(f"expected EventNotificationAlert, got {_xml.local(root)[:40]}")
    return obj(_xml.to_tree(root))
