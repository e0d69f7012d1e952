"""Weeks of a shop's past as the dataflows keep it, for pages that look back: a weekly rhythm with a known error."""

from datetime import date, datetime, timedelta

from dashboard.opening import opening
from flows.facts import Evidence, Fact
from tests.floor_facts import DAY, QUARTER, Floor

DAY_H = timedelta(hours=24)


def visitors_on(day: date) -> int:
    """Visitors of each quarter: more at week-ends, 10 % more from week to week."""
    weeks = (DAY - day).days // 7
    return round((30 if day.weekday() >= 5 else 20) * 1.1**-weeks)


def past(floor: Floor, days: int, error: float = 0.05) -> list[Fact]:
    """Facts of the last ``days`` days before the test's: a forecast that is ``error`` too high, a week-old champion."""
    made: list[Fact] = []
    for back in range(days, 0, -1):
        day = DAY - timedelta(days=back)
        hours = opening(floor.shop.store, day)
        assert hours is not None
        people, count = visitors_on(day), (hours.closes - hours.opens) // QUARTER
        start = hours.opens
        for _ in range(count):
            span = {"start": start, "end": start + QUARTER, "state": "final"}
            made.append(floor.fact("visitors", "quarter", people, **span))
            due = people * (1 + error)
            made.append(floor.fact("visitors_forecast", "quarter", due, **span))
            start += QUARTER
        made += day_facts(floor, day, people * count, "profile" if back > 10 else "mixture")
    return made


def day_facts(floor: Floor, day: date, visitors: int, champion: str) -> list[Fact]:
    """One day's totals: a quarter of the visitors buy, for ¥180 each."""
    begin = datetime.combine(day, floor.shop.store.day_starts, tzinfo=floor.shop.store.tz)
    span = {"start": begin, "end": begin + DAY_H, "state": "final"}
    sales = visitors // 4
    told = {"champion": champion, "challenger": "profile", "error": 0.05, "baseline_error": 0.1}
    return [
        floor.fact("visitors", "day", visitors, **span),
        floor.fact("transactions", "day", sales, "transactions", **span),
        floor.fact("net_sales", "day", sales * 18_000, "minor", **span),
        floor.fact("units", "day", sales * 2, "units", **span),
        floor.fact(
            "conversion", "day", sales / visitors, "ratio",
            evidence=Evidence(n=visitors, k=sales, low=0.2, high=0.3, level=0.95), **span,
        ),
        floor.fact("atv", "day", 18_000, "minor", **span),
        floor.fact(
            "visitors_forecast", "day", visitors * 1.05, detail=told,
            reason="better_again" if champion == "mixture" else "worse_than_baseline", **span,
        ),
    ]  # fmt: skip


def ahead(floor: Floor, days: int = 7) -> list[Fact]:
    """The days to come."""
    made = []
    for n in range(1, days + 1):
        begin = datetime.combine(
            DAY + timedelta(days=n), floor.shop.store.day_starts, tzinfo=floor.shop.store.tz
        )
        band = Evidence(low=900 + 10 * n, high=1_300 + 20 * n, level=0.95)
        made.append(
            floor.fact("visitors_forecast", "day", 1_100 + 15 * n, evidence=band, start=begin, end=begin + DAY_H)
        )  # fmt: skip
    return made


def staff(floor: Floor, days: int = 7) -> list[Fact]:
    """Associates the rest of today and the days to come ask for."""
    made = []
    for n in range(days + 1):
        hours = opening(floor.shop.store, DAY + timedelta(days=n))
        assert hours is not None
        step = timedelta(hours=1) if n else QUARTER
        start = hours.opens
        while start < hours.closes:
            need = 3 + (start.hour % 4)
            seen = Evidence(n=36.0, k=9.0)
            made.append(
                floor.fact("associates_forecast", "hour" if n else "quarter", need, "associates",
                           evidence=seen, start=start, end=start + step)
            )  # fmt: skip
            start += step
    return made


def order(floor: Floor) -> Fact:
    """One product that runs short."""
    told = {
        "reorder_point": 34.4,
        "expected": 52.0,
        "safety": 8.4,
        "level": 0.95,
        "lead_h": 24.0,
        "pack": 6,
    }
    seen = Evidence(k=6, n=26.0)
    return floor.fact(
        "restock", "now", 48, "units", "sku:W-LIN-M", evidence=seen, reason="today", detail=told
    )
