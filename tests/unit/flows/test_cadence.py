"""How often open windows are read: what a measure's cadence leaves out, and what it never does."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import pytest

import flows.publish
from flows.cadence import begun, cadences
from flows.facts import Fact, FactBatch
from flows.measure import measures
from flows.profile import minute_of
from sensors.streams import Entry
from tests.floor_runs import START, entries_of, floor_batches, random_events

Key = tuple[str, str, str, datetime | None]
SLOW = {(m.metric, w): m.cadence_over(w) for m in measures() for w in m.windows if m.cadence > 1}
END = START + timedelta(hours=2)


def log() -> list[Entry]:
    """An hour and a half of every kind of event, with a tick each ten seconds."""
    return entries_of([(event.at, event) for event in random_events(3, 400)], until=END)


def north() -> list[FactBatch]:
    """What the floor says of the log's store."""
    return [batch for batch in floor_batches(log()) if batch.store == "north"]


@pytest.fixture(scope="module")
def batches() -> list[FactBatch]:
    """What the floor says of the log."""
    return north()


@pytest.fixture(scope="module")
def each_minute() -> list[FactBatch]:
    """What it says where every cadence begins with every minute."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flows.publish, "begun", lambda _before, _minute: frozenset(cadences()))
        return north()


def held(batches: Iterable[FactBatch]) -> dict[datetime, dict[Key, object]]:
    """What holds of slow measures after each tick on which five minutes begin, of those whose turn it is."""
    known: dict[Key, tuple[datetime, object]] = {}
    found: dict[datetime, dict[Key, object]] = {}
    for batch in batches:
        for fact in batch.facts:
            if (fact.metric, fact.window) in SLOW:
                start = fact.start if fact.window in ("quarter", "day") else None
                said = fact.value, fact.evidence, fact.coverage, fact.reason, fact.detail
                known[fact.metric, fact.subject, fact.window, start] = fact.end, said
        if batch.at.second == 0 and minute_of(batch.at) % 5 == 0:
            moment = batch.at + timedelta(minutes=1)
            found[batch.at] = {
                key: said
                for key, (end, said) in known.items()
                if minute_of(batch.at) % SLOW[key[0], key[2]] == 0  # type: ignore[index]
                and (
                    key[2] not in ("15m", "60m") or end == moment
                )  # what left one is not told again
            }
    return found


def test_a_slow_measure_holds_at_its_cadence_what_it_would_have_said_each_minute(
    batches: list[FactBatch], each_minute: list[FactBatch]
) -> None:
    """Whenever five minutes begin, what holds of a slow measure is what holds where it is read each minute."""
    slow, quick = held(batches), held(each_minute)
    assert len(slow) > 20
    assert len(quick[END]) > 40
    assert slow == quick


def test_a_slow_measure_is_silent_between(batches: list[FactBatch]) -> None:
    """An open window of a slow measure is told on a tick on which five minutes begin, and on no other."""
    told = {
        batch.at
        for batch in batches
        for fact in batch.facts
        if fact.state == "live" and (fact.metric, fact.window) in SLOW and fact.window != "quarter"
    }
    assert told
    assert all(at.second == 0 and minute_of(at) % 5 == 0 for at in told)


def closed(batches: Iterable[FactBatch]) -> list[Fact]:
    return [
        fact for batch in batches for fact in batch.facts if fact.state in ("settling", "final")
    ]


def test_what_closes_a_window_waits_for_no_cadence(
    batches: list[FactBatch], each_minute: list[FactBatch]
) -> None:
    """Closed windows are told on the same ticks, with the same numbers, whatever the cadences."""
    assert closed(batches) == closed(each_minute)
    assert len(closed(batches)) > 300


def test_a_cadence_that_a_coarse_tick_stepped_over_begins_with_it() -> None:
    """A tick behind the minute that five divide reads what that minute would have read; within five there is none."""
    assert 5 in begun(1_003, 1_007)
    assert 5 in begun(1_004, 1_005)
    assert 5 not in begun(1_005, 1_009)
