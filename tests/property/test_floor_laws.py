"""What may not matter to the floor's facts: order, repeats, batching, workers, a restart, another pass."""

import random
from datetime import datetime, timedelta

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from flows.facts import Fact, FactKey
from flows.ledger import Ledger
from flows.profile import Profiles
from flows.publish import Publisher
from flows.snapshot import dump, load
from sensors.events import Event, Footfall
from tests.floor_runs import (
    FLOWS,
    SENSORS,
    START,
    aligned,
    counted,
    entries_of,
    floor_batches,
    newest,
    random_events,
)

END = START + timedelta(hours=3, minutes=10)
slow = settings(
    max_examples=2,  # each is a whole dataflow over three hours of log
    deadline=None,
    phases=(Phase.generate,),
    suppress_health_check=[HealthCheck.too_slow],
)


def _prompt(events: list[Event]) -> list[tuple[object, Event]]:
    return [(event.at, event) for event in events]


@slow
@given(st.integers(0, 1000), st.integers(0, 1000))
def test_order_and_repeats_do_not_matter(seed: int, shuffle: int) -> None:
    """Arriving late within the lateness, shuffled and repeated, events give the same final facts."""
    draw = random.Random(shuffle)
    events = random_events(seed, 150)
    late = [(event.at + timedelta(seconds=draw.uniform(0, 100)), event) for event in events]
    late += [
        (at + timedelta(seconds=draw.uniform(0, 300)), event)
        for at, event in late
        if draw.random() < 0.2
    ]
    plain = counted(floor_batches(entries_of(_prompt(events), until=END)))
    assert plain
    assert counted(floor_batches(entries_of(late, until=END))) == plain


@slow
@given(st.integers(0, 1000), st.integers(1, 50), st.integers(1, 400))
def test_batching_does_not_matter(seed: int, batch: int, batch_size: int) -> None:
    """The very same batches come out, however the log's entries and the dataflow's batches are cut."""
    events = _prompt(random_events(seed, 120))

    def said(batch: int, batch_size: int) -> list[tuple[object, ...]]:
        batches = floor_batches(entries_of(events, batch=batch), batch_size=batch_size)
        return [(b.at, b.events, b.facts) for b in batches if b.store == "north"]

    assert said(batch, batch_size) == said(7, 20)


@pytest.mark.parametrize("workers", [2, 3])
def test_workers_do_not_matter(workers: int) -> None:
    """Several workers give each store the same batches in the same order as one."""
    events = _prompt(random_events(5, 400, stores=("north", "south", "west")))
    entries = entries_of(events, until=START + timedelta(hours=2))
    one, many = floor_batches(entries), floor_batches(entries, workers=workers)
    for store in ("north", "south", "west"):
        assert [b for b in one if b.store == store] == [b for b in many if b.store == store]


def test_a_second_pass_is_the_same() -> None:
    """Replaying a log gives the same batches, byte for byte."""
    entries = entries_of(_prompt(random_events(8, 300)), until=START + timedelta(hours=2))
    assert floor_batches(entries) == floor_batches(entries)


@slow
@given(st.integers(0, 1000), st.integers(1, 149))
def test_a_snapshot_carries_everything(seed: int, cut: int) -> None:
    """A store restored from its snapshot ends with the same facts; what follows does not change the snapshot."""
    profiles = Profiles(FLOWS, SENSORS)
    events = random_events(seed, 150)
    whole, part = (Publisher(Ledger(profiles.of("north"))) for _ in range(2))
    facts, resumed = [], []
    for index, event in enumerate(events):
        for publisher, out in ((whole, facts), (part, resumed)):
            publisher.ledger.take([event], event.at)
            if index % 3 == 0:
                out.extend(publisher.tick(event.at))
        if index == cut:
            block = dump(part)
            part.ledger.take(events[:cut], event.at)
            part.tick(END)
            part = load(block, profiles.of)
            assert dump(load(block, profiles.of)) == dump(part)
    for minute in range(0, 200, 10):
        at = events[-1].at + timedelta(minutes=minute)
        facts += whole.tick(at)
        resumed += part.tick(at)
    assert {f.key: f for f in resumed if f.state == "final"} == {
        f.key: f for f in facts if f.state == "final"
    }


def test_a_late_backlog_revises() -> None:
    """A gateway that comes back after three hours changes final facts to what they would have been, as revisions."""
    events = random_events(3, 200)
    back = START + timedelta(hours=2)
    late = [(back if e.source == "cam1" else e.at, e) for e in events]
    plain = floor_batches(entries_of(_prompt(events), until=END))
    held = floor_batches(entries_of(late, until=END))

    def values(facts: dict[FactKey, Fact]) -> dict[FactKey, Fact]:
        return {key: msgspec.structs.replace(fact, newest_at=None) for key, fact in facts.items()}

    assert values(aligned(held)) == values(aligned(plain))
    revised = [f for f in newest(held).values() if f.revision]
    assert revised
    assert all(f.state == "final" for f in revised if f.window == "quarter")


@slow
@given(st.integers(0, 1000), st.integers(30, 149))
def test_a_restart_says_no_fact_differently(seed: int, cut: int) -> None:
    """Whatever a store says after a restart, live facts too, is what it would have said or had said without one."""
    profiles = Profiles(FLOWS, SENSORS)
    events = random_events(seed, 150)
    whole = Publisher(Ledger(profiles.of("north")))
    resumed: Publisher | None = None
    held: dict[tuple[object, ...], Fact] = {}
    compared = 0
    for index, event in enumerate(events):
        for publisher in (whole, resumed):
            if publisher is not None:
                publisher.ledger.take([event], event.at)
        held |= {_held(fact): fact for fact in whole.tick(event.at)}
        for fact in resumed.tick(event.at) if resumed is not None else ():
            was = held[_held(fact)]
            # a newer event alone is told once a minute; a restart may tell it earlier
            assert (
                fact.newest_at is None or was.newest_at is None or fact.newest_at >= was.newest_at
            )
            assert msgspec.structs.replace(fact, newest_at=was.newest_at, **_when(was)) == was
            compared += 1
        if index == cut:
            resumed = load(dump(whole), profiles.of)
    assert compared


def _held(fact: Fact) -> tuple[object, ...]:
    """Where a screen finds a fact: a level has one place, whenever it was said."""
    return fact.key[:4] if fact.window == "now" else fact.key


def _when(was: Fact) -> dict[str, datetime]:
    """When a fact was said, and for a level also of which minute: a restart may say the same again later."""
    level = {"start": was.start, "end": was.end} if was.window == "now" else {}
    return {"as_of": was.as_of, **level}


def test_a_shuffled_backlog_of_thousands_counts_once_each() -> None:
    """Three thousand numbers of one device in any order at all, a tenth twice, count once each over restarts."""
    profiles, draw = Profiles(FLOWS, SENSORS), random.Random(9)
    numbers = list(range(1, 3_001))
    arriving = numbers + draw.sample(numbers, 300)
    draw.shuffle(arriving)
    now = START + timedelta(hours=2)
    publisher = Publisher(Ledger(profiles.of("north")))
    for part in range(0, len(arriving), 1_100):
        events = [
            Footfall(
                at=START + timedelta(seconds=n), store="north", source="cam1", seq=n, door="a", entered=1
            )
            for n in arriving[part : part + 1_100]
        ]  # fmt: skip
        publisher.ledger.take(events, now)
        publisher = load(dump(publisher), profiles.of)
    facts = {f.key[1:4]: f.value for f in publisher.tick(now)}
    assert publisher.ledger.counters == {"events": 3_000, "repeats": 300, "too_late": 0}
    assert facts["visitors", "", "day"] == 3_000


@slow
@given(st.integers(0, 10_000), st.integers(0, 60))
def test_numbers_shuffled_over_a_restart_count_once(seed: int, cut: int) -> None:
    """A device's numbers, out of order within the window and repeated, count once each on both sides of a restart."""
    profiles, draw = Profiles(FLOWS, SENSORS), random.Random(seed)
    arrivals = [
        (seq + draw.uniform(0, 40), seq)
        for seq in range(1, 201)
        for _ in range(draw.choice((1, 1, 2)))
    ]
    publisher = Publisher(Ledger(profiles.of("north")))
    for index, (_, seq) in enumerate(sorted(arrivals)):
        at = START + timedelta(seconds=seq)
        event = Footfall(at=at, store="north", source="cam1", seq=seq, door="a", entered=1)
        publisher.ledger.take([event], START + timedelta(seconds=300))
        if index % 61 == cut:
            publisher = load(dump(publisher), profiles.of)
    publisher.tick(START + timedelta(seconds=300))
    assert publisher.ledger.counters["events"] == 200
    assert publisher.ledger.counters["repeats"] == len(arrivals) - 200
