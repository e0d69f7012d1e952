"""The tills' line."""

import math
from itertools import pairwise
from random import Random

import pytest

from sensors.simulation.checkout import Arrival, line_levels, serve, service_time


def erlang_wait_s(arrivals_per_s: float, service_s: float, tills: int) -> float:
    """Mean wait in an M/M/c line: Erlang C."""
    load = arrivals_per_s * service_s
    last = load**tills / math.factorial(tills) * tills / (tills - load)
    busy = last / (sum(load**k / math.factorial(k) for k in range(tills)) + last)
    return busy / (tills / service_s - arrivals_per_s)


def arrivals(rng: Random, count: int, gap_s: float, patience_s: float = math.inf) -> list[Arrival]:
    at, made = 0.0, []
    for n in range(count):
        at += rng.expovariate(1 / gap_s)
        made.append(Arrival(n, at, service_time(rng, 75.0), patience_s))
    return made


@pytest.mark.parametrize("tills", [1, 2, 3])
def test_waits_are_those_of_erlang_c(tills: int) -> None:
    """With exponential gaps and services the mean wait is Erlang C's, within 8 %."""
    gap_s = 75.0 / (0.7 * tills)
    always = {str(n): [(0.0, math.inf)] for n in range(tills)}
    turns = serve(arrivals(Random(tills), 60_000, gap_s), always)
    mean = sum(turn.wait_s for turn in turns) / len(turns)
    assert mean == pytest.approx(erlang_wait_s(1 / gap_s, 75.0, tills), rel=0.08)


def test_the_line_is_first_come_first_served_and_no_till_serves_two_at_once() -> None:
    """Services begin in order of arrival and a till's services do not overlap."""
    turns = serve(
        arrivals(Random(5), 2_000, 20.0), {"1": [(0, 9e9)], "2": [(500, 9e9)], "3": [(0, 800)]}
    )
    assert [t.started for t in turns] == sorted(t.started for t in turns)
    for till in ("1", "2", "3"):
        spans = [(t.started, t.ended) for t in turns if t.till == till]
        assert all(before[1] <= after[0] for before, after in pairwise(spans))
    assert all(t.started < 800 for t in turns if t.till == "3")
    assert all(t.started >= 500 for t in turns if t.till == "2")


def test_nobody_waits_beyond_their_patience() -> None:
    """Whoever would wait longer than their patience gives up when it runs out and takes no till's time."""
    turns = serve(arrivals(Random(1), 500, 30.0, patience_s=60.0), {"1": [(0, 9e9)]})
    assert any(t.gave_up for t in turns)
    assert all(t.wait_s <= 60.0 + 1e-9 for t in turns)
    assert all(t.wait_s == pytest.approx(60.0) and t.ended == t.started for t in turns if t.gave_up)


def test_line_levels_end_at_zero_and_are_never_negative() -> None:
    """Everybody who joins a line leaves it, and each till's served and abandoned add up to its customers."""
    turns = serve(
        arrivals(Random(2), 800, 50.0, patience_s=300.0), {"1": [(0, 9e9)], "2": [(0, 9e9)]}
    )
    levels = line_levels(turns)
    assert min(level.length for level in levels) == 0
    assert {t: [x for x in levels if x.till == t][-1].length for t in ("1", "2")} == {
        "1": 0,
        "2": 0,
    }
    assert sum(level.served for level in levels) == sum(not t.gave_up for t in turns)
    assert sum(level.abandoned for level in levels) == sum(t.gave_up for t in turns)


def test_without_a_manned_till_everybody_gives_up_at_once() -> None:
    """A customer whom no till can ever take leaves without waiting."""
    turns = serve([Arrival(0, 10.0, 5.0, 100.0)], {"1": [(0.0, 5.0)]})
    assert turns[0].gave_up
    assert turns[0].wait_s == 0
