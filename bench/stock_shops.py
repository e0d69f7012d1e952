"""The shops that replenishment is simulated on: real demand by day and SKU, and what is known of each day."""

from datetime import date
from typing import NamedTuple, cast

import numpy as np
import polars as pl

from bench import forecast_sets
from bench.forecast import ROOT
from bench.forecast_sets import Days
from flows.forecasting.contract import Features
from flows.forecasting.profile import Vector

WARM = 35  # days seen before anything is ordered; the shelves are full until then


class Shop(NamedTuple):
    """The SKUs of one store: true demand by day and SKU, and what is known of each day."""

    skus: list[str]
    demand: Vector  # days × SKUs, whole units
    days: list[int]  # their numbers, from a Monday
    features: list[Features]
    promotion: list[dict[str, float]]


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
        features: list[Features] = []
        promotion: list[dict[str, float]] = []
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
    first = forecast_sets.first_monday(cast("date", raw["dt"].str.to_date().min()))
    rows = {
        number: [
            (key, x, y / (1 - min(0.5, out[key, forecast_sets.date_of(first, number)] / 16)))
            for key, x, y in told
        ]
        for number, told in days.rows.items()
    }
    return shops_of(Days(days.name, rows), scale=10.0)
