"""Stock that does not move, and what was sold of what there was, over five weeks of a kiosk."""

from datetime import timedelta

from flows.facts import Fact
from flows.ledger import Ledger
from flows.profile import Profiles
from flows.publish import Publisher
from sensors.events import AnyEvent, Footfall, Line, Pos, Stock
from tests.floor_runs import FLOWS, SENSORS, START

DAYS = 33
SOLD_ON = {"daily": range(DAYS), "once": range(10, 11), "early": range(2), "never": range(0)}


def _day(day: int) -> list[AnyEvent]:
    at = START.replace(hour=12) + timedelta(days=day)
    said: list[AnyEvent] = [
        Footfall(at=at, store="kiosk", source="c", id=f"f{day}", door="a", entered=20)
    ]
    if not day:
        said += [
            Stock(at=at, store="kiosk", source="w", id=sku, sku=sku, on_hand=100) for sku in SOLD_ON
        ]
    for sku in (sku for sku, days in SOLD_ON.items() if day in days):
        said.append(
            Pos(at=at + timedelta(minutes=9), store="kiosk", source="t", id=f"{sku}{day}", till="1",
                transaction=f"{sku}{day}", lines=[Line(sku=sku, units=2)])
        )  # fmt: skip
    return said


def test_what_has_not_sold_for_four_weeks_is_slow() -> None:
    """Slow stock is unknown for four weeks, then the share of units whose SKU was not sold in 28 days before today."""
    kiosk = Publisher(Ledger(Profiles(FLOWS, SENSORS).of("kiosk")))
    said: dict[tuple[str, int], Fact] = {}
    for day in range(DAYS):
        events = _day(day)
        for hours in (1, 6):
            at = START.replace(hour=12) + timedelta(days=day, hours=hours)
            kiosk.ledger.take(events if hours == 1 else [], at)
            said |= {(fact.metric, day): fact for fact in kiosk.tick(at)}
    assert ("slow_stock", 27) not in said
    left = {sku: 100 - 2 * len(days) for sku, days in SOLD_ON.items()}
    found = said["slow_stock", DAYS - 1]
    slow = left["early"] + left["never"]
    assert (found.evidence.n, found.evidence.k) == (sum(left.values()), slow)
    assert found.value == round(slow / sum(left.values()), 6)
    share = said["sold_share", DAYS - 1]
    assert share.value == round(2 / (sum(left.values()) + 2), 6)
