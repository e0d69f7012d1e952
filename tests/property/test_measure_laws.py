"""Laws that every measure holds, whatever file it is defined in; a new one is under them without being named."""

import random
from datetime import timedelta
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.facts import Fact
from flows.measure import Measure, View, measures
from flows.panes import Pane
from flows.profile import Profiles, minute_of
from flows.tally import contributors
from sensors.events import Event, Line, Plan, Pos, Presence, Queue, Staff, Status, Stock
from tests.floor_runs import (
    FLOWS,
    SENSORS,
    START,
    counted,
    entries_of,
    floor_batches,
    random_events,
)

TOTALS = {"people", "groups", "transactions", "units", "minor"}
RATES = {"atv", "aur", "spv", "segment_atv"}  # money per something
COUNTS_PER_HOUR = {
    "till_arrivals",
    "star",
}  # per hour of a clock or of labour, which scaling leaves
NOT_SCALED = {
    "zone_uniques": "distinct tracks",
    "members": "distinct members",
    "segment_customers": "distinct members",
    "staff_reentered": "beyond what chance explains, which grows with the square of the counts",
    "sales_beyond_visitors": "told from ten transactions on",
    "conversion_adjusted": "groups are rounded to whole ones",
    "groups": "told to a tenth",
    "tills_needed": "a queue gains from size",
}
LEARNED = {
    "needs earlier days": {
        "forecast_state", "unusual_traffic", "sales_gap", "shelf_silence", "slow_stock", "zone_heat", "basket_pair",
        "sku_forecast_error", "peak_coverage", "restock", "staff_short", "promotion_missing",
    },
    "needs service times or a range": {"tills_needed", "moving_rate", "zone_conversion"},
}  # fmt: skip
CHAIN = {
    "chain_standing": "verdict=below rank=2 stores=2 n=40 low=0.1 high=0.2",
    "chain_attention": "rank=1 stores=2 reasons=conversion_below_chain",
    "like_for_like": "now_minor=2 then_minor=1 stores=2",
    "transfer:p": "south=2",
}
BY_THE_TICK = {"sensor_health", "till_lag", "sku_cover", "orders_waiting"}
END = START + timedelta(hours=3, minutes=10)


def _events(seed: int, count: int = 250) -> list[Event]:
    """Random events of every kind that anything counts."""
    extra: list[Event] = [
        Staff(at=START + timedelta(minutes=n), store="north", source="b", id=f"s{n}", associate="a", action=said)  # type: ignore[arg-type]
        for n, said in ((2, "on"), (70, "off"))
    ]  # fmt: skip
    extra += [
        Status(at=START + timedelta(minutes=5), store="north", source="cam0", id="st", state="alive"),
        Presence(at=START + timedelta(minutes=6), store="north", source="cam0", id="pr", people=4),
    ]  # fmt: skip
    line = {"till": "1", "wait_s": 30.0, "served": 1}
    extra.append(
        Queue(at=START + timedelta(minutes=7), store="north", source="cam0", id="q", **line)
    )
    extra += [
        Pos(
            at=START + timedelta(minutes=n), store="north", source="web", id=f"o{n}{state}", till="w",
            transaction=f"o{n}", state=state, channel="pickup", net_minor=900, lines=[Line(sku="p")],  # type: ignore[arg-type]
        )
        for n, state in ((10, "open"), (11, "open"), (40, "completed"))
    ]  # fmt: skip
    extra += [
        Plan(
            at=START + timedelta(minutes=1), store="north", source="hq", id=f"p{about}", about=about, value=1.0,
            subject="conversion", starts_at=START, ends_at=START + timedelta(hours=9), note="weight=300.0 stores=4",
        )
        for about in get_args(Plan.__annotations__["about"])
    ] + [
        Plan(
            at=START + timedelta(minutes=1), store="north", source="chain", id=subject, about="chain", subject=subject,
            value=2.0, starts_at=START, ends_at=START + timedelta(hours=9), note=note,
        )
        for subject, note in CHAIN.items()
    ]  # fmt: skip
    extra.append(
        Stock(
            at=START + timedelta(minutes=20), store="north", source="wms", id="r", sku="p", delta=20, reason="receipt"
        )
    )  # fmt: skip
    return sorted([*random_events(seed, count), *extra], key=lambda event: event.at)


def _scaled(measure: Measure, window: str, seed: int, times: int) -> tuple[dict[str, object], ...]:
    """A measure's values by subject over a pane, and over that pane so many times."""
    profile = Profiles(FLOWS, SENSORS).of("north")
    one, now = Pane(), Pane()
    for event in _events(seed, 60):
        for contribute in contributors().get(type(event), ()):
            contribute(one.tallies, now.tallies, event, 1)
    many = Pane()
    for _ in range(times):
        many.merge(one)
    span = profile.day_of(minute_of(START))
    if window != "day":
        span = minute_of(START), minute_of(START) + {"15m": 15, "60m": 60, "quarter": 15}[window]
    found = []
    for pane in (one, many):
        view = View(
            profile, window, span, pane, START + timedelta(hours=2), closed=True,  # type: ignore[arg-type]
            now=now.tallies, day=pane, coverage=1.0,
        )  # fmt: skip
        found.append({r.subject: r.value for r in measure.read(view) if r.window is None})
    return tuple(found)


WINDOWED = [(m, w) for m in measures() for w in m.windows if w in ("15m", "60m", "day", "quarter")]


@pytest.mark.parametrize(("measure", "window"), WINDOWED, ids=lambda x: getattr(x, "metric", x))
@settings(max_examples=3, deadline=None)
@given(seed=st.integers(0, 1000), times=st.integers(2, 5))
def test_scaling_all_counts_scales_totals_and_leaves_rates(
    measure: Measure, window: str, seed: int, times: int
) -> None:
    """With every count multiplied, totals are multiplied and rates, quantiles and shares are as they were."""
    if measure.metric in NOT_SCALED:
        return
    one, many = _scaled(measure, window, seed, times)
    assert one.keys() == many.keys()
    total = (
        measure.unit in TOTALS and measure.metric not in RATES
    ) or measure.metric in COUNTS_PER_HOUR
    for subject, value in one.items():
        if total and isinstance(value, int | float):
            rounded = 0.5 * times + 0.5  # the one, multiplied, and the other
            within = rounded + 1e-5 * abs(times * value)
            assert many[subject] == pytest.approx(times * value, abs=within)
        elif isinstance(value, int | float):
            assert many[subject] == pytest.approx(value, rel=1e-5, abs=1e-5)
        else:
            assert many[subject] == value


class Narrow(View):
    """A view that shows a window's tallies and the configuration, and nothing else."""

    MOVING = frozenset({"at", "start", "end", "coverage", "today", "heard", "counters", "doors_heard", "factors",
                        "clocks", "changed", "memory", "_now"})  # fmt: skip

    def __getattribute__(self, name: str) -> Any:
        assert name not in Narrow.MOVING, f"a steady measure looks at {name}"
        return super().__getattribute__(name)


@pytest.mark.parametrize("measure", [m for m in measures() if m.steady], ids=lambda m: m.metric)
def test_a_steady_measure_looks_at_the_tallies_it_names_alone(measure: Measure) -> None:
    """What is not read again while its tallies stay goes by nothing else, nor by tallies that it does not name."""
    profile, pane, now = Profiles(FLOWS, SENSORS).of("north"), Pane(), Pane()
    for event in _events(9, 120):
        for contribute in contributors().get(type(event), ()):
            contribute(pane.tallies, now.tallies, event, 1)
    named = Pane({k.kind: pane.tallies[k.kind] for k in measure.reads if k.kind in pane.tallies})
    for window in measure.windows:
        said = [
            list(measure.read(Narrow(profile, window, (0, 15), seen, START, hour=seen)))
            for seen in (pane, named)
        ]
        assert said[0] == said[1]


def test_every_measure_is_under_the_laws_of_order_repeats_workers_and_replay() -> None:
    """Whatever a measure says of a log with every kind of event, it says shuffled, repeated, split and again."""
    events = _events(4)
    plain = entries_of([(event.at, event) for event in events], until=END)
    batches = floor_batches(plain)
    said = {fact.metric for batch in batches for fact in batch.facts}
    known = {m.metric for m in measures() if not m.metric.endswith("_forecast")}
    assert known - said <= set().union(*LEARNED.values())
    mine = [(batch.at, batch.facts) for batch in batches if batch.store == "north"]
    for again in (floor_batches(plain, batch_size=7), floor_batches(plain, workers=2)):
        assert [(batch.at, batch.facts) for batch in again if batch.store == "north"] == mine
    draw = random.Random(4)
    late = [(event.at + timedelta(seconds=draw.uniform(0, 100)), event) for event in events]
    late += [
        (at + timedelta(seconds=draw.uniform(0, 200)), e) for at, e in late if draw.random() < 0.3
    ]
    rough = floor_batches(entries_of(late, until=END))
    assert counted(rough) == counted(batches)
    assert _levels(rough) == _levels(batches)


def _levels(batches: list[object]) -> dict[tuple[str, str, str], Fact]:
    """What holds of the moment when all is over, without what the last tick's own instant or the learning changes."""
    held = {
        (f.metric, f.subject, f.window): msgspec.structs.replace(f, as_of=START, start=START, end=START, newest_at=None)
        for batch in batches
        for f in batch.facts  # type: ignore[attr-defined]
        if f.window in ("now", "15m", "60m")
    }  # fmt: skip
    return {key: fact for key, fact in held.items() if key[0] not in BY_THE_TICK}
