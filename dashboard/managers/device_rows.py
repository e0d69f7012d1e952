"""Rows of the sensors page: devices with their health in words, dead letters, and how true the counters are. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from dashboard.catalogue import Language, term
from dashboard.managers.house_reader import Device, Rejected
from dashboard.parts import epoch_ms
from dashboard.reasons import reason
from dashboard.shop import Shop, Shops
from flows.facts import Fact

Row = dict[str, Any]
Tone = Literal["ok", "watch", "act", ""]
TONES: dict[str, Tone] = {
    "online": "ok", "ok": "ok", "alive": "ok", "counted": "ok",
    "late": "watch", "stuck": "watch", "drifting": "watch",
    "silent": "act", "offline": "act", "fault": "act",
}  # fmt: skip
"""How much ink a state gets; one that is not known gets none."""


def devices(
    found: Iterable[Device],
    health: Mapping[tuple[str, str], Fact],
    shops: Shops,
    language: Language,
) -> list[Row]:
    """One row a device; what is not well first. A device that only the health measure knows stands there too."""
    rows = []
    heard: dict[tuple[str, str], Device | None] = {(d.store, d.source or d.topic): d for d in found}
    for store, source in {**heard, **dict.fromkeys(health)}:
        if source or (store, source) in heard:
            said, fact = heard.get((store, source)), health.get((store, source))
            rows.append(_device(store, source, said, fact, shops.get(store), language))
    order = ("act", "watch", "", "ok")
    return sorted(rows, key=lambda r: (order.index(r["tone"]), not r["rejects"], r["id"]))


def _device(
    store: str, source: str, said: Device | None, fact: Fact | None, shop: Shop | None, language: Language
) -> Row:  # fmt: skip
    state = str(fact.value) if fact else said.state if said else ""
    newest = fact.newest_at if fact else None
    heard_at = said.received_at if said else newest
    return {
        "id": f"{store}/{source}", "store": store, "device": source if not said or said.source else "–",
        "shop": getattr(shop.store.name, language) if shop else "–",
        "tone": TONES.get(state, "watch" if state else ""),
        "health": term("health", state, language) if state else "–",
        "reason": _why(fact, language) or (reason(said.reason, language) if said else ""),
        "heard": epoch_ms(heard_at) if heard_at else None, "zone": shop.store.timezone if shop else "UTC",
        "topic": said.topic if said else "–", "events": said.events if said else None,
        "rejects": said.rejects if said else None, "battery": said.battery_pct if said else None,
        "adapter": (said.adapter or "floorcast") if said else "–", "sample": said.sample if said else "",
    }  # fmt: skip


def _why(fact: Fact | None, language: Language) -> str:
    return term("why", fact.reason, language) if fact and fact.reason else ""


def rejects(found: Iterable[Rejected], language: Language) -> list[Row]:
    """One row a dead letter."""
    return [
        {"id": f"{n}", "at": r.ms, "device": r.source or "–", "reason": reason(r.reason, language), "place": r.place,
         "topic": r.topic, "sample": r.raw, "zone": "UTC"}
        for n, r in enumerate(found)
    ]  # fmt: skip


def accuracy(facts: Iterable[Fact], shop: Shop, language: Language) -> list[Row]:
    """One row a door and direction: what its counter said today, what is made of it, and the hand count behind that."""
    rows = []
    for fact in facts:
        door = shop.place(fact.subject) if fact.subject.startswith("door:") else None
        if door is None or fact.window != "day" or fact.metric not in {"visitors", "exits"}:
            continue
        told = fact.detail
        rows.append({
            "id": f"{fact.subject}/{fact.metric}", "door": getattr(door, language),
            "metric": term("metric", fact.metric, language), "value": fact.value,
            "counter": told.get("by_counter", fact.evidence.k if fact.state == "imputed" else fact.value),
            "factor": _factor(told), "state": term("fact", fact.state, language),
        })  # fmt: skip
    return sorted(rows, key=lambda r: (r["door"], r["id"].endswith("exits")))


def _factor(told: Mapping[str, object]) -> str:
    factor, low, high = (told.get(k) for k in ("factor", "factor_low", "factor_high"))
    if not isinstance(factor, int | float):
        return "–"
    bounds = (
        f" ({low:.2f}–{high:.2f})" if isinstance(low, float) and isinstance(high, float) else ""
    )
    return f"× {factor:.3g}{bounds}"
