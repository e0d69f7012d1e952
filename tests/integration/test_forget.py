"""What is to be forgotten is nowhere any more, and the rest is as it was."""

import threading
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import msgspec
import polars as pl
import pytest
import redis
import zstandard

from floorcast.archive import Archive, verify
from floorcast.forget import forget
from floorcast.forgetting.subject import Done, Subject
from floorcast.history.follower import follow
from floorcast.history.partitions import Partition, merge, writing
from floorcast.history.rows import fact_row
from floorcast.recorder import follow as record
from floorcast.settings import Settings
from flows.facts import Fact, FactBatch
from flows.keyspace import clock_key, facts_key, latest_key, series_key
from sensors.event_log import read
from sensors.events import Footfall, Pos
from sensors.keyspace import dead_key, device_key, log_key
from sensors.streams import Entry, Position
from tests.floor_runs import START, shop
from tests.ingest_process import wait_for
from tests.servers import RedisServer

pytestmark = pytest.mark.servers
MEMBER, OTHER = "5f2c9a0d31e84b7c9d1f0a2b3c4d5e6f", "0000aaaa31e84b7c9d1f0a2b3c4d5e6f"
GONE, STAYS = "harbour", "lakeside"


def events() -> list[Pos | Footfall]:
    """Tickets of two members in two stores over four hours, and visitors."""
    made: list[Pos | Footfall] = []
    for minute in range(240):
        store = (GONE, STAYS)[minute % 2]
        at = START + timedelta(minutes=minute)
        common = {"at": at, "store": store, "source": f"device-of-{store}", "id": f"{minute}"}
        made.append(Footfall(**common, door="a", entered=2))  # type: ignore[arg-type]
        made.append(
            Pos(
                **common, till="1", transaction=f"t{minute}", net_minor=500,  # type: ignore[arg-type]
                member=(MEMBER, OTHER, None)[minute % 3],
            )
        )  # fmt: skip
    return made


def filled(server: RedisServer, folder: Path) -> Settings:
    """A shop with log, archives, facts, history, dead letters and devices of both stores and both members."""
    settings = settings_on(server, folder)
    with server.client() as client:
        for number, event in enumerate(events()):
            line = msgspec.json.encode(event)
            ms = round(event.at.timestamp() * 1000)
            client.xadd(log_key(0), {"t": ms, "e": line}, id=f"{ms}-{number}")
        for store, member in ((GONE, MEMBER), (STAYS, OTHER)):
            client.xadd(
                dead_key(0),
                {
                    "store": store,
                    "topic": f"floor/v1/{store}/events/x",
                    "raw": f'{{"member":"{member}"',
                    "t": 5,
                },
            )
            client.hset(device_key(0), f"{store}/device-of-{store}", "{}")
            fact = Fact(
                store=store, metric="visitors", window="day", start=START, end=START + timedelta(hours=4),
                value=90, unit="people", as_of=START + timedelta(hours=5), state="final",
            )  # fmt: skip
            batch = FactBatch(store=store, partition=0, position="7-7", at=fact.as_of, facts=[fact])
            client.xadd(facts_key(0), {"e": msgspec.json.encode(batch)})
            client.hset(latest_key(0, store), "visitors||day", msgspec.json.encode(fact))
            client.hset(
                series_key(0, store, START.date()), "visitors||day|x", msgspec.json.encode(fact)
            )
            client.hset(clock_key(0, store), "position", "7-7")
            with writing(folder / "history"):
                merge(
                    folder / "history",
                    Partition("days", store, START.date()),
                    [fact_row(fact, START.date())],
                )
    archive = Archive(folder / "archive", [GONE, STAYS], 1)
    record(archive, server.url, threading.Event(), once=True)
    assert len(archive.closed) >= 4
    follow(settings, server.url, folder / "history", threading.Event(), once=True)
    return settings


def settings_on(server: RedisServer, folder: Path) -> Settings:
    """Two stores on one partition."""
    raw = {
        "sensors": {"redis": {"url": server.url, "embedded_dir": str(folder)}, "log": {"partitions": 1}},
        "flows": {"recovery_dir": str(folder / "floor")},
        "alerts": {"recovery_dir": str(folder / "alerts")},
        "floorcast": {"archive_dir": str(folder / "archive"), "history_dir": str(folder / "history")},
    }  # fmt: skip
    made = msgspec.convert(raw, Settings)
    return msgspec.structs.replace(
        made, sensors=msgspec.structs.replace(made.sensors, stores=[shop(GONE), shop(STAYS)])
    )


def traces(server: RedisServer, folder: Path, word: str) -> set[str]:
    """Where a word stands: keys and values in Redis, names and contents of files, read as their formats say."""
    found: set[str] = set()
    with server.client() as client:
        for key in client.scan_iter():
            if word.encode() in key or word.encode() in repr(_value(client, key)).encode():
                found.add(key.decode())
    for path in folder.rglob("*"):
        if path.is_file() and (word in path.as_posix() or word.encode() in _content(path)):
            found.add(str(path.relative_to(folder)))
    return found


def _value(client: redis.Redis, key: bytes) -> object:
    kind = client.type(key)
    if kind == b"stream":
        return client.xrange(key)
    return client.hgetall(key) if kind == b"hash" else client.get(key)


def _content(path: Path) -> bytes:
    if path.suffix == ".zst":
        with path.open("rb") as file:
            return zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True).read()
    if path.suffix == ".parquet":
        return pl.read_parquet(path).write_csv().encode()
    return path.read_bytes()


def settled(server: RedisServer) -> None:
    """Until Redis has written its append-only file anew."""
    with server.client() as client:
        busy = ("aof_rewrite_in_progress", "aof_rewrite_scheduled")
        wait_for(lambda: not any(client.info("persistence")[name] for name in busy))


def forgotten(settings: Settings, subject: Subject, *, dry_run: bool = False) -> list[Done]:
    return list(forget(settings, subject, dry_run=dry_run))


def in_log(server: RedisServer) -> list[Entry]:
    with server.client() as client:
        return list(read(client, 0))


def test_a_member_leaves_no_trace(redis_server: RedisServer, tmp_path: Path) -> None:
    """No file and no key holds the member's hash; tickets and other members stay, archives verify."""
    settings = filled(redis_server, tmp_path)
    assert len(traces(redis_server, tmp_path, MEMBER)) >= 4
    others = traces(redis_server, tmp_path, OTHER)
    before = in_log(redis_server)
    looked = forgotten(settings, Subject(member=MEMBER), dry_run=True)
    assert in_log(redis_server) == before
    done = forgotten(settings, Subject(member=MEMBER))
    settled(redis_server)
    assert traces(redis_server, tmp_path, MEMBER) == set()
    assert {(d.where, d.number) for d in looked} == {
        (d.where, d.number) for d in done if "append" not in d.where
    }
    assert others <= traces(redis_server, tmp_path, OTHER) | {"appendonlydir"} | _aof(others)
    after = in_log(redis_server)
    assert [e.position for e in after] == [e.position for e in before]
    assert sum(b'"net_minor":500' in e.lines for e in after) == 240
    assert list(verify(tmp_path / "archive")) == []
    assert sum(d.number for d in forgotten(settings, Subject(member=MEMBER))) == 0


def _aof(names: Iterable[str]) -> set[str]:
    """Append-only files of Redis are renamed when written anew."""
    return {name for name in names if name.startswith("appendonlydir")}


def test_a_store_leaves_no_trace(redis_server: RedisServer, tmp_path: Path) -> None:
    """No file, file name, key or value bears the store's name; the other store's log, archives and history stand."""
    settings = filled(redis_server, tmp_path)
    assert len(traces(redis_server, tmp_path, GONE)) >= 10
    kept = [e for e in in_log(redis_server) if STAYS.encode() in e.lines]
    forgotten(settings, Subject(store=GONE))
    settled(redis_server)
    assert traces(redis_server, tmp_path, GONE) == set()
    assert [e for e in in_log(redis_server) if not e.is_tick] == kept
    assert list(verify(tmp_path / "archive")) == []
    assert Partition("days", STAYS, START.date()).path(tmp_path / "history").exists()


def test_before_a_day_only(redis_server: RedisServer, tmp_path: Path) -> None:
    """With a day given, what lies on or after it stays; the store goes on."""
    settings = filled(redis_server, tmp_path)
    day = (START + timedelta(days=1)).date()
    forgotten(settings, Subject(store=GONE, before=day))
    left = [e for e in in_log(redis_server) if GONE.encode() in e.lines]
    assert left
    assert all(msgspec.json.decode(e.lines)["at"] >= day.isoformat() for e in left)
    with redis_server.client() as client:
        assert client.exists(latest_key(0, GONE))
        assert not client.exists(series_key(0, GONE, START.date()))


def test_a_log_that_grows_meanwhile_loses_nothing(
    redis_server: RedisServer, tmp_path: Path
) -> None:
    """Entries appended while the log is rewritten are all in it afterwards, in their order."""
    settings = filled(redis_server, tmp_path)
    stop, appended = threading.Event(), list[bytes]()

    def append() -> None:
        with redis_server.client() as client:
            while not stop.is_set():
                appended.append(client.xadd(log_key(0), {"t": 1}))
                stop.wait(0.001)

    writer = threading.Thread(target=append)
    writer.start()
    forgotten(settings, Subject(member=MEMBER))
    stop.set()
    writer.join()
    positions = [e.position for e in in_log(redis_server)]
    assert positions == sorted(positions)
    assert {Position.parse(at) for at in appended} <= set(positions)
