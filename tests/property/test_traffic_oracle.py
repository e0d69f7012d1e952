"""Traffic, conversion and staff measures against a computation over the raw events with Polars."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import cache

import numpy as np
import polars as pl
import pytest

from floorcast.replayed import Replayed
from flows.inference.lag import LONGEST, Lag, kernel
from sensors.events import AnyEvent, Footfall, Pos, Staff
from sensors.simulation.delivery import Delivery, duplicated, on_time, shuffled
from tests.days import demo_day, fact, replayed
from tests.floor_days import told

HOUR = timedelta(hours=1)
LATE = timedelta(seconds=90)


@cache
def _day() -> list[AnyEvent]:
    return demo_day(21, visitors=500).events


@cache
def _frames() -> tuple[pl.DataFrame, pl.DataFrame]:
    """Untagged crossings, and sales that hold in the end, at the minute of each."""
    doors = pl.DataFrame(
        [
            {"at": e.at, "door": e.door, "entered": e.entered, "left": e.left, "passed": e.passed,
             "children": e.children or 0, "groups": e.groups or 0,
             "grouped": 0 if e.groups is None else e.entered}
            for e in _day()
            if isinstance(e, Footfall) and not e.staff
        ]
    )  # fmt: skip
    words = pl.DataFrame(
        [
            {"at": e.at, "ticket": e.transaction, "state": e.state, "net": e.net_minor}
            for e in _day()
            if isinstance(e, Pos) and e.state != "open" and e.nature == "sale"
        ]
    )
    sales = (
        words.sort("at")
        .group_by("ticket", maintain_order=True)
        .agg(pl.col("at").first(), pl.col("state").last(), pl.col("net").first())
        .filter(pl.col("state") == "completed")
    )
    return doors, sales


@cache
def _replayed() -> Replayed:
    return replayed(on_time(_day()), end=_day()[-1].at + HOUR)


def _shuffled(deliveries: Sequence[Delivery]) -> list[Delivery]:
    return shuffled(deliveries, 3, LATE)


def _twice(deliveries: Sequence[Delivery]) -> list[Delivery]:
    return duplicated(deliveries, 5)


def _backlog(deliveries: Sequence[Delivery]) -> list[Delivery]:
    """Counters held back for two hours of the afternoon."""
    noon = deliveries[0].received_at.replace(hour=6, minute=0)
    held = [
        Delivery(max(d.received_at, noon + 2 * HOUR), d.event)
        if d.event.source.startswith("counter") and noon <= d.received_at < noon + 2 * HOUR
        else d
        for d in deliveries
    ]
    return sorted(held, key=lambda d: d.received_at)


@pytest.mark.parametrize("way", [list, _shuffled, _twice, _backlog])
def test_the_day_equals_the_oracle(way: Callable[[Sequence[Delivery]], list[Delivery]]) -> None:
    """However events arrive, the day's traffic and conversion are exactly what Polars finds in them."""
    doors, sales = _frames()
    result = (
        _replayed() if way is list else replayed(way(on_time(_day())), end=_day()[-1].at + HOUR)
    )
    total = doors.sum().row(0, named=True)
    visitors = total["entered"] - total["children"]
    assert fact(result, "visitors").value == visitors
    assert fact(result, "visitors").state in ("live", "settling", "final")
    assert fact(result, "groups").value == round(
        total["groups"] * total["entered"] / total["grouped"], 1
    )
    seeing = doors.filter(pl.col("door") == "main").sum().row(0, named=True)
    assert fact(result, "capture_rate").value == round(
        (seeing["entered"] - seeing["children"]) / seeing["passed"], 6
    )
    assert fact(result, "conversion").value == round(sales.height / visitors, 6)
    groups = round(round(total["groups"] / total["grouped"], 6) * total["entered"])
    assert fact(result, "conversion_adjusted").value == round(sales.height / groups, 6)
    assert fact(result, "occupancy_drift").value == total["entered"] - total["left"]


def test_conversion_aligned_equals_the_oracle() -> None:
    """The day's aligned conversion is sales over visitors convolved with the lag the store then had learned."""
    doors, sales = _frames()
    found = fact(_replayed(), "conversion_aligned")
    assert found.evidence.k == sales.height
    visitors = np.zeros(1440 + LONGEST)
    for at, people in doors.select(
        ((pl.col("at") - found.start).dt.total_minutes()).alias("m"),
        (pl.col("entered") - pl.col("children")).alias("n"),
    ).rows():
        visitors[at] += people
    due = float(np.convolve(visitors, kernel(Lag()))[:1440].sum())
    assert due == pytest.approx(visitors.sum(), rel=1e-3)
    assert found.evidence.n == pytest.approx(due, rel=1e-3)


def test_labour_hours_equal_the_oracle() -> None:
    """STAR's hours of a day are the sum over associates of off minus on."""
    badges = [e for e in _day() if isinstance(e, Staff)]
    signs = {"on": -1, "off": 1}
    hours = sum(signs[e.action or "on"] * int(e.at.timestamp()) for e in badges) / 3600
    assert fact(_replayed(), "star").evidence.n == pytest.approx(hours, abs=0.006)


def test_occupancy_share_follows_the_events() -> None:
    """At each tick the share of the limit is Σ in − Σ out of the events so far over the store's capacity."""
    doors, _ = _frames()
    checked = 0
    for at, facts in told(on_time(_day()), tick=HOUR / 4):
        for found in (f for f in facts if f.metric == "occupancy_share" and at < _day()[-1].at):
            sums = doors.filter(pl.col("at") < at).sum().row(0, named=True)
            inside = max(0, (sums["entered"] or 0) - (sums["left"] or 0))
            assert found.value == round(inside / 220, 6)
            checked += 1
    assert checked > 40
