"""The incident rail: what needs doing, ranked by money at risk, and the day's tally. Pure."""

from datetime import datetime
from statistics import median

from alerts.incident import Incident
from dashboard.opening import business_day
from dashboard.parts import Part, Parts, epoch_ms
from dashboard.sentences import FORMS, action, title
from dashboard.shop import Shop
from dashboard.snapshot import Snapshot

OPEN = frozenset({"firing", "acknowledged"})


def rail(snapshot: Snapshot, shop: Shop, at: datetime) -> Parts:
    """The cards in their order, each its own part, and the counts."""
    ranked = rank([i for i in snapshot.incidents if i.state in OPEN])
    shown = ranked[: shop.settings.cards]
    order: Part = {
        "ids": [i.id for i in shown],
        "open": len(ranked),
        "more": len(ranked) - len(shown),
    }
    return {"rail": order | tally(snapshot.incidents, shop, at)} | {
        f"card:{i.id}": card(i, shop) for i in shown
    }


def rank(incidents: list[Incident]) -> list[Incident]:
    """Most money at risk first; without a figure last, there act before watch, then the older."""
    return sorted(
        incidents,
        key=lambda i: (-(i.at_risk_minor or 0), i.severity != "act", i.opened_at, i.id),
    )


def card(incident: Incident, shop: Shop) -> Part:
    """What → action, where · age, money at risk, who has it."""
    place = shop.place(incident.subject)
    taken = incident.owner or (_taker(incident) if incident.state == "acknowledged" else None)
    return {
        "s": incident.severity,
        "title": title(incident, shop.names),
        "do": action(incident, shop.names),
        "metric": incident.metric,
        "value": incident.value,
        "f": FORMS.get(incident.metric),
        "place": {"en": place.en, "zh": place.zh} if place else None,
        "at": epoch_ms(incident.opened_at),
        "risk": incident.at_risk_minor,
        "who": taken,
        "taken": incident.state == "acknowledged",
    }


def tally(incidents: list[Incident], shop: Shop, at: datetime) -> Part:
    """Incidents raised and resolved this business day, and the median seconds until someone took one."""
    today = business_day(shop.store, at)
    todays = [
        i
        for i in incidents
        if i.state != "pending" and business_day(shop.store, i.opened_at) == today
    ]
    waits = [wait for i in todays if (wait := _seconds_to_take(i)) is not None]
    return {
        "raised": len(todays),
        "resolved": sum(i.state == "resolved" for i in todays),
        "take": round(median(waits)) if waits else None,
    }


def _seconds_to_take(incident: Incident) -> float | None:
    fired = next((s.at for s in incident.steps if s.kind == "firing"), incident.opened_at)
    taken = next((s.at for s in incident.steps if s.kind == "acknowledged"), None)
    return None if taken is None else (taken - fired).total_seconds()


def _taker(incident: Incident) -> str | None:
    return next((s.actor for s in reversed(incident.steps) if s.kind == "acknowledged"), None)
