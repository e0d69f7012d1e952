"""The real data sets as series: (step or day, features, count), loaded by polars, never copied."""

import lzma
from collections.abc import Container, Iterable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import holidays
import polars as pl

from flows.forecasting.contract import Features

EPOCH = date(2001, 1, 1)  # a Monday


class Slots(NamedTuple):
    """One series of counts by slot."""

    name: str
    per_day: int
    rows: list[tuple[dict[str, float | None], float]]


class Days(NamedTuple):
    """Many series of counts by day: day → [(key, features, count)]."""

    name: str
    rows: dict[int, list[tuple[str, Features, float]]]


def calendar(day: date, days_off: Container[date]) -> dict[str, float | None]:
    """Holiday flags of a day and its neighbours."""
    one = timedelta(days=1)
    return {
        "holiday": float(day in days_off),
        "holiday_tomorrow": float(day + one in days_off),
        "holiday_yesterday": float(day - one in days_off),
    }


def first_monday(day: date) -> date:
    """The Monday that daily series are numbered from."""
    return day - timedelta(days=day.weekday())


def date_of(first: date, number: int) -> date:
    """The date of a day's number."""
    return first + timedelta(days=number)


def _slots(
    name: str, per_day: int, counts: Iterable[tuple[date, int, float]], off: Container[date]
) -> Slots:
    ordered = sorted(counts)
    first = EPOCH  # the same for every series: steps are compared across them
    flags: dict[date, dict[str, float | None]] = {}
    rows: list[tuple[dict[str, float | None], float]] = []
    for day, slot, y in ordered:
        known = flags.setdefault(day, calendar(day, off))
        rows.append(({"step": float((day - first).days * per_day + slot), **known}, float(y)))
    return Slots(name, per_day, rows)


def melbourne(root: Path, sensors: int) -> list[Slots]:
    """Hourly pedestrian counts, the sensors with the longest record, evenly chosen."""
    raw = pl.read_csv(
        root / "melbourne" / "pedestriancounts_melbourne.csv.gz",
        null_values=["NaN", "NA", ""], infer_schema_length=None,
    ).drop_nulls(["SensorID", "PedestrianCount"])  # fmt: skip
    raw = raw.with_columns(pl.col("Date").str.to_date("%d-%b-%Y")).unique(
        ["SensorID", "Date", "Hour"]
    )
    counts = raw.group_by("SensorID").len().filter(pl.col("len") > 8000).sort("SensorID")
    ids = counts["SensorID"].to_list()
    chosen = ids[:: max(1, len(ids) // sensors)][:sensors]
    off = holidays.country_holidays("AU", subdiv="VIC", years=range(2011, 2017))
    return [
        _slots(
            f"sensor {i}", 24,
            raw.filter(pl.col("SensorID") == i).select("Date", "Hour", "PedestrianCount").iter_rows(), off,
        )
        for i in chosen
    ]  # fmt: skip


def calit2(root: Path) -> list[Slots]:
    """Half-hourly people in (flow 9) at a building's door."""
    rows = []
    for line in (root / "calit2" / "CalIt2.data").read_text().splitlines():
        flow, day, at, count = line.split(",")
        if flow == "9":
            when = datetime.strptime(day + at, "%m/%d/%y%H:%M:%S")  # noqa: DTZ007  local
            rows.append((when.date(), when.hour * 2 + when.minute // 30, float(count)))
    off = holidays.country_holidays("US", subdiv="CA", years=[2005])
    return [_slots("door", 48, rows, off)]


def bakery(root: Path, per_day: int) -> list[Slots]:
    """Tickets of a bakery by slot; days without any ticket are closed days."""
    raw = pl.read_csv(root / "bakery" / "BreadBasket_DMS.csv").unique(["Date", "Transaction"])
    counts: dict[tuple[date, int], float] = {}
    for day, at in raw.select("Date", "Time").iter_rows():
        hour, minute, _ = at.split(":")
        slot = (int(hour) * 60 + int(minute)) * per_day // 1440
        key = (date.fromisoformat(day), slot)
        counts[key] = counts.get(key, 0.0) + 1
    opened = {day for day, _ in counts}
    every = [(d, s, counts.get((d, s), 0.0)) for d in opened for s in range(per_day)]
    off = holidays.country_holidays("GB", subdiv="SCT", years=[2016, 2017])
    return [_slots("bakery", per_day, every, off)]


def _days(name: str, frame: pl.DataFrame, columns: dict[str, str]) -> Days:
    rows: dict[int, list[tuple[str, Features, float]]] = {}
    first = first_monday(frame["date"].min())  # type: ignore[arg-type]
    for r in frame.sort("date", "key").to_dicts():
        x = {feature: r[column] for feature, column in columns.items()}
        rows.setdefault((r["date"] - first).days, []).append((r["key"], x, float(r["y"])))
    return Days(name, rows)


def fresh_retail(root: Path, stores: int) -> Days:
    """Fresh-food SKU sales by day, whole stores."""
    raw = pl.read_parquet(root / "fresh_retail" / "daily.parquet")
    chosen = sorted(raw["store_id"].unique().to_list())[:stores]
    frame = raw.filter(pl.col("store_id").is_in(chosen)).select(
        date=pl.col("dt").str.to_date(),
        key=pl.format("{}-{}", "store_id", "product_id"),
        y="sale",
        promotion=pl.col("activity_flag").cast(pl.Float64),
        discount=1 - pl.col("discount"),
        holiday=pl.col("holiday_flag").cast(pl.Float64),
        rain=(pl.col("precpt") / 10).clip(0, 2),
        temperature=(pl.col("avg_temperature") - 20) / 10,
    )
    names = ("promotion", "discount", "holiday", "rain", "temperature")
    return _days("fresh_retail SKU", frame, {n: n for n in names})


def fresh_retail_stores(root: Path) -> Days:
    """The same, summed to whole stores: promotions and discounts as their mean over what sells."""
    raw = pl.read_parquet(root / "fresh_retail" / "daily.parquet")
    frame = raw.group_by(
        pl.col("dt").str.to_date().alias("date"), pl.col("store_id").cast(str).alias("key")
    ).agg(
        y=pl.col("sale").sum(),
        promotion=pl.col("activity_flag").mean(),
        discount=(1 - pl.col("discount")).mean() * 5,
        holiday=pl.col("holiday_flag").max().cast(pl.Float64),
        rain=(pl.col("precpt").mean() / 10).clip(0, 2),
        temperature=(pl.col("avg_temperature").mean() - 20) / 10,
    )
    names = ("promotion", "discount", "holiday", "rain", "temperature")
    return _days("fresh_retail store", frame, {n: n for n in names})


def _dense(frame: pl.DataFrame, keys: int, off: Container[date]) -> pl.DataFrame:
    """The ``keys`` keys sold on most days, zeros where nothing was sold, from each one's first sale on."""
    top = frame.group_by("key").agg(pl.len(), pl.col("date").min().alias("since"))
    top = top.sort(["len", "key"], descending=[True, False]).head(keys)
    opened = frame.select("date").unique()
    every = top.join(opened, how="cross").filter(pl.col("date") >= pl.col("since"))
    dense = every.join(frame, on=["key", "date"], how="left").with_columns(pl.col("y").fill_null(0))
    flags = {d: calendar(d, off) for d in opened["date"].to_list()}
    return dense.with_columns(
        pl.Series(name, [flags[d][name] for d in dense["date"]])
        for name in next(iter(flags.values()))
    )


FLAGS = {n: n for n in ("holiday", "holiday_tomorrow", "holiday_yesterday")}


def online_retail(root: Path, keys: int) -> Days:
    """Units per article and day of an online shop; cancellations, duplicates and fees left out."""
    with lzma.open(root / "online_retail" / "online_retail.csv.xz") as file:
        raw = pl.read_csv(file.read(), infer_schema_length=0)
    sold = raw.unique(["Invoice", "StockCode", "Quantity", "InvoiceDate", "Price"]).filter(
        ~pl.col("Invoice").str.starts_with("C") & pl.col("StockCode").str.contains(r"^\d{5}")
    )
    frame = sold.select(
        key="StockCode", q=pl.col("Quantity").cast(pl.Int64),
        date=pl.col("InvoiceDate").str.to_datetime("%m/%d/%Y %H:%M").dt.date(),
    ).filter(pl.col("q") > 0).group_by("key", "date").agg(y=pl.col("q").sum())  # fmt: skip
    off = holidays.country_holidays("GB", subdiv="ENG", years=range(2009, 2013))
    return _days("online_retail SKU", _dense(frame, keys, off), FLAGS)


def complete_journey(root: Path, keys: int) -> tuple[Days, Days]:
    """Tickets per store and day, and units per article and day over all stores."""
    raw = pl.read_parquet(root / "complete_journey" / "transactions.parquet").with_columns(
        date=pl.col("transaction_timestamp").dt.date()
    ).filter(pl.col("date") < date(2017, 12, 31))  # fmt: skip
    off = holidays.country_holidays("US", years=[2016, 2017, 2018])
    stores = raw.group_by(pl.col("store_id").cast(str).alias("key"), "date").agg(
        y=pl.col("basket_id").n_unique()
    )
    units = raw.filter(pl.col("quantity").is_between(1, 50)).group_by(
        pl.col("product_id").cast(str).alias("key"), "date"
    ).agg(y=pl.col("quantity").sum())  # fmt: skip
    return (
        _days("complete_journey store", _dense(stores, 30, off), FLAGS),
        _days("complete_journey SKU", _dense(units, keys, off), FLAGS),
    )
