"""The floor on one worker, then four, then one again, with its state kept; and how soon it ends when told to."""

import os
import signal
import time
from pathlib import Path

import msgspec
import pytest
import redis

from flows.facts import Fact, FactBatch
from flows.keyspace import facts_key
from sensors.keyspace import partition_of
from tests.floor_process import append, last_minutes, reached, start
from tests.floor_runs import START, entries_of, floor_batches, newest, random_events
from tests.ingest_process import wait_for
from tests.servers import RedisServer

pytestmark = pytest.mark.servers
STORES = ("north", "south", "west")
_line = msgspec.json.Decoder(FactBatch).decode


def _final(client: "redis.Redis") -> dict[tuple[object, ...], Fact]:
    batches = [
        _line(line)
        for partition in {partition_of(store, 16) for store in STORES}
        for _, fields in client.xrange(facts_key(partition))  # type: ignore[union-attr]
        for line in fields[b"e"].splitlines()
    ]
    return _finals([batch for batch in batches if batch.store in STORES])


def _finals(batches: list[FactBatch]) -> dict[tuple[object, ...], Fact]:
    return {
        key: msgspec.structs.replace(fact, as_of=START)
        for key, fact in newest(batches).items()
        if fact.state == "final" and key.store in STORES
    }


def test_a_rescale_from_one_worker_to_four_and_back_keeps_every_number(
    redis_server: RedisServer, tmp_path: Path
) -> None:
    """Final facts are an undisturbed run's; each SIGTERM ends it cleanly, within a second on a free machine."""
    events = random_events(12, 400, stores=STORES)
    entries = entries_of([(event.at, event) for event in events])
    third, took = len(entries) // 3, []
    with redis_server.client() as client:
        for part, workers in enumerate((1, 4, 1)):
            share = entries[part * third : (part + 1) * third if part < 2 else None]
            process = start(redis_server, tmp_path, workers)
            append(client, share)
            ticks = last_minutes(share)
            last = {store: ticks[partition_of(store, 16)].position for store in STORES}
            wait_for(lambda last=last: reached(client, last), within_s=60, what="the share")  # type: ignore[misc]
            since = time.monotonic()
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
            took.append(time.monotonic() - since)
        expected = _finals(floor_batches(entries))
        assert len(expected) > 150
        held = _final(client)
        assert {key: held.get(key) for key in expected} == expected
    if os.getloadavg()[0] <= (os.cpu_count() or 1):
        assert max(took) <= 1.0
