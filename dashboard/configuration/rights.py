"""Who may change what: an admin of every store everything on the page, an admin of some stores those. Pure.

Addresses, passwords, secrets and folders are not changed from a browser, by anybody.
"""

import tomllib
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

import msgspec

from dashboard.configuration.edits import Edit, apply
from dashboard.doors.people import Visitor

SCREEN = frozenset({
    "language", "tiles", "crowded", "cover_watch_h", "cover_act_h", "delayed_s", "stale_s", "playlist", "playlist_s",
    "interrupt_s",
})  # fmt: skip
RESTART: Mapping[str, tuple[str, ...]] = {
    "sensors": (
        "ingest",
        "floor",
        "alert",
        "deliver",
        "chain",
        "history",
        "record",
        "webhook",
        "screen",
    ),
    "flows": ("floor", "alert", "deliver", "chain", "screen"),
    "alerts": ("alert", "deliver", "screen"),
    "dashboard": ("screen",),
}
"""Which processes read a table, once, when they start."""


def may_change(edit: Edit, who: Visitor, text: str) -> bool:
    """Whether this edit of a configuration is theirs to make: by where it is, and by what the text says after it.

    Of an admin of some stores everything that is not these stores' alone has to stay as it was. What cannot be made at
    all is not judged: it is refused for its own reason.
    """
    if not who.stores:
        return _on_the_page(edit, who)
    try:
        after = apply(text, edit)
    except (ValueError, KeyError):
        after = text
    kept = _foreign(tomllib.loads(text), who) == _foreign(tomllib.loads(after), who)
    return kept and _on_the_page(edit, who)


def _on_the_page(edit: Edit, who: Visitor) -> bool:
    path = edit.path
    match path[:3]:
        case ("sensors", "stores", store):
            return who.may("admin", store)
        case ("sensors", "stores"):
            return edit.op == "add" and who.may("admin")
        case ("flows", "benchmarks", store):
            return who.may("admin", store)
        case ("alerts", "rules" | "people", *_):
            return who.may("admin")
        case ("dashboard", key) if key in SCREEN:
            return who.may("admin")
        case _:
            return False


def _foreign(tables: Mapping[str, Any], who: Visitor) -> dict[str, Any]:
    """What an admin of some stores may not change: all but their stores, and the rules and people of these alone."""
    made: dict[str, Any] = msgspec.to_builtins(tables, builtin_types=(time, date, datetime))
    sensors, flows, alerts = (made.get(name, {}) for name in ("sensors", "flows", "alerts"))
    sensors["stores"] = [
        {"id": row["id"]} if row.get("id") in who.stores else row
        for row in sensors.get("stores", [])
    ]
    own = flows.get("benchmarks", {})
    flows["benchmarks"] = {name: row for name, row in own.items() if name not in who.stores}
    for kind in ("rules", "people"):
        alerts[kind] = [row for row in alerts.get(kind, []) if not _within(row, who)]
    return {**made, "sensors": sensors, "flows": flows, "alerts": alerts}


def _within(entry: Mapping[str, Any], who: Visitor) -> bool:
    stores = entry.get("stores")
    return bool(isinstance(stores, list) and stores and set(stores) <= set(who.stores))
