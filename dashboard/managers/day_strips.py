"""The day's minutes as the sensors page draws them: a strip for the store, each door and each device. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from dashboard.catalogue import Language, term
from dashboard.managers.device_rows import Row
from dashboard.managers.floor_map import unheard
from dashboard.opening import Opening
from dashboard.parts import epoch_ms
from dashboard.shop import Shop
from dashboard.sources import place_of
from flows.facts import Fact

Run = tuple[str, int, int, str]
"""A word, the minute after opening it begins at, for how long, and the reason in words, empty where none is known.

The words: ``c`` covered, ``i`` silent and filled in, ``m`` missing, ``n`` not expected, as no device was ever heard.
"""

MINUTE = timedelta(minutes=1)
_RUNS = re.compile(r"([cim])(\d+)")


def strips(
    facts: Iterable[Fact], rows: Sequence[Row], shop: Shop, hours: Opening | None, at: datetime, language: Language
) -> dict[str, Any]:  # fmt: skip
    """The opening minutes of a day, with reasons: the store's, each door's and each device's."""
    if hours is None:
        return {"rows": []}
    now = max(0, (min(at, hours.closes) - hours.opens) // MINUTE)
    found = list(facts)
    told = {f.subject: f for f in found if f.metric == "minutes_covered"}
    outages = _outages(found, hours, now, language)
    lines = [
        _door_line(s, told[s], outages, shop, language)
        for s in ("", *sorted(told.keys() - {""}))
        if s in told
    ]
    lines += [
        _device_line(row, outages.get(str(row["device"]), []), now)
        for row in rows
        if row["device"] != "–" and (row["tone"] or row["device"] in outages)
    ]
    lines += [
        _unheard_line(row, shop, now, language)
        for row in unheard(rows, shop, language)
        if row["device"] not in told
    ]
    return {
        "from": epoch_ms(hours.opens), "to": epoch_ms(hours.closes), "minutes": (hours.closes - hours.opens) // MINUTE,
        "now": now, "zone": shop.store.timezone, "rows": lines,
    }  # fmt: skip


def _outages(
    facts: Iterable[Fact], hours: Opening, now: int, language: Language
) -> dict[str, list[Run]]:
    """Each device's outages of the day so far, with the state it was in and why."""
    found: dict[str, list[Run]] = {}
    for fact in facts:
        if fact.metric != "device_outage":
            continue
        start = max(0, (fact.start - hours.opens) // MINUTE)
        end = min(now, (fact.end - hours.opens) // MINUTE)
        if end > start:
            said = term("health", str(fact.value), language)
            why = f"{said} · {term('why', fact.reason, language)}" if fact.reason else said
            run = ("m", start, end - start, why)
            found.setdefault(fact.subject.removeprefix("device:"), []).append(run)
    return {device: sorted(own, key=lambda run: run[1]) for device, own in found.items()}


def _door_line(
    subject: str, fact: Fact, outages: Mapping[str, list[Run]], shop: Shop, language: Language
) -> dict[str, Any]:
    """A door's minutes, or the store's: a hole has the reason of the device there that was out meanwhile."""
    name = shop.place(subject) if subject else shop.store.name
    out = [
        (device, run)
        for device, own in outages.items()
        if (place := place_of(device, shop)).startswith("door:") and subject in {"", place}
        for run in own
    ]
    told = [
        run if run[0] == "c" else (*run[:3], _why(run, out))
        for run in runs(str(fact.detail.get("strip") or ""))
    ]
    return {
        "name": getattr(name, language) if name else subject, "main": not subject, "share": fact.value,
        "runs": told,
    }  # fmt: skip


def _why(hole: Run, out: Iterable[tuple[str, Run]]) -> str:
    _, start, length, _ = hole
    return "; ".join(
        f"{device}: {run[3]}"
        for device, run in out
        if run[1] < start + length and run[1] + run[2] > start
    )


def _device_line(row: Mapping[str, Any], outages: list[Run], now: int) -> dict[str, Any]:
    missing = sum(run[2] for run in outages)
    return {
        "name": row["device"], "main": False, "share": (now - missing) / now if now else None,
        "runs": _with_covered(outages, now),
    }  # fmt: skip


def _with_covered(outages: Iterable[Run], now: int) -> list[Run]:
    """The outages, and between them the minutes in which the device was not out."""
    told: list[Run] = []
    at = 0
    for run in outages:
        if run[1] > at:
            told.append(("c", at, run[1] - at, ""))
        told.append(run)
        at = max(at, run[1] + run[2])
    return told if at >= now else [*told, ("c", at, now - at, "")]


def _unheard_line(row: Row, shop: Shop, now: int, language: Language) -> dict[str, Any]:
    """A door or till that no device ever spoke for: nothing is expected of it."""
    name = shop.place(str(row["device"]))
    return {
        "name": getattr(name, language) if name else row["device"], "main": False, "share": None,
        "runs": [("n", 0, now, row["health"])] if now else [],
    }  # fmt: skip


def runs(strip: str) -> list[Run]:
    """Run lengths → runs.

    >>> runs("c90m5c2")
    [('c', 0, 90, ''), ('m', 90, 5, ''), ('c', 95, 2, '')]
    """
    found: list[Run] = []
    at = 0
    for word, length in _RUNS.findall(strip):
        found.append((word, at, int(length), ""))
        at += int(length)
    return found
