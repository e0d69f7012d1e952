"""Decisions follow from the forecast by arithmetic that can be checked."""

import random
from collections.abc import Callable
from math import inf

import pytest

from flows.decisions.roster import Person, propose, shifts_of
from flows.decisions.staffing import (
    associates_needed,
    erlang_c,
    last_chance,
    mean_wait_s,
    tills_needed,
)
from flows.decisions.stock import Line, Shelf, Tier, order, safety_stock, transfers, within_budget
from flows.forecasting.lumpy import Tsb


def _textbook(servers: int, load: float) -> float:
    """Erlang C as the glossary writes it, with factorials."""
    top, term, below = 1.0, 1.0, 0.0
    for k in range(servers):
        below += term
        term *= load / (k + 1)
    top = term * servers / (servers - load)
    return top / (below + top)


@pytest.mark.parametrize("load", [0.3, 1.0, 2.7, 9.5])
def test_erlang_c_is_the_glossarys(load: float) -> None:
    """The recursion equals the glossary's formula, for every number of tills above the load."""
    for servers in range(int(load) + 1, 20):
        assert erlang_c(servers, load) == pytest.approx(_textbook(servers, load), rel=1e-9)


def test_the_wait_is_what_a_simulated_queue_waits() -> None:
    """The mean wait of 40,000 simulated customers is within a tenth of Erlang's."""
    draw = random.Random(6)
    free, clock, waited, count = [0.0, 0.0, 0.0], 0.0, 0.0, 40_000
    for _ in range(count):
        clock += draw.expovariate(140 / 3600)
        till = min(range(3), key=free.__getitem__)
        begins = max(clock, free[till])
        waited += begins - clock
        free[till] = begins + draw.expovariate(1 / 60)
    assert waited / count == pytest.approx(mean_wait_s(3, 140.0, 60.0), rel=0.1)


def test_tills_are_the_fewest_that_serve() -> None:
    """One till fewer would miss the target, more customers never need fewer, and an impossible target says so."""
    before = 0
    for per_hour in range(10, 600, 25):
        need = tills_needed(float(per_hour), 75.0, 60.0)
        assert need is not None
        assert (
            need.wait_s <= 60 < mean_wait_s(need.servers - 1, per_hour, 75.0)
            if need.servers > 1
            else True
        )
        assert need.servers >= before
        before = need.servers
    assert tills_needed(1000.0, 75.0, 60.0, most=5) is None
    assert mean_wait_s(2, 200.0, 60.0) == inf


def test_a_call_in_time_and_too_late() -> None:
    """The deadline is the short slot less the lead; nothing short has none."""
    assert last_chance([1, 5], [2, 2], 2) == (1, -1)
    assert last_chance([1, 1], [2, 2], 2) is None
    assert associates_needed(24.0, 12) == 2


def test_orders_are_whole_packs_up_to_the_quantile() -> None:
    """An order fills to the cycle's quantile by less than a pack over; above the reorder point nothing is ordered."""
    sku = Tsb()
    draw = random.Random(3)
    for _ in range(200):
        sku.learn_one({}, float(draw.choice([0, 0, 0, 2, 5])))

    def over(days: int) -> Callable[[float], float]:
        return lambda q: sku.quantile(q, days)

    low = order(over(3), over(7), level=0.95, on_hand=1, on_order=2, pack=4)
    assert low.units % 4 == 0
    assert 0 <= low.units + low.position - over(7)(0.95) < 4
    assert low.safety > 0
    assert order(over(3), over(7), level=0.95, on_hand=500, pack=4).units == 0
    assert (
        order(over(3), over(7), level=0.99, on_hand=1).units
        >= order(over(3), over(7), level=0.8, on_hand=1).units
    )


def test_safety_stock_is_the_glossarys() -> None:
    """SS = z·√(L·σ_D² + D²·σ_L²)."""
    assert safety_stock(0.975, 9.0, 2.0, 5.0, 1.0) == pytest.approx(
        1.95996 * (9 * 4 + 25) ** 0.5, rel=1e-4
    )


def test_the_budget_is_kept_and_what_is_out_comes_first() -> None:
    """Nothing chosen costs more than there is, and no chosen line is less urgent than one left out that would fit."""
    draw = random.Random(1)
    lines = [
        Line(
            f"s{i}",
            Tier(draw.randrange(4)),
            draw.randint(0, 20),
            draw.randint(50, 900),
            draw.randint(0, 5000),
        )
        for i in range(60)
    ]
    chosen = within_budget(lines, 40_000)
    left = 40_000 - sum(line.units * line.cost_minor for line in chosen)
    assert left >= 0
    assert all(
        line.units * line.cost_minor > left for line in lines if line not in chosen and line.units
    )


def test_a_transfer_never_makes_its_giver_short() -> None:
    """Givers keep what they need, takers get no more than they lack, and only neighbours trade."""
    shelves = [
        Shelf("a", 30, 10.5, frozenset({"b"})), Shelf("b", 0, 8.0, frozenset({"a", "c"})),
        Shelf("c", 1, 9.0, frozenset({"b"})), Shelf("d", 90, 1.0),
    ]  # fmt: skip
    moves = transfers(shelves, pack=2)
    assert [(m.giver, m.taker, m.units) for m in moves] == [("a", "b", 8)]


def test_the_roster_covers_what_can_be_covered() -> None:
    """With enough people nothing is short; contracts, days off and one shift a day hold; power hours come first."""
    need = {(day, hour): 1 + (hour in (12, 18, 19)) for day in range(7) for hour in range(9, 21)}
    people = [Person(f"p{i}", 40, frozenset(range(7)) - {i % 7}) for i in range(8)]
    roster = propose(need, people, shifts_of(9, 21, (4, 6, 8)), limit_s=20)
    assert roster.short_h == 0
    for person in people:
        own = roster.shifts[person.name]
        assert sum(s.hours for s in own) <= person.most_h
        assert len({s.day for s in own}) == len(own)
        assert {s.day for s in own} <= person.days
    power = frozenset((day, hour) for day in range(7) for hour in (18, 19))
    few = propose(need, people[:2], shifts_of(9, 21, (4,)), power=power, limit_s=20)
    covered = {
        (s.day, h) for own in few.shifts.values() for s in own for h in range(s.begins, s.ends)
    }
    assert few.short_h > 0
    assert len(power & covered) >= 12
