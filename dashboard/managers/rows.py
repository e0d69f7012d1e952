"""Rows of the managers' tables: numbers and words, no markup. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from alerts.catalogue import ACTIONS, REASONS, say
from alerts.incident import Incident
from alerts.settings import Person
from dashboard.catalogue import Language, term, words
from dashboard.managers.house_reader import Glance, lost_minor, ranked, reasons
from dashboard.numbers import unit_shown
from dashboard.parts import epoch_ms
from dashboard.sentences import action, besides, title
from dashboard.shop import Shop, Shops
from flows.chain import league
from flows.facts import Fact

Row = dict[str, Any]
MOST = 500
"""Incidents a list holds: the page is read anew every two seconds, and nobody reads further down."""
SHARES = frozenset({"conversion", "capture_rate", "engagement"})


def chain(glances: Sequence[Glance], shops: Shops, language: Language, now: datetime) -> list[Row]:
    """One row a store, the one that needs most attention first."""
    rows = []
    fair = {s.store: s for s in league(_latest(glances), "60m")}
    for place, glance in enumerate(ranked(glances)):
        shop = shops[glance.store]
        alive = [i for i in glance.incidents if i.state in {"firing", "acknowledged"}]
        rate, standing = glance.facts.get("conversion||60m"), fair.get(glance.store)
        rows.append({
            "id": glance.store, "rank": place, "name": getattr(shop.store.name, language),
            "act": sum(i.severity == "act" for i in alive), "open": len(alive),
            "watch": sum(i.severity == "watch" for i in alive),
            "risk": sum(i.at_risk_minor or 0 for i in alive) or None,
            "lost": lost_minor(glance) or None,
            "why": " · ".join(term("need", why, language) for why in reasons(glance)) or "–",
            "currency": shop.store.currency,
            "visitors": value(glance.facts.get("visitors||day")),
            "occupancy": value(glance.facts.get("occupancy||now")),
            "conversion": value(rate), "interval": interval(rate),
            "shrunk": standing.shrunk if standing and standing.visitors else None,
            "verdict": term("verdict", standing.verdict, language) if standing and standing.visitors else "–",
            "atv": value(glance.facts.get("atv||60m")),
            "spark": glance.curve,
            "age": None if glance.at is None else max(0, round((now - glance.at).total_seconds())),
        })  # fmt: skip
    return rows


def _latest(glances: Sequence[Glance]) -> dict[str, dict[tuple[str, str, str], Fact]]:
    return {
        g.store: {(f.metric, f.subject, f.window): f for f in g.facts.values()} for g in glances
    }


def value(fact: Fact | None) -> float | None:
    """A fact's number; ``None`` where it is unknown."""
    return fact.value if fact and isinstance(fact.value, int | float) else None


def interval(fact: Fact | None) -> str:
    """A rate's interval and what it rests on; while evidence is short, how much it still needs.

    >>> interval(None)
    '–'
    """
    if fact is None or fact.evidence.low is None or fact.evidence.high is None:
        return "–"
    said = f"{fact.evidence.low:.1%}–{fact.evidence.high:.1%}"
    return f"{said} · n {fact.evidence.n:g}" if fact.evidence.n is not None else said


def incidents(
    found: Iterable[Incident], shops: Shops, language: Language, names: Mapping[str, str]
) -> list[Row]:
    """One row an incident: open ones first, the dearest first among them; the first ``MOST``."""
    order = {"firing": 0, "acknowledged": 1, "pending": 2, "resolved": 3, "expired": 3}
    ranked_ = sorted(
        (i for i in found if i.state != "pending"),
        key=lambda i: (order[i.state], i.severity != "act", -(i.at_risk_minor or 0), -i.opened_at.timestamp()),
    )  # fmt: skip
    return [_incident(i, shops[i.store], language, names) for i in ranked_[:MOST]]


def _incident(i: Incident, shop: Shop, language: Language, names: Mapping[str, str]) -> Row:
    place, todo = shop.place(i.subject), action(i, shop.names)
    return {
        "id": i.id, "store": i.store, "shop": getattr(shop.store.name, language),
        "severity": i.severity, "what": title(i, shop.names)[language],
        "where": getattr(place, language) if place else (i.subject or "–"),
        "state": i.state, "since": epoch_ms(i.opened_at), "risk": i.at_risk_minor,
        "currency": shop.store.currency, "owner": names.get(i.owner or "", i.owner or "–"),
        "action": todo[language] if todo else "–", "zone": shop.store.timezone,
        "besides": (besides(i, shop.names) or {}).get(language, []),
    }  # fmt: skip


def life(
    i: Incident, shop: Shop, language: Language, names: Mapping[str, str]
) -> list[tuple[str, str, str, str]]:
    """Every step as time, kind, actor and reason in words, the oldest first."""
    told: list[tuple[str, str, str, str]] = []
    for step in i.steps:
        args = {k: _short(i.metric, k, v) for k, v in step.args.items()}
        local = step.at.astimezone(shop.store.tz)
        reason = say(REASONS, step.reason, language, args) if step.reason else ""
        told.append(
            (
                f"{local:%H:%M:%S}",
                term("step", step.kind, language),
                names.get(step.actor, step.actor),
                reason,
            )
        )
    return told


def _short(metric: str, key: str, number: str | float | None) -> str | float | None:
    if not isinstance(number, float):
        return number
    if metric in SHARES and key in {"value", "threshold", "before", "after", "reference"}:
        return f"{number:.1%}"
    return f"{number:.4g}"


def ledger(
    found: Iterable[Incident], shops: Shops, language: Language, names: Mapping[str, str]
) -> list[Row]:
    """Alert → action → outcome: one row for each incident somebody took, the newest first; the first ``MOST``."""
    rows: list[Row] = []
    for i in sorted(found, key=lambda i: i.opened_at, reverse=True):
        if len(rows) == MOST:
            break
        fired = next((s for s in i.steps if s.kind == "firing"), None)
        taken = next((s for s in i.steps if s.kind in {"acknowledged", "done", "dismissed"}), None)
        if fired is None or taken is None:
            continue
        out, shop = i.outcome, shops[i.store]
        rows.append({
            "id": i.id, "since": epoch_ms(fired.at), "what": title(i, shop.names)[language],
            "shop": getattr(shop.store.name, language), "zone": shop.store.timezone,
            "owner": names.get(taken.actor, taken.actor), "currency": shop.store.currency,
            "action": say(ACTIONS, i.action, language, i.args, shop.names) if i.action else "–",
            "take": round((taken.at - fired.at).total_seconds()),
            "before": _short(i.metric, "before", _float(out.get("before"))),
            "after": _short(i.metric, "after", _float(out.get("after"))),
            "recovered": out.get("recovered_minor"), "low": out.get("recovered_low_minor"),
            "high": out.get("recovered_high_minor"),
            "false": any(s.kind == "dismissed" for s in i.steps),
        })  # fmt: skip
    return rows


def _float(number: str | float | None) -> float | None:
    return float(number) if isinstance(number, int | float) else None


def facts(found: Iterable[Fact], shop: Shop, language: Language) -> list[Row]:
    """One row a fact, the store's own first."""
    rows, whole = [], words(language)["place.store"]
    for f in sorted(found, key=lambda f: (f.subject, f.metric, f.window)):
        place = shop.place(f.subject)
        rows.append({
            "id": f"{f.metric}|{f.subject}|{f.window}", "metric": term("metric", f.metric, language),
            "window": term("window", f.window, language),
            "subject": getattr(place, language) if place else f.subject.removeprefix("device:") or whole,
            "value": f.value, "unit": unit_shown(f.metric, f.unit),
            "interval": interval(f) if f.unit == "ratio" else _range(f),
            "n": f.evidence.n, "coverage": f.coverage, "state": term("fact", f.state, language), "revision": f.revision,
            "newest": epoch_ms(f.newest_at) if f.newest_at else None, "reason": f.reason,
            "currency": shop.store.currency, "zone": shop.store.timezone,
        })  # fmt: skip
    return rows


def _range(f: Fact) -> str:
    low, high = f.evidence.low, f.evidence.high
    return "–" if low is None or high is None else f"{low:,.4g}–{high:,.4g}"


def people_names(people: Iterable[Person]) -> dict[str, str]:
    """Names by id."""
    return {p.id: p.name or p.id for p in people}
