"""The event log and its bytewax source on a real Redis."""

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import bytewax.operators as op
import pytest
from bytewax.dataflow import Dataflow
from bytewax.recovery import RecoveryConfig, init_db_dir
from bytewax.testing import TestingSink, cluster_main, run_main

from sensors.clock import from_ms
from sensors.event_log import Batch, append, committed, is_full, last_received_at, read, trim
from sensors.keyspace import committed_key, log_key
from sensors.stream_source import StreamSource, connect, parse_entry
from sensors.streams import Entry, Position
from tests.ingest_process import wait_for
from tests.servers import RedisServer

pytestmark = pytest.mark.servers
AT = datetime(2026, 11, 22, 9, tzinfo=UTC)


def batches(count: int, partitions: int = 4) -> list[Batch]:
    """Numbered batches, dealt out over the partitions."""
    return [Batch(n % partitions, b"%d" % n, AT + timedelta(seconds=n)) for n in range(count)]


def source(server: RedisServer, **more: object) -> "StreamSource[Entry]":
    """Entries of four partitions, up to the present end unless told otherwise."""
    options = {"follow": False} | more
    return StreamSource(server.url, log_key, parse_entry, range(4), **options)  # type: ignore[arg-type]


def flow(stream: "StreamSource[Entry]", out: list[Entry]) -> Dataflow:
    """Entries into a list."""
    made = Dataflow("test")
    op.output("out", op.input("in", made, stream), TestingSink(out))
    return made


def test_append_and_read(redis_server: RedisServer) -> None:
    """What is appended is read in order with its time; a tick has no lines."""
    client = connect(redis_server.url)
    said = [Batch(1, b'{"a":1}\n{"a":2}', AT), Batch(1, b"", AT + timedelta(milliseconds=1))]
    places = append(client, said)
    assert [tuple(entry) for entry in read(client, 1, count=1)] == [
        (1, places[0], AT, said[0].lines),
        (1, places[1], AT + timedelta(milliseconds=1), b""),
    ]
    assert [entry.is_tick for entry in read(client, 1)] == [False, True]
    assert last_received_at(client, range(4)) == AT + timedelta(milliseconds=1)
    assert last_received_at(client, [0]) is None


def test_a_full_redis_is_an_answer(redis_server: RedisServer) -> None:
    """With its memory full Redis refuses, which is an answer and no exception."""
    client = connect(redis_server.url)
    client.config_set("maxmemory", 1)
    assert [is_full(answer) for answer in append(client, batches(3))] == [True] * 3


def test_retention_stops_at_the_slowest_consumer(redis_server: RedisServer) -> None:
    """Old entries go, but none that some consumer has not committed."""
    client = connect(redis_server.url)
    places = append(client, [Batch(0, b"%d" % n, AT) for n in range(1000)])
    client.hset(committed_key(log_key(0)), "fast", str(places[900]))
    client.hset(committed_key(log_key(0)), "slow", str(places[500]))
    assert committed(client, [0, 1]) == {0: places[500], 1: None}
    later = from_ms(places[-1].ms)  # type: ignore[union-attr]
    keep = {"now": later + timedelta(days=3), "retention": timedelta(days=2)}
    trimmed = trim(client, range(4), hold=timedelta(days=7), **keep)  # type: ignore[arg-type]
    assert 0 < trimmed.entries <= 500
    assert (trimmed.slowest, trimmed.passed_over) == ("slow", [])
    assert 86_000 < trimmed.held_back_s < 87_000
    assert next(read(client, 0)).position <= places[500]
    before = {"now": AT - timedelta(days=9999), "retention": timedelta(0)}
    assert trim(client, range(4), hold=timedelta(days=7), **before).entries == 0  # type: ignore[arg-type]


def test_a_consumer_that_is_gone_does_not_hold_the_log_for_ever(redis_server: RedisServer) -> None:
    """Beyond the limit the log goes on without a consumer: it is named once and forgotten, the others are kept for."""
    client = connect(redis_server.url)
    places = append(client, [Batch(0, b"%d" % n, AT) for n in range(1000)])
    assert isinstance(places[0], Position)
    now = from_ms(places[0].ms) + timedelta(days=8)
    client.hset(committed_key(log_key(0)), "gone", str(places[100]))
    client.hset(committed_key(log_key(0)), "alive", f"{places[0].ms + 8 * 86_400_000}-0")
    keep = {"now": now, "retention": timedelta(days=2), "hold": timedelta(days=7)}
    trimmed = trim(client, range(4), **keep)  # type: ignore[arg-type]
    assert trimmed.passed_over == [("gone", 0, places[100])]
    assert trimmed.entries >= 900
    assert client.hkeys(committed_key(log_key(0))) == [b"alive"]
    assert trim(client, range(4), **keep).passed_over == []  # type: ignore[arg-type]


@pytest.mark.parametrize("workers", [1, 2])
def test_every_entry_once_and_in_order(redis_server: RedisServer, workers: int) -> None:
    """Any number of workers read each partition's entries once, in order, to the present end."""
    append(connect(redis_server.url), batches(2000))
    out: list[Entry] = []
    cluster_main(flow(source(redis_server), out), [], 0, worker_count_per_proc=workers)
    for partition in range(4):
        mine = [int(entry.lines) for entry in out if entry.partition == partition]
        assert mine == list(range(partition, 2000, 4))


def test_resumes_behind_what_it_has_handed_out(redis_server: RedisServer, tmp_path: Path) -> None:
    """With a recovery store a second run reads on where the first ended, none twice, none left out."""
    client = connect(redis_server.url)
    init_db_dir(tmp_path, 1)
    store = RecoveryConfig(str(tmp_path))
    out: list[Entry] = []
    for start in (0, 100, 200):
        append(client, batches(300)[start : start + 100])
        run_main(
            flow(source(redis_server), out), epoch_interval=timedelta(0), recovery_config=store
        )
    assert sorted(int(entry.lines) for entry in out) == list(range(300))


def test_begins_where_told(redis_server: RedisServer) -> None:
    """Without resume state reading begins behind the given position."""
    places = append(connect(redis_server.url), [Batch(0, b"%d" % n, AT) for n in range(10)])
    assert isinstance(places[6], Position)
    out: list[Entry] = []
    run_main(flow(source(redis_server, after=places[6]), out))
    assert [entry.lines for entry in out] == [b"7", b"8", b"9"]


def test_follows_through_a_redis_restart_until_told_to_stop(
    redis_server: RedisServer, tmp_path: Path
) -> None:
    """A following source waits out a restart of Redis, says what it has committed, and ends when told."""
    client = connect(redis_server.url)
    stop = threading.Event()
    out: list[Entry] = []
    following = source(redis_server, follow=True, stop=stop, consumer="floor")
    init_db_dir(tmp_path, 1)
    often = {
        "epoch_interval": timedelta(milliseconds=10),
        "recovery_config": RecoveryConfig(str(tmp_path)),
    }
    run = threading.Thread(target=run_main, args=(flow(following, out),), kwargs=often, daemon=True)
    run.start()
    append(client, batches(100))
    wait_for(lambda: len(out) == 100)
    redis_server.stop()
    redis_server.start()
    places = append(client, batches(200)[100:])
    wait_for(lambda: len(out) == 200)
    wait_for(lambda: committed(client, [3])[3] == places[-1], within_s=30, what="committed")
    stop.set()
    run.join(20)
    assert not run.is_alive()
    assert [int(entry.lines) for entry in out if entry.partition == 3] == list(range(3, 200, 4))
