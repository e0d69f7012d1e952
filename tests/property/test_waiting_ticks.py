"""A tick that brings nothing to be told at once is counted with the next: nothing that is told may show it."""

import random
from collections import Counter
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from flows.cadence import told_at_once
from flows.facts import FactBatch
from flows.publish import Publisher
from sensors.streams import Entry
from tests.floor_runs import FLOWS, START, entries_of, floor_batches, random_events

BETWEEN = replace(
    FLOWS, lateness=replace(FLOWS.lateness, settle_s=95)
)  # windows settle within a minute
LATE_S = (0, 0, 0, 0, 5, 70, 1_500, 5_000)  # from the event to its arrival; most come at once


def log(seed: int, count: int) -> list[Entry]:
    """Every kind of event; some are so late that quarters have closed."""
    draw = random.Random(seed)
    late = [timedelta(seconds=draw.choice(LATE_S)) for _ in range(count)]
    events = random_events(seed, count)
    arrivals = [(event.at + wait, event) for event, wait in zip(events, late, strict=True)]
    return entries_of(arrivals, until=START + timedelta(hours=3))


def without_waiting(entries: list[Entry]) -> list[FactBatch]:
    """What is said where every tick is looked at."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Publisher, "_can_wait", lambda _publisher, _at: False)
        return floor_batches(entries, BETWEEN)


@given(st.integers(0, 10_000), st.integers(20, 250))
@settings(max_examples=12, deadline=None)
def test_what_waits_shows_in_nothing_that_is_told(seed: int, count: int) -> None:
    """Every batch holds the same facts as where no tick waits, late and corrected events among them."""
    entries = log(seed, count)
    assert floor_batches(entries, BETWEEN) == without_waiting(entries)


def test_ticks_do_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of ticks within a minute some wait and some do not: else the law above would hold of nothing."""
    asked: Counter[bool] = Counter()
    plain = Publisher._can_wait

    def noted(publisher: Publisher, at: datetime) -> bool:
        answer = plain(publisher, at)
        asked[answer] += 1
        return answer

    monkeypatch.setattr(Publisher, "_can_wait", noted)
    floor_batches(log(3, 250))
    assert min(asked[True], asked[False]) > 20
    assert "footfall" in told_at_once()
    assert "dwell" not in told_at_once()
