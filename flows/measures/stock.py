"""What is on hand, how long it lasts, what is out, what silence says of a shelf, and what does not move."""

from collections.abc import Iterator

from msgspec import Struct

from flows.demand import KEEP, SKUS, DemandMemory, chance_of_none, learn, today, units_per_hour
from flows.facts import Evidence, Window
from flows.measure import Measure, Reading, View, ratio
from flows.measures.forecast import expected_per_hour
from flows.profile import minute_of
from flows.tallies.dwell import ZoneTally
from flows.tallies.orders import Reserved
from flows.tallies.sales import SkuTally
from flows.tallies.shelf import LastSale, ShelfTally
from flows.tallies.stock import StockLevel

ALPHA = 0.01  # chance that an ordinary day accuses any shelf at all
CHECK = 0.05  # chances above this are told as 1: nothing to see
ENGAGED = 5  # visits of today, long enough, that make an untouched shelf suspicious
SLOW_DAYS = 28  # without a sale
_NOW: tuple[Window, ...] = ("now",)


def on_hand(view: View) -> Iterator[Reading]:
    """Units on hand of each SKU that changed: the newest count and every move since; unknown before any count.

    ``detail.reserved``: those that waiting orders hold back.
    """
    for sku, level in _moved(view):
        if level.counted is not None:
            held = _reserved(view, sku)
            yield Reading(
                level.on_hand,
                f"sku:{sku}",
                reason="out_of_stock" if (level.on_hand or 0) <= 0 else "",
                detail={"reserved": held} if held else {},
            )


def _moved(view: View) -> Iterator[tuple[str, StockLevel]]:
    """SKUs whose stock changed, or what orders hold back of it."""
    levels = view.of(StockLevel)
    skus = {sku for sku, _ in view.changed(StockLevel)} | {sku for sku, _ in view.changed(Reserved)}
    for sku in sorted(skus & levels.keys()):
        yield sku, levels[sku]


def _reserved(view: View, sku: str) -> int:
    """Units of a SKU that waiting orders hold back."""
    held = view.of(Reserved).get(sku)
    return max(0, held.units) if held else 0


def cover(view: View) -> Iterator[Reading]:
    """Opening hours the stock lasts: on hand, less what orders hold back, ÷ (units per visitor × visitors an hour).

    Without a forecast at the usual rate, without earlier days at today's. ``sells_out_in_h`` tells it if that is before
    closing time, ``days`` in business days of the present length.
    """
    flow = expected_per_hour(view)
    now = today(view)
    for sku, level in _moved(view):
        stock = level.on_hand
        if stock is None:
            continue
        rate, reason = units_per_hour(view, sku, flow)
        hours = ratio(max(0, stock - _reserved(view, sku)), rate or 0.0)
        whole = now.open_h + now.left_h
        yield Reading(
            hours, f"sku:{sku}", Evidence(n=round(rate, 4) if rate else 0, k=stock),
            reason=reason,
            detail={
                "days": None if hours is None else ratio(hours, whole),
                "sells_out_in_h": hours if hours is not None and hours < now.left_h else None,
            },
        )  # fmt: skip


def oos_rate(view: View) -> Iterator[Reading]:
    """Ranged SKUs with nothing sellable ÷ ranged SKUs whose stock is known; without a range, all known ones."""
    ranged, levels = view.profile.products, view.of(StockLevel)
    known = {
        sku: level.on_hand or 0
        for sku, level in levels.items()
        if level.counted is not None and (not ranged or sku in ranged)
    }
    if known:
        out = sorted(sku for sku, units in known.items() if units <= 0)
        yield Reading(
            ratio(len(out), len(known)), evidence=Evidence(n=len(known), k=len(out)),
            reason="out_of_stock" if out else "", detail={"skus": ",".join(out[:5])},
        )  # fmt: skip


def silence(view: View) -> Iterator[Reading]:
    """How likely it is that nobody bought a SKU since its last sale (or opening), given those who came since.

    ``check_shelf`` below ``ALPHA`` shared out over all the day's tickets, so that an ordinary day of the whole store
    accuses a shelf once in a hundred days; ``suspected_phantom_stock`` if people linger before it as well.
    """
    memory = view.memory(DemandMemory)
    if not memory.days:
        return
    lines = sum(memory.tickets.values()) * (1 - KEEP) / (1 - KEEP**memory.days)
    now, opened = today(view), view.profile.open_minutes(minute_of(view.at))
    day = view.profile.day_of(minute_of(view.at))
    levels, last = view.of(StockLevel), view.of(LastSale)
    for sku, k in memory.tickets.items():
        level = levels.get(sku)
        if level is not None and level.counted is not None and (level.on_hand or 0) <= 0:
            yield Reading(None, f"sku:{sku}", reason="out_of_stock", window="now", span=day)
            continue
        since = max(
            minute_of(last[sku].at) if sku in last else 0,
            opened.start - 1 if opened else view.start,
        )
        chance = chance_of_none(k, memory.flow, now.since(since))
        reason = ""
        if chance < ALPHA / max(1.0, lines):
            reason = "suspected_phantom_stock" if _lingers(view, sku) else "check_shelf"
        yield Reading(
            1.0 if chance > CHECK else float(f"{chance:.1g}"), f"sku:{sku}", reason=reason, window="now", span=day,
            evidence=Evidence(k=level.on_hand if level else None) if chance <= CHECK else Evidence(),
        )  # fmt: skip


def _lingers(view: View, sku: str) -> bool:
    """Whether people stay in a zone of the SKU's category as long as ever today."""
    product = view.profile.products.get(sku)
    for name, tally in view.today.tallies.get(ZoneTally.kind, {}).items():
        zone = view.profile.zones.get(name)
        if product and zone and product.category in zone.categories:
            stays = tally.stays()
            usual_s = 0.8 * (zone.usual_dwell_s or 0.0)
            if stays.at_least(zone.engaged_s) >= ENGAGED and (stays.quantile(0.5) or 0) >= usual_s:
                return True
    return False


def slow_stock(view: View) -> Iterator[Reading]:
    """Units of SKUs not sold for ``SLOW_DAYS`` ÷ all units on hand; unknown until so many days were seen."""
    memory = view.memory(DemandMemory)
    if memory.days < SLOW_DAYS:
        return
    before = view.profile.day_of(minute_of(view.at))[0] - SLOW_DAYS * 1440
    units = {
        sku: max(0, level.on_hand or 0)
        for sku, level in view.of(StockLevel).items()
        if level.counted is not None
    }
    sold = view.today.tallies.get(ShelfTally.kind, {})
    slow = {
        sku: n
        for sku, n in units.items()
        if sku not in sold and memory.sold_on.get(sku, 0) < before
    }
    total = sum(units.values())
    yield Reading(
        ratio(sum(slow.values()), total), evidence=Evidence(n=total, k=sum(slow.values())),
        detail={"skus": len(slow)},
    )  # fmt: skip


class ReceiptMemory(Struct):
    """Units received and sold of each SKU since it was first received, over two generations of four weeks.

    Attributes:
        number: of the present generation; ``learned`` first minute of the last day taken in.
        present, previous: SKU → [received, sold].
    """

    number: int = 0
    learned: int = 0
    present: dict[str, tuple[int, int]] = {}
    previous: dict[str, tuple[int, int]] = {}


def learn_receipts(memory: ReceiptMemory, view: View) -> None:
    """Take in a final day: receipts, and sales of what was received on it or before."""
    if view.start <= memory.learned:
        return
    memory.learned, number = view.start, view.start // (SLOW_DAYS * 1440)
    if number != memory.number:
        memory.previous = memory.present if number == memory.number + 1 else {}
        memory.number, memory.present = number, {}
    shelves, sold = view.of(ShelfTally), view.of(SkuTally)
    known = {sku for sku, shelf in shelves.items() if shelf.received > 0}
    for sku in sorted(known | memory.present.keys() | memory.previous.keys()):
        came, went = memory.present.get(sku, (0, 0))
        came += shelves[sku].received if sku in shelves else 0
        went += sold[sku].units if sku in sold else 0
        if came or went:
            memory.present[sku] = came, went
    if len(memory.present) > SKUS:
        most = sorted(memory.present, key=lambda sku: (-memory.present[sku][0], sku))[:SKUS]
        memory.present = {sku: memory.present[sku] for sku in most}


def sell_through(view: View) -> Iterator[Reading]:
    """Units sold ÷ units received, of what was received within four to eight weeks, today with them.

    Nothing without a receipt. ``detail.skus`` how many; over 1 where stock from before was sold as well.
    """
    memory = view.memory(ReceiptMemory)
    sold, shelves = (view.today.tallies.get(kind, {}) for kind in (SkuTally.kind, ShelfTally.kind))
    skus = {sku for sku, shelf in shelves.items() if shelf.received > 0}
    skus |= memory.present.keys() | memory.previous.keys()
    received = went = 0
    today = view.profile.day_of(minute_of(view.at))[0]
    for sku in skus:
        for came, gone in (memory.present.get(sku, (0, 0)), memory.previous.get(sku, (0, 0))):
            received, went = received + came, went + gone
        if today > memory.learned:
            received += shelves[sku].received if sku in shelves else 0
            went += sold[sku].units if sku in sold else 0
    if received:
        evidence = Evidence(n=received, k=went)
        yield Reading(ratio(went, received), evidence=evidence, detail={"skus": len(skus)})


def sold_share(view: View) -> Iterator[Reading]:
    """Units sold today ÷ units there were to sell: on hand when the day began, and received since."""
    sold_of, moved = (view.today.tallies.get(kind, {}) for kind in (SkuTally.kind, ShelfTally.kind))
    sold = there = received = 0
    for sku, level in view.of(StockLevel).items():
        if level.counted is not None:
            units = sold_of[sku].units if sku in sold_of else 0
            sold += units
            there += max(0, level.on_hand or 0) + units
            received += moved[sku].received if sku in moved else 0
    if there:
        yield Reading(
            ratio(sold, there), evidence=Evidence(n=there, k=sold), detail={"received": received}
        )


MEASURES = (
    Measure("sku_on_hand", "units", (StockLevel, Reserved), on_hand, _NOW, by_subject=True),
    Measure("sku_cover", "hours", (StockLevel, Reserved), cover, _NOW, by_subject=True),
    Measure("oos_rate", "ratio", (StockLevel,), oos_rate, _NOW, cadence=5),
    Measure(
        "shelf_silence", "ratio", (SkuTally,), silence, ("60m",), cadence=5, quiet=True,
        memory=DemandMemory, learn=learn, learn_over="day",
    ),
    Measure("slow_stock", "ratio", (StockLevel,), slow_stock, _NOW, cadence=5),
    Measure(
        "sell_through", "ratio", (StockLevel, SkuTally), sell_through, _NOW, cadence=5,
        memory=ReceiptMemory, learn=learn_receipts, learn_over="day",
    ),
    Measure("sold_share", "ratio", (StockLevel,), sold_share, _NOW, cadence=5),
)  # fmt: skip
