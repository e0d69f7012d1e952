"""The event contract for engineers at the gateway, made from the types: JSON Schema and AsyncAPI; pure."""

import inspect
from collections.abc import Iterable
from typing import Any

import msgspec

from sensors.events import KINDS, SCHEMA_VERSION, AnyEvent, Event
from sensors.topics import ROOT, Room

_KIND_ROOMS: dict[str, Room] = {"status": "status", "plan": "plan", "command": "commands"}

_ROOMS: dict[Room, tuple[str, str]] = {
    "events": ("{store}/events/{source}", "What a device or a till says."),
    "status": (
        "{store}/status/{source}",
        (
            "What a device says of itself. Retained; the offline one as last will. The bare words online and "
            "offline are taken too, and a status without a time happened when it is received."
        ),
    ),
    "plan": ("{store}/plan", "What is known to come."),
    "commands": ("{store}/commands", "What people did to incidents and settings."),
}

_RULES = (
    "Publish with QoS 1. One message carries one event, a JSON array of events or newline-joined events; many "
    "events in one message is the cheapest way to be fast. store and source may be left out: the topic names "
    "them. id may be left out: it is then derived from source, kind, time and content, so that a repeat counts "
    "once. Instants are RFC 3339 with a time zone, money is an integer in the currency's minor unit, durations "
    "are seconds. Unknown fields are ignored. What cannot be taken goes to the dead letters with its reason; the "
    "events around it are taken. Backlogs of days are welcome, in any order. A message of zero bytes says "
    "nothing. Events themselves are not retained."
)


def event_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of one message's JSON: an event or an array of events."""
    (event,), defs = _components("#/$defs/{name}")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:floorcast:events:v{SCHEMA_VERSION}",
        "title": f"Floorcast events, version {SCHEMA_VERSION}",
        "description": _RULES,
        "anyOf": [{"$ref": "#/$defs/Event"}, {"type": "array", "items": {"$ref": "#/$defs/Event"}}],
        "$defs": {"Event": event, **defs},
    }


def asyncapi() -> dict[str, Any]:
    """AsyncAPI 3 of the broker's topics as Floorcast uses them."""
    _, schemas = _components("#/components/schemas/{name}")
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Floorcast",
            "version": f"{SCHEMA_VERSION}.0.0",
            "description": _RULES,
        },
        "defaultContentType": "application/json",
        "channels": {**{room: _channel(room) for room in _ROOMS}, "alerts": _alerts()},
        "operations": {
            **{room: _operation(room, "receive") for room in _ROOMS},
            "alerts": _operation("alerts", "send"),
        },
        "components": {
            "messages": {
                **{name: _message(kind) for kind, name in _names().items()},
                "Alerts": {"title": "Alerts", "summary": "Every incident that is open now."},
            },
            "schemas": schemas,
        },
    }


def render_event_schema() -> str:
    """``docs/events.schema.json``."""
    return msgspec.json.format(msgspec.json.encode(event_schema()), indent=2).decode() + "\n"


def render_asyncapi() -> str:
    """``docs/asyncapi.yaml``."""
    return msgspec.yaml.encode(asyncapi()).decode()


RENDERED = {"events.schema.json": render_event_schema, "asyncapi.yaml": render_asyncapi}
"""What makes each generated page of ``docs/``."""


def _names() -> dict[str, str]:
    return {kind: event.__name__ for kind, event in KINDS.items()}


def _components(template: str) -> tuple[tuple[dict[str, Any], ...], dict[str, Any]]:
    shapes, components = msgspec.json.schema_components([AnyEvent], ref_template=template)
    for schema in components.values():
        if "description" in schema:
            schema["description"] = inspect.cleandoc(schema["description"])
    return shapes, components


def _message(kind: str) -> dict[str, Any]:
    event: type[Event] = KINDS[kind]
    summary = inspect.getdoc(event) or ""
    return {
        "name": kind,
        "title": event.__name__,
        "summary": summary.splitlines()[0],
        "payload": {"$ref": f"#/components/schemas/{event.__name__}"},
    }


def _kinds_in(room: Room) -> Iterable[str]:
    """A device may also speak of itself among its events."""
    for kind in KINDS:
        if _KIND_ROOMS.get(kind, "events") == room or (room, kind) == ("events", "status"):
            yield kind


def _channel(room: Room) -> dict[str, Any]:
    address, description = _ROOMS[room]
    names = [_names()[kind] for kind in _kinds_in(room)]
    return {
        "address": f"{ROOT}/{address}",
        "description": description,
        "parameters": _parameters(address),
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
    }


def _alerts() -> dict[str, Any]:
    address = "{store}/alerts"
    return {
        "address": f"{ROOT}/{address}",
        "description": "Retained: what is open at a store, for whoever wants to listen.",
        "parameters": _parameters(address),
        "messages": {"Alerts": {"$ref": "#/components/messages/Alerts"}},
    }


def _parameters(address: str) -> dict[str, Any]:
    known = {
        "store": {"description": "The store's id in the configuration."},
        "source": {"description": "The device; duplicates and sequence numbers are judged by it."},
    }
    return {name: text for name, text in known.items() if f"{{{name}}}" in address}


def _operation(room: Room, action: str) -> dict[str, Any]:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{room}"},
        "bindings": {"mqtt": {"qos": 1, "retain": room in {"status", "alerts"}}},
    }
