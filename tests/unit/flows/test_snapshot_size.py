"""What a store's state weighs, and that it survives being saved."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from flows.dedup import Ids, packed, unpacked
from flows.ledger import Ledger
from flows.profile import Profiles
from flows.publish import Publisher
from flows.snapshot import dump
from flows.tickets import Tickets
from sensors.events import Pos
from tests.days import demo_day, demo_settings
from tests.floor_runs import START, random_events

BUSY_BYTES = 64 << 10
DAY_S = 86_400.0


@given(st.sets(st.integers(0, (1 << 48) - 1), max_size=300))
def test_packed_ids_unpack_to_the_same(keys: set[int]) -> None:
    """Any set of 48-bit numbers survives packing, at five bytes each where they are many."""
    block = packed(keys)
    assert unpacked(block) == keys
    assert len(block) <= 10 + 7 * len(keys)


def test_ids_are_known_for_the_horizon_and_no_longer() -> None:
    """A repeat within a day is caught across hours and restarts; memory holds the horizon's ids only."""
    ids = Ids(most=20_000, horizon_s=DAY_S)
    for number in range(3 * 1440):
        now_s = number * 60.0
        assert ids.admit(f"e{number}", now_s)
        if number >= 1440:
            assert not ids.admit(f"e{number - 1440}", now_s)
        if number % 500 == 0:
            row = ids.row()
            ids = Ids(most=20_000, horizon_s=DAY_S)
            ids.restore(row)
    assert 1440 <= len(ids.young) + sum(map(len, ids.old.values())) <= 1440 + 180
    assert ids.admit("e0", 3 * 1440 * 60.0)


def test_a_flood_of_ids_is_bounded() -> None:
    """However many ids an hour brings, the newest are known and no more than twice the limit are held."""
    ids = Ids(most=100, horizon_s=DAY_S)
    for number in range(1_000):
        assert ids.admit(f"e{number}", 0.0)
        assert not ids.admit(f"e{max(0, number - 99)}", 0.0)
    assert len(ids.young) + sum(map(len, ids.old.values())) <= 200


@given(st.integers(0, 10_000))
def test_tickets_survive_a_snapshot(seed: int) -> None:
    """What is saved of tickets settles every later word as the tickets themselves would."""
    words = [event for event in random_events(seed, 60) if isinstance(event, Pos)]
    live, again = Tickets(DAY_S), Tickets(DAY_S)
    for word in words[:20]:
        list(live.resolve(word, START.timestamp()))
    again.restore(live.row())
    for word in words[20:]:
        settled = list(live.resolve(word, START.timestamp()))
        assert list(again.resolve(word, START.timestamp())) == settled
    assert again.row() == live.row()


def test_a_busy_stores_state_is_small() -> None:
    """A day of a busy shop whose devices number their messages stays within 64 KB."""
    settings = demo_settings()
    store = settings.sensors.stores[0]
    profiles = Profiles(settings.flows, settings.sensors)
    publisher = Publisher(Ledger(profiles.of(store.id)))
    day = demo_day(3)
    numbers: dict[str, int] = {}
    events = []
    for event in day.events:
        number = numbers[event.source] = numbers.get(event.source, 0) + 1
        events.append(msgspec.structs.replace(event, seq=number))
    largest = 0
    for index in range(0, len(events), 600):
        part = events[index : index + 600]
        publisher.ledger.take(part, part[-1].at)
        publisher.tick(part[-1].at)
        largest = max(largest, len(dump(publisher)))
    assert 20_000 < largest <= BUSY_BYTES
