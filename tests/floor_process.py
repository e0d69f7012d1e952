"""The floor as a process of its own over a real Redis log, with so many workers; tests feed, stop and kill it."""

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import redis

from flows.keyspace import clock_key
from sensors.keyspace import log_key, partition_of
from sensors.streams import Entry, Position
from tests.servers import RedisServer

PROGRAM = """
import sys
from flows.settings import FlowsSettings
from flows.topology import run
from tests.floor_runs import SENSORS
run(FlowsSettings(snapshot_s=0.1, recovery_dir=sys.argv[2]), SENSORS, sys.argv[1], workers=int(sys.argv[3]))
"""


def start(server: RedisServer, folder: Path, workers: int) -> subprocess.Popen[bytes]:
    """The floor of ``tests.floor_runs``' shops; its recovery store is in ``folder``."""
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, server.url, str(folder / "recovery"), str(workers)],
        cwd=Path(__file__).parents[1], env={**os.environ, "PYTHONPATH": "."},
    )  # fmt: skip


def append(client: "redis.Redis", entries: Iterable[Entry]) -> None:
    """Put entries into the log."""
    pipe = client.pipeline(transaction=False)
    for entry in entries:
        fields: dict[str, object] = {"t": round(entry.received_at.timestamp() * 1000)}
        if entry.lines:
            fields["e"] = entry.lines
        pipe.xadd(log_key(entry.partition), fields, id=str(entry.position))  # type: ignore[arg-type]
    pipe.execute()


def last_minutes(entries: Iterable[Entry]) -> dict[int, Entry]:
    """By partition the last tick that begins a minute: between those, only a store with news takes one."""
    found: dict[int, Entry] = {}
    for entry in entries:
        known = found.get(entry.partition)
        minute = entry.received_at.replace(second=0)
        if entry.is_tick and (known is None or known.received_at.replace(second=0) != minute):
            found[entry.partition] = entry
    return found


def reached(client: "redis.Redis", last: dict[str, Position]) -> bool:
    """Whether each store's clock has come to its position."""
    for store, position in last.items():
        at = client.hget(clock_key(partition_of(store, 16), store), "position")
        if at is None or Position.parse(at) < position:  # type: ignore[arg-type]
            return False
    return True
