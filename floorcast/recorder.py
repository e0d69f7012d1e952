"""The live log followed into an archive."""

import threading

import redis

from floorcast.archive import Archive, read_manifest
from floorcast.errors import UnavailableError
from sensors.event_log import read
from sensors.stream_source import connect
from sensors.streams import START, Position

POLL_S = 1.0


def follow(archive: Archive, url: str, stop: threading.Event, *, once: bool = False) -> int:
    """Archive the log until ``stop`` is set, or with ``once`` to its present end; returns the entries read.

    Each partition is taken up behind the newest file that all of its stores have closed. Open hours are left to the
    next run, which reads them again, so the log must be kept longer than an hour plus the time recording is down.
    """
    client = connect(url)
    try:
        client.ping()
    except redis.RedisError as error:
        raise UnavailableError(f"{url}: {error}") from None
    newest = {
        partition: _closed_to(archive, stores) for partition, stores in archive.by_partition.items()
    }
    entries = 0
    try:
        while not stop.is_set():
            for partition, after in list(newest.items()):
                for entry in read(client, partition, after):
                    archive.take(entry)
                    newest[partition] = entry.position
                    entries += 1
                    if stop.is_set():
                        break
            if once:
                break
            stop.wait(POLL_S)
    finally:
        archive.abandon()
    return entries


def _closed_to(archive: Archive, stores: list[str]) -> Position:
    """The last position that every one of these stores has in a closed file."""
    last = dict.fromkeys(stores, START)
    for archived in read_manifest(archive.folder):
        if archived.store in last:
            last[archived.store] = max(last[archived.store], Position.parse(archived.last))
    return min(last.values())
