"""Laws that every tally, pane and deduplication holds, whatever file it is defined in."""

import itertools
import pickle
from copy import deepcopy
from datetime import timedelta
from typing import get_args

from hypothesis import given, settings
from hypothesis import strategies as st

from flows.corrections import Intervals, Totals
from flows.dedup import Device, Numbers
from flows.frozen import columns, freeze, named, packed, thaw, unpacked
from flows.orders import Known
from flows.panes import Pane
from flows.tally import BETWEEN, Tally, contributors, kinds, parts
from sensors.events import Event, Footfall, Plan, Presence, Staff, Status, Stock
from tests.floor_runs import START, random_events


def _panes(seed: int) -> tuple[Pane, Pane]:
    """What 30 random events leave: flows and levels."""
    flow, now = Pane(newest=START), Pane()
    events: list[Event] = random_events(seed, 30)
    events += [
        Presence(at=START, store="north", people=seed % 7),
        Staff(at=START, associate=f"a{seed % 3}", action="on"),
        Status(at=START, source="cam0", state="alive", battery_pct=float(seed % 90)),
        Stock(at=START, source="stock0", sku="p", delta=1 + seed % 9, reason="order"),
        *_plans(seed),
        *_orders(seed),
    ]
    for event in events:
        for contribute in contributors().get(type(event), ()):
            contribute(flow.tallies, now.tallies, event, 1)
    return flow, now


def _plans(seed: int) -> list[Event]:
    """A plan of every sort, some of them corrections of one another."""
    hour = timedelta(hours=1)
    return [
        Plan(
            at=START + seed % 5 * hour, about=about, subject="conversion", starts_at=START + seed % 2 * hour,
            ends_at=START + (3 + seed % 4) * hour, value=0.1 * (1 + seed % 3), note="weight=300.0 stores=4",
        )
        for about in get_args(Plan.__annotations__["about"])
    ]  # fmt: skip


def _orders(seed: int) -> list[Event]:
    """An order that waits, or was handed over."""
    order = Known((START.timestamp(), "o"), "pickup", {"p": 1 + seed % 3}, 0)
    waiting = order.steps(f"t{seed % 4}")
    order.done_s = START.timestamp() + seed % 900
    return [*waiting, *order.steps("u")]


def _sum(*panes: Pane) -> Pane:
    total = Pane()
    for pane in panes:
        total.merge(pane)
    return total


seeds = st.integers(0, 10_000)


@settings(max_examples=40, deadline=None)
@given(seeds, seeds, seeds)
def test_merging_commutes_and_associates(one: int, two: int, three: int) -> None:
    """Every kind of tally merges to the same in any order and grouping, with the empty pane as identity."""
    for a, b, c in zip(_panes(one), _panes(two), _panes(three), strict=True):
        assert _sum(a, b) == _sum(b, a)
        assert _sum(_sum(a, b), c) == _sum(a, _sum(b, c))
        assert _sum(a, Pane()) == _sum(Pane(), a)


@settings(max_examples=40, deadline=None)
@given(seeds, seeds)
def test_taking_back_undoes_merging(one: int, two: int) -> None:
    """What an invertible tally took in can be taken back, and merging leaves its argument as it was."""
    a, b = _panes(one)[0], _panes(two)[0]
    kept, total = deepcopy(b), _sum(a, b)
    assert b == kept
    total.merge(b, -1)
    total.newest = None
    assert total.tallies == _sum(a).tallies


@given(seeds)
def test_frozen_panes_thaw_to_the_same(seed: int) -> None:
    """Freezing to bytes and pickling both give the pane's tallies back."""
    for pane in _panes(seed):
        assert thaw(freeze(pane)) == pane
        assert freeze(thaw(freeze(pane))) == freeze(pane)
        assert pickle.loads(pickle.dumps(pane.tallies)) == pane.tallies  # noqa: S301


@given(st.dictionaries(st.integers(-(2**40), 2**40), st.integers(-(2**40), 2**40), min_size=1))
def test_packed_counters_unpack_to_the_same(counts: dict[int, int]) -> None:
    """Any counter survives packing, whatever its numbers, gaps and counts; long narrow ones take little."""
    assert unpacked(packed(counts)) == counts
    day = {29_000_000 + minute: minute % 9 for minute in range(0, 1440, 2)}
    assert len(packed(day)) < 2.1 * len(day)


@given(
    st.dictionaries(
        st.lists(st.text("t07٣²\x1f", max_size=18), min_size=1, max_size=4).map(BETWEEN.join),
        st.integers(-9, 9),
        min_size=1,
    )
)
def test_counters_by_name_come_back_from_their_columns(counts: dict[str, int]) -> None:
    """Any counter by name survives being taken apart, whatever its names hold, and in its order."""
    parts = columns(counts)
    assert list((parts if isinstance(parts, dict) else named(parts)).items()) == list(
        counts.items()
    )


def test_every_tally_is_reached_by_the_laws() -> None:
    """No kind escapes the shared tests: the events used here fill every discovered kind of tally."""
    filled = {kind for seed in range(20) for pane in _panes(seed) for kind in pane.tallies}
    assert set(kinds()) <= filled
    assert all(issubclass(cls, Tally) for part in parts() for cls in part.tallies)


@given(st.lists(st.integers(0, 60), max_size=80))
def test_numbers_admit_each_once(numbers: list[int]) -> None:
    """A sequence number is new exactly the first time, in whatever order numbers come."""
    known, seen = Numbers(), set()
    for seq in numbers:
        assert known.admit(seq) == (seq not in seen)
        seen.add(seq)


def test_a_restarted_device_is_heard_again() -> None:
    """Numbers that begin again with later times are news, while repeats from before the restart are not."""
    device = Device(START)
    minutes = [START.replace(minute=minute) for minute in range(10)]

    def heard(seq: int, minute: int, *, clamped: bool = False) -> bool:
        new = device.admit(seq, minutes[minute], clamped=clamped)
        device.newest = max(device.newest, minutes[minute])
        return new

    assert all(heard(seq, seq) for seq in range(1, 5))
    assert [heard(seq, 4 + seq) for seq in range(1, 4)] == [True] * 3
    assert not heard(3, 3)
    assert not heard(2, 6)
    assert not heard(3, 9, clamped=True)


@given(st.permutations(range(8)), st.lists(st.integers(0, 9), min_size=8, max_size=8))
def test_running_totals_do_not_depend_on_order(order: list[int], steps: list[int]) -> None:
    """The differences of running totals sum to the counter's rise (a reset included), in any order of arrival."""
    totals, running, readings = 0, [], []
    for index, step in enumerate(steps):
        totals = step if index == 5 else totals + step
        running.append(totals)
        readings.append(
            Footfall(at=START.replace(minute=index), source="s", door="a", entered=totals, counting="total")
        )  # fmt: skip
    resolver, sums = Totals(), dict.fromkeys(range(8), 0)
    for index in order:
        for part, sign in resolver.resolve(readings[index]):
            sums[part.at.minute] += sign * part.entered
    expected = [0] + [b - a if b >= a else b for a, b in itertools.pairwise(running)]
    assert list(sums.values()) == expected


def test_a_repeated_interval_replaces() -> None:
    """Of two messages about the same interval the one with the higher number counts, whichever comes first."""
    first = Footfall(
        at=START, source="s", door="a", entered=9, interval_s=900, counting="interval", seq=1
    )
    second = Footfall(
        at=START, source="s", door="a", entered=4, interval_s=900, counting="interval", seq=2
    )
    for order in ((first, second), (second, first)):
        resolver = Intervals()
        total = sum(
            sign * part.entered for event in order for part, sign in resolver.resolve(event)
        )
        assert total == 4
