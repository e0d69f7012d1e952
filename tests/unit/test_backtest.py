"""Walking forward over quarters whose rule is known."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

import msgspec
import pytest

from alerts.tried import Fired
from floorcast.backtest import QUARTER, Truth, Truths, walk
from floorcast.backtest_page import write_page
from flows.facts import Fact, FactBatch
from flows.forecasting.contract import Factor, Features, Forecast
from flows.settings import FlowsSettings
from sensors.settings import Store
from tests.days import demo_store

START = datetime(2026, 9, 28, tzinfo=UTC)  # a Monday


@pytest.fixture
def store() -> Store:
    """A store in UTC that never closes."""
    return msgspec.structs.replace(demo_store(), timezone="UTC", hours=[])


def quarters(days: int) -> list[Truth]:
    """The same week again and again: it repeats exactly."""
    starts = [START + QUARTER * n for n in range(96 * days)]
    return [
        Truth(at, float((at.weekday() * 7 + at.hour * 3 + at.minute // 15) % 23)) for at in starts
    ]


class Spy:
    """Says the newest truth it was told, and keeps which steps it knew when it was asked."""

    def __init__(self) -> None:
        self.known: list[float] = []
        self.asked: list[tuple[int, float]] = []
        self.last = 0.0

    def learn_one(self, x: Features, y: float) -> Self:
        self.known.append(float(x["step"] or 0))
        self.last = y
        return self

    def predict_one(self, _x: Features) -> float | None:
        return self.last

    def forecast(self, horizon: int, xs: Sequence[Features] = ()) -> list[Forecast]:
        self.asked.append((len(self.known), float(xs[0]["step"] or 0)))
        return [Forecast(self.last)] * horizon

    def explain(self, _x: Features) -> list[Factor]:
        return []

    @property
    def state_size(self) -> int:
        return 0


def test_nothing_is_asked_that_the_past_did_not_hold(store: Store) -> None:
    """Whenever a model is asked about a quarter, every quarter it has learned lies before it."""
    spy = Spy()
    walk(store, quarters(3), FlowsSettings(), warm_days=1, models={"spy": lambda: spy})
    assert len(spy.asked) == 96 * 2
    assert all(max(spy.known[:known]) < step for known, step in spy.asked)


def test_a_week_that_repeats_is_known_by_heart_after_one(store: Store) -> None:
    """The seasonal naive errs by nothing from the second week on, over every horizon."""
    rows, points = walk(store, quarters(10), FlowsSettings(), warm_days=9)
    naive = {row.horizon: row for row in rows if row.model == "seasonal naive"}
    assert {horizon: row.wape for horizon, row in naive.items()} == {
        "next15m": 0.0, "next60m": 0.0, "rest": 0.0,
    }  # fmt: skip
    assert naive["next15m"].n == 96
    own = next(r for r in rows if (r.model, r.horizon) == ("floorcast", "next15m"))
    assert own.wape is not None
    assert own.wape < 0.5
    assert own.inside95 is not None
    hour = [p for p in points if p.model == "seasonal naive" and p.horizon == "next60m"]
    assert hour[0].truth == sum(t.value or 0 for t in quarters(10)[96 * 9 :][:4])


def test_what_is_not_known_is_neither_judged_nor_learned(store: Store) -> None:
    """A quarter without sensors counts in no score, and no model hears of it."""
    spy = Spy()
    truths = quarters(2)
    truths[120] = Truth(truths[120].start, None)
    rows, _ = walk(store, truths, FlowsSettings(), warm_days=1, models={"spy": lambda: spy})
    assert next(row.n for row in rows if row.horizon == "next15m") == 95
    assert len(spy.known) == 191


def test_every_target_is_walked_for_itself(store: Store) -> None:
    """Transactions and sales are taken from their own final quarters, subjects and open quarters apart."""
    at = [START + QUARTER * n for n in range(3)]

    def fact(metric: str, start: datetime, value: int, **more: object) -> Fact:
        return Fact(
            store=store.id, metric=metric, window="quarter", start=start, end=start + QUARTER,
            value=value, unit="people", as_of=start + QUARTER, **{"state": "final", **more},  # type: ignore[arg-type]
        )  # fmt: skip

    truths = Truths()
    told = [
        fact("visitors", at[0], 9), fact("net_sales", at[0], 500), fact("net_sales", at[1], 700),
        fact("net_sales", at[1], 3, subject="till:1"), fact("net_sales", at[2], 1, state="live"),
        fact("net_sales", at[0], 600, revision=1), fact("transactions", at[0], 4, coverage=0.5),
    ]  # fmt: skip
    truths.take([FactBatch(store=store.id, partition=0, position="1-0", at=at[2], facts=told)])
    assert truths.of(store.id) == [Truth(at[0], 9.0)]
    assert truths.of(store.id, "net_sales") == [Truth(at[0], 600.0), Truth(at[1], 700.0)]
    assert truths.of(store.id, "transactions") == [Truth(at[0], None)]
    rows, points = walk(store, quarters(9), FlowsSettings(), warm_days=8, target="net_sales")
    assert {row.target for row in rows} == {point.target for point in points} == {"net_sales"}


def test_the_page_needs_no_network(store: Store, tmp_path: Path) -> None:
    """The page carries its own plotly and the store's curves."""
    rows, points = walk(store, quarters(9), FlowsSettings(), warm_days=8)
    fired = Fired(
        store=store.id, rule="queue-long", subject="till:1", at=START, until=None, risk_minor=0
    )
    write_page(rows, points, tmp_path / "page.html", {store.id: store.tz}, [fired])
    text = (tmp_path / "page.html").read_text()
    assert "https://cdn.plot.ly" not in text.split("<body>")[1][:2_000]
    assert f"{store.id}: visitors" in text
    assert "queue-long till:1" in text
    assert timedelta(0) == points[0].start.utcoffset()


def test_a_quarter_of_more_returns_than_sales_is_walked(store: Store) -> None:
    """Net sales may be below nothing; the models, which never say so, learn nothing sold; what was judges them."""
    truths = [
        Truth(t.start, -900.0 if n % 37 == 5 else t.value) for n, t in enumerate(quarters(15))
    ]
    rows, points = walk(store, truths, FlowsSettings(), warm_days=7, target="net_sales")
    assert {row.model for row in rows} == {"seasonal naive", "floorcast"}
    assert min(point.truth for point in points) < 0 <= min(point.said for point in points)
