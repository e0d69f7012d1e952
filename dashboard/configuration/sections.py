"""The sections of the settings page: which table each edits, and its forms. Pure."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from alerts.catalogue import TITLES, say
from alerts.settings import AlertsSettings
from dashboard.catalogue import Language, words
from dashboard.configuration.forms import Group, group
from dashboard.doors.people import Visitor
from flows.settings import FlowsSettings
from sensors.settings import SensorsSettings, Store

Tables = dict[str, Any]
SECTIONS = (
    "store",
    "hours",
    "doors",
    "zones",
    "tills",
    "targets",
    "rules",
    "people",
    "stores",
    "past",
)
WEEK = ["mon", "tue", "wed", "thu", "fri", "sat", "sun", "holiday"]
NEW: dict[str, dict[str, Any]] = {
    "stores": {
        "id": "", "name": {"en": "", "zh": ""}, "timezone": "", "currency": "", "country": "", "capacity": "",
        "hours": [{"days": WEEK, "opens": "09:00", "closes": "22:00"}],
        "doors": [{"id": "main", "name": {"en": "Main door", "zh": "正门"}}], "tills": [], "zones": [],
    },
    "doors": {"id": "", "name": {"en": "", "zh": ""}},
    "zones": {
        "id": "", "name": {"en": "", "zh": ""},
        "polygon": [[0.4, 0.4], [0.6, 0.4], [0.6, 0.6], [0.4, 0.6]],
    },
    "tills": {"id": "", "name": {"en": "", "zh": ""}},
    "rules": {"name": "", "metric": "conversion"},
    "people": {"id": ""},
}  # fmt: skip
"""What a new entry of a section begins with."""
INSIDE = frozenset({"doors", "zones", "tills"})
Name = Callable[[str], str]


def table_of(section: str) -> str:
    """The table of the configuration that a section edits."""
    own = {"targets": "flows", "rules": "alerts", "people": "alerts", "past": "dashboard"}
    return own.get(section, "sensors")


def list_path(section: str, store: str) -> list[str]:
    """The list a section's new entries go into."""
    if section in INSIDE:
        return ["sensors", "stores", store, section]
    own = {"stores": "sensors", "rules": "alerts", "people": "alerts"}.get(section)
    return [own, section] if own else []


def sections_of(who: Visitor) -> list[str]:
    """What of the page a visitor sees: an admin of some stores neither adds nor removes any."""
    return [name for name in SECTIONS if name != "stores" or not who.stores]


def store_of(tables: Tables, store: str) -> Store | None:
    """A store as the file describes it."""
    sensors = msgspec.convert(tables.get("sensors", {}), SensorsSettings)
    return next((s for s in sensors.stores if s.id == store), None)


def listed(
    tables: Tables, running: Mapping[str, object], language: Language
) -> list[dict[str, Any]]:
    """Every store of the file and how much of the file names it; then those that run here and are gone from it."""
    sensors = msgspec.convert(tables.get("sensors", {}), SensorsSettings)
    alerts = msgspec.convert(tables.get("alerts", {}), AlertsSettings)
    made = [
        {
            "id": store.id, "name": getattr(store.name, language), "runs": store.id in running, "gone": False,
            "devices": sum(device.store == store.id for device in sensors.devices),
            "people": sum(store.id in person.stores for person in alerts.people),
            "rules": sum(store.id in rule.stores for rule in alerts.rules),
        }
        for store in sensors.stores
    ]  # fmt: skip
    there = {store.id for store in sensors.stores}
    return [
        *made,
        *({"id": name, "name": name, "gone": True} for name in running if name not in there),
    ]


def drawn(store: Store, language: Language) -> dict[str, Any]:
    """What the plan's editor draws: the picture's name, zones' corners, and where doors and tills are."""
    spots = [("doors", d.id, d.name, d.spot) for d in store.doors]
    spots += [("tills", t.id, t.name, t.spot) for t in store.tills]
    return {
        "zones": [{"id": z.id, "name": getattr(z.name, language), "polygon": z.polygon} for z in store.zones],
        "spots": [
            {"list": kind, "id": ident, "name": getattr(name, language), "spot": spot}
            for kind, ident, name, spot in spots
        ],
    }  # fmt: skip


def forms(
    section: str, store: Store, tables: Tables, language: Language, who: Visitor
) -> list[Group]:
    """The forms of one section: the file's values, defaults where it has none."""
    text = words(language)

    def name(key: str) -> str:
        return text.get(f"set.{key}", key)

    base = ("sensors", "stores", store.id)
    if section in {"store", "hours"}:
        return [_whole(section, group(store, base, "", name))]
    if section in INSIDE:
        rows: list[Any] = getattr(store, section)
        return [group(r, (*base, section, r.id), getattr(r.name, language), name) for r in rows]
    if section == "targets":
        flows = msgspec.convert(tables.get("flows", {}), FlowsSettings)
        return [group(flows.benchmark_of(store.id), ("flows", "benchmarks", store.id), "", name)]
    alerts = msgspec.convert(tables.get("alerts", {}), AlertsSettings)
    if section == "rules":
        return _rules(alerts, store, language, name)
    return _people(alerts, store, who, name) if section == "people" else []


def _whole(section: str, whole: Group) -> Group:
    """The store's own values, or its hours and the day's turn with them."""
    if section == "hours":
        hours = [r for r in whole.rows if r.path[3] == "hours"]
        turn = [f for f in whole.fields if f.path[-1] == "day_starts"]
        return whole._replace(fields=turn, rows=hours)
    own = [f for f in whole.fields if f.path[-1] != "day_starts"]
    return whole._replace(rows=[], adds=[], fields=own)


def _rules(alerts: AlertsSettings, store: Store, language: Language, name: Name) -> list[Group]:
    seen = [r for r in alerts.rules if not r.stores or store.id in r.stores]
    return [
        group(r, ("alerts", "rules", r.name), say(TITLES, r.title or r.name, language, {}), name)
        for r in seen
    ]


def _people(alerts: AlertsSettings, store: Store, who: Visitor, name: Name) -> list[Group]:
    seen = [p for p in alerts.people if not p.stores or store.id in p.stores]
    mine = [p for p in seen if not who.stores or set(p.stores) & set(who.stores)]
    return [group(p, ("alerts", "people", p.id), p.name or p.id, name) for p in mine]
