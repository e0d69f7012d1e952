"""What the sales are made of: prices, returns, discounts, payments; by category, till, associate, channel, daypart."""

from collections.abc import Callable, Iterator

from flows.facts import Evidence, Window
from flows.measure import Measure, Reading, View, ratio
from flows.measures.zones import DAYPARTS, daypart_of
from flows.tallies.sales import SkuTally, TillTally
from flows.tallies.sales_by import SLOT_S, SalesBy

TOP = 10
ASSOCIATES = 50  # the ones with the most sales; a shop has fewer
_HOUR_DAY: tuple[Window, ...] = ("60m", "day")
_DAY: tuple[Window, ...] = ("day",)


def aur(view: View) -> Iterator[Reading]:
    """Average unit retail: money of sales before returns ÷ units, in minor units."""
    total = view.total(TillTally)
    yield Reading(
        ratio(total.net_minor, total.units), evidence=Evidence(n=total.units, k=total.net_minor)
    )


def returns(view: View) -> Iterator[Reading]:
    """Tickets that brought goods back."""
    total = view.total(TillTally)
    yield Reading(total.returns, detail={"units": total.returned_units})


def returned(view: View) -> Iterator[Reading]:
    """Money given back, in minor units; ``k`` ÷ ``n`` is its share of the sales before returns."""
    total = view.total(TillTally)
    evidence = Evidence(n=total.net_minor, k=total.returned_minor)
    yield Reading(total.returned_minor, evidence=evidence)


def discount_share(view: View) -> Iterator[Reading]:
    """Discounts ÷ sales before discounts (net + discounts)."""
    total = view.total(TillTally)
    gross = total.net_minor + total.discount_minor
    yield Reading(
        ratio(total.discount_minor, gross), evidence=Evidence(n=gross, k=total.discount_minor)
    )


def parts_of(view: View, prefix: str) -> dict[str, SalesBy]:
    """The window's sales of one way to tell them apart, by the rest of their subject."""
    return {
        name[len(prefix) :]: tally
        for name, tally in view.of(SalesBy).items()
        if name.startswith(prefix)
    }


def payment_share(view: View) -> Iterator[Reading]:
    """Money paid by each means (less what was paid back by it) ÷ all money paid."""
    paid = {
        means: tally.net_minor - tally.returned_minor
        for means, tally in parts_of(view, "tender:").items()
    }
    total = sum(paid.values())
    for means, money in paid.items():
        yield Reading(ratio(money, total), f"tender:{means}", Evidence(n=total, k=money))


def _net_of(prefix: str, most: int = 200) -> Callable[[View], Iterator[Reading]]:
    """Net sales (less returns) of each subject; the ``most`` with the most money."""

    def read(view: View) -> Iterator[Reading]:
        ranked = sorted(
            parts_of(view, prefix).items(),
            key=lambda part: (part[1].returned_minor - part[1].net_minor, part[0]),
        )
        for name, tally in ranked[:most]:
            yield _net(prefix + name, tally)

    read.__doc__ = f"Net sales less returns of each {prefix[:-1]}, in minor units."
    return read


def _net(subject: str, tally: SalesBy) -> Reading:
    return Reading(
        tally.net_minor - tally.returned_minor, subject, Evidence(n=tally.tickets),
        detail={
            "units": tally.units, "returned_minor": tally.returned_minor, "returns": tally.returns,
            "discount_minor": tally.discount_minor,
        },
    )  # fmt: skip


def daypart_sales(view: View) -> Iterator[Reading]:
    """Net sales less returns of each daypart on the shop's clock; the subject is the local hour it begins at."""
    parts: dict[int, SalesBy] = {}
    for slot, tally in parts_of(view, "slot:").items():
        part = daypart_of(view.profile, int(slot) * SLOT_S // 60)
        parts.setdefault(part, SalesBy()).merge(tally)
    for part, tally in sorted(parts.items()):
        yield _net(f"daypart:{(0, *DAYPARTS)[part]:02d}", tally)


def channel_transactions(view: View) -> Iterator[Reading]:
    """Completed sales by channel; ``pickup`` are orders collected (BOPIS), which need staff but no visitor's choice."""
    for channel, tally in parts_of(view, "channel:").items():
        yield Reading(
            tally.tickets,
            f"channel:{channel}",
            detail={"net_minor": tally.net_minor, "units": tally.units},
        )


def moving_skus(view: View) -> Iterator[Reading]:
    """Distinct SKUs sold (动销)."""
    yield Reading(_moving(view), evidence=Evidence(n=len(view.profile.products) or None))


def moving_rate(view: View) -> Iterator[Reading]:
    """Distinct ranged SKUs sold ÷ ranged SKUs (动销率); unknown without a range."""
    ranged = view.profile.products
    sold = sum(sku in ranged and tally.units > 0 for sku, tally in view.of(SkuTally).items())
    yield Reading(ratio(sold, len(ranged)), evidence=Evidence(n=len(ranged), k=sold))


def _moving(view: View) -> int:
    return sum(tally.units > 0 for tally in view.of(SkuTally).values())


def top_seller(view: View) -> Iterator[Reading]:
    """The ``TOP`` SKUs by units, then money; the subject is the rank, so that what falls out leaves nothing behind."""
    ranked = sorted(
        ((tally.units, tally.net_minor, sku) for sku, tally in view.of(SkuTally).items() if tally.units > 0),
        key=lambda row: (-row[0], -row[1], row[2]),
    )[:TOP]  # fmt: skip
    for rank in range(1, TOP + 1):
        if rank > len(ranked):
            yield Reading(None, f"rank:{rank}")
            continue
        units, net, sku = ranked[rank - 1]
        yield Reading(units, f"rank:{rank}", detail={"sku": sku, "net_minor": net})


MEASURES = (
    Measure("aur", "minor", (TillTally,), aur, cadence=5, steady=True),
    Measure("returns", "transactions", (TillTally,), returns, _HOUR_DAY, cadence=5, steady=True),
    Measure("returned", "minor", (TillTally,), returned, _HOUR_DAY, cadence=5, steady=True),
    Measure("discount_share", "ratio", (TillTally,), discount_share, _HOUR_DAY, cadence=5, steady=True),
    Measure("payment_share", "ratio", (SalesBy,), payment_share, _DAY, cadence=5, steady=True),
    Measure("category_sales", "minor", (SalesBy,), _net_of("category:"), _HOUR_DAY, cadence=5, steady=True),
    Measure("till_sales", "minor", (SalesBy,), _net_of("till:"), _DAY, cadence=5, steady=True),
    Measure(
        "associate_sales", "minor", (SalesBy,), _net_of("associate:", ASSOCIATES), _DAY, cadence=5, steady=True
    ),
    Measure("daypart_sales", "minor", (SalesBy,), daypart_sales, _DAY, cadence=5, steady=True),
    Measure(
        "channel_transactions", "transactions", (SalesBy,), channel_transactions, _DAY, cadence=5, steady=True
    ),
    Measure("moving_skus", "skus", (SkuTally,), moving_skus, _HOUR_DAY, cadence=5, steady=True),
    Measure("moving_rate", "ratio", (SkuTally,), moving_rate, _HOUR_DAY, cadence=5, steady=True),
    Measure("top_seller", "units", (SkuTally,), top_seller, _HOUR_DAY, cadence=5, steady=True),
)  # fmt: skip
