"""Restock and staffing suggestions with their arithmetic, for people to check. Pure.

Demand over a time is taken as Poisson, near enough normal: quantile p = D + z(p)·√D.
"""

from collections.abc import Sequence
from math import ceil, sqrt
from statistics import NormalDist
from typing import NamedTuple

from dashboard.shop import Shop
from flows.facts import Fact

SERVICE = 0.95
REVIEW_H = 24.0  # ordered once a day


class Restock(NamedTuple):
    """One SKU to order.

    Attributes:
        rate: units an opening hour expected; ``lead``, ``cycle``: opening hours until delivery, and the one after.
        point: the reorder point, ``lead`` demand's 95 % quantile; ``upto``: the same of ``cycle``.
        units: whole packs; 0 while there is enough.
    """

    sku: str
    on_hand: int
    rate: float
    lead: float
    cycle: float
    point: float
    upto: float
    pack: int
    units: int


class Need(NamedTuple):
    """Associates for one hour: its visitors' upper 80 % bound ÷ visitors an associate can serve an hour."""

    start: str
    visitors: float
    upper: float
    per_associate: float
    associates: int


def quantile(p: float, mean: float) -> float:
    """Of a Poisson demand, by its normal approximation.

    >>> round(quantile(0.95, 16.0), 2), quantile(0.95, 0.0)
    (22.58, 0.0)
    """
    return max(0.0, mean + NormalDist().inv_cdf(p) * sqrt(mean)) if mean > 0 else 0.0


def restock(facts: Sequence[Fact], shop: Shop, open_h: float) -> list[Restock]:
    """Every SKU at or under its reorder point, the shortest cover first.

    Args:
        facts: of the store; ``sku_cover`` says what is on hand (evidence k) and how fast it goes (n, an opening hour).
        shop: with each product's lead time and pack.
        open_h: opening hours a day, by which lead times in clock hours become opening hours.
    """
    made = []
    for fact in facts:
        sku = fact.subject.removeprefix("sku:")
        product = shop.products.get(sku)
        seen = fact.evidence
        if fact.metric != "sku_cover" or product is None or seen.k is None or not seen.n:
            continue
        rate, on_hand = float(seen.n), int(seen.k)
        lead = product.lead_time_h * open_h / 24
        cycle = lead + REVIEW_H * open_h / 24
        point, upto = quantile(SERVICE, rate * lead), quantile(SERVICE, rate * cycle)
        packs = ceil((upto - on_hand) / product.pack) if on_hand <= point and upto > on_hand else 0
        if packs:
            made.append(Restock(
                sku, on_hand, rate, lead, cycle, point, upto, product.pack, packs * product.pack,
            ))  # fmt: skip
    return sorted(made, key=lambda r: (r.on_hand / r.rate, r.sku))


def staffing(quarters: Sequence[Fact], shop: Shop) -> list[Need]:
    """Associates needed in each hour of which four quarters are forecast."""
    hours: dict[str, list[Fact]] = {}
    for fact in quarters:
        local = fact.start.astimezone(shop.store.tz)
        hours.setdefault(f"{local:%H:00}", []).append(fact)
    made = []
    for start, four in sorted(hours.items()):
        values = [f for f in four if isinstance(f.value, int | float)]
        if len(values) < 4:
            continue
        middle = sum(float(f.value or 0) for f in values)
        upper = sum(
            float(f.detail.get("high80") or f.evidence.high or f.value or 0) for f in values
        )
        need = ceil(upper / shop.star_target - 1e-9)
        made.append(Need(start, middle, upper, shop.star_target, max(1, need)))
    return made
