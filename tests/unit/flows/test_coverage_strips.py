"""The minutes of the day as the sensors page shows them: covered, filled in, missing; and outages of devices."""

import re
from datetime import datetime, timedelta
from functools import cache

import pytest

from flows.facts import Fact
from flows.ledger import Ledger
from flows.measures.coverage import strip
from flows.profile import Profiles
from flows.publish import Publisher
from sensors.events import Event, Footfall, Status
from tests.floor_runs import FLOWS, SENSORS, START

NINE = START + timedelta(hours=12)  # 09:00 of the next day at a shop that opens at midnight


def passing(door: str, at: datetime, people: int) -> Footfall:
    """Somebody comes through a door."""
    return Footfall(
        at=at, store="north", source=f"cam-{door}", id=f"{door}{at}", door=door, entered=people
    )


@cache
def lived(*, silent: range, busy: int) -> dict[str, Fact]:
    """A morning at two doors, the second one silent for some of its minutes; the newest facts by metric and subject."""
    floor = Publisher(Ledger(Profiles(FLOWS, SENSORS).of("north")))
    newest: dict[str, Fact] = {}
    for minute in range(121):
        at = NINE + timedelta(minutes=minute)
        events: list[Event] = [passing("a", at, busy)]
        if minute not in silent:
            events.append(passing("b", at, busy))
        floor.ledger.take(events, at)
        for fact in floor.tick(at + timedelta(seconds=30)):
            if fact.metric in ("minutes_covered", "device_outage"):
                newest[f"{fact.metric}|{fact.subject}|{fact.start:%H:%M}"] = fact
    return newest


def words(facts: dict[str, Fact], subject: str) -> str:
    """A subject's minutes, one letter each."""
    fact = next(f for f in facts.values() if (f.metric, f.subject) == ("minutes_covered", subject))
    runs = re.findall(r"([cim])(\d+)", str(fact.detail["strip"]))
    return "".join(word * int(length) for word, length in runs)


def test_a_silent_door_is_missing_then_filled_in() -> None:
    """A busy door's silence is filled in from its first minute; the store's minute is as bad as its worst door's."""
    facts = lived(silent=range(30, 90), busy=3)
    a, b, store = (words(facts, subject) for subject in ("door:a", "door:b", ""))
    assert len(a) == len(b) == len(store)
    morning = slice(-121, None)
    assert set(a[morning]) == {"c"}
    assert b[morning] == "c" * 30 + "i" * 60 + "c" * 31
    assert store[morning] == b[morning]
    told = next(f for f in facts.values() if f.subject == "door:b" and f.state == "imputed")
    assert told.value == pytest.approx(b.count("c") / len(b), abs=1e-6)
    assert (told.evidence.k, told.evidence.n) == (b.count("c"), len(b))


def test_a_quiet_door_is_merely_covered_no_longer() -> None:
    """Where chance explains the silence nothing is filled in: what lies beyond the declared silence is missing."""
    silent_m = int(FLOWS.lateness.sensor_silent_s // 60)
    facts = lived(silent=range(30, 60), busy=0)
    b = words(facts, "door:b")[-121:]
    assert b == "c" * (30 + silent_m) + "m" * (30 - silent_m) + "c" * 61


def test_an_outage_is_told_once_and_stands() -> None:
    """A device that is silent has one fact from its last word to its next; afterwards it is told no more."""
    facts = lived(silent=range(30, 90), busy=3)
    outages = [f for f in facts.values() if f.metric == "device_outage"]
    assert [(f.subject, f.value) for f in outages] == [("device:cam-b", "silent")]
    assert (outages[0].start, outages[0].end) == (
        NINE + timedelta(minutes=30), NINE + timedelta(minutes=90),
    )  # fmt: skip


def test_a_device_that_says_it_is_offline() -> None:
    """Its outage begins when it said so, not after its declared silence."""
    floor = Publisher(Ledger(Profiles(FLOWS, SENSORS).of("north")))
    said = Status(at=NINE, store="north", source="cam-a", id="s", state="offline")
    floor.ledger.take([said, passing("b", NINE, 1)], NINE)
    facts = floor.tick(NINE + timedelta(minutes=2))
    outage = next(f for f in facts if f.metric == "device_outage")
    assert (outage.value, outage.reason) == ("offline", "said_so")
    assert outage.start == NINE + timedelta(minutes=1)


def test_run_lengths() -> None:
    """Nothing is nothing, and a run of a thousand is one word."""
    assert strip("") == ""
    assert strip("c" * 1000 + "m") == "c1000m1"
