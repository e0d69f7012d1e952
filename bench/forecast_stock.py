"""Replenishment simulated on real demand: our policy, the 28-day rule of thumb, a clairvoyant.

``python -m bench.forecast_stock [--quick | --full] [--write]``. Every evening each SKU of a store is looked at; what is
ordered arrives after the lead time, before opening. What a shelf did not have is lost, and the policies see only what
was sold. All three orders go through ``flows.decisions.stock.order``:

- ours: mean from the live SKU panel, quantiles from ``flows.forecasting.lead_time``; a sold-out day is taken as
  ``flows.outlook_units.uncensored`` takes it;
- 28 days: mean and standard deviation of the last 28 days' sales, ``mean·days + z·sd·√days``;
- 28 days, our stock: the same with z chosen afterwards so that its average stock equals ours (its best case);
- clairvoyant: knows the demand to come.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from statistics import NormalDist
from typing import NamedTuple, Protocol

import numpy as np
import polars as pl

from bench import forecast_sets, machine
from bench.forecast import ROOT
from bench.forecast_sets import Days
from flows.decisions.stock import order
from flows.forecasting.contract import Features
from flows.forecasting.lead_time import LeadTimeErrors
from flows.forecasting.panel import UnitsPanel
from flows.forecasting.profile import Vector
from flows.outlook_units import uncensored

DOCUMENT = Path(__file__).parents[1] / "docs" / "replenishment-results.md"
LEVELS = (0.90, 0.95, 0.98)
WARM = 35  # days seen before anything is ordered; the shelves are full until then


class Shop(NamedTuple):
    """The SKUs of one store: true demand by day and SKU, and what is known of each day."""

    skus: list[str]
    demand: Vector  # days × SKUs, whole units
    days: list[int]  # their numbers, from a Monday
    features: list[Features]
    promotion: list[dict[str, float]]


class Goods(NamedTuple):
    """One data set and how it is supplied."""

    name: str
    folder: str
    lead: int
    review: int
    load: Callable[[int], list[Shop]]


class Policy(Protocol):
    """Says, each evening, the quantile of each SKU's demand over the lead time and over the cycle."""

    def learn(self, i: int, sold: Vector, out: Vector) -> None:
        """Day ``i`` is over: what was sold, and the share of the demand that met an empty shelf."""

    def quantiles(self, i: int, level: float) -> tuple[Vector, Vector]:
        """Over the lead time and the cycle, from the day after ``i``."""


def spans(lead: int, review: int) -> tuple[int, int]:
    """Days that the reorder point and the order must cover.

    What is not ordered tonight is ordered tomorrow at the earliest and arrives a day later: a day more than the lead.
    """
    return lead + 1, lead + max(1, review)


class Ours:
    """Panel and lead-time errors."""

    def __init__(self, shop: Shop, lead: int, review: int) -> None:
        self.shop, self.lead, self.cycle = shop, *spans(lead, review)
        self.panel = UnitsPanel()
        self.errors = {days: LeadTimeErrors(days) for days in (self.lead, self.cycle)}
        self.seen: list[Vector] = []
        self.said: list[dict[int, tuple[Vector, Vector]]] = []

    def learn(self, i: int, sold: Vector, out: Vector) -> None:
        """The panel learns the demand behind the sales, the errors those sums that are over."""
        demand: dict[str, float | None] = {
            sku: uncensored(float(sold[k]), float(out[k])) for k, sku in enumerate(self.shop.skus)
        }
        self.panel.learn(self.shop.days[i], demand, self.shop.features[i], self.shop.promotion[i])
        self.seen.append(np.array([np.nan if v is None else v for v in demand.values()]))
        for days, errors in self.errors.items():
            origin = i - days
            if origin >= 0 and days in self.said[origin]:
                mean, variance = self.said[origin][days]
                errors.learn(np.sum(self.seen[origin + 1 : i + 1], axis=0), mean, variance)
        self.said.append({days: self._sum(i, days) for days in self.errors})

    def _sum(self, i: int, days: int) -> tuple[Vector, Vector]:
        total = np.zeros(len(self.shop.skus))
        for d in range(1, days + 1):
            j = min(i + d, len(self.shop.days) - 1)  # beyond the end: the last day again
            day = self.shop.days[i] + d if i + d >= len(self.shop.days) else self.shop.days[j]
            said = self.panel.say(day, self.shop.features[j], self.shop.promotion[j])
            at = {sku: k for k, sku in enumerate(self.panel.skus)}
            total += np.array([said.value[at[sku]] for sku in self.shop.skus])
        at = {sku: k for k, sku in enumerate(self.panel.skus)}
        return total, np.array([self.panel.variance[at[sku]] for sku in self.shop.skus])

    def quantiles(self, i: int, level: float) -> tuple[Vector, Vector]:
        """Of the sums said tonight."""
        return (
            self.errors[self.lead].quantile(level, *self.said[i][self.lead]),
            self.errors[self.cycle].quantile(level, *self.said[i][self.cycle]),
        )


class RuleOfThumb:
    """Mean and deviation of the last 28 days' sales; ``z`` overrides the level's."""

    def __init__(self, shop: Shop, lead: int, review: int, z: float | None = None) -> None:
        del shop
        (self.lead, self.cycle), self.z = spans(lead, review), z
        self.sold: list[Vector] = []

    def learn(self, i: int, sold: Vector, out: Vector) -> None:
        """Sales are taken for demand."""
        del i, out
        self.sold = [*self.sold, sold][-28:]

    def quantiles(self, i: int, level: float) -> tuple[Vector, Vector]:
        """Mean and z standard deviations."""
        del i
        mean, sd = np.mean(self.sold, axis=0), np.std(self.sold, axis=0)
        z = NormalDist().inv_cdf(level) if self.z is None else self.z
        lead, cycle = (
            np.maximum(0.0, mean * days + z * sd * days**0.5) for days in (self.lead, self.cycle)
        )
        return lead, cycle


class Clairvoyant:
    """The demand to come, itself: ordered every day, for a day."""

    def __init__(self, shop: Shop, lead: int, review: int) -> None:
        del review
        self.demand, self.lead = shop.demand, lead

    def learn(self, i: int, sold: Vector, out: Vector) -> None:
        """It knows already."""

    def quantiles(self, i: int, level: float) -> tuple[Vector, Vector]:
        """What will be asked until the next order arrives."""
        del level
        total = self.demand[i + 1 : i + 1 + self.lead + 1].sum(axis=0)
        return total, total


class Result(NamedTuple):
    """What a policy came to."""

    out_days: float  # share of SKU-days with demand on which some of it was not met
    lost: float  # share of units not met
    cover: float  # days of mean demand in stock at night
    slow: float  # share of the stock held beyond 28 days' demand


def _known(quantile: float, level: float) -> float:
    """A quantile that was worked out for all SKUs at once."""
    del level
    return quantile


def simulate(shop: Shop, policy: Policy, lead: int, level: float) -> Vector:
    """Sums of one store: days with demand, of them short; units asked, lost; stock, slow stock, mean demand."""
    count = len(shop.skus)
    start = shop.demand[:WARM].mean(axis=0)
    on_hand = np.ceil(start * (lead + 2)).astype(np.int64)
    coming: dict[int, np.ndarray] = {}
    sums = np.zeros(7)
    usual = shop.demand[WARM:].mean(axis=0)
    for i in range(len(shop.days) - lead - 1):
        on_hand += coming.pop(i, 0)
        wanted = shop.demand[i]
        warm = i < WARM
        sold = wanted if warm else np.minimum(wanted, on_hand)
        if not warm:
            on_hand = on_hand - sold.astype(np.int64)
            lost = wanted - sold
            slow = np.maximum(0.0, on_hand - 28 * usual)
            sums += (
                (wanted > 0).sum(), (lost > 0).sum(), wanted.sum(), lost.sum(), on_hand.sum(), slow.sum(),
                usual.sum(),
            )  # fmt: skip
        out = np.where(wanted > 0, (wanted - sold) / np.maximum(wanted, 1e-9), 0.0)
        policy.learn(i, sold, out)
        if i < WARM - lead - 1:
            continue
        near, cycle = policy.quantiles(i, level)
        under_way = sum(coming.values(), np.zeros(count, dtype=np.int64))
        units = [
            order(
                partial(_known, float(near[k])), partial(_known, float(cycle[k])), level=level,
                on_hand=int(on_hand[k]), on_order=int(under_way[k]),
            ).units
            for k in range(count)
        ]  # fmt: skip
        coming[i + lead + 1] = np.array(units)
    return sums


def over(shops: list[Shop], make: Callable[[Shop], Policy], lead: int, level: float) -> Result:
    """One policy over every store."""
    sums = sum((simulate(shop, make(shop), lead, level) for shop in shops), np.zeros(7))
    asked_days, short_days, asked, lost, stock, slow, usual = sums
    return Result(short_days / asked_days, lost / asked, stock / usual, slow / max(stock, 1e-9))


def at_same_stock(
    shops: list[Shop], goods: Goods, level: float, cover: float, steps: int
) -> Result:
    """The rule of thumb with the z that holds as much stock, found by halving."""
    low, high = -3.0, 6.0
    told = Result(0.0, 0.0, 0.0, 0.0)
    for _ in range(steps):
        z = (low + high) / 2
        told = over(
            shops, lambda s, z=z: RuleOfThumb(s, goods.lead, goods.review, z), goods.lead, level
        )
        low, high = (z, high) if told.cover < cover else (low, z)
    return told


# ── the data ──────────────────────────────────────────────────────────────────────────────────────────────
def shops_of(days: Days, scale: float = 1.0) -> list[Shop]:
    """By store (the part of a key before its dash), the SKUs known from the first month on."""
    order_of = sorted(days.rows)
    stores: dict[str, dict[str, dict[int, tuple[float, Features]]]] = {}
    for day in order_of:
        for key, x, y in days.rows[day]:
            store = key.partition("-")[0] if "-" in key else ""
            stores.setdefault(store, {}).setdefault(key, {})[day] = y, x
    made = []
    for by_sku in stores.values():
        skus = sorted(k for k, told in by_sku.items() if min(told) <= order_of[WARM - 7])
        if not skus:
            continue
        demand = np.array([[by_sku[k].get(d, (0.0, {}))[0] for k in skus] for d in order_of])
        features, promotion = [], []
        for d in order_of:
            known = {k: by_sku[k][d][1] for k in skus if d in by_sku[k]}
            any_one: Features = next(iter(known.values()), {})
            features.append(
                {
                    n: any_one.get(n)
                    for n in ("holiday", "holiday_tomorrow", "holiday_yesterday", "rain")
                }
            )
            promotion.append({k: x.get("promotion") or 0.0 for k, x in known.items()})
        made.append(Shop(skus, np.round(demand * scale), list(order_of), features, promotion))
    return made


def fresh(stores: int) -> list[Shop]:
    """Fresh food: sales with the demand that met an empty shelf put back (16 open hours; at most half put back)."""
    raw = pl.read_parquet(ROOT / "fresh_retail" / "daily.parquet")
    out = {
        (f"{s}-{p}", d): hours
        for s, p, d, hours in raw.select("store_id", "product_id", pl.col("dt").str.to_date(), "oos_h").iter_rows()
    }  # fmt: skip
    days = forecast_sets.fresh_retail(ROOT, stores)
    first = forecast_sets.first_monday(raw["dt"].str.to_date().min())
    rows = {
        number: [
            (key, x, y / (1 - min(0.5, out[key, forecast_sets.date_of(first, number)] / 16)))
            for key, x, y in told
        ]
        for number, told in days.rows.items()
    }
    return shops_of(Days(days.name, rows), scale=10.0)


ALL = (
    Goods("fresh_retail (censored by real stock-outs, tenths of a unit)", "fresh_retail", 1, 1, fresh),
    Goods("complete_journey", "complete_journey", 2, 3,
          lambda keys: shops_of(forecast_sets.complete_journey(ROOT, keys * 10)[1])),
    Goods("online_retail", "online_retail", 5, 5,
          lambda keys: shops_of(forecast_sets.online_retail(ROOT, keys * 10))),
)  # fmt: skip


def page(size: int, steps: int) -> Iterator[str]:
    """The page, data set by data set."""
    yield f"""# Replenishment simulated

Written by `python -m bench.forecast_stock --write`; nothing here is edited by hand.

{machine.description()}

{(__doc__ or "").partition("[--write]``. ")[2]}
Stock-out days are SKU-days with demand of which some was not met; cover is the average stock at night in days of mean
demand; slow stock is what lies beyond 28 days' demand. Goods do not spoil here. The trade's own figures, for scale:
stock-outs 3.8 % with a model against 10.2 % by experience, slow stock 9.5 % against 17 %.
"""
    for goods in ALL:
        yield f"\n## {goods.name}\n\n"
        if not (ROOT / goods.folder).is_dir():
            yield f"Skipped: `{goods.folder}` is not in the folder that `FLOORCAST_DATA` names.\n"
            continue
        begun = time.monotonic()
        shops = goods.load(size)
        skus = sum(len(shop.skus) for shop in shops)
        yield (
            f"{len(shops)} stores, {skus} SKUs, lead time {goods.lead} and review {goods.review} days.\n\n"
            "| service level | policy | stock-out days % | units lost % | cover, days | slow stock % |\n"
            "|---:|---|---:|---:|---:|---:|\n"
        )
        for level in LEVELS:
            yield from _level(shops, goods, level, steps)
        yield f"\nRun time {time.monotonic() - begun:.0f} s.\n"


def _level(shops: list[Shop], goods: Goods, level: float, steps: int) -> Iterator[str]:
    lead, review = goods.lead, goods.review
    ours = over(shops, lambda s: Ours(s, lead, review), lead, level)
    rule = over(shops, lambda s: RuleOfThumb(s, lead, review), lead, level)
    equal = at_same_stock(shops, goods, level, ours.cover, steps)
    knows = over(shops, lambda s: Clairvoyant(s, lead, review), lead, level)
    named = {"ours": ours, "28 days": rule, "28 days, our stock": equal, "clairvoyant": knows}
    for name, told in named.items():
        yield (
            f"| {100 * level:.0f} % | {name} | {100 * told.out_days:.1f} | {100 * told.lost:.1f} "
            f"| {told.cover:.2f} | {100 * told.slow:.1f} |\n"
        )


def main() -> None:
    """Simulate, print, keep if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--full", action="store_true")
    parser.add_argument(
        "--write", action="store_true", help=f"keep the page in docs/{DOCUMENT.name}"
    )
    options = parser.parse_args()
    told = ""
    for piece in page(2 if options.quick else 30 if options.full else 6, 6 if options.quick else 9):
        told += piece
        sys.stdout.write(piece)
        sys.stdout.flush()
        if options.write:
            DOCUMENT.write_text(told, encoding="utf-8")


if __name__ == "__main__":
    main()
