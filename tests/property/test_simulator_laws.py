"""Laws that hold for every simulated day."""

from collections import Counter
from datetime import date, timedelta
from itertools import pairwise

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sensors.events import AnyEvent, Dwell, Footfall, Pos, Stock
from sensors.simulate import SimulatedDay
from sensors.simulation.delivery import duplicated, on_time, shuffled
from sensors.simulation.faults import NAMED
from sensors.simulation.log_maker import log_entries
from sensors.simulation.truth import Tally, quarter_of
from tests.days import demo_day

seeds = st.integers(0, 10_000)
dates = st.dates(date(2026, 1, 1), date(2027, 12, 31))
faults = st.lists(st.sampled_from(sorted(NAMED)), unique=True, max_size=3)
few = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))


def made(seed: int, day: date, names: list[str]) -> SimulatedDay:
    return demo_day(seed, visitors=250, day=day, faults=[NAMED[name] for name in names])


def counted(events: list[AnyEvent]) -> Tally:
    """A plain loop over the events, by the contract's words."""
    total = Tally()
    sold: dict[str, Pos] = {}
    for event in events:
        if isinstance(event, Footfall) and not event.staff:
            children = event.children or 0
            total.visitors += event.entered - children
            total.children += children
            total.exits += event.left
            total.groups += event.groups or 0
            total.passers_by += event.passed
        elif isinstance(event, Pos) and event.state != "open":
            units = sum(line.units for line in event.lines)
            if event.state == "voided":
                total.add({"voids": 1, "void_units": units, "void_minor": event.net_minor})
            elif event.nature == "return":
                total.add({"returns": 1, "return_units": units, "return_minor": event.net_minor})
            else:
                assert event.transaction not in sold
                sold[event.transaction] = event
                total.add({"sales": 1, "sale_units": units, "sale_minor": event.net_minor})
    return total


@few
@given(seeds, dates, faults)
def test_truth_equals_the_events_counted_naively(seed: int, day: date, names: list[str]) -> None:
    """Whatever is planted, the truth is what a plain loop over the events counts."""
    simulated = made(seed, day, names)
    assert counted(simulated.events) == simulated.truth.day
    assert sum(simulated.truth.places.values(), Tally()) == simulated.truth.day


@few
@given(seeds, dates, faults)
def test_everybody_who_comes_in_goes_out(seed: int, day: date, names: list[str]) -> None:
    """People in equal people out once those whom a stuck counter missed are added; staff balance too."""
    simulated = made(seed, day, names)
    total = simulated.truth.day + simulated.truth.missed
    assert total.entered == total.exits
    staff = [e for e in simulated.events if isinstance(e, Footfall) and e.staff]
    if "door-stuck" not in names:
        assert sum(e.entered for e in staff) == sum(e.left for e in staff)


@few
@given(seeds, dates, faults)
def test_stock_is_conserved_and_never_negative(seed: int, day: date, names: list[str]) -> None:
    """Counts, receipts, sales, voids and returns lead to the truth's stock without passing below zero."""
    simulated = made(seed, day, names)
    on_hand: Counter[str] = Counter()
    for event in simulated.events:
        if isinstance(event, Stock):
            on_hand[event.sku] = (
                event.on_hand
                if event.on_hand is not None
                else on_hand[event.sku] + (event.delta or 0)
            )
        elif isinstance(event, Pos) and event.state != "open":
            sign = 1 if event.state == "voided" else -1
            for line in event.lines:
                on_hand[line.sku] += sign * line.units
                assert on_hand[line.sku] >= 0
    assert dict(on_hand) == simulated.truth.on_hand


@few
@given(seeds, dates)
def test_events_are_ordered_identified_and_speak_the_contract(seed: int, day: date) -> None:
    """Events ascend in time, ids are unique per source, and each survives the wire unchanged."""
    events = made(seed, day, []).events
    assert [e.at for e in events] == sorted(e.at for e in events)
    assert len({(e.source, e.id) for e in events}) == len(events)
    decoder = msgspec.json.Decoder(AnyEvent)
    assert all(decoder.decode(msgspec.json.encode(event)) == event for event in events)


@few
@given(seeds)
def test_stays_and_tenders_add_up(seed: int) -> None:
    """Every stay is told once, and a ticket's tenders are its net and tax."""
    simulated = made(seed, date(2026, 11, 20), [])
    stays = [e for e in simulated.events if isinstance(e, Dwell)]
    assert len(stays) == sum(len(z) for z in simulated.truth.stays.values())
    for event in simulated.events:
        if isinstance(event, Pos):
            assert sum(t.amount_minor for t in event.tenders) == event.net_minor + event.tax_minor
            assert sum(line.net_minor for line in event.lines) == event.net_minor


@few
@given(seeds, st.floats(0.5, 600), st.integers(1, 50))
def test_a_log_holds_every_delivery_once_and_its_time_never_goes_back(
    seed: int, tick_s: float, batch: int
) -> None:
    """Shuffled and repeated deliveries all reach the log, in entries whose time and position only grow."""
    events = made(seed, date(2026, 11, 20), []).events[:3_000]
    deliveries = duplicated(shuffled(on_time(events), seed, timedelta(minutes=10)), seed)
    entries = list(log_entries(deliveries, tick=timedelta(seconds=tick_s), batch_events=batch))
    lines = [line for entry in entries for line in entry.lines.split(b"\n") if line]
    assert Counter(lines) == Counter(msgspec.json.encode(d.event) for d in deliveries)
    assert all(a.position < b.position for a, b in pairwise(entries))
    assert all(a.received_at <= b.received_at for a, b in pairwise(entries))
    assert all(entry.lines.count(b"\n") < batch for entry in entries)
    assert entries[-1].is_tick


def test_a_quarter_holds_its_own_events() -> None:
    """The truth's quarter-hours are those of the events' times."""
    simulated = demo_day(visitors=250)
    visitors: Counter[object] = Counter()
    for event in simulated.events:
        if isinstance(event, Footfall) and not event.staff:
            visitors[quarter_of(event.at)] += event.entered - (event.children or 0)
    assert {q: n for q, n in visitors.items() if n} == {
        q: t.visitors for q, t in simulated.truth.quarters.items() if t.visitors
    }
