"""The floor as the sensors page draws it: devices at their places, and the day's minutes as strips. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from dashboard.catalogue import Language, term
from dashboard.managers.device_rows import Row
from dashboard.opening import Opening
from dashboard.parts import epoch_ms
from dashboard.plan import picture
from dashboard.shop import Shop
from dashboard.sources import place_of
from flows.facts import Fact
from sensors.settings import Point

Run = tuple[str, int, int]
"""A word (``c`` covered, ``i`` imputed, ``m`` missing), the minute after opening it begins at, and for how long."""

MINUTE = timedelta(minutes=1)
_RUNS = re.compile(r"([cim])(\d+)")


def floor_map(rows: Sequence[Row], shop: Shop, language: Language) -> dict[str, Any]:
    """Zones, and a mark for each device that has a place; those without are listed beside the plan."""
    marks, off = [], []
    placed: dict[Point, int] = {}
    for row in [*rows, *_unheard(rows, shop, language)]:
        place = place_of(str(row["device"]), shop)
        spot = spot_of(place, shop)
        mark = {key: row[key] for key in ("id", "device", "tone", "health", "reason")}
        name = shop.place(place)
        mark["name"] = getattr(name, language) if name else row["device"]
        mark["kind"] = place.partition(":")[0]
        if spot is None:
            off.append(mark)
            continue
        mark |= {"x": spot[0], "y": spot[1], "nth": placed.get(spot, 0)}
        placed[spot] = placed.get(spot, 0) + 1
        marks.append(mark)
    zones = [
        {"name": getattr(z.name, language), "polygon": z.polygon}
        for z in shop.store.zones
        if z.polygon
    ]
    return {"picture": picture(shop.store), "zones": zones, "marks": marks, "off": off}


def _unheard(rows: Sequence[Row], shop: Shop, language: Language) -> list[Row]:
    """Doors and tills of the configuration that no device ever spoke for."""
    known = {place_of(str(row["device"]), shop) for row in rows}
    places = [f"door:{d.id}" for d in shop.store.doors] + [f"till:{t.id}" for t in shop.store.tills]
    return [
        {
            "id": place,
            "device": place,
            "tone": "",
            "health": term("health", "unheard", language),
            "reason": "",
        }
        for place in places
        if place not in known
    ]


def spot_of(place: str, shop: Shop) -> Point | None:
    """Where a place lies on the plan: a door's or till's own spot, the middle of a zone; ``None`` if it has none."""
    kind, _, name = place.partition(":")
    if kind == "door":
        return next((d.spot for d in shop.store.doors if d.id == name), None)
    if kind == "till":
        return next((t.spot for t in shop.store.tills if t.id == name), None)
    polygon = next((z.polygon for z in shop.store.zones if kind == "zone" and z.id == name), [])
    if not polygon:
        return None
    xs, ys = [x for x, _ in polygon], [y for _, y in polygon]
    return round((min(xs) + max(xs)) / 2, 4), round((min(ys) + max(ys)) / 2, 4)


def strips(
    facts: Iterable[Fact], rows: Sequence[Row], shop: Shop, hours: Opening | None, at: datetime, language: Language
) -> dict[str, Any]:  # fmt: skip
    """The opening minutes of a day: the store's and each door's covered, imputed and missing; each device's outages."""
    if hours is None:
        return {"rows": []}
    now = max(0, (min(at, hours.closes) - hours.opens) // MINUTE)
    found = list(facts)
    told = {f.subject: f for f in found if f.metric == "minutes_covered"}
    lines = [
        _door_line(s, told[s], shop, language)
        for s in ("", *sorted(told.keys() - {""}))
        if s in told
    ]
    outages: dict[str, list[Run]] = {}
    for fact in found:
        if fact.metric == "device_outage":
            start = max(0, (fact.start - hours.opens) // MINUTE)
            end = min(now, (fact.end - hours.opens) // MINUTE)
            if end > start:
                outages.setdefault(fact.subject.removeprefix("device:"), []).append(
                    ("m", start, end - start)
                )
    lines += [
        _device_line(row, outages.get(str(row["device"]), []), now)
        for row in rows
        if row["device"] != "–" and (row["tone"] or row["device"] in outages)
    ]
    return {
        "from": epoch_ms(hours.opens), "to": epoch_ms(hours.closes), "minutes": (hours.closes - hours.opens) // MINUTE,
        "now": now, "zone": shop.store.timezone, "rows": lines,
    }  # fmt: skip


def _door_line(subject: str, fact: Fact, shop: Shop, language: Language) -> dict[str, Any]:
    name = shop.place(subject) if subject else shop.store.name
    return {
        "name": getattr(name, language) if name else subject, "main": not subject, "share": fact.value,
        "runs": runs(str(fact.detail.get("strip") or "")),
    }  # fmt: skip


def _device_line(row: Mapping[str, Any], outages: list[Run], now: int) -> dict[str, Any]:
    missing = sum(length for _, _, length in outages)
    return {
        "name": row["device"], "main": False, "share": (now - missing) / now if now else None,
        "runs": [("c", 0, now), *sorted(outages, key=lambda run: run[1])] if now else [],
    }  # fmt: skip


def runs(strip: str) -> list[Run]:
    """Run lengths → runs.

    >>> runs("c90m5c2")
    [('c', 0, 90), ('m', 90, 5), ('c', 95, 2)]
    """
    found, at = [], 0
    for word, length in _RUNS.findall(strip):
        found.append((word, at, int(length)))
        at += int(length)
    return found
