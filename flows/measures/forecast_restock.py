"""What to order, how much, how urgently, and by when."""

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple
from zlib import crc32

from flows.decisions.ahead import Ahead
from flows.decisions.stock import (
    Line,
    Order,
    Tier,
    critical_ratio,
    order,
    tier,
    within_budget,
)
from flows.facts import Evidence
from flows.lead_times import LeadMemory, learn
from flows.measure import Measure, Reading, View
from flows.outlook_ahead import just_learned
from flows.outlook_readings import Detail
from flows.outlook_units import (
    SLICES,
    DaysAhead,
    UnitsMemory,
    days_ahead,
    panel_of,
    rest_mean,
    shape_of,
    share_between,
)
from flows.profile import instant_of, minute_of
from flows.tallies.chain_words import TRANSFER, ChainWords
from flows.tallies.on_order import OnOrder
from flows.tallies.orders import Reserved
from flows.tallies.sales import SkuTally
from flows.tallies.stock import StockLevel
from sensors.settings import Product

MOST_LEVEL = 0.99
FAR = 6.0  # standard deviations above the lead time's demand: plainly enough


class Stocked(NamedTuple):
    """One SKU with its stock, its demand, and what should be done.

    Attributes:
        level: of service. ``transfer``: units that near stores could bring; what is ordered is what these leave.
    """

    sku: str
    ahead: Ahead
    on_hand: int
    on_order: int
    level: float
    lead_days: float
    product: Product | None
    urgency: Tier
    order: Order | None
    transfer: int = 0


def stocked(view: View) -> list[Stocked]:
    """Every SKU whose stock is known and whose demand is forecast."""
    return view.once("forecast_restock.stocked", _stocked)


def _stocked(view: View) -> list[Stocked]:
    memory, found = view.memory(UnitsMemory), days_ahead(view)
    if found is None:
        return []
    minute = minute_of(view.at)
    opened = view.profile.open_minutes(minute) or range(*found.bounds[0])
    shape = shape_of(memory)
    passed = (
        share_between(view.profile, shape, opened.start, minute) if minute > opened.start else 0.0
    )
    hours = max(1.0, len(opened) / 60)
    levels = view.of(StockLevel)
    rows = enumerate(panel_of(memory.state).skus)
    return [
        _row(view, found, i, sku, levels[sku].on_hand or 0, min(1.0, passed), hours)
        for i, sku in rows
        if sku in levels and levels[sku].counted is not None
    ]


def _row(
    view: View, found: DaysAhead, i: int, sku: str, on_hand: int, passed: float, hours: float
) -> Stocked:
    panel, settings = panel_of(view.memory(UnitsMemory).state), view.profile.settings.decisions
    sold = view.today.tallies.get(SkuTally.kind, {}).get(sku)
    variance = float(panel.variance[i])
    left = rest_mean(float(found.value[0, i]), passed, max(0, sold.units) if sold else 0)
    later = found.value[1:, i].tolist()
    product = view.profile.products.get(sku)
    configured = (product.lead_time_h if product else 24.0) / 24
    lead, lead_sd = view.memory(LeadMemory).lead(sku, configured)
    ahead = Ahead([left, *later], passed, variance, panel.sums, lead_sd)
    ordered = max(0, view.of(OnOrder)[sku].units) if sku in view.of(OnOrder) else 0
    held = max(0, view.of(Reserved)[sku].units) if sku in view.of(Reserved) else 0
    free = max(0, on_hand) - held
    level = settings.service_level
    if product and product.cost_minor > 0:
        level = min(MOST_LEVEL, max(level, critical_ratio(product.price_minor, product.cost_minor)))
    near = _near(view).get(sku, 0)
    if free + ordered > ahead.mean(lead) + FAR * ahead.spread(lead):
        return Stocked(sku, ahead, free, ordered, level, lead, product, Tier.FINE, None, near)
    proposed = order(
        partial(ahead.quantile, lead), partial(ahead.quantile, lead + settings.review_days),
        level=level, on_hand=free, on_order=ordered + near, pack=product.pack if product else 1,
    )  # fmt: skip
    rate = ahead.mean(1.0) / hours
    urgency = tier(free, rate, lead * hours, proposed.reorder_point)
    return Stocked(sku, ahead, free, ordered, level, lead, product, urgency, proposed, near)


def _near(view: View) -> dict[str, int]:
    """Units of each SKU that near stores could bring, as the chain last said."""
    return view.once("forecast_restock.near", _near_of)


def _near_of(view: View) -> dict[str, int]:
    words = (pair for told in view.of(ChainWords).values() for pair in told.held(view.at))
    return {
        name.removeprefix(TRANSFER): round(word.value)
        for name, word in words
        if word is not None and name.startswith(TRANSFER) and word.value > 0
    }


def its_turn(view: View) -> bool:
    """Whether it is this store's quarter of the hour to be told: stores take turns."""
    memory = view.memory(UnitsMemory)
    return (
        bool(memory.state)
        and just_learned(view, memory.taught_at)
        and crc32(view.profile.id.encode()) % SLICES in memory.slices
    )


def restock(view: View) -> Iterator[Reading]:
    """Units to order of each SKU whose stock is known, with the arithmetic; 0 where there is enough. Told hourly.

    The reason is the urgency: ``out``, ``today`` (gone before a delivery ordered now), ``soon`` (at its reorder point),
    ``fine``.
    """
    if not its_turn(view):
        return
    rows = stocked(view)
    chosen = _affordable(view, rows)
    for row in rows:
        yield Reading(
            row.order.units if row.order else 0, f"sku:{row.sku}",
            Evidence(n=round(row.ahead.mean(row.lead_days), 2), k=row.on_hand),
            row.urgency.name.lower(), _working(view, row, chosen),
        )  # fmt: skip


def _affordable(view: View, rows: list[Stocked]) -> set[str]:
    """The SKUs to order for the budget; all of them without one."""
    budget = view.profile.settings.decisions.budget_minor
    lines = [
        Line(
            row.sku, row.urgency, row.order.units,
            row.product.cost_minor or row.product.price_minor, _at_risk(row),
        )
        for row in rows
        if row.order and row.product
    ]  # fmt: skip
    return {line.sku for line in within_budget(lines, budget)} if budget else {row.sku for row in rows}  # fmt: skip


def _at_risk(row: Stocked) -> int:
    """Margin lost a day without it, minor units."""
    product = row.product
    return round((product.price_minor - product.cost_minor) * row.ahead.mean(1.0)) if product else 0


def _working(view: View, row: Stocked, chosen: set[str]) -> Detail:
    made = row.order
    if made is None:
        return {"on_order": row.on_order}
    lasts = row.ahead.lasts(row.on_hand + row.on_order)
    turns = None if lasts is None else minute_of(view.at) + round((lasts - row.lead_days) * 1440)
    return {
        "reorder_point": round(made.reorder_point, 1), "expected": round(made.expected, 1),
        "safety": round(made.safety, 1), "level": round(row.level, 3), "lead_h": round(row.lead_days * 24, 1),
        "pack": row.product.pack if row.product else 1, "on_order": row.on_order, "at_risk_minor": _at_risk(row),
        "transfer": row.transfer, "lead_sd_h": round(row.ahead.lead_sd * 24, 1),
        "in_budget": int(row.sku in chosen),
        "order_by": None if turns is None else instant_of(turns - turns % 60).isoformat(),
    }  # fmt: skip


MEASURES = (
    Measure(
        "restock", "units", (), restock, ("now",),
        cadence=5, quiet=True, memory=LeadMemory, learn=learn, learn_over="day",
    ),
)  # fmt: skip
