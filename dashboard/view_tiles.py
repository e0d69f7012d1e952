"""The number tiles: value, window, target band, signed difference, evidence and status. Pure."""

import math
from collections.abc import Callable
from typing import Literal

from dashboard.expected import expected_so_far
from dashboard.opening import Opening
from dashboard.parts import Part, Parts, Status, bounded
from dashboard.settings import TileName
from dashboard.shop import Shop
from dashboard.snapshot import Snapshot
from dashboard.sources import Silence, all_silent
from flows.facts import Fact

Format = Literal["int", "pct", "money"]
FACTS: dict[TileName, str] = {
    "occupancy": "occupancy||now",
    "visitors": "visitors||day",
    "conversion": "conversion||60m",
    "atv": "atv||60m",
    "spv": "spv||60m",
    "queue": "queue_length||now",
}
"""The fact each tile shows, by measure, subject and window."""

TileView = Callable[[Snapshot, Shop], Part]
_SOURCES: dict[TileName, tuple[str, ...]] = {
    "occupancy": ("door",),
    "visitors": ("door",),
    "conversion": ("door", "till"),
    "atv": ("till",),
    "spv": ("door", "till"),
    "queue": (),
}
_METRICS: dict[TileName, frozenset[str]] = {
    "occupancy": frozenset({"occupancy"}),
    "visitors": frozenset({"visitors"}),
    "conversion": frozenset({"conversion"}),
    "atv": frozenset({"atv"}),
    "spv": frozenset({"spv"}),
    "queue": frozenset({"queue_wait", "queue_length"}),
}


def tiles(snapshot: Snapshot, shop: Shop, hours: Opening | None, silent: list[Silence]) -> Parts:
    """The configured tiles, in their order; status is withheld from a tile whose source is silent."""
    parts: Parts = {}
    for name in shop.settings.tiles:
        part = _TILES[name](snapshot, shop)
        on_hold = any(all_silent(silent, kind, shop) for kind in _SOURCES[name])
        if on_hold:
            part |= {"s": "", "k": "ctx.silent", "a": {}, "off": True}
        elif part["s"] and hours and snapshot.at and hours.phase(snapshot.at) == "open":
            part["s"] = _with_incidents(part["s"], name, snapshot)
        else:
            part["s"] = ""
        parts[f"tile:{name}"] = part
    return parts


def _with_incidents(status: Status, name: TileName, snapshot: Snapshot) -> Status:
    """An open incident on the tile's measure decides over the band: the screen and the push agree."""
    severities = {
        i.severity
        for i in snapshot.incidents
        if i.state in {"firing", "acknowledged"}
        and i.metric in _METRICS[name]
        and (i.subject == "" or name == "queue")
    }
    return "act" if "act" in severities else "watch" if "watch" in severities else status


def _occupancy(snapshot: Snapshot, shop: Shop) -> Part:
    fact = snapshot.fact("occupancy", "now")
    value, capacity = snapshot.number("occupancy", "now"), shop.store.capacity
    crowded = shop.settings.crowded * capacity
    return _tile(fact, value, "int") | {
        "k": "ctx.capacity",
        "a": {"max": capacity},
        **_bar(value, 0.0, crowded, capacity * 1.1),
        "s": _judge(value, None, crowded),
    }


def _visitors(snapshot: Snapshot, _shop: Shop) -> Part:
    fact = snapshot.fact("visitors", "day")
    value = snapshot.number("visitors", "day")
    due = expected_so_far(snapshot)
    part = _tile(fact, value, "int")
    if due is None:
        return part | {"k": "ctx.no_forecast", "a": {}, "s": _judge(value, None, None)}
    return part | {
        "k": "ctx.forecast",
        "a": {"n": round(due.value)},
        **_difference(value, due.value, "pct"),
        **_bar(value, due.low, due.high, max(due.high, value or 0.0) * 1.35),
        "s": _judge(value, due.low, None),
    }


def _conversion(snapshot: Snapshot, shop: Shop) -> Part:
    mark = shop.benchmark
    fact = snapshot.fact("conversion", "60m")
    value = snapshot.number("conversion", "60m")
    return _tile(fact, value, "pct") | _against(
        fact, value, mark.conversion_low, mark.conversion, mark.conversion_high, "pct"
    )


def _atv(snapshot: Snapshot, shop: Shop) -> Part:
    mark = shop.benchmark
    fact = snapshot.fact("atv", "60m")
    value = snapshot.number("atv", "60m")
    return _tile(fact, value, "money") | _against(
        fact, value, mark.atv_low_minor, mark.atv_minor, mark.atv_high_minor, "money"
    )


def _spv(snapshot: Snapshot, shop: Shop) -> Part:
    """Its target is conversion × ATV of the benchmark (SPV = conversion × ATV), at both ends of the band."""
    mark = shop.benchmark
    fact = snapshot.fact("spv", "60m")
    value = snapshot.number("spv", "60m")
    return _tile(fact, value, "money") | _against(
        fact,
        value,
        mark.conversion_low * mark.atv_low_minor,
        mark.conversion * mark.atv_minor,
        mark.conversion_high * mark.atv_high_minor,
        "money",
    )


def _queue(snapshot: Snapshot, shop: Shop) -> Part:
    fact = snapshot.fact("queue_length", "now")
    wait, target = snapshot.number("queue_wait", "now"), shop.benchmark.queue_wait_s
    part = _tile(fact, snapshot.number("queue_length", "now"), "int")
    return part | {
        "k": "ctx.no_wait" if wait is None else "ctx.wait_target",
        "a": {"target": target} | ({} if wait is None else {"wait": round(wait)}),
        **_bar(wait, 0.0, target, target * 2),
        "s": _judge(wait, None, target),
    }


_TILES: dict[TileName, TileView] = {
    "occupancy": _occupancy,
    "visitors": _visitors,
    "conversion": _conversion,
    "atv": _atv,
    "spv": _spv,
    "queue": _queue,
}


def _tile(fact: Fact | None, value: float | None, form: Format) -> Part:
    """Value, format, window, and the tag that says how final it is."""
    settled = fact is not None and fact.state != "live"
    part: Part = {"v": _rounded(value, form), "f": form, "k": "ctx.unknown", "a": {}, "s": ""}
    part["tag"] = (
        f"state.{fact.state}" if fact and settled else f"window.{fact.window}" if fact else ""
    )
    if fact and fact.coverage is not None and fact.coverage < 0.8:
        part["cov"] = round(fact.coverage, 2)
    return part


def _against(
    fact: Fact | None, value: float | None, low: float, mark: float, high: float, form: Format
) -> Part:
    """Band, difference and status of a value that wants to lie in a benchmark band.

    While the evidence is short the tile says how much it needs and is not judged.
    """
    bar = _bar(value, low, high, high + 0.6 * high, origin=0.0)
    needs = fact.evidence.needs if fact else None
    if value is None or needs:
        key = "ctx.needs_people" if form == "pct" else "ctx.needs_transactions"
        return {
            "k": key if needs else "ctx.unknown",
            "a": {"n": needs} if needs else {},
            "s": "",
            **bar,
        }
    context = {"k": f"ctx.{form}", "a": {"low": _rounded(low, form), "high": _rounded(high, form)}}
    return context | bar | _difference(value, mark, form) | {"s": _judge(value, low, None)}


def _judge(value: float | None, low: float | None, high: float | None) -> Status:
    if value is None:
        return ""
    outside = (low is not None and value < low) or (high is not None and value > high)
    return "watch" if outside else "ok"


def _difference(value: float | None, mark: float, form: Format) -> Part:
    """Signed: of a rate in points, else relative in percent.

    >>> _difference(0.235, 0.26, "pct"), _difference(585, 563, "int")
    ({'d': -2.5, 'du': 'pt'}, {'d': 3.9, 'du': 'pct'})
    """
    if value is None or not mark or not math.isfinite(mark):
        return {}
    if form == "pct" and mark <= 1:
        return {"d": round((value - mark) * 100, 1), "du": "pt"}
    return {"d": round((value / mark - 1) * 100, 1), "du": "pct"}


def _bar(value: float | None, low: float, high: float, top: float, origin: float = 0.0) -> Part:
    """Band and marker as shares of the bar."""
    part: Part = {"lo": bounded(low, origin, top), "hi": bounded(high, origin, top)}
    return part if value is None else part | {"m": bounded(value, origin, top)}


def _rounded(value: float | None, form: Format) -> float | int | None:
    """No more digits than are drawn, so that what does not show does not travel."""
    if value is None:
        return None
    return round(value, 3) if form == "pct" else round(value)
