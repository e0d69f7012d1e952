"""The live log followed into an archive."""

import threading
from datetime import timedelta

import redis

from floorcast.archive import Archive, prune, read_manifest
from floorcast.errors import unanswered
from sensors.event_log import read
from sensors.stream_source import connect
from sensors.streams import START, Position

POLL_S = 1.0


def follow(
    archive: Archive, url: str, stop: threading.Event, *, once: bool = False, keep: timedelta | None = None
) -> int:  # fmt: skip
    """Archive the log until ``stop`` is set, or with ``once`` to its present end; returns the entries read.

    Each partition is taken up behind the newest file that all of its stores have closed. Open hours are left to the
    next run, which reads them again, so the log must be kept longer than an hour plus the time recording is down.
    With ``keep`` files older than that by the log's own time are deleted as new ones are closed.
    """
    client = connect(url)
    try:
        client.ping()
    except redis.RedisError as error:
        raise unanswered("Redis", url, error) from None
    newest = {
        partition: _closed_to(archive, stores) for partition, stores in archive.by_partition.items()
    }
    entries = closed = 0
    try:
        while not stop.is_set():
            for partition, after in list(newest.items()):
                for entry in read(client, partition, after):
                    archive.take(entry)
                    newest[partition] = entry.position
                    entries += 1
                    if stop.is_set():
                        break
            closed = _pruned(archive, closed, keep)
            if once:
                break
            stop.wait(POLL_S)
    finally:
        archive.abandon()
    return entries


def _pruned(archive: Archive, before: int, keep: timedelta | None) -> int:
    """Delete what is too old if files were closed since; returns how many are closed now."""
    if keep is not None and len(archive.closed) > before:
        newest = max(archived.hour for archived in archive.closed)
        prune(archive.folder, keep, newest + timedelta(hours=1))
    return len(archive.closed)


def _closed_to(archive: Archive, stores: list[str]) -> Position:
    """The last position that every one of these stores has in a closed file."""
    last = dict.fromkeys(stores, START)
    for archived in read_manifest(archive.folder):
        if archived.store in last:
            last[archived.store] = max(last[archived.store], Position.parse(archived.last))
    return min(last.values())
