"""The chart of the day, dwell on the floor plan, top sellers and stock risk. Pure."""

from datetime import timedelta

from dashboard.expected import champion, expected_by_close
from dashboard.opening import Opening
from dashboard.parts import Part, Parts, Status, epoch_ms
from dashboard.shop import Shop
from dashboard.snapshot import Snapshot
from dashboard.sources import Silence, all_silent
from flows.facts import Fact

QUARTER = timedelta(minutes=15)
HEAT_S = (60, 120, 240, 360)
"""Seconds of median dwell at which the plan's colour steps up."""


def chart(snapshot: Snapshot, hours: Opening | None) -> Parts:
    """People seen per quarter and their forecast, both at the end of each quarter of the opening hours.

    The last point is the trailing 15 minutes, not the running quarter: a quarter that has just begun
    would draw a fall that nobody sees on the floor. A quarter without a fact is a gap, not 0.
    """
    if hours is None:
        return {"chart": {"from": None}, "expect": {}, "sum": _sums(snapshot)}
    count = (hours.closes - hours.opens) // QUARTER
    starts = [hours.opens + i * QUARTER for i in range(count)]
    seen = {f.start: f for f in snapshot.series.get("visitors", [])}
    due = {f.start: f for f in snapshot.series.get("visitors_forecast", [])}
    at = snapshot.at
    done = [s for s in starts if at and s + QUARTER <= at]
    trailing = snapshot.number("visitors", "15m")
    inside = at is not None and hours.phase(at) == "open"
    now = epoch_ms(at) // 60_000 * 60_000 if at and inside else None
    return {
        "chart": {
            "from": epoch_ms(hours.opens),
            "to": epoch_ms(hours.closes),
            "y": [_value(seen.get(s)) for s in done],
            "tail": trailing if inside else None,
            "now": now,
        },
        "expect": _forecast([due.get(s) for s in starts]),
        "sum": _sums(snapshot),
    }


def _sums(snapshot: Snapshot) -> Part:
    total = expected_by_close(snapshot)
    return {
        "n": snapshot.number("visitors", "day"),
        "total": None if total is None else round(total),
        "by": champion(snapshot),
    }


def _forecast(facts: list[Fact | None]) -> Part:
    if not any(facts):
        return {}
    return {
        "mid": [_value(f) for f in facts],
        "low": [_bound(f, "low") for f in facts],
        "high": [_bound(f, "high") for f in facts],
    }


def _value(fact: Fact | None) -> float | None:
    value = fact.value if fact else None
    return round(value, 1) if isinstance(value, int | float) else None


def _bound(fact: Fact | None, end: str) -> float | None:
    bound: float | None = getattr(fact.evidence, end) if fact else None
    return _value(fact) if bound is None else round(bound, 1)


def zones(snapshot: Snapshot, shop: Shop) -> Parts:
    """Median dwell of each zone with its heat step and the status its incidents give it."""
    return {f"zone:{z.id}": _zone(snapshot, z.id) for z in shop.store.zones if z.polygon}


def _zone(snapshot: Snapshot, zone: str) -> Part:
    dwell = snapshot.number("dwell_median", "15m", f"zone:{zone}")
    heat = None if dwell is None else sum(dwell >= step for step in HEAT_S)
    return {
        "v": None if dwell is None else round(dwell),
        "h": heat,
        "s": _incident_status(snapshot, f"zone:{zone}"),
    }


def _incident_status(snapshot: Snapshot, subject: str) -> Status:
    severities = {
        i.severity
        for i in snapshot.incidents
        if i.subject == subject and i.state in {"firing", "acknowledged"}
    }
    return "act" if "act" in severities else "watch" if "watch" in severities else ""


def stock(snapshot: Snapshot, shop: Shop, silent: list[Silence]) -> Parts:
    """What sold most in the last hour; a product about to sell out comes in even if it sold less."""
    rows = [_row(snapshot, shop, s) for s in _ranked(snapshot, shop)]
    return {"stock": {"rows": rows, "off": all_silent(silent, "till", shop)}}


def _ranked(snapshot: Snapshot, shop: Shop) -> list[str]:
    sold = {
        s: snapshot.number("sku_units", "60m", s) or 0
        for s in snapshot.subjects("sku_units", "60m")
    }
    best = sorted((s for s in sold if sold[s] > 0), key=lambda s: (-sold[s], s))
    short = [
        s
        for s in snapshot.subjects("sku_cover", _cover_window(snapshot))
        if s not in best[: shop.settings.top_skus] and _status(_cover(snapshot, s), shop) == "act"
    ]
    short = sorted(short, key=lambda s: (_cover(snapshot, s) or 0.0, s))[
        : shop.settings.top_skus // 2
    ]
    return best[: shop.settings.top_skus - len(short)] + short


def _cover_window(snapshot: Snapshot) -> str:
    return next((w for m, _, w in sorted(snapshot.latest) if m == "sku_cover"), "now")


def _cover(snapshot: Snapshot, subject: str) -> float | None:
    return snapshot.number("sku_cover", _cover_window(snapshot), subject)


def _status(cover_h: float | None, shop: Shop) -> Status:
    """Hours until the shelf is empty at the forecast rate, against the two settings."""
    if cover_h is None:
        return ""
    if cover_h < shop.settings.cover_act_h:
        return "act"
    return "watch" if cover_h < shop.settings.cover_watch_h else "ok"


def _row(snapshot: Snapshot, shop: Shop, subject: str) -> Part:
    sku, cover = subject.partition(":")[2], _cover(snapshot, subject)
    name = shop.place(subject)
    return {
        "id": sku,
        "name": {"en": name.en, "zh": name.zh} if name else {"en": sku, "zh": sku},
        "sold": snapshot.number("sku_units", "60m", subject),
        "left": snapshot.number("sku_on_hand", "now", subject),
        "cover": None if cover is None else round(cover, 1 if cover >= 1 else 2),
        "s": _status(cover, shop),
    }
