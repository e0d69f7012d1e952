"""Snapshot → what the screen says: parts of keys, arguments and numbers. Pure.

Text is a catalogue key with arguments; numbers stay numbers until the browser formats them in its language.
A part is the unit of change: a screen is sent the parts that differ from what it has.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from dashboard import view_floor, view_incidents, view_tiles
from dashboard.opening import Opening, business_day, next_opening, opening
from dashboard.parts import Part, Parts, epoch_ms
from dashboard.shop import Shop
from dashboard.snapshot import Snapshot
from dashboard.sources import Silence, silences

LOG_SILENT = timedelta(seconds=30)
"""A log without an entry for so long has nobody who writes it: ingest adds a tick each second."""


def view(snapshot: Snapshot, shop: Shop) -> Parts:
    """Every part of one store's wall."""
    at = snapshot.at or snapshot.read_at
    hours = opening(shop.store, business_day(shop.store, at))
    silent = silences(snapshot, shop)
    parts: Parts = {
        "head": _head(snapshot, shop, hours, at),
        "silent": _silent(silent, shop),
    }
    parts.update(view_tiles.tiles(snapshot, shop, hours, silent))
    parts.update(view_floor.chart(snapshot, hours))
    parts.update(view_floor.zones(snapshot, shop))
    parts.update(view_floor.stock(snapshot, shop, silent))
    parts.update(view_incidents.rail(snapshot, shop, at))
    parts.update(_first_run(snapshot, shop))
    return parts


def _first_run(snapshot: Snapshot, shop: Shop) -> Parts:
    """Which stages before the screen are at work, and the command that helps, for a store that was never heard of."""
    if snapshot.arrived is None:
        return {}
    logged_at, spoken = snapshot.arrived
    runs = logged_at is not None and snapshot.read_at - logged_at < LOG_SILENT
    return {"first": {"ingest": runs, "devices": spoken, "run": _commands(shop)}}


def _commands(shop: Shop) -> dict[str, str]:
    """What starts each stage here, as it is to be typed."""
    doors = shop.store.doors
    door = f" --set door={doors[0].id}" if doors and doors[0].id != "main" else ""
    return {
        "ingest": f"{shop.command} {'ingest' if shop.broker else 'up'}",
        "devices": f"{shop.command} send footfall --store {shop.store.id}{door}",
        "floor": f"{shop.command} floor",
        "check": f"{shop.command} doctor",
    }


def _head(snapshot: Snapshot, shop: Shop, hours: Opening | None, at: datetime) -> Part:
    """Whether the shop is open, by log time; a store that was never heard of is ``empty``."""
    phase = "empty" if snapshot.at is None else hours.phase(at) if hours else "closed"
    following = next_opening(shop.store, at)
    return {
        "phase": phase,
        "opens": epoch_ms(hours.opens) if hours else None,
        "closes": epoch_ms(hours.closes) if hours else None,
        "next": epoch_ms(following) if following else None,
    }


def _silent(silent: list[Silence], shop: Shop) -> Part:
    """The one line that says which sources are silent; no key when all report."""
    if not silent:
        return {}
    for kind, all_of in (("till", shop.store.tills), ("door", shop.store.doors)):
        quiet = {s.subject for s in silent if s.kind == kind}
        if all_of and len(quiet) >= len(all_of):
            return {"k": f"banner.{kind}s", "a": {}}
    if len(silent) > 1:
        return {"k": "banner.many", "a": {"n": len(silent)}}
    place = shop.place(silent[0].subject)
    if place is None:
        return {"k": "banner.device", "a": {"device": silent[0].device}}
    return {"k": f"banner.{silent[0].kind}", "a": {"place": {"en": place.en, "zh": place.zh}}}


def changed(before: Mapping[str, Part], after: Mapping[str, Part]) -> tuple[Parts, list[str]]:
    """The parts that differ, and the names of those that are gone.

    >>> changed({"a": {"v": 1}, "b": {"v": 2}}, {"a": {"v": 1}, "c": {"v": 3}})
    ({'c': {'v': 3}}, ['b'])
    """
    return (
        {name: part for name, part in after.items() if before.get(name) != part},
        [name for name in before if name not in after],
    )
