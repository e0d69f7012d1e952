"""The floor's final facts against an independent computation over the raw events, in plain Python."""

import random
from collections import defaultdict
from datetime import datetime, timedelta
from itertools import groupby
from math import sqrt
from statistics import NormalDist

import pytest

from sensors.events import Dwell, Event, Footfall, Pos
from tests.floor_runs import START, aligned, entries_of, floor_batches, newest, random_events

END = START + timedelta(hours=3, minutes=10)


def _sales(events: list[Event]) -> list[tuple[datetime, Pos]]:
    """Tickets that hold in the end, at the time each was first completed."""
    words = sorted(
        (e for e in events if isinstance(e, Pos) and e.state != "open"),
        key=lambda e: (e.transaction, e.at, e.state == "voided", e.id),
    )
    held = []
    for _, group in groupby(words, key=lambda e: e.transaction):
        said = list(group)
        if said[-1].state == "completed":
            held.append((min(e.at for e in said if e.state == "completed"), said[-1]))
    return held


def _expected(events: list[Event], start: datetime, end: datetime) -> dict[str, float | int | None]:
    """Every measure of one window, as a careful analyst would compute it."""
    doors = [e for e in events if isinstance(e, Footfall) and start <= e.at < end and not e.staff]
    tickets = [ticket for at, ticket in _sales(events) if start <= at < end]
    sales = [t for t in tickets if t.nature == "sale"]
    back = [t for t in tickets if t.nature == "return"]
    visitors = sum(e.entered - (e.children or 0) for e in doors)
    sold, net = (
        sum(t.net_minor for t in sales),
        sum(t.net_minor for t in sales) - sum(-t.net_minor for t in back),
    )
    count, units = len(sales), sum(line.units for t in sales for line in t.lines)

    def over(a: float, b: float) -> float | None:
        return round(a / b, 6) if b > 0 else None

    return {
        "visitors": visitors, "exits": sum(e.left for e in doors), "transactions": count, "net_sales": net,
        "conversion": over(count, visitors), "atv": over(sold, count), "upt": over(units, count),
        "spv": over(net, visitors),
        "units": units + sum(line.units for t in back for line in t.lines),
    }  # fmt: skip


@pytest.mark.parametrize("seed", [1, 2])
def test_facts_equal_the_oracle(seed: int) -> None:
    """Shuffled and repeated, every final quarter and day equals the batch computation, as do the open windows."""
    events = random_events(seed, 300)
    draw = random.Random(seed)
    late = [(e.at + timedelta(seconds=draw.uniform(0, 90)), e) for e in events]
    late += [(at + timedelta(seconds=5), e) for at, e in late if draw.random() < 0.1]
    batches = floor_batches(entries_of(late, until=END))
    spans = defaultdict(dict)
    for fact in aligned(batches).values():
        if fact.subject == "" and fact.metric not in ("passers_by", "occupancy_drift"):
            spans[fact.start, fact.end][fact.metric] = fact.value
    assert len(spans) >= 7
    for (start, end), values in spans.items():
        expected = _expected(events, start, end)
        assert {metric: values[metric] for metric in expected} == expected
    _check_trailing(events, [b for b in batches if b.at <= START + timedelta(seconds=5400)])


def _check_trailing(events: list[Event], batches: list) -> None:
    seen = [e for e in events if e.at < batches[-1].at - timedelta(seconds=120)]
    assert seen
    last = {
        f.window: f for f in newest(batches).values() if f.metric == "visitors" and not f.subject
    }
    assert last["60m"].end - last["60m"].start == timedelta(minutes=60)
    assert last["15m"].end == last["60m"].end


@pytest.mark.parametrize("seed", [4])
def test_trailing_windows_equal_the_oracle(seed: int) -> None:
    """With events on time the trailing windows at each minute equal the sum of their raw events."""
    events = random_events(seed, 300)
    batches = floor_batches(
        entries_of([(e.at, e) for e in events], until=START + timedelta(hours=2))
    )
    checked = 0
    held: dict[tuple[str, str], tuple[datetime, datetime, object]] = {}
    for batch in (b for b in batches if b.store == "north"):
        held |= {
            (f.metric, f.window): (f.start, f.end, f.value) for f in batch.facts if not f.subject
        }
        if batch.at.second == 0 and batch.at.minute % 10 == 9:
            for window in ("15m", "60m"):
                start, end, value = held["visitors", window]
                known = [e for e in events if e.at <= batch.at]
                assert value == _expected(known, start, end)["visitors"]
                checked += 1
    assert checked > 10


def test_dwell_quantiles_equal_the_oracle() -> None:
    """A day's median and p90 per zone lie within half a second of the sorted raw dwell times."""
    events = random_events(6, 400)
    facts = newest(floor_batches(entries_of([(e.at, e) for e in events], until=END)))
    for zone in "xy":
        stays = sorted(
            e.dwell_s
            for e in events
            if isinstance(e, Dwell) and e.zone == zone
            for _ in range(e.visits)
        )
        for metric, q in (("dwell_median", 0.5), ("dwell_p90", 0.9)):
            value = next(
                f.value for k, f in facts.items() if k[1:4] == (metric, f"zone:{zone}", "day")
            )
            low, high = (
                stays[int(q * len(stays) - 1e-9)],
                stays[min(len(stays) - 1, int(q * len(stays)))],
            )
            assert low - 0.5 <= value <= high + 0.5


def test_the_interval_is_wilsons() -> None:
    """A published conversion carries the score interval of its own counts at the configured level."""
    facts = newest(floor_batches(entries_of([(e.at, e) for e in random_events(9, 300)], until=END)))
    z = NormalDist().inv_cdf(0.975)
    rates = [f for k, f in facts.items() if k.metric == "conversion" and f.evidence.low is not None]
    assert rates
    for fact in rates:
        n, p = fact.evidence.n, fact.evidence.k / fact.evidence.n
        middle, margin = p + z * z / 2 / n, z * sqrt(p * (1 - p) / n + z * z / 4 / n / n)
        assert fact.evidence.low == pytest.approx((middle - margin) / (1 + z * z / n), abs=1e-5)
        assert fact.evidence.high == pytest.approx((middle + margin) / (1 + z * z / n), abs=1e-5)
