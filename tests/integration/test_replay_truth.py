"""A simulated day through floor and alerts finds exactly what was drawn, however it arrives."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from floorcast.replayed import Replayed
from sensors.simulate import SimulatedDay
from sensors.simulation.delivery import Delivery, duplicated, shuffled
from sensors.simulation.faults import NAMED
from sensors.simulation.truth import Truth
from tests.days import demo_day, fact, replayed

Way = Callable[[SimulatedDay], list[Delivery]]

WAYS: dict[str, Way] = {
    "in order": lambda day: day.deliveries,
    "shuffled": lambda day: shuffled(day.deliveries, 1, timedelta(minutes=10)),
    "5 % twice": lambda day: duplicated(day.deliveries, 2),
    "shuffled and 5 % twice": lambda day: duplicated(
        shuffled(day.deliveries, 3, timedelta(minutes=10)), 4
    ),
}


def expect_truth(result: Replayed, day: SimulatedDay) -> None:
    """Every count and sum of the truth is the floor's, exactly."""
    truth, total = day.truth, day.truth.day
    found = {
        name: fact(result, name).value
        for name in ("visitors", "exits", "passers_by", "transactions", "units", "net_sales")
    }
    assert found == {
        "visitors": total.visitors,
        "exits": total.exits,
        "passers_by": total.passers_by,
        "transactions": total.transactions,
        "units": total.units,
        "net_sales": total.net_minor,
    }
    assert fact(result, "conversion").value == pytest.approx(total.conversion, abs=1e-6)
    assert fact(result, "atv").value == pytest.approx(total.atv_minor, abs=1e-3)
    assert fact(result, "occupancy", "now").value == total.entered - total.exits == 0
    expect_parts(result, truth)


def expect_parts(result: Replayed, truth: Truth) -> None:
    """Doors, SKUs, shelves and quarter-hours."""
    for place, tally in truth.places.items():
        if place.startswith("door:"):
            assert fact(result, "visitors", subject=place).value == tally.visitors
    for sku, units in truth.sku_units.items():
        assert fact(result, "sku_units", subject=f"sku:{sku}").value in (
            units,
            units - truth.sku_returned[sku],
        )
    for sku, units in truth.on_hand.items():
        assert fact(result, "sku_on_hand", "now", f"sku:{sku}").value == units
    for zone, stays in truth.stays.items():
        long = sum(stay.dwell_s >= 30 for stay in stays)
        assert fact(result, "zone_visits", subject=f"zone:{zone}").value in (long, len(stays))
    for quarter, tally in truth.quarters.items():
        if tally.visitors:
            assert (
                fact(result, "visitors", "quarter", start=quarter.isoformat()).value
                == tally.visitors
            )
        if tally.sales:
            assert (
                fact(result, "transactions", "quarter", start=quarter.isoformat()).value
                == tally.transactions
            )


@pytest.mark.parametrize("way", WAYS)
def test_a_day_is_found_exactly(way: str) -> None:
    """Counts, sales, stock and quarter-hours equal the truth in order, shuffled and with repeats."""
    day = demo_day()
    expect_truth(replayed(WAYS[way](day), end=day.day.end), day)


def test_a_gateway_offline_for_three_hours_changes_no_final_fact() -> None:
    """Three hours of counts that arrive as a backlog, shuffled with repeats too, end in the same truth."""
    day = demo_day(faults=[NAMED["gateway-offline"]])
    expect_truth(replayed(day.deliveries, end=day.day.end), day)
    rough = duplicated(shuffled(day.deliveries, 5, timedelta(minutes=5)), 6)
    expect_truth(replayed(rough, end=day.day.end), day)


def test_planted_causes_are_counted_as_told() -> None:
    """With a stuck door, staff at the door, an empty shelf and a long line the floor still finds what was told."""
    names = ("conversion-drop", "staff-at-door", "shelf-empty", "till-queue")
    day = demo_day(faults=[NAMED[name] for name in names])
    expect_truth(replayed(day.deliveries, end=day.day.end), day)
