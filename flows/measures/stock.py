"""What is on hand, and how long it lasts."""

from collections.abc import Iterator

from flows.facts import Evidence
from flows.measure import Measure, Reading, View, ratio
from flows.profile import minute_of
from flows.tallies.sales import SkuTally
from flows.tallies.stock import StockLevel


def on_hand(view: View) -> Iterator[Reading]:
    """Units on hand of each SKU that changed: the newest count and every move since; unknown before any count."""
    for sku, level in view.changed(StockLevel):
        if level.counted is not None:
            yield Reading(level.on_hand, f"sku:{sku}")


def cover(view: View) -> Iterator[Reading]:
    """Hours the stock lasts at today's rate of sale; ``None`` while nothing sold today."""
    opened = view.profile.open_minutes(minute_of(view.at))
    hours = max(0, min(minute_of(view.at) + 1, opened.stop) - opened.start) / 60 if opened else 0
    sold = view.today.tallies.get(SkuTally.kind, {})
    for sku, level in view.changed(StockLevel):
        stock = level.on_hand
        if stock is None:
            continue
        units = sold[sku].units if sku in sold else 0
        rate = ratio(units, hours)
        yield Reading(
            ratio(max(0, stock), rate or 0),
            f"sku:{sku}",
            Evidence(n=units, k=stock),
            reason="rate_today" if rate else "no_sales_today",
        )


MEASURES = (
    Measure("sku_on_hand", "units", (StockLevel,), on_hand, ("now",), by_subject=True),
    Measure("sku_cover", "hours", (StockLevel,), cover, ("now",), by_subject=True),
)
