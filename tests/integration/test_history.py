"""What is final goes into files, once, whole, and is read back as it was published."""

# ruff: noqa: S608 - the SQL is made of this file's own words

import subprocess
import sys
import threading
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import msgspec
import polars as pl
import pytest
import redis

from alerts.incident import Incident, Step
from alerts.keyspace import incidents_key
from floorcast.errors import FloorcastError
from floorcast.history.follower import follow, sole
from floorcast.history.partitions import Partition, known, merge, writing
from floorcast.history.rows import fact_row
from floorcast.history.views import QueryError, opened, select
from floorcast.settings import Settings
from flows.facts import Fact, FactBatch, FactKey
from flows.keyspace import facts_key
from flows.profile import Profiles
from flows.sink import FactPartition
from sensors.keyspace import partition_of
from sensors.simulation.log_maker import log_entries
from tests.days import DAY, demo_day, demo_settings, demo_store
from tests.floor_runs import floor_batches
from tests.ingest_process import ROOT, wait_for
from tests.servers import RedisServer
from tests.stages import Stages

pytestmark = pytest.mark.servers
STORE = "riverside"
PARTITION = partition_of(STORE, 16)
TICK = timedelta(minutes=15)


@cache
def batches() -> list[FactBatch]:
    """What the floor says of a simulated day, until well after its end, and of the morning after."""
    settings, store = demo_settings(), demo_store()
    end = datetime.combine(DAY + timedelta(days=1), store.day_starts, tzinfo=store.tz)
    entries = log_entries(
        demo_day(visitors=150.0).deliveries, tick=TICK, end=end.astimezone(UTC) + timedelta(hours=2)
    )
    return floor_batches(list(entries), settings.flows, settings.sensors, batch_size=200)


def publish(client: redis.Redis, said: Iterable[FactBatch]) -> None:
    """Write batches as the floor does."""
    settings = demo_settings()
    profiles = Profiles(settings.flows, settings.sensors)
    sink = FactPartition(client, PARTITION, settings.flows, profiles, "0-0")
    chosen = [batch for batch in said if batch.store == STORE]
    for start in range(0, len(chosen), 20):
        sink.write_batch(chosen[start : start + 20])


def finals(said: Iterable[FactBatch]) -> list[Fact]:
    """Every final fact of a day or quarter of the simulated day, in the order they were published."""
    bounds = Profiles(demo_settings().flows, demo_settings().sensors).of(STORE)
    return [
        fact
        for batch in said
        for fact in batch.facts
        if fact.window in ("quarter", "day")
        and fact.state == "final"
        and bounds.date_of(int(fact.start.timestamp() // 60)) == DAY
    ]


def written(server: RedisServer, folder: Path) -> int:
    """Run the history to the streams' end."""
    settings = configured(server, folder)
    return follow(settings, server.url, folder / "history", threading.Event(), once=True)


def configured(server: RedisServer, folder: Path) -> Settings:
    """The demo's settings on this Redis and folder."""
    settings, replace = demo_settings(), msgspec.structs.replace
    own = replace(
        settings.floorcast,
        history_dir=str(folder / "history"), archive_dir=str(folder / "archive"),
    )  # fmt: skip
    sensors = replace(settings.sensors, redis=replace(settings.sensors.redis, url=server.url))
    return replace(settings, floorcast=own, sensors=sensors)


def ask(folder: Path, sql: str) -> pl.DataFrame:
    """The answer of the history in a folder."""
    with opened(folder / "history", folder / "archive") as connection:
        return select(connection, sql)


COLUMNS = (
    "metric, subject, start_at, end_at, value, text, unit, n, k, low, high, level, needs, coverage,"
    " revision, newest_at, as_of, reason"
)


def as_asked(facts: Iterable[Fact]) -> list[tuple[object, ...]]:
    """Facts as rows of ``COLUMNS``."""
    rows = [fact_row(fact, DAY) for fact in facts]
    return sorted(tuple(row[name] for name in COLUMNS.split(", ")) for row in rows)  # type: ignore[type-var]


def test_files_hold_the_final_facts_exactly(redis_server: RedisServer, tmp_path: Path) -> None:
    """DuckDB over a simulated day's files answers with its final facts exactly; a second run changes no file."""
    with redis_server.client() as client:
        publish(client, batches())
    assert written(redis_server, tmp_path) >= 2
    newest: dict[FactKey, Fact] = {fact.key: fact for fact in finals(batches())}
    assert len(newest) > 300
    for table, window in (("quarters", "quarter"), ("days", "day")):
        expected = as_asked(fact for fact in newest.values() if fact.window == window)
        found = ask(tmp_path, f"SELECT {COLUMNS} FROM {table} WHERE day = '{DAY}'").rows()
        assert sorted(found) == expected
    every = ask(tmp_path, f"SELECT {COLUMNS} FROM quarters_all WHERE day = '{DAY}'").rows()
    revisions = {(f.key, f.as_of): f for f in finals(batches()) if f.window == "quarter"}
    assert sorted(every) == as_asked(revisions.values())
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.parquet")}
    assert written(redis_server, tmp_path) == 0
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.parquet")} == before


def test_an_open_day_is_not_written(redis_server: RedisServer, tmp_path: Path) -> None:
    """Until its end and the settling time have passed a day has no file; staged facts survive into the next run."""
    said = batches()
    middle = len(said) // 2
    with redis_server.client() as client:
        publish(client, said[:middle])
        assert written(redis_server, tmp_path) == 0
        client.delete(facts_key(PARTITION))
        publish(client, said[middle:])
    assert written(redis_server, tmp_path) >= 2
    found = ask(tmp_path, f"SELECT {COLUMNS} FROM quarters WHERE day = '{DAY}'").rows()
    newest = {fact.key: fact for fact in finals(said) if fact.window == "quarter"}
    assert sorted(found) == as_asked(newest.values())


def test_what_the_stream_dropped_comes_from_the_series(
    redis_server: RedisServer, tmp_path: Path
) -> None:
    """A history that was away while the stream was trimmed still holds the newest revision of every final fact."""
    said = batches()
    with redis_server.client() as client:
        publish(client, said[:-3])
        client.delete(facts_key(PARTITION))
        publish(client, said[-3:])
    written(redis_server, tmp_path)
    newest = {fact.key: fact for fact in finals(said) if fact.window == "quarter"}
    found = ask(tmp_path, f"SELECT {COLUMNS} FROM quarters WHERE day = '{DAY}'").rows()
    assert sorted(found) == as_asked(newest.values())


def test_a_revision_after_final_keeps_the_older_row(
    redis_server: RedisServer, tmp_path: Path
) -> None:
    """A revised fact replaces the older one in its view, and both can be asked for by when they were known."""
    said = batches()
    last = max(said, key=lambda batch: batch.at)
    first = next(f for f in finals(said) if f.metric == "visitors" and not f.subject and f.value)
    late = last.at + timedelta(minutes=30)
    revised = msgspec.structs.replace(
        first, value=float(first.value or 0) + 7, revision=first.revision + 1, as_of=late
    )
    with redis_server.client() as client:
        publish(client, said)
        written(redis_server, tmp_path)
        batch = msgspec.structs.replace(last, at=late, position="9-9", facts=[revised])
        publish(client, [batch])
    assert written(redis_server, tmp_path) == 1
    table = "quarters" if first.window == "quarter" else "days"
    where = f"WHERE metric = 'visitors' AND subject = '' AND start_at = TIMESTAMPTZ '{first.start.isoformat()}'"
    value = "SELECT value, revision FROM"
    assert ask(tmp_path, f"{value} {table} {where}").rows() == [(revised.value, first.revision + 1)]
    before = f"{table}_as_of(TIMESTAMPTZ '{first.as_of.isoformat()}')"
    assert ask(tmp_path, f"{value} {before} {where}").rows() == [(first.value, first.revision)]
    assert ask(tmp_path, f"SELECT count(*) FROM {table}_all {where}").item() >= 2


def test_incidents_and_ledger(redis_server: RedisServer, tmp_path: Path) -> None:
    """An incident that has ended is in the history with its steps and in the ledger; one that is open is not."""
    at = datetime(DAY.year, DAY.month, DAY.day, 6, tzinfo=UTC)
    steps = [
        Step(n=0, at=at, kind="firing"),
        Step(n=1, at=at + timedelta(seconds=90), kind="acknowledged", actor="chen"),
        Step(n=2, at=at + timedelta(minutes=9), kind="resolved"),
    ]
    ended = Incident(
        id=f"{STORE}/queue-long/till:2/1", store=STORE, rule="queue-long", subject="till:2", severity="act",
        state="resolved", opened_at=at, updated_at=steps[-1].at, metric="queue_length", window="now",
        value=7.0, threshold=6.0, action="open-till", steps=steps,
    )  # fmt: skip
    still = msgspec.structs.replace(ended, id=f"{STORE}/queue-long/till:3/1", state="firing")
    with redis_server.client() as client:
        for incident in (ended, still):
            key = incidents_key(PARTITION, STORE)
            client.hset(key, incident.id, msgspec.json.encode(incident))
        publish(client, batches())
    written(redis_server, tmp_path)
    told = ask(tmp_path, "SELECT id, state, steps FROM incidents").rows()
    assert [(row[0], row[1]) for row in told] == [(ended.id, "resolved")]
    assert msgspec.json.decode(told[0][2], type=list[Step]) == steps
    assert ask(tmp_path, "SELECT actor, take_s, action FROM ledger").rows() == [
        ("chen", 90.0, "open-till")
    ]


WRITER = """
import sys
from datetime import date
from pathlib import Path
import polars as pl
from floorcast.history.partitions import Partition, replace
path = Partition("quarters", "north", date(2026, 11, 20)).path(Path(sys.argv[1]))
frames = [pl.DataFrame({"x": range(n, n + 400_000)}).select(pl.col("x").hash(n)) for n in (1, 2)]
replace(path, frames[0])
print("ready", flush=True)
while True:
    for frame in frames:
        replace(path, frame)
"""


def has_reached(path: Path, size: int) -> bool:
    """Whether a file that comes and goes is there and larger than this."""
    try:
        return path.stat().st_size > size
    except FileNotFoundError:
        return False


def test_kill_amid_writing_leaves_a_whole_file(tmp_path: Path) -> None:
    """Killed with SIGKILL at any moment of writing, the file is the old one or the new one, whole."""
    sizes = set()
    path = Partition("quarters", "north", DAY).path(tmp_path)
    unfinished = 0
    for trial in range(4):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, cwd=ROOT
        ) as process:
            assert process.stdout
            assert process.stdout.readline() == b"ready\n"
            part = path.with_name(f"{path.name}.unfinished")
            wait_for(lambda: has_reached(part, trial * 300_000))  # noqa: B023 - awaited here
            process.kill()
        unfinished += part.exists()
        sizes.add(pl.read_parquet(path)["x"].sum())
        assert len(sizes) <= 2
        assert [partition.day for partition in known(tmp_path)] == [DAY]
    assert unfinished


def test_kill_of_the_process_loses_nothing(redis_server: RedisServer, tmp_path: Path) -> None:
    """A history process killed with SIGKILL and started again ends with the files of an undisturbed one."""
    stages = Stages(tmp_path, redis_server.url)
    text = stages.config.read_text().replace(
        'history_dir = ".floorcast/history"', f'history_dir = "{tmp_path}/history"'
    )
    stages.config.write_text(text)
    said = batches()
    try:
        with redis_server.client() as client:
            stages.start("history")
            publish(client, said[: len(said) // 2])
            staging = tmp_path / "history" / "staging.sqlite3"
            wait_for(lambda: staging.exists() and staging.with_name(f"{staging.name}-wal").exists())
            stages.kill("history")
            publish(client, said[len(said) // 2 :])
            stages.start("history")
            day = Partition("days", STORE, DAY).path(tmp_path / "history")
            wait_for(day.exists, what=stages.said("history"))
            stages.kill("history")
    finally:
        stages.end()
    written(redis_server, tmp_path)
    newest = {fact.key: fact for fact in finals(said) if fact.window == "quarter"}
    found = ask(tmp_path, f"SELECT {COLUMNS} FROM quarters WHERE day = '{DAY}'").rows()
    assert sorted(found) == as_asked(newest.values())


def test_retention(redis_server: RedisServer, tmp_path: Path) -> None:
    """Files of days older than the settings keep are deleted by the log's clock; the others stay."""
    old = Partition("days", STORE, DAY - timedelta(days=2_000))
    row = fact_row(finals(batches())[0], old.day)
    with writing(tmp_path / "history"):
        assert merge(tmp_path / "history", old, [row])
        assert not merge(tmp_path / "history", old, [row])
    with redis_server.client() as client:
        publish(client, batches())
    written(redis_server, tmp_path)
    days = {partition.day for partition in known(tmp_path / "history")}
    assert DAY in days
    assert old.day not in days


def test_only_one_history(tmp_path: Path) -> None:
    """A second history process of a folder is refused in one line."""
    with sole(tmp_path), pytest.raises(FloorcastError, match="another"), sole(tmp_path):
        pass


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_text('/etc/hostname')",
        "SELECT * FROM glob('/etc/*')",
        "COPY (SELECT 1) TO '{history}/made.csv'",
        "EXPLAIN ANALYZE COPY (SELECT 1) TO '{history}/made.csv'",
        "SELECT 1; DROP VIEW quarters",
        "CREATE TABLE made (a INT)",
        "ATTACH '{history}/made.db'",
        "SET enable_external_access = true",
        "INSTALL httpfs",
        "SELECT nothing FROM nowhere",
    ],
)
def test_query_reads_nothing_else_and_writes_nothing(tmp_path: Path, sql: str) -> None:
    """Whatever is no SELECT over the history, or reaches outside it, is refused in one line and leaves no file."""
    (tmp_path / "history").mkdir()
    with pytest.raises(QueryError):
        ask(tmp_path, sql.format(history=tmp_path / "history"))
    assert list(tmp_path.rglob("made*")) == []


def test_an_empty_history_answers(tmp_path: Path) -> None:
    """Before the first day is over every table is there, typed and empty."""
    names = {"quarters", "days", "hours", "weeks", "incidents", "ledger", "events"}
    assert names <= set(ask(tmp_path, "SHOW TABLES")["name"].to_list())
    for name in names:
        assert ask(tmp_path, f"SELECT * FROM {name}").height == 0
