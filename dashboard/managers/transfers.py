"""Goods that a near store could bring: rows of the chain page. Pure."""

from collections.abc import Iterable

from dashboard.catalogue import Language
from dashboard.managers.rows import Row
from dashboard.shop import Shop, Shops
from flows.facts import Fact


def transfers(facts: Iterable[Fact], shops: Shops, language: Language) -> list[Row]:
    """One row a move, the most units first: ``transfer`` facts of the stores that are short, each giver a row.

    A giver whose shop the reader may not see keeps its id.
    """
    rows = []
    for fact in facts:
        shop = shops.get(fact.store)
        if fact.metric != "transfer" or shop is None or not isinstance(fact.value, int | float):
            continue
        if fact.value <= 0:  # what it gives stands with the one who takes
            continue
        sku, product = fact.subject.removeprefix("sku:"), shop.place(fact.subject)
        for giver, units in fact.detail.items():
            if isinstance(units, int | float) and units > 0:
                rows.append({
                    "id": f"{sku}/{giver}/{fact.store}", "sku": sku,
                    "name": getattr(product, language) if product else sku,
                    "giver": _name(shops.get(giver), giver, language), "taker": _name(shop, fact.store, language),
                    "units": units,
                })  # fmt: skip
    return sorted(rows, key=lambda r: (-r["units"], r["id"]))


def _name(shop: Shop | None, ident: str, language: Language) -> str:
    return str(getattr(shop.store.name, language)) if shop else ident
