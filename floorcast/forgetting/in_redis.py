"""What is kept in Redis: log, facts, dead letters and, of a store, every key that bears its name (edge)."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import partial
from typing import Any

import msgspec
import redis
from redis.exceptions import NoPermissionError, WatchError

from alerts.incident import Incident, Notice
from alerts.keyspace import incidents_key, outbox_key
from floorcast.forgetting.subject import Done, Subject
from floorcast.settings import Settings
from flows.keyspace import clock_key, facts_key, latest_key
from sensors.keyspace import dead_key, device_key, log_key, partition_of

Fields = Mapping[bytes, bytes]
Edit = Callable[[Fields], tuple[Fields, int]]
"""What becomes of an entry's fields (empty deletes it), and how much of it changed."""

COUNT = 500  # entries read or written in one round trip


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
