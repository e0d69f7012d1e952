"""kill -9 of each stage at random moments of a day changes no fact and no incident."""

import random
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from functools import partial
from pathlib import Path

import msgspec
import pytest
import redis

from alerts.incident import Incident
from floorcast.replay import replay
from floorcast.replayed import Replayed
from floorcast.sources import live_log
from flows.facts import Fact
from flows.keyspace import facts_key
from sensors.clock import SystemClock
from sensors.keyspace import committed_key, log_key, partition_of
from sensors.simulation.faults import ConversionDrop, TillsClosed
from sensors.simulation.log_maker import log_entries
from sensors.streams import START, Entry, Position
from tests.days import demo_day, demo_settings, fact
from tests.ingest_process import Gateway, logged, wait_for
from tests.servers import Mosquitto, RedisServer
from tests.stages import (
    Stages,
    batched,
    day_totals,
    facts_in_redis,
    feed,
    incidents_in_redis,
    message_of,
    wait_until_at,
)

STORE = "riverside"
FAULTS = (ConversionDrop(at=time(14), minutes=120), TillsClosed(at=time(17), minutes=60))
CHUNKS = 24


@pytest.fixture
def stages(tmp_path: Path, redis_server: RedisServer) -> Iterator[Stages]:
    """Stages that end with the test."""
    made = Stages(tmp_path, redis_server.url)
    yield made
    made.end()


def expected(entries: list[Entry]) -> tuple[dict[str, Fact], dict[str, Incident]]:
    """What an undisturbed run of the same topologies gives."""
    result: Replayed = replay(entries, demo_settings())
    facts = {
        "|".join(part for part in (*name[1:4], name[4])) if name[4] else "|".join(name[1:4]): fact
        for name, fact in result.latest.items()
    }
    decode = msgspec.json.Decoder(Incident).decode
    incidents = map(decode, result.incident_lines(last=True))
    return facts, {incident.id: incident for incident in incidents}


def progress(client: redis.Redis, stage: str) -> Position:
    """How far a stage's snapshots have come."""
    partition = partition_of(STORE, 16)
    stream = log_key(partition) if stage == "floor" else facts_key(partition)
    said = client.hvals(committed_key(stream))
    return max((Position.parse(value) for value in said), default=START)  # type: ignore[union-attr]


def has_passed(client: redis.Redis, stage: str, position: Position) -> bool:
    """Whether a stage lives and works: its snapshots have moved on."""
    return progress(client, stage) > position


def alerts_reached(client: redis.Redis, at: datetime) -> bool:
    """Whether the alert dataflow has written what happened at an instant."""
    found = incidents_in_redis(client, STORE).values()
    return any(incident.updated_at >= at for incident in found)


@pytest.mark.servers
@pytest.mark.slow
@pytest.mark.parametrize("victim", ["floor", "alert"])
def test_kill_9_changes_nothing(victim: str, stages: Stages, redis_server: RedisServer) -> None:
    """Facts and incidents after three kills at random moments equal an undisturbed run's."""
    day = demo_day(faults=FAULTS)
    end = day.day.end + timedelta(minutes=30)
    entries = list(log_entries(day.deliveries, tick=timedelta(seconds=30), end=end))
    facts, incidents = expected(entries)
    assert any(incident.rule == "low-conversion" for incident in incidents.values())
    client = redis_server.client()
    reached = START
    fatal = random.Random(victim).sample(range(2, CHUNKS - 1), 3)
    for name in ("floor", "alert"):
        stages.start(name)
    size = -(-len(entries) // CHUNKS)
    for number in range(CHUNKS):
        if number in fatal:
            wait_for(partial(has_passed, client, victim, reached), within_s=60, what="progress")
        feed(client, entries[number * size : (number + 1) * size])
        if number in fatal:
            stages.kill(victim)
            reached = progress(client, victim)
            stages.start(victim)
    wait_until_at(client, STORE, [entry for entry in entries if entry.is_tick][-1])
    days = {fact.start.astimezone(day.store.tz).date() for fact in facts.values()}
    assert facts_in_redis(client, STORE, days) == facts
    last = max(i.updated_at for i in incidents.values() if i.state != "expired")
    wait_for(partial(alerts_reached, client, last), within_s=30, what="the last incident")
    found = incidents_in_redis(client, STORE)
    assert found == {name: incidents[name] for name in found}
    forgotten = [incidents[name] for name in incidents.keys() - found.keys()]
    assert all(incident.state in ("expired", "resolved") for incident in forgotten)


@pytest.mark.servers
@pytest.mark.slow
def test_kill_9_of_the_ingest_loses_nothing(
    tmp_path: Path, redis_server: RedisServer, mosquitto: Mosquitto
) -> None:
    """A day published at QoS 1 while ingest is killed three times is in the log, once after dedup."""
    yesterday = SystemClock().now() - timedelta(days=1)
    day = demo_day(day=yesterday.astimezone(demo_settings().sensors.stores[0].tz).date())
    messages = [message_of(chunk) for chunk in batched(day.events, 5)]
    stages = Stages(tmp_path, redis_server.url, mosquitto.port)
    client = redis_server.client()
    stages.start("ingest")
    wait_for(lambda: "mqtt-subscribed" in stages.said("ingest"), within_s=60, what="connected")
    with Gateway(mosquitto.port) as gateway:
        for life in range(1, 5):
            share = messages[(life - 1) * len(messages) // 4 : life * len(messages) // 4]
            held = client.memory_usage(log_key(partition_of(STORE, 16))) or 0
            gateway.send(share)
            wait_for(partial(log_grew, client, held), within_s=60, what="the log grows")
            if life < 4:
                stages.kill("ingest")
                stages.start("ingest")
        wait_for(lambda: gateway.acknowledged == len(messages), within_s=60, what="acknowledged")
        known = {event.id for event in day.events}
        wait_for(lambda: {event.id for event in logged(client)} >= known, within_s=60, what="all")
    stages.end()
    log = list(live_log(redis_server.url, 16))
    later = log[-1].received_at + timedelta(days=1)
    partition = partition_of(
        STORE, 16
    )  # its own last tick; the newest entry may be another partition's
    log.append(Entry(partition, Position(log[-1].position.ms + 1, 0), later, b""))
    result = replay(log, demo_settings())
    wanted = day_totals(day)
    assert {name: fact(result, name).value for name in wanted} == wanted


def log_grew(client: redis.Redis, held: int) -> bool:
    """Whether the store's log holds more than it did."""
    return (client.memory_usage(log_key(partition_of(STORE, 16))) or 0) > held  # type: ignore[operator]
