"""The live log in Redis, archived, is the log."""

import threading
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from floorcast.archive import Archive, prune, read_manifest, verify
from floorcast.recorder import follow
from floorcast.replay import replay
from floorcast.sources import open_log
from floorcast.up import readers_of_the_log
from sensors.clock import to_ms
from sensors.keyspace import log_key
from sensors.simulation.log_maker import log_entries
from sensors.streams import Entry
from tests.days import DAY, TICK, demo_day, demo_settings, demo_store
from tests.servers import RedisServer

pytestmark = pytest.mark.servers


def fill(server: RedisServer, entries: Iterable[Entry]) -> None:
    """Append entries under the positions they have."""
    pipe = server.client().pipeline(transaction=False)
    for entry in entries:
        fields: dict[bytes, bytes | int] = {b"t": to_ms(entry.received_at)}
        if entry.lines:
            fields[b"e"] = entry.lines
        pipe.xadd(log_key(entry.partition), fields, id=str(entry.position))  # type: ignore[arg-type]
    pipe.execute()


def recorded(server: RedisServer, folder: Path) -> Archive:
    archive = Archive(folder, [demo_store().id], demo_settings().sensors.log.partitions)
    follow(archive, server.url, threading.Event(), once=True)
    return archive


@pytest.fixture
def entries() -> list[Entry]:
    day = demo_day(visitors=200)
    return list(log_entries(day.deliveries, tick=TICK, end=day.day.end + timedelta(hours=1)))


def lines_of(entries: Iterable[Entry]) -> list[bytes]:
    return [line for entry in entries for line in entry.lines.split(b"\n") if line]


def test_an_archive_recorded_in_two_runs_replays_as_the_log(
    redis_server: RedisServer, tmp_path: Path, entries: list[Entry]
) -> None:
    """Recording that stops mid-hour and starts again archives every entry of every closed hour once, in order."""
    folder = tmp_path / "archive"
    fill(redis_server, entries[: len(entries) // 2])
    recorded(redis_server, folder)
    fill(redis_server, entries[len(entries) // 2 :])
    recorded(redis_server, folder)
    assert list(verify(folder)) == []
    log = list(open_log([str(folder)], demo_settings()).entries)
    assert log == entries[: len(log)]
    assert {line for line in lines_of(entries) if b'"footfall"' in line or b'"pos"' in line} <= set(
        lines_of(log)
    )
    first, last = read_manifest(folder)[0], read_manifest(folder)[-1]
    assert last.hour - first.hour == timedelta(hours=len(read_manifest(folder)) - 1)


def test_live_and_archive_replay_to_the_same_facts(
    redis_server: RedisServer, tmp_path: Path, entries: list[Entry]
) -> None:
    """The log read from Redis and its archive give the same facts and incidents."""
    closed = [
        e for e in entries if e.received_at < datetime(DAY.year, DAY.month, DAY.day, 16, tzinfo=UTC)
    ]
    fill(redis_server, entries)
    recorded(redis_server, tmp_path)
    archived = replay(
        open_log([str(tmp_path)], demo_settings()).entries, demo_settings(), keep="all"
    )
    live = open_log([redis_server.url], demo_settings()).entries
    bounded = replay([e for e, _ in zip(live, closed, strict=False)], demo_settings(), keep="all")
    assert list(archived.fact_lines(last=False))[:500] == list(bounded.fact_lines(last=False))[:500]
    assert archived.totals.events >= bounded.totals.events > 1_000


def test_verify_names_what_is_wrong(
    redis_server: RedisServer, tmp_path: Path, entries: list[Entry]
) -> None:
    """A flipped bit, a missing file and one that was never closed are each told with their file."""
    fill(redis_server, entries)
    recorded(redis_server, tmp_path)
    paths = [tmp_path / archived.path for archived in read_manifest(tmp_path)]
    raw = bytearray(paths[10].read_bytes())
    raw[len(raw) // 2] ^= 1
    paths[10].write_bytes(raw)
    paths[11].unlink()
    stray = paths[0].with_name("stray.jsonl.zst.unfinished")
    stray.touch()
    flaws = sorted(verify(tmp_path))
    assert [flaw.split(": ")[0] for flaw in flaws] == sorted(
        map(str, (paths[10], paths[11], stray))
    )
    assert any("byte 0: damaged" in flaw for flaw in flaws)


def test_prune_deletes_old_hours_only(
    redis_server: RedisServer, tmp_path: Path, entries: list[Entry]
) -> None:
    """Files older than asked are gone from folder and manifest, the rest stays whole."""
    fill(redis_server, entries)
    recorded(redis_server, tmp_path)
    before = read_manifest(tmp_path)
    now = before[-1].hour + timedelta(hours=1)
    gone = prune(tmp_path, timedelta(hours=5), now)
    kept = read_manifest(tmp_path)
    assert len(kept) in (5, 6)
    assert [*gone, *kept] == before
    assert list(verify(tmp_path)) == []


def test_recording_prunes_by_the_log_s_own_time(
    redis_server: RedisServer, tmp_path: Path, entries: list[Entry]
) -> None:
    """With a retention, files that are too old are gone as new ones are closed; the log's present end stays whole."""
    fill(redis_server, entries)
    archive = Archive(tmp_path, [demo_store().id], demo_settings().sensors.log.partitions)
    follow(archive, redis_server.url, threading.Event(), once=True, keep=timedelta(hours=5))
    kept = read_manifest(tmp_path)
    assert kept == archive.closed[-len(kept) :]
    assert 5 <= len(kept) <= 6 < len(archive.closed)
    assert list(verify(tmp_path)) == []


def test_up_records_a_shop_s_log_but_no_demo_s() -> None:
    """Recording is a child of up unless switched off; a demo's log, which begins anew each time, is not kept."""
    settings = demo_settings()

    def stages(**changes: bool) -> list[str]:
        own = msgspec.structs.replace(settings.floorcast, **changes)
        return readers_of_the_log(msgspec.structs.replace(settings, floorcast=own))

    assert stages(demo=False) == ["floor", "alert", "screen", "history", "record"]
    assert "record" not in stages(demo=True)
    assert "record" not in stages(demo=False, record=False)
    assert "history" not in stages(demo=False, history=False)
