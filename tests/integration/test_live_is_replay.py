"""What a day gave live, with restarts, a backlog, an acknowledgement and a setting, its recording gives again."""

import hashlib
import threading
from collections.abc import Iterable, Iterator
from datetime import time, timedelta
from functools import partial
from pathlib import Path

import msgspec
import pytest
import redis

from alerts.incident import Incident
from floorcast.archive import Archive, verify
from floorcast.recorder import follow
from floorcast.replay import replay
from floorcast.replayed import name_of
from floorcast.sources import open_log
from flows.facts import Fact
from flows.keyspace import facts_key
from sensors.corrections import Correction, target_of
from sensors.events import Command, Footfall
from sensors.keyspace import committed_key, log_key, partition_of
from sensors.simulation.delivery import Delivery, held_back
from sensors.simulation.faults import ConversionDrop
from sensors.simulation.log_maker import log_entries
from sensors.streams import START, Entry, Position
from tests.days import demo_day, demo_settings
from tests.ingest_process import wait_for
from tests.servers import RedisServer
from tests.stages import Stages, facts_in_redis, feed, incidents_in_redis, wait_until_at

STORE = "riverside"
TICK = timedelta(minutes=4)
CHUNKS = 8
_encode = msgspec.json.Encoder().encode


def digest(facts: dict[str, Fact], incidents: Iterable[Incident]) -> str:
    """Of the newest facts by name and of the incidents that fired, with all their steps."""
    fired = {i.id: i for i in incidents if any(step.kind == "firing" for step in i.steps)}
    lines = [_encode((name, facts[name])) for name in sorted(facts)]
    lines += [_encode(fired[name]) for name in sorted(fired)]
    return hashlib.sha256(b"\n".join(lines)).hexdigest()


def of_archive(folder: Path, workers: int) -> tuple[dict[str, Fact], list[Incident], str]:
    """The newest facts and the incidents of a replay, and a digest of every line it gave."""
    log = open_log([str(folder)], demo_settings()).entries
    result = replay(log, demo_settings(), workers=workers, keep="all")
    sha, facts = hashlib.sha256(), {}
    for line in result.fact_lines(last=False):
        sha.update(line + b"\n")
        fact = msgspec.json.decode(line, type=Fact)
        name = name_of(fact)
        facts["|".join((*name[1:4], name[4]) if name[4] else name[1:4])] = fact
    for line in result.incident_lines(last=False):
        sha.update(line + b"\n")
    told = [msgspec.json.decode(line, type=Incident) for line in result.incident_lines(last=True)]
    return facts, told, sha.hexdigest()


@pytest.fixture
def stages(tmp_path: Path, redis_server: RedisServer) -> Iterator[Stages]:
    """Stages that end with the test."""
    made = Stages(tmp_path, redis_server.url)
    yield made
    made.end()


@pytest.fixture(scope="module")
def entries() -> list[Entry]:
    """A day with doors offline for two hours, an incident somebody acknowledged, and a setting somebody changed."""
    day = demo_day(visitors=900, faults=[ConversionDrop(at=time(14), minutes=150)])
    start = day.day.start + timedelta(hours=11)
    late = held_back(
        day.deliveries, start, start + timedelta(hours=2),
        lambda event: isinstance(event, Footfall) and event.door == "mall",
    )  # fmt: skip
    counted = start - timedelta(hours=1)  # by hand, at the main door
    audit = Correction(factor=1.25, low=1.1, high=1.4, by_hand=50, by_sensor=40, minutes=30)
    setting = Command(
        at=counted, store=STORE, source="commands", id="setting-1", actor="chen", action="setting",
        target=target_of("main", "in"), note=_encode(audit).decode(),
    )  # fmt: skip
    late = sorted([*late, Delivery(counted, setting)], key=lambda delivery: delivery.received_at)
    end = day.day.end + timedelta(minutes=59)
    first = replay(log_entries(late, tick=TICK, end=end), demo_settings(), keep="none")
    fired = next(
        incident
        for line in first.incident_lines(last=True)
        for incident in [msgspec.json.decode(line, type=Incident)]
        if any(step.kind == "firing" for step in incident.steps)
        and incident.rule == "low-conversion"
    )
    at = next(step.at for step in fired.steps if step.kind == "firing") + timedelta(minutes=2)
    seen = Command(
        at=at,
        store=STORE,
        source="commands",
        id="ack-1",
        actor="chen",
        action="ack",
        target=fired.id,
    )
    told = sorted([*late, Delivery(at, seen)], key=lambda delivery: delivery.received_at)
    return list(log_entries(told, tick=TICK, end=end))


def committed(client: redis.Redis, stage: str) -> Position:
    """How far a stage's snapshots have come."""
    partition = partition_of(STORE, 16)
    stream = log_key(partition) if stage == "floor" else facts_key(partition)
    said = client.hvals(committed_key(stream))
    return max((Position.parse(value) for value in said), default=START)  # type: ignore[union-attr]


def is_level(client: redis.Redis, stage: str) -> bool:
    """Whether a stage's snapshots have come to the end of what it reads."""
    partition = partition_of(STORE, 16)
    stream = log_key(partition) if stage == "floor" else facts_key(partition)
    ((newest, _),) = client.xrevrange(stream, count=1)  # type: ignore[misc]
    return committed(client, stage) == Position.parse(newest)


@pytest.mark.servers
@pytest.mark.slow
def test_a_day_lived_is_the_day_replayed(
    stages: Stages, redis_server: RedisServer, tmp_path: Path, entries: list[Entry]
) -> None:
    """Live facts and incidents, and those of its archive replayed with 1, 2 and 4 workers, have one digest."""
    client = redis_server.client()
    for name in ("floor", "alert"):
        stages.start(name)
    size = -(-len(entries) // CHUNKS)
    for number in range(CHUNKS):
        victim = {2: "floor", 4: "alert", 6: "floor"}.get(number)
        reached = committed(client, victim) if victim else START
        feed(client, entries[number * size : (number + 1) * size])
        if victim:
            wait_for(
                partial(lambda v, r: committed(client, v) > r, victim, reached),
                within_s=60, what=f"{victim} works",
            )  # fmt: skip
            stages.kill(victim)
            stages.start(victim)
    wait_until_at(client, STORE, entries[-1])
    for name in ("floor", "alert"):  # the tick that closes the last hour is for the archive alone
        wait_for(partial(is_level, client, name), within_s=60, what=f"{name} at the end")
        stages.kill(name)
    closing = entries[-1].received_at + timedelta(hours=1)
    closing_ms = entries[-1].position.ms + 3_600_000
    feed(client, [Entry(entries[-1].partition, Position(closing_ms, 0), closing, b"")])
    archive = Archive(tmp_path / "archive", [STORE], demo_settings().sensors.log.partitions)
    follow(archive, redis_server.url, threading.Event(), once=True)
    assert list(verify(archive.folder)) == []
    results = {workers: of_archive(archive.folder, workers) for workers in (1, 2, 4)}
    assert len({result[2] for result in results.values()}) == 1
    facts, told, _ = results[1]
    assert any(step.actor == "chen" for incident in told for step in incident.steps)
    assert any("by_counter" in fact.detail for fact in facts.values())  # the setting was obeyed
    zone = demo_settings().sensors.stores[0].tz
    days = {fact.start.astimezone(zone).date() for fact in facts.values()}
    lived_facts = facts_in_redis(client, STORE, days)
    lived_incidents = incidents_in_redis(client, STORE).values()
    fired = {i.id: i for i in told if any(step.kind == "firing" for step in i.steps)}
    unlike = [(n, lived_facts.get(n), facts.get(n)) for n in sorted(lived_facts.keys() | facts.keys())
              if lived_facts.get(n) != facts.get(n)]  # fmt: skip
    assert unlike[:2] == []
    assert {i.id: i for i in lived_incidents if any(s.kind == "firing" for s in i.steps)} == fired
    lived = digest(lived_facts, lived_incidents)
    for facts, told, _ in results.values():
        assert digest(facts, told) == lived
