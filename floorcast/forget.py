"""A member's or a store's data, deleted wherever it is kept: archives, history, Redis, recovery stores (edge).

A member is taken off the tickets, which stay: their money and units are the shop's, and name nobody any more. A store
goes whole. Streams and files are rewritten beside their names and moved there, so that a crash leaves the old or the
new; running it again finishes what was left.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import redis
from redis.exceptions import NoPermissionError, WatchError

from alerts.incident import Incident, Notice
from alerts.keyspace import incidents_key, outbox_key
from floorcast.archive import Archived, checksum, locked, read_manifest, write_manifest
from floorcast.history.partitions import delete, known, writing
from floorcast.history.staging import FILE, Staging
from floorcast.recording import RecordingWriter, read_recording
from floorcast.settings import Settings
from flows.keyspace import clock_key, facts_key, latest_key
from sensors.keyspace import dead_key, device_key, log_key, partition_of
from sensors.streams import Entry

Fields = Mapping[bytes, bytes]
Edit = Callable[[Fields], tuple[Fields, int]]
"""What becomes of an entry's fields (empty deletes it), and how much of it changed."""

COUNT = 500  # entries read or written in one round trip


class Done(NamedTuple):
    """What was deleted in one place, or would be; ``what`` with its unit, ready to read."""

    where: str
    what: str
    number: int


class _Said(msgspec.Struct):
    store: str = ""
    at: datetime | None = None
    member: str | None = None


_said = msgspec.json.Decoder(_Said)


class Subject(NamedTuple):
    """Whose data: a member (by hash) or a store, of business days before one where that is given."""

    member: str = ""
    store: str = ""
    before: date | None = None

    def change(self, line: bytes) -> bytes | None:
        """What becomes of a JSON line (an event, a fact batch) of the log, of the facts or of an archive."""
        wanted = self.member or self.store
        if wanted.encode() not in line:
            return line
        said = _said.decode(line)
        if self.before and said.at and said.at >= self.until:
            return line
        if self.store:
            return None if said.store == self.store else line
        return _without_member(line) if said.member == self.member else line

    @property
    def until(self) -> datetime:
        """The instant of ``before``: its midnight in UTC."""
        return datetime.combine(self.before or date.max, time.min, tzinfo=UTC)

    def covers(self, day: date) -> bool:
        """Whether a day is meant."""
        return self.before is None or day < self.before


def _without_member(line: bytes) -> bytes:
    event = msgspec.json.decode(line, type=dict[str, msgspec.Raw])
    del event["member"]
    return msgspec.json.encode(event)


def forget(settings: Settings, subject: Subject, *, dry_run: bool = False) -> Iterator[Done]:
    """Delete, or count what would be; one ``Done`` a place.

    Args:
        settings: where everything is kept; Redis must be reachable.
        subject: whose.
        dry_run: look only.

    Raises:
        redis.RedisError: Redis cannot be reached.
        OSError: a file cannot be written.
    """
    own = settings.floorcast
    yield archives(Path(own.archive_dir), subject, dry_run=dry_run)
    if subject.store:
        yield history(Path(own.history_dir), subject, dry_run=dry_run)
    yield from in_redis(settings, subject, dry_run=dry_run)
    if subject.store and subject.before is None:
        folders = settings.flows.recovery_dir, settings.alerts.recovery_dir
        yield recovery(map(Path, folders), subject.store, dry_run=dry_run)


def archives(folder: Path, subject: Subject, *, dry_run: bool) -> Done:
    """Raw archives: a store's hours go, a member's hours are written anew with a new checksum."""
    if not folder.is_dir():
        return Done("archives", "files", 0)
    with locked(folder):
        manifest = read_manifest(folder)
        fresh: list[Archived] = []
        gone: list[Path] = []
        for archived in manifest:
            if subject.store:
                if archived.store == subject.store and subject.covers(archived.hour.date()):
                    gone.append(folder / archived.path)
                else:
                    fresh.append(archived)
            else:
                fresh.append(_rewritten(folder, archived, subject, dry_run=dry_run))
        changed = len(gone) + sum(a != b for a, b in zip(manifest, fresh, strict=False) if not gone)
        if changed and not dry_run:
            write_manifest(folder, fresh)
            for path in gone:
                path.unlink(missing_ok=True)
    return Done("archives", "files", changed)


def _rewritten(folder: Path, archived: Archived, subject: Subject, *, dry_run: bool) -> Archived:
    """An archive without a member; itself where it does not name them."""
    path = folder / archived.path
    entries = list(read_recording(path))
    cleaned = [_cleaned(entry, subject) for entry in entries]
    if cleaned == entries and checksum(path) == archived.sha256:
        return archived
    if dry_run:
        return msgspec.structs.replace(archived, sha256="")
    with RecordingWriter(path) as writer:
        for entry in cleaned:
            writer.write(entry)
    return msgspec.structs.replace(
        archived, sha256=checksum(path), bytes=path.stat().st_size, events=writer.events
    )


def _cleaned(entry: Entry, subject: Subject) -> Entry:
    lines = [subject.change(line) for line in entry.lines.split(b"\n")] if entry.lines else []
    return entry._replace(lines=b"\n".join(line for line in lines if line))


def history(folder: Path, subject: Subject, *, dry_run: bool) -> Done:
    """The Parquet files of a store, and what waits to be written."""
    if not folder.is_dir():
        return Done("history", "files", 0)
    staging = Staging(folder) if (folder / FILE).exists() else None
    with writing(folder):
        files = [p for p in known(folder, "*", subject.store) if subject.covers(p.day)]
        count = len(files) + (staging.count(subject.store, subject.before) if staging else 0)
        if not dry_run:
            if staging:
                staging.forget(subject.store, subject.before)
            delete(folder, files)
            for place in folder.glob(f"*/store={subject.store}"):
                for left in place.glob("*.unfinished"):
                    left.unlink()
                if not any(place.iterdir()):
                    place.rmdir()
    if staging:
        staging.close()
    return Done("history", "files and waiting facts", count)


def in_redis(settings: Settings, subject: Subject, *, dry_run: bool) -> Iterator[Done]:
    """Log, dead letters and, of a store, everything else that bears its name."""
    client = redis.Redis.from_url(settings.sensors.redis.url)
    partitions = settings.sensors.log.partitions
    mine = [partition_of(subject.store, partitions)] if subject.store else range(partitions)
    try:
        total = 0
        lines, letters = partial(_edited_lines, subject), partial(_edited_letter, subject)
        streams = [
            ("log", "lines", map(log_key, mine), lines),
            ("facts", "lines", map(facts_key, mine if subject.store else ()), lines),
            ("dead letters", "entries", map(dead_key, {0, *mine}), letters),
        ]
        for where, what, keys, edit in streams:
            count = sum(rewrite(client, key, edit, dry_run=dry_run) for key in keys)
            yield Done(f"redis {where}", what, count)
            total += count
        if subject.store:
            count = _keys_of_store(client, mine[0], subject, dry_run=dry_run)
            yield Done("redis keys", "keys, fields and notices", count)
            total += count
        if total and not dry_run:
            yield _compacted(client)
    finally:
        client.close()


def rewrite(client: "redis.Redis", key: str, edit: Edit, *, dry_run: bool) -> int:
    """Edit a stream's entries in place, each under its own position; how many lines or entries changed.

    The new stream is built beside the old one, which may grow meanwhile, and takes its name in one step. An entry
    that was only deleted (XDEL) would stay in its node of the stream, and so in what Redis saves.
    """
    fresh = f"{key}:rewritten"
    client.delete(fresh)
    after, changed = "-", 0
    while True:
        count, after = _copy(client, key, fresh, after, edit, dry_run=dry_run)
        changed += count
        if not _is_end(client, key, after):
            continue
        if dry_run or not changed:
            client.delete(fresh)
            return changed
        with client.pipeline(transaction=True) as pipe:
            try:
                pipe.watch(key)  # type: ignore[no-untyped-call]
                if not _is_end(client, key, after):
                    continue
                about: Any = pipe.xinfo_stream(key)
                last = about["last-generated-id"]
                pipe.multi()
                if after == "-" or not client.exists(fresh):  # nothing is left: an empty stream
                    pipe.xadd(fresh, {"e": ""}, id=last)
                    pipe.xdel(fresh, last)
                pipe.execute_command("XSETID", fresh, last)  # type: ignore[no-untyped-call]
                pipe.rename(fresh, key)
                pipe.execute()
            except WatchError:
                continue
        return changed


def _copy(
    client: "redis.Redis", key: str, fresh: str, after: str, edit: Edit, *, dry_run: bool
) -> tuple[int, str]:
    """Append the next entries to the new stream; how much of them changed, and where to go on."""
    rows: Any = client.xrange(key, min=after, count=COUNT)
    pipe = client.pipeline(transaction=False)
    changed = 0
    for position, fields in rows:
        content, count = edit(fields)
        changed += count
        if content and not dry_run:
            pipe.xadd(fresh, content, id=position)  # type: ignore[arg-type]
        after = f"({position.decode()}"
    pipe.execute()
    return changed, after


def _edited_lines(subject: Subject, fields: Fields) -> tuple[Fields, int]:
    """An entry of log or facts with its lines changed; one left without lines is a tick, or nothing."""
    if b"e" not in fields:
        return fields, 0
    old = fields[b"e"].split(b"\n")
    new = [subject.change(line) for line in old]
    lines = b"\n".join(line for line in new if line)
    kept = {name: value for name, value in fields.items() if name != b"e"}
    changed = sum(before != now for before, now in zip(old, new, strict=True))
    return kept | ({b"e": lines} if lines else {}), changed


def _edited_letter(subject: Subject, fields: Fields) -> tuple[Fields, int]:
    """A dead letter keeps raw bytes: one of the store, or that holds the member's hash, goes."""
    return ({}, 1) if _is_of(fields, subject) else (fields, 0)


def _is_end(client: "redis.Redis", key: str, after: str) -> bool:
    return not client.xrange(key, min=after, count=1)


def _is_of(fields: Fields, subject: Subject) -> bool:
    if subject.before and int(fields.get(b"t", b"0")) >= subject.until.timestamp() * 1000:
        return False
    if subject.store:
        topic = fields.get(b"topic", b"").split(b"/")
        return fields.get(b"store") == subject.store.encode() or subject.store.encode() in topic
    return subject.member.encode() in fields.get(b"raw", b"")


def _keys_of_store(
    client: "redis.Redis", partition: int, subject: Subject, *, dry_run: bool
) -> int:
    """A store's series, and unless only old days are meant its newest facts, clock, devices, incidents and pushes."""
    store = subject.store
    pattern = f"series:{{{partition}}}:{store}:*"
    keys = [k for k in client.scan_iter(pattern) if subject.covers(_day_of(k))]
    fields = [(device_key(partition), f) for f in _names(client, device_key(partition), store)]
    notices: list[bytes] = []
    if subject.before is None:
        named = [name(partition, store) for name in (latest_key, clock_key, incidents_key)]
        keys += [key.encode() for key in named if client.exists(key)]
        notices = _notices(client, partition, store)
    else:
        fields = [
            (incidents_key(partition, store), name)
            for name, said in client.hscan_iter(incidents_key(partition, store))
            if msgspec.json.decode(said, type=Incident).updated_at < subject.until
        ]
    if not dry_run:
        pipe = client.pipeline(transaction=False)
        for key in keys:
            pipe.delete(key)
        for name, field in fields:
            pipe.hdel(name, field)
        if notices:
            pipe.xdel(outbox_key(partition), *notices)
        pipe.execute()
    return len(keys) + len(fields) + len(notices)


def _day_of(series: bytes) -> date:
    return date.fromisoformat(series.decode().rpartition(":")[2])


def _names(client: "redis.Redis", key: str, store: str) -> list[bytes]:
    """Fields of a hash that begin with the store."""
    return [name for name, _ in client.hscan_iter(key) if name.startswith(f"{store}/".encode())]


def _notices(client: "redis.Redis", partition: int, store: str) -> list[bytes]:
    rows: Any = client.xrange(outbox_key(partition))
    decode = msgspec.json.Decoder(Notice).decode
    return [position for position, fields in rows if decode(fields[b"n"]).store == store]


def _compacted(client: "redis.Redis") -> Done:
    """Have Redis write its append-only file anew: the old one still holds what was deleted."""
    where = "redis append-only file"
    try:
        if not client.info("persistence").get("aof_enabled"):
            return Done(where, "(off)", 0)
        client.bgrewriteaof()
    except NoPermissionError:
        return Done(where, "left as it is: have its administrator run BGREWRITEAOF", 0)
    return Done(where, "rewrite begun", 1)


def recovery(folders: Iterable[Path], store: str, *, dry_run: bool) -> Done:
    """The store's state in the recovery stores of floor and alert; running stages write it anew: stop them first."""
    count = 0
    for path in (path for folder in folders for path in folder.glob("part-*.sqlite3")):
        file = sqlite3.connect(path, timeout=10)
        try:
            (found,) = file.execute("SELECT count(*) FROM snaps WHERE state_key = ?", (store,)).fetchone()  # fmt: skip
            count += found
            if found and not dry_run:
                file.execute("PRAGMA secure_delete = ON")
                with file:
                    file.execute("DELETE FROM snaps WHERE state_key = ?", (store,))
                file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            file.close()
    return Done("recovery stores", "snapshots", count)
