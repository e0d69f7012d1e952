"""What shops' day gave live, with restarts, backlogs, acknowledgements and a setting, its recording gives again."""

import hashlib
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest
import redis

from alerts.incident import Incident
from floorcast.archive import Archive, verify
from floorcast.recorder import follow
from floorcast.replay import replay
from floorcast.replayed import Replayed, name_of
from floorcast.sources import open_log
from flows.facts import Fact
from flows.keyspace import facts_key
from flows.publish import ALIGNED
from sensors.keyspace import committed_key, log_key, partition_of
from sensors.streams import START, Entry, Position
from tests.days import DAY
from tests.ingest_process import wait_for
from tests.live_shops import PARTITIONS, STORES, Lived, fired_of, live_shops
from tests.servers import RedisServer
from tests.stages import Stages, facts_in_redis, feed, incidents_in_redis, wait_until_at

CHUNKS = 8
VICTIMS = {2: "floor", 4: "alert", 6: "floor"}  # killed after that chunk of the log
HOUR = timedelta(hours=1)
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_encode = msgspec.json.Encoder().encode
_fact = msgspec.json.Decoder(Fact).decode
_incident = msgspec.json.Decoder(Incident).decode


class Told(NamedTuple):
    """Of all shops: the newest facts by store and the name a screen reads, and the incidents that fired."""

    facts: dict[tuple[str, str], Fact]
    fired: dict[str, Incident]

    @property
    def digest(self) -> str:
        """Of all of it, with every step of the incidents."""
        lines = [_encode((name, self.facts[name])) for name in sorted(self.facts)]
        lines += [_encode(self.fired[name]) for name in sorted(self.fired)]
        return hashlib.sha256(b"\n".join(lines)).hexdigest()


def once(fact: Fact) -> Fact:
    """A restarted floor says what is not final once more: of that, when it was said is left out."""
    if fact.state == "final":
        return fact
    span = (fact.start, fact.end) if fact.window in ALIGNED else (LONG_AGO, LONG_AGO)
    return msgspec.structs.replace(fact, as_of=LONG_AGO, newest_at=None, start=span[0], end=span[1])


def told_again(result: Replayed) -> tuple[Told, str]:
    """What a replay's lines come to, and a digest of every line."""
    sha, facts = hashlib.sha256(), {}
    for line in result.fact_lines(last=False):
        sha.update(line + b"\n")
        fact = _fact(line)
        store, *name, start = name_of(fact)
        facts[store, "|".join([*name, start] if start else name)] = once(fact)
    for line in result.incident_lines(last=False):
        sha.update(line + b"\n")
    incidents = map(_incident, result.incident_lines(last=True))
    return Told(facts, fired_of(incidents)), sha.hexdigest()


def told_live(client: redis.Redis, days: set[object]) -> Told:
    """What a screen could read."""
    facts = {
        (store, name): once(fact)
        for store in STORES
        for name, fact in facts_in_redis(client, store, days).items()
    }
    incidents = (i for store in STORES for i in incidents_in_redis(client, store).values())
    return Told(facts, fired_of(incidents))


def read_by(stage: str, partition: int) -> str:
    """The stream a stage reads."""
    return log_key(partition) if stage == "floor" else facts_key(partition)


def committed(client: redis.Redis, stage: str, partition: int) -> Position:
    """How far a stage's snapshots have come."""
    said = client.hvals(committed_key(read_by(stage, partition)))
    return max((Position.parse(value) for value in said), default=START)  # type: ignore[union-attr]


def is_level(client: redis.Redis, stage: str, partition: int) -> bool:
    """Whether a stage's snapshots have come to the end of what it reads."""
    ((newest, _),) = client.xrevrange(read_by(stage, partition), count=1)  # type: ignore[misc]
    return committed(client, stage, partition) == Position.parse(newest)


@pytest.fixture
def stages(tmp_path: Path, redis_server: RedisServer, lived: Lived) -> Iterator[Stages]:
    """Stages that end with the test."""
    made = Stages(tmp_path, redis_server.url, base=lived.base)
    yield made
    made.end()


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Lived:
    """The shops' day."""
    return live_shops(tmp_path_factory.mktemp("shops"))


def live(client: redis.Redis, stages: Stages, entries: list[Entry]) -> None:
    """The day as it happens: a share of the log at a time, after some of which a stage is killed with -9."""
    for name in ("floor", "alert"):
        stages.start(name)
    size = -(-len(entries) // CHUNKS)
    for number in range(CHUNKS):
        victim = VICTIMS.get(number)
        reached = {p: committed(client, victim, p) if victim else START for p in PARTITIONS}
        feed(client, entries[number * size : (number + 1) * size])
        if victim:
            for p in PARTITIONS:
                wait_for(
                    partial(lambda v, p, r: committed(client, v, p) > r, victim, p, reached[p]),
                    within_s=240, what=f"{victim} works",
                )  # fmt: skip
            stages.kill(victim)
            stages.start(victim)
    last = {entry.partition: entry for entry in entries}
    for store in STORES:
        wait_until_at(client, store, last[partition_of(store, 16)], within_s=240)
    for name in ("floor", "alert"):
        for p in PARTITIONS:
            wait_for(partial(is_level, client, name, p), within_s=240, what=f"{name} at the end")
        stages.kill(name)


def archived(client: redis.Redis, url: str, lived: Lived, folder: Path) -> Path:
    """The log as ``record`` keeps it; a tick that no stage sees any more closes the last hour."""
    for entry in {entry.partition: entry for entry in lived.entries}.values():
        closing = Position(entry.position.ms + 3_600_000, 0)
        feed(client, [Entry(entry.partition, closing, entry.received_at + HOUR, b"")])
    archive = Archive(folder, list(STORES), lived.settings.sensors.log.partitions)
    follow(archive, url, threading.Event(), once=True)
    assert list(verify(folder)) == []
    return folder


@pytest.mark.servers
@pytest.mark.slow
@pytest.mark.timeout(900)  # five starts of a stage, and three replays
def test_a_day_lived_is_the_day_replayed(
    stages: Stages, redis_server: RedisServer, tmp_path: Path, lived: Lived
) -> None:
    """Live facts and incidents, and those of its archive replayed with 1, 2 and 4 workers, have one digest."""
    client, settings = redis_server.client(), lived.settings
    live(client, stages, lived.entries)
    folder = archived(client, redis_server.url, lived, tmp_path / "archive")
    results = {
        workers: told_again(
            replay(open_log([str(folder)], settings).entries, settings, workers=workers, keep="all")
        )
        for workers in (1, 2, 4)
    }
    assert len({lines for _, lines in results.values()}) == 1
    again, _ = results[1]
    assert {s.actor for i in again.fired.values() for s in i.steps if i.store == "harbour"} >= {
        "chen"
    }
    assert sum(fact.state == "final" for fact in again.facts.values()) > 1_000
    assert any(
        "by_counter" in fact.detail for fact in again.facts.values()
    )  # the setting was obeyed
    days = {DAY + timedelta(days=n) for n in range(-1, 9)}
    lived_through = told_live(client, days)
    names = sorted(lived_through.facts.keys() | again.facts.keys())
    unlike = [n for n in names if lived_through.facts.get(n) != again.facts.get(n)]
    assert [(n, lived_through.facts.get(n), again.facts.get(n)) for n in unlike[:2]] == []
    assert lived_through.fired == again.fired
    assert {told.digest for told, _ in results.values()} == {lived_through.digest}
