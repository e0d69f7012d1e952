"""A tick that comes late, as after an outage, closes a day and many quarters of the next at once."""

from datetime import UTC, datetime, time, timedelta

import pytest

from flows.facts import Fact
from flows.profile import Profile
from sensors.events import Pos
from tests.floor_runs import FLOWS, SENSORS, shop
from tests.shop_days import Shop

MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)


def sale(n: int, at: datetime) -> Pos:
    """A member's ticket; every member comes once."""
    return Pos(
        at=at, store="north", source="till-1", id=f"s{n}", till="1", transaction=f"t{n}", net_minor=100,
        member=f"m{n}",
    )  # fmt: skip


def members(shop_: Shop) -> dict[datetime, Fact]:
    """The newest word on each day's."""
    return {fact.start: fact for fact in shop_.facts["members", "", "day"]}


@pytest.mark.parametrize("hours", [1, 6, 24, 31])
def test_a_day_is_told_with_its_own_quarters_and_no_later_ones(hours: int) -> None:
    """However far apart the ticks are, each of three final days has all of its members, as with a tick each hour."""
    floor = Shop(Profile(shop("north", day_starts=time(5)), FLOWS, SENSORS))
    sales = [sale(n, MIDNIGHT + n * HOUR + timedelta(minutes=7)) for n in range(5, 5 + 72)]
    floor.run([(event.at, event) for event in sales], MIDNIGHT + 140 * HOUR, timedelta(hours=hours))
    told = members(floor)
    days = [MIDNIGHT + timedelta(days=n, hours=5) for n in range(3)]
    assert [(told[day].value, told[day].state) for day in days] == [(24, "final")] * 3
