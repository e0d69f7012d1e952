"""Zigbee2MQTT: presence and motion sensors, battery, availability, removed devices.

``occupancy`` and ``presence`` say somebody is there, not how many: they are a level of 0 or 1. Radars that
count (``people`` or ``target_count``) give their number.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from sensors.adapters._json import count, maybe_count, obj, parse, real, text
from sensors.adapters._message import Message
from sensors.adapters._times import instant
from sensors.adapters._unreadable import UnreadableError
from sensors.events import Event
from sensors.reject import Reject

NAME = "zigbee2mqtt"
COUNTS = ("level",)


def guess(payload: bytes, topic: str) -> float:
    """By the base topic, else by ``linkquality`` beside an occupancy."""
    if topic.startswith("zigbee2mqtt/"):
        return 0.9
    return 0.7 if b'"linkquality"' in payload and b'"occupancy"' in payload else 0.0


def read(message: Message) -> Iterable[Event | Reject]:
    """A device's state, or its availability."""
    name, _, last = message.topic.removeprefix("zigbee2mqtt/").rpartition("/")
    if last == "availability":
        plain = message.payload.decode("utf-8", "replace")
        state = (
            plain
            if plain in ("online", "offline")
            else text(obj(parse(message.payload)).get("state"))
        )
        if state not in ("online", "offline"):
            raise UnreadableError(f"availability {state[:40]!r}: expected online or offline")
        return [message.status(state, source=message.source(name))]
    return _state(message, obj(parse(message.payload)), message.topic.removeprefix("zigbee2mqtt/"))


def _state(message: Message, tree: dict[str, Any], name: str) -> Iterator[Event | Reject]:
    seen = tree.get("last_seen")
    at = (
        instant(seen, message.tz, message.received_at, "$.last_seen")
        if seen
        else message.received_at
    )
    source = message.source(name)
    people: int | None = None
    for key in ("people", "target_count"):
        people = maybe_count(tree.get(key), f"$.{key}") if people is None else people
    for key in ("occupancy", "presence"):
        if people is None and isinstance(tree.get(key), bool):
            people = count(int(tree[key]))
    if people is not None:
        yield from message.presence((name,), at=at, people=people, source=source)
    if tree.get("battery") is not None:
        yield message.status(
            "alive",
            at=at,
            source=source,
            battery_pct=min(100.0, real(tree["battery"], "$.battery")),
        )
    elif people is None:
        raise UnreadableError("neither occupancy, presence, people nor battery in it")
