"""Who may change what: an admin of every store everything on the page, an admin of some stores those. Pure.

Addresses, passwords, secrets and folders are not changed from a browser, by anybody.
"""

from collections.abc import Mapping
from typing import Any

from dashboard.configuration.edits import Edit
from dashboard.doors.people import Visitor

SCREEN = frozenset({
    "language", "tiles", "crowded", "cover_watch_h", "cover_act_h", "delayed_s", "stale_s", "playlist", "playlist_s",
    "interrupt_s",
})  # fmt: skip
RESTART: Mapping[str, tuple[str, ...]] = {
    "sensors": ("ingest", "floor", "alert", "screen"),
    "flows": ("floor", "alert", "screen"),
    "alerts": ("alert", "deliver", "screen"),
    "dashboard": ("screen",),
}
"""Which processes read a table, once, when they start."""


def may_change(edit: Edit, who: Visitor, tables: Mapping[str, Any]) -> bool:
    """Whether this edit is theirs to make, by where it is and by whom the entry is for, before and after."""
    path = edit.path
    match path[:3]:
        case ("sensors", "stores", store):
            whole = len(path) == 3 and edit.op != "set"
            return who.may("admin", store) and not (whole and who.stores)
        case ("sensors", "stores"):
            return edit.op == "add" and who.may("admin") and not who.stores
        case ("flows", "benchmarks", store):
            return who.may("admin", store)
        case ("alerts", ("rules" | "people") as kind, *_):
            return who.may("admin") and (not who.stores or _theirs(edit, kind, who, tables))
        case ("dashboard", key) if key in SCREEN:
            return who.may("admin") and not who.stores
        case _:
            return False


def _theirs(edit: Edit, kind: str, who: Visitor, tables: Mapping[str, Any]) -> bool:
    """Of an admin of some stores: the entry is for these stores only, before the edit and after it."""
    asked = edit.value
    if edit.op == "add" and len(edit.path) == 2:
        return isinstance(asked, dict) and _within(asked, who)
    key = "name" if kind == "rules" else "id"
    rows = tables.get("alerts", {}).get(kind, [])
    found = next((r for r in rows if r.get(key) == (edit.path[2:] or ("",))[0]), None)
    if found is None or not _within(found, who):
        return False
    changed = {**found, edit.path[3]: asked} if len(edit.path) == 4 and edit.op == "set" else found
    removed_stores = edit.op == "remove" and edit.path[3:] == ("stores",)
    return not removed_stores and _within(changed, who)


def _within(entry: Mapping[str, Any], who: Visitor) -> bool:
    stores = entry.get("stores")
    return bool(isinstance(stores, list) and stores and set(stores) <= set(who.stores))
