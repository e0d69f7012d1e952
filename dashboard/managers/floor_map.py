"""The floor as the sensors page draws it: devices at their places. Pure."""

from collections.abc import Sequence
from typing import Any

from dashboard.catalogue import Language, term
from dashboard.managers.device_rows import Row
from dashboard.plan import picture
from dashboard.shop import Shop
from dashboard.sources import place_of
from sensors.settings import Point


def floor_map(rows: Sequence[Row], shop: Shop, language: Language) -> dict[str, Any]:
    """Zones, and a mark for each device that has a place; those without are listed beside the plan."""
    marks, off = [], []
    placed: dict[Point, int] = {}
    for row in [*rows, *unheard(rows, shop, language)]:
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


def unheard(rows: Sequence[Row], shop: Shop, language: Language) -> list[Row]:
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
