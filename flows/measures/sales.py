"""What the tills took: transactions, money, units, and what an average basket looks like."""

from collections.abc import Iterator

from flows.facts import Evidence
from flows.measure import Measure, Reading, View, by_minute, ratio
from flows.tallies.sales import SkuTally, TillTally


def transactions(view: View) -> Iterator[Reading]:
    """Completed sales; returns are counted apart, in ``detail``."""
    total = view.total(TillTally)
    yield Reading(total.transactions, detail={"returns": total.returns})


def net_sales(view: View) -> Iterator[Reading]:
    """Money of completed sales less discounts and returns, without tax; both are told apart in ``detail``."""
    total = view.total(TillTally)
    yield Reading(
        total.net_minor - total.returned_minor,
        detail={"returned_minor": total.returned_minor, "discount_minor": total.discount_minor},
    )


def units(view: View) -> Iterator[Reading]:
    """Units sold less units that came back; the latter are told apart in ``detail``."""
    total = view.total(TillTally)
    yield Reading(
        total.units - total.returned_units, detail={"returned_units": total.returned_units}
    )


def atv(view: View) -> Iterator[Reading]:
    """Average transaction value: money of sales before returns ÷ transactions, in minor units."""
    total = view.total(TillTally)
    evidence = Evidence(n=total.transactions, k=total.net_minor)
    yield Reading(ratio(total.net_minor, total.transactions), evidence=evidence)


def upt(view: View) -> Iterator[Reading]:
    """Units per transaction, before returns."""
    total = view.total(TillTally)
    evidence = Evidence(n=total.transactions, k=total.units)
    yield Reading(ratio(total.units, total.transactions), evidence=evidence)


def sku_units(view: View) -> Iterator[Reading]:
    """Units sold of each SKU that changed."""
    for sku, tally in view.changed(SkuTally):
        yield Reading(
            tally.units,
            f"sku:{sku}",
            detail={"net_minor": tally.net_minor, "returned": tally.returned},
        )


MEASURES = (
    *by_minute(
        Measure("transactions", "transactions", (TillTally,), transactions, steady=True),
        "15m",
        "60m",
    ),
    *by_minute(Measure("net_sales", "minor", (TillTally,), net_sales, steady=True), "15m", "60m"),
    *by_minute(Measure("atv", "minor", (TillTally,), atv, steady=True), "15m", "day"),
    Measure("units", "units", (TillTally,), units, cadence=1, steady=True),
    Measure("upt", "ratio", (TillTally,), upt, cadence=1, steady=True),
    Measure("sku_units", "units", (SkuTally,), sku_units, ("60m", "day"), by_subject=True),
)
