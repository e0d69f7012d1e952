"""Home Assistant: MQTT statestream, event stream and webhooks of ``state_changed``.

A device in the configuration is one entity (or several, by ``doors`` and ``zones``); option ``means`` says
what its number is: ``level`` (people now; the default), ``entered`` or ``left`` (running totals).
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from sensors.adapters._json import count, decimal, obj, parse, sub, text
from sensors.adapters._message import Message
from sensors.adapters._times import instant
from sensors.adapters._unreadable import UnreadableError
from sensors.events import Event
from sensors.reject import Reject

NAME = "home-assistant"
COUNTS = ("level", "total")

_GONE = {"unavailable": "offline", "unknown": "fault", "none": "fault"}
_YES_NO = {"on": 1, "home": 1, "detected": 1, "off": 0, "not_home": 0, "clear": 0}


def guess(payload: bytes, topic: str) -> float:
    """By ``entity_id`` beside a state, or the statestream's topic."""
    if b'"entity_id"' in payload and (b'"new_state"' in payload or b'"state"' in payload):
        return 0.85
    return 0.6 if topic.startswith("homeassistant/") and topic.endswith("/state") else 0.0


def read(message: Message) -> Iterable[Event | Reject]:
    """One state."""
    body = message.payload.strip()
    if not body.startswith(b"{"):
        parts = message.topic.split("/")
        entity = ".".join(parts[-3:-1]) if len(parts) >= 3 else message.topic
        return _state(message, entity, body[:64].decode("utf-8", "replace"), message.received_at)
    tree = obj(parse(body))
    tree = sub(tree, "event_data") or sub(sub(tree, "event"), "data") or sub(tree, "data") or tree
    state = sub(tree, "new_state") or tree
    stamp = state.get("last_reported") or state.get("last_updated") or state.get("last_changed")
    at = (
        instant(stamp, message.tz, message.received_at, "$.last_updated")
        if stamp
        else message.received_at
    )
    entity = text(state.get("entity_id")) or text(tree.get("entity_id"))
    return _state(message, entity, text(state.get("state")), at)


def _state(message: Message, entity: str, state: str, at: datetime) -> Iterator[Event | Reject]:
    source = message.source(entity or None)
    if state.lower() in _GONE:
        yield message.status(_GONE[state.lower()], at=at, source=source, detail=state)
        return
    if not state:
        raise UnreadableError("no state in it")
    people = _YES_NO.get(state.lower())
    if people is None:
        people = count(decimal(state, "$.state"), "$.state")
    means = message.option("means", "level")
    if means == "level":
        yield from message.presence((entity,), at=at, people=people, source=source)
    elif means in ("entered", "left"):
        sides: dict[str, Any] = {means: people}
        yield from message.footfall((entity,), at=at, counting="total", source=source, **sides)
    else:
        raise UnreadableError(f"option means = {means!r}: expected level, entered or left")
