"""The same log gives the same bytes."""

import hashlib
import heapq
from datetime import timedelta

import msgspec
from msgspec.structs import replace

from floorcast.replay import replay
from floorcast.replayed import Replayed
from sensors.simulate import simulate_day
from sensors.simulation.delivery import duplicated
from sensors.simulation.faults import NAMED
from sensors.simulation.log_maker import log_entries
from tests.days import DAY, demo_settings, demo_store

SHOPS = 3
TICK = timedelta(minutes=30)


class Whose(msgspec.Struct):
    """Of which store a line speaks."""

    store: str


def digest(result: Replayed) -> str:
    """Of every fact and incident line in order; every shop has facts, and there are incidents."""
    sha = hashlib.sha256()
    told: list[set[str]] = []
    for lines in (result.fact_lines(last=False), result.incident_lines(last=False)):
        told.append(set())
        for line in lines:
            sha.update(line + b"\n")
            told[-1].add(msgspec.json.decode(line, type=Whose).store)
    assert len(told[0]) == SHOPS
    assert told[1]
    return sha.hexdigest()


def test_a_replay_gives_the_same_bytes_with_any_number_of_workers() -> None:
    """Facts and incidents of several shops are the same bytes with one, two and four workers."""
    settings = demo_settings()
    stores = [replace(demo_store(), id=f"shop-{n}") for n in range(SHOPS)]
    settings = replace(settings, sensors=replace(settings.sensors, stores=stores))
    products = settings.sensors.ranges[stores[0].range]
    faults = [NAMED["conversion-drop"], NAMED["till-queue"]]
    days = [
        simulate_day(store, products, DAY, 7 + n, visitors=80, faults=faults)
        for n, store in enumerate(stores)
    ]
    told = heapq.merge(*(day.deliveries for day in days), key=lambda told: told.received_at)
    entries = list(log_entries(duplicated(list(told), 1), tick=TICK))
    results = [replay(entries, settings, workers=w, keep="all") for w in (1, 2, 4)]
    assert len({digest(result) for result in results}) == 1
