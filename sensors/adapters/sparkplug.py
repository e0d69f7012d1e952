"""Eclipse Sparkplug B: protobuf metrics of edge nodes and their devices.

``spBv1.0/{group}/{type}/{node}[/{device}]``. Births name the metrics and their aliases; data may carry the
alias alone, so ``memory`` is needed. After a gap in ``seq``, data before any birth or an alias that nobody named the
node is asked for a rebirth (``Node Control/Rebirth`` on its ``NCMD`` topic), at most once a minute until its
``NBIRTH`` comes; the dead letters say so too. Metrics are mapped by name: under ``doors`` as running totals
(``doors = { "Door1/In" = "main", "Door1/Out" = "main:out" }``), under ``zones`` as levels.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError
from google.protobuf.message import Message as Proto

from sensors.adapter_memory import Reply, remember
from sensors.adapters._json import count
from sensors.adapters._message import Message
from sensors.adapters._times import instant
from sensors.adapters._unreadable import UnreadableError
from sensors.events import Event
from sensors.reject import Reject

NAME = "sparkplug"
COUNTS = ("total", "level")
REMEMBERS = True

_VALUES = (
    "int_value",
    "long_value",
    "float_value",
    "double_value",
    "boolean_value",
    "string_value",
)
Wire = Any  # of a message class built at run time
_ALIASES = 4096  # of one device; a birth with more is refused rather than kept
_KEPT = 1024  # nodes' and devices' entries
_AGAIN = timedelta(minutes=1)  # between two requests to one node
_BOOLEAN = 11  # Sparkplug's data type


class Edge(NamedTuple):
    """A node of a group, and its device if one speaks."""

    group: str
    node: str
    device: str


def guess(payload: bytes, topic: str) -> float:  # noqa: ARG001 - protobuf has no marks; the namespace does
    """By the topic's namespace."""
    return 0.95 if topic.startswith("spBv1.0/") else 0.0


def read(message: Message) -> Iterable[Event | Reject]:
    """One birth, death or data message."""
    parts = message.topic.split("/")
    if len(parts) < 4 or parts[0] != "spBv1.0":
        raise UnreadableError("topic is not spBv1.0/{group}/{type}/{node}", "topic")
    kind, edge = parts[2], Edge(parts[1], parts[3], parts[4] if len(parts) > 4 else "")
    source = message.source("/".join(p for p in edge[1:] if p))
    if kind in ("STATE", "NCMD", "DCMD"):  # of hosts, such as this one
        return ()
    if kind not in ("NBIRTH", "DBIRTH", "NDATA", "DDATA", "NDEATH", "DDEATH"):
        raise UnreadableError(f"message type {kind[:20]!r} says nothing of the floor", "topic")
    payload = _payload(message.payload)
    return _said(message, payload, kind, edge, source)


def _said(
    message: Message,
    payload: Wire,
    kind: str,
    edge: Edge,
    source: str,
) -> Iterator[Event | Reject]:
    stamp = payload.timestamp if payload.HasField("timestamp") else None
    at = (
        instant(stamp, message.tz, message.received_at, "$.timestamp")
        if stamp
        else message.received_at
    )
    if kind.endswith("DEATH"):
        yield message.status("offline", at=message.received_at, source=source, detail=kind)
        return
    yield from _gap(message, payload, kind, edge)
    key = "alias|" + "/".join(edge)
    aliases: dict[int, str] = message.memory.get(key, {})
    if kind.endswith("BIRTH"):
        aliases = {m.alias: m.name for m in payload.metrics if m.HasField("alias") and m.name}
        if len(aliases) > _ALIASES:
            raise UnreadableError(f"a birth with more than {_ALIASES} aliases")
        remember(message.memory, key, aliases, limit=_KEPT)
        yield message.status("online", at=at, source=source, detail=kind)
    for i, metric in enumerate(payload.metrics):
        name = metric.name or aliases.get(metric.alias, "")
        if not name:
            _lost(message, edge)
            yield message.reject(
                UnreadableError(
                    f"alias {metric.alias} was never named: rebirth required", f"$.metrics[{i}]"
                )
            )
        elif not metric.is_null:
            yield from _metric(message, metric, name, at, source)
    _ask(message, edge)


def _gap(message: Message, payload: Wire, kind: str, edge: Edge) -> Iterator[Event | Reject]:
    """``seq`` counts 0 to 255 over all messages of one node, its devices' too; the same again is a repeat."""
    if kind == "NBIRTH":
        message.memory.pop(_of("lost", edge), None)
    if not payload.HasField("seq"):
        return
    key = _of("seq", edge)
    last, seq = message.memory.get(key), payload.seq
    remember(message.memory, key, seq, limit=_KEPT)
    if kind == "NBIRTH" or seq == last:
        return
    if last is None:
        _lost(message, edge)
        yield message.reject(
            UnreadableError(f"data of {edge.node[:60]} before its birth: rebirth required", "$.seq")
        )
    elif seq != (last + 1) % 256:
        _lost(message, edge)
        yield message.reject(
            UnreadableError(f"sequence gap after {last}: got {seq}; rebirth required", "$.seq")
        )


def _of(what: str, edge: Edge) -> str:
    return f"{what}|{edge.group}/{edge.node}"


def _lost(message: Message, edge: Edge) -> None:
    """Something of this node was missed: what holds is told by its next birth."""
    remember(message.memory, _of("lost", edge), True, limit=_KEPT)


def _ask(message: Message, edge: Edge) -> None:
    """Ask a node of which something was missed to be born again, unless it was asked just now."""
    key = _of("asked", edge)
    asked = message.memory.get(key)
    if _of("lost", edge) not in message.memory:
        return
    if asked is None or message.received_at - asked >= _AGAIN:
        remember(message.memory, key, message.received_at, limit=_KEPT)
        topic = f"spBv1.0/{edge.group}/NCMD/{edge.node}"
        message.replies.append(Reply(topic, rebirth(message.received_at)))


def rebirth(at: datetime) -> bytes:
    """The command that asks a node for its births."""
    ms = round(at.timestamp() * 1000)
    payload: Wire = _PAYLOAD(timestamp=ms)
    metric = payload.metrics.add()
    metric.name, metric.timestamp = "Node Control/Rebirth", ms
    metric.datatype, metric.boolean_value = _BOOLEAN, True
    said: bytes = payload.SerializeToString()
    return said


def _metric(
    message: Message,
    metric: Wire,
    name: str,
    at: datetime,
    source: str,
) -> Iterator[Event | Reject]:
    if name not in message.device.doors and name not in message.device.zones:
        return  # nodes carry many metrics; those of people are mapped
    if metric.HasField("timestamp") and metric.timestamp:
        at = instant(metric.timestamp, message.tz, message.received_at, f"metric {name[:60]}")
    value = next((getattr(metric, v) for v in _VALUES if metric.HasField(v)), None)
    people = count(int(value) if isinstance(value, bool) else value, f"metric {name[:60]}")
    if name in message.device.zones:
        yield from message.presence((name,), at=at, people=people, source=source)
    else:
        yield from message.footfall(
            (name,), at=at, counting="total", entered=people, source=f"{source[:40]}/{name[:20]}"
        )


def _payload(raw: bytes) -> Wire:
    payload = _PAYLOAD()
    try:
        payload.ParseFromString(raw)
    except DecodeError:
        raise UnreadableError("not a Sparkplug B protobuf payload") from None
    return payload


def _payload_class() -> type[Proto]:
    """The part of the Sparkplug B payload that is read; unknown fields are skipped by protobuf itself."""
    kind = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(
        name="floorcast/sparkplug_b.proto", package="floorcast.sparkplug", syntax="proto2"
    )
    metric = file.message_type.add(name="Metric")
    fields = [
        ("name", 1, kind.TYPE_STRING), ("alias", 2, kind.TYPE_UINT64), ("timestamp", 3, kind.TYPE_UINT64),
        ("datatype", 4, kind.TYPE_UINT32), ("is_historical", 5, kind.TYPE_BOOL), ("is_transient", 6, kind.TYPE_BOOL),
        ("is_null", 7, kind.TYPE_BOOL), ("int_value", 10, kind.TYPE_UINT32), ("long_value", 11, kind.TYPE_UINT64),
        ("float_value", 12, kind.TYPE_FLOAT), ("double_value", 13, kind.TYPE_DOUBLE),
        ("boolean_value", 14, kind.TYPE_BOOL), ("string_value", 15, kind.TYPE_STRING),
    ]  # fmt: skip
    for name, number, type_ in fields:
        metric.field.add(name=name, number=number, type=type_, label=kind.LABEL_OPTIONAL)
    payload = file.message_type.add(name="Payload")
    payload.field.add(name="timestamp", number=1, type=kind.TYPE_UINT64, label=kind.LABEL_OPTIONAL)
    payload.field.add(
        name="metrics",
        number=2,
        type=kind.TYPE_MESSAGE,
        type_name=".floorcast.sparkplug.Metric",
        label=kind.LABEL_REPEATED,
    )
    payload.field.add(name="seq", number=3, type=kind.TYPE_UINT64, label=kind.LABEL_OPTIONAL)
    payload.field.add(name="uuid", number=4, type=kind.TYPE_STRING, label=kind.LABEL_OPTIONAL)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(
        pool.FindMessageTypeByName("floorcast.sparkplug.Payload")
    )


_PAYLOAD = _payload_class()
