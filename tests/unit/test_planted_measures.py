"""Causes planted in simulated days lead to the right fact with the right reason; ordinary days lead to none."""

from datetime import date, datetime, time, timedelta

import pytest

from sensors.events import AnyEvent, Stock
from sensors.simulate import SimulatedDay
from sensors.simulation.faults import ShelfEmpty, TillsClosed
from tests.days import demo_day
from tests.shop_days import Shop

TICK = timedelta(minutes=5)
FIRST = date(2026, 11, 17)
UNTOLD, TOLD = "B-LIP-04", "W-LIN-M"  # emptied without a word, and with one
FAULTS = (
    ShelfEmpty(at=time(14), sku=UNTOLD),
    ShelfEmpty(at=time(14), sku=TOLD),
    TillsClosed(at=time(17)),
)


def _live(shop: Shop, day: SimulatedDay, events: list[AnyEvent]) -> None:
    shop.run([(event.at, event) for event in events], day.day.end, TICK)


@pytest.fixture(scope="module")
def lived() -> tuple[Shop, SimulatedDay]:
    """Two ordinary days and one with two shelves emptied at 14:00 and a till queue at 17:00."""
    shop = Shop()
    for number in range(2):
        ordinary = demo_day(100 + number, day=FIRST + timedelta(days=number))
        _live(shop, ordinary, ordinary.events)
    day = demo_day(7, day=FIRST + timedelta(days=2), faults=FAULTS)
    told = [
        e for e in day.events if not (isinstance(e, Stock) and e.sku == UNTOLD and e.on_hand == 0)
    ]
    _live(shop, day, told)
    return shop, day


def _at(day: SimulatedDay, hour: int) -> datetime:
    return day.day.at(hour * 3600.0)


def test_ordinary_days_accuse_nobody(lived: tuple[Shop, SimulatedDay]) -> None:
    """Before the planted day no shelf is suspected, no till called for, no zone hot or cold."""
    shop, day = lived
    for metric, innocent in (
        ("shelf_silence", {"out_of_stock"}), ("tills_needed", {"arrivals"}), ("zone_heat", set()),
    ):  # fmt: skip
        said = {
            fact.reason
            for (name, _, _), facts in shop.facts.items()
            if name == metric
            for fact in facts
            if fact.reason and fact.as_of < day.day.start
        }
        assert said <= innocent, metric


def test_a_shelf_emptied_without_a_word_is_suspected(lived: tuple[Shop, SimulatedDay]) -> None:
    """Only the SKU whose shelf was emptied in silence is to be checked, and only after it happened."""
    shop, day = lived
    suspects = {
        subject: [
            f for f in facts if f.as_of > day.day.start and f.reason not in ("", "out_of_stock")
        ]
        for (metric, subject, _), facts in shop.facts.items()
        if metric == "shelf_silence"
    }
    found = {subject: facts for subject, facts in suspects.items() if facts}
    assert set(found) == {f"sku:{UNTOLD}"}
    assert {f.reason for f in found[f"sku:{UNTOLD}"]} <= {"check_shelf", "suspected_phantom_stock"}
    assert found[f"sku:{UNTOLD}"][0].as_of > _at(day, 14)


def test_a_shelf_said_to_be_empty_is_out_of_stock(lived: tuple[Shop, SimulatedDay]) -> None:
    """A count of nothing is told at once as out of stock, of the SKU and in the store's rate."""
    shop, day = lived
    out = [
        f for f in shop.facts["sku_on_hand", f"sku:{TOLD}", "now"]
        if f.reason == "out_of_stock" and f.as_of > day.day.start
    ]  # fmt: skip
    assert out[0].as_of - _at(day, 14) <= 2 * TICK
    rates = [f for f in shop.facts["oos_rate", "", "now"] if f.as_of > _at(day, 15)]
    assert rates[0].evidence.k is not None
    assert TOLD in str(rates[0].detail["skus"])


def test_a_line_at_17_calls_for_a_till(lived: tuple[Shop, SimulatedDay]) -> None:
    """While one till serves a growing line, more tills are needed than serve; before it none was called for."""
    shop, day = lived
    calls = [f for f in shop.facts["tills_needed", "", "now"] if f.reason == "open_till"]
    assert calls
    assert all(_at(day, 17) < f.as_of < _at(day, 19) for f in calls)
    assert all(int(f.value or 0) > int(f.detail["serving"] or 0) for f in calls)
    lag = calls[-1].detail["lag_min"]
    assert calls[-1].detail["lag"] == "learned"
    assert isinstance(lag, int)
    assert 5 <= lag <= 30
