"""The floor dataflow between a real Redis log and real Redis facts: resumed after a kill, ended by SIGTERM."""

import os
import signal
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest
import redis

from flows.facts import Fact, FactBatch
from flows.keyspace import facts_key, through_key
from sensors.keyspace import log_key, partition_of
from sensors.streams import Entry, Position
from tests.floor_runs import START, entries_of, floor_batches, newest, random_events
from tests.servers import RedisServer

pytestmark = pytest.mark.servers
PARTITION = partition_of("north", 16)
_line = msgspec.json.Decoder(FactBatch).decode

PROGRAM = """
import sys
from flows.settings import FlowsSettings
from flows.topology import run
from tests.floor_runs import SENSORS
run(FlowsSettings(snapshot_s=0.1, recovery_dir=sys.argv[2]), SENSORS, sys.argv[1])
"""


def _append(client: "redis.Redis", entries: list[Entry]) -> None:
    pipe = client.pipeline(transaction=False)
    for entry in entries:
        fields = {"t": round(entry.received_at.timestamp() * 1000)}
        if entry.lines:
            fields["e"] = entry.lines
        pipe.xadd(log_key(entry.partition), fields, id=str(entry.position))
    pipe.execute()


def _start(server: RedisServer, folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, server.url, str(folder / "recovery")],
        cwd=Path(__file__).parents[2], env={**os.environ, "PYTHONPATH": "."},
    )  # fmt: skip


def _progress(client: "redis.Redis", entry: Entry) -> None:
    """Until the store's clock has reached an entry; at most 30 s."""
    last = "0"
    for _ in range(300):
        at = client.hget(f"clock:{{{PARTITION}}}:north", "position")
        if at and Position.parse(at) >= entry.position:
            return
        read = client.xread({facts_key(PARTITION): last}, block=100, count=1000)
        if read:
            last = read[0][1][-1][0]
    pytest.fail(f"no facts up to {entry.position}")


def _told_through_silence(client: "redis.Redis", last: Entry) -> bool:
    """Whether ticks that concern no store move how far the floor says that it has come; within 30 s."""
    clock = client.hget(f"clock:{{{PARTITION}}}:north", "at")
    for second in range(1, 59):
        at = last.received_at + timedelta(seconds=second)
        position = Position(round(at.timestamp() * 1000), 0)
        _append(client, [Entry(PARTITION, position, at, b"")])
        client.xread({facts_key(PARTITION): "$"}, block=500)
        through = client.get(through_key(PARTITION))
        if through and datetime.fromisoformat(through.decode()) > last.received_at:
            return client.hget(f"clock:{{{PARTITION}}}:north", "at") == clock
    return False


def _facts(client: "redis.Redis") -> dict[tuple[str, ...], Fact]:
    """The newest fact under each key of the stream; a position taken before is dropped, as its readers do."""
    batches = []
    for _, fields in client.xrange(facts_key(PARTITION)):
        for line in fields[b"e"].splitlines():
            batch = _line(line)
            if batch.store == "north":
                batches.append(batch)
    return {
        key: msgspec.structs.replace(fact, as_of=START) for key, fact in newest(batches).items()
    }


def test_a_kill_changes_no_fact(redis_server: RedisServer, tmp_path: Path) -> None:
    """Killed twice amid a log, the floor ends with an undisturbed run's facts; SIGTERM ends it with exit code 0."""
    entries = entries_of([(e.at, e) for e in random_events(11, 300)])
    entries = [entry for entry in entries if entry.partition == PARTITION]
    with redis_server.client() as client:
        third = len(entries) // 3
        for cut in (slice(0, third), slice(third, 2 * third)):
            process = _start(redis_server, tmp_path)
            _append(client, entries[cut])
            ticks = [
                entry for entry in entries[cut] if entry.is_tick and entry.received_at.second == 0
            ]
            _progress(client, ticks[len(ticks) // 2])
            process.kill()
            process.wait(30)
        process = _start(redis_server, tmp_path)
        _append(client, entries[2 * third :])
        _progress(client, entries[-1])
        assert _told_through_silence(client, entries[-1])
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        expected = {
            key: msgspec.structs.replace(fact, as_of=START)
            for key, fact in newest(floor_batches(entries)).items()
            if fact.store == "north"
        }
        held = _facts(client)
        final = {key for key, fact in expected.items() if fact.state == "final"}
        assert len(final) > 50
        assert {key: held[key] for key in final} == {key: expected[key] for key in final}
        latest = client.hgetall(f"latest:{{{PARTITION}}}:north")
        assert b"visitors||60m" in latest
        series = list(client.scan_iter(f"series:{{{PARTITION}}}:north:*"))
        stored = {
            msgspec.json.decode(v, type=Fact).key for key in series for v in client.hvals(key)
        }
        assert final <= stored
