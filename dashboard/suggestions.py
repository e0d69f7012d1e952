"""Restock and staffing proposals as the facts make them, their arithmetic in numbers for people to check. Pure."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from dashboard.forecasts import number
from dashboard.shop import Shop
from flows.facts import Fact

URGENCY = {"out": 0, "today": 1, "soon": 2, "fine": 3}


class Restock(NamedTuple):
    """One SKU to order.

    Attributes:
        units: whole packs; ``urgency``: out, today, soon.
        on_hand, on_order: units free to sell, and on their way.
        lead_demand: units expected until delivery, over ``lead_h`` hours; ``safety`` comes on top at service ``level``.
        point: the reorder point, their sum; ``expected``: demand until the delivery after next.
        affordable: within the budget of one restock list.
    """

    sku: str
    units: int
    urgency: str
    on_hand: float
    on_order: float
    lead_demand: float
    lead_h: float
    safety: float
    point: float
    expected: float
    level: float
    pack: int
    affordable: bool


class Need(NamedTuple):
    """Associates for one hour: the most that any of its quarters needs, and what they are for."""

    start: str
    visitors: float
    customers: float
    associates: int


def restock(facts: Iterable[Fact]) -> list[Restock]:
    """What to order now, the most urgent first."""
    made = []
    for f in facts:
        told = f.detail
        if f.metric != "restock" or not isinstance(f.value, int | float) or f.value <= 0:
            continue

        def of(key: str, told: dict[str, str | int | float | None] = told) -> float:
            return number(told.get(key)) or 0.0

        made.append(Restock(
            f.subject.removeprefix("sku:"), round(f.value), f.reason, float(f.evidence.k or 0), of("on_order"),
            float(f.evidence.n or 0), of("lead_h"), of("safety"), of("reorder_point"), of("expected"), of("level"),
            int(of("pack")) or 1, told.get("in_budget") != 0,
        ))  # fmt: skip
    return sorted(
        made, key=lambda r: (URGENCY.get(r.urgency, 4), r.on_hand / (r.lead_demand or 1.0), r.sku)
    )


def staffing(facts: Sequence[Fact], shop: Shop) -> list[Need]:
    """Associates needed by hour, from ``associates_forecast`` in quarters or hours."""
    hours: dict[str, list[Fact]] = {}
    for f in facts:
        if f.metric == "associates_forecast" and isinstance(f.value, int | float):
            hours.setdefault(f"{f.start.astimezone(shop.store.tz):%H:00}", []).append(f)
    return [
        Need(
            start, sum(float(f.evidence.n or 0) for f in found), sum(float(f.evidence.k or 0) for f in found),
            max(round(float(f.value or 0)) for f in found),
        )
        for start, found in sorted(hours.items())
    ]  # fmt: skip


def needed(facts: Iterable[Fact], shop: Shop) -> dict[date, dict[int, int]]:
    """Associates needed by local day and hour of the days ahead."""
    made: dict[date, dict[int, int]] = {}
    for f in facts:
        if f.metric == "associates_forecast" and isinstance(f.value, int | float):
            local = f.start.astimezone(shop.store.tz)
            hours = made.setdefault(local.date(), {})
            hours[local.hour] = max(hours.get(local.hour, 0), round(float(f.value)))
    return made
