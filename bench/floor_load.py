"""Latency of the floor under a steady load: ``floor_load.measure(rate)``.

The floor runs as its own process between Redis and Redis, as a shop runs it. This process appends a log whose time
runs with the wall's: a step every 20 ms, a tick each second. Event → fact is from the append of an event to the moment
a reader has the facts of the next tick, so up to a second of it is the wait for that tick, by design; tick → fact is
the floor's own part.
"""

import subprocess
import sys
import tempfile
import threading
import time
from bisect import bisect_left
from pathlib import Path
from typing import Any

import msgspec
import redis

from bench.floor_log import PARTITIONS, START, entries, ticks
from flows.keyspace import facts_key
from sensors.event_log import append
from sensors.streams import Position
from tests.servers import RedisServer, cpu_s

STEP_S = 0.02
WARM_S = 2.0  # not counted
SECONDS = 8.0
PROGRAM = """
import resource, sys
import msgspec
from flows.settings import FlowsSettings
from flows.topology import run
from bench.floor_log import shops
run(FlowsSettings(recovery_dir=sys.argv[2]), shops(int(sys.argv[3])), sys.argv[1])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


class _At(msgspec.Struct):
    position: str


class Facts(threading.Thread):
    """When the facts of each partition's ticks could be read."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self._client = redis.Redis.from_url(url, protocol=2)
        self._first_line = msgspec.json.Decoder(_At)
        self.done = threading.Event()
        self.news = threading.Condition()
        self.seen: dict[int, list[tuple[Position, float]]] = {p: [] for p in range(PARTITIONS)}

    def run(self) -> None:
        """Read on until told that it is enough."""
        after: dict[Any, Any] = {facts_key(partition): "0" for partition in range(PARTITIONS)}
        of = {facts_key(partition).encode(): partition for partition in range(PARTITIONS)}
        while not self.done.is_set():
            answer: Any = self._client.xread(after, block=200)
            now = time.perf_counter()
            for key, rows in answer:
                after[key.decode()] = rows[-1][0]
                last = self._first_line.decode(rows[-1][1][b"e"].rpartition(b"\n")[2])
                with self.news:
                    self.seen[of[key]].append((Position.parse(last.position), now))
                    self.news.notify_all()

    def wait(self, partition: int, position: Position, timeout_s: float) -> bool:
        """Until the facts of a position are there."""

        def there() -> bool:
            return any(at >= position for at, _ in self.seen[partition])

        with self.news:
            return self.news.wait_for(there, timeout_s)


def measure(rate: float, stores: int = 100, seconds: float = SECONDS) -> dict[str, Any]:
    """Percentiles in milliseconds, CPU share and peak memory of the floor at ``rate`` events/s."""
    steps = list(entries(int(rate * seconds), stores, rate, STEP_S))
    with tempfile.TemporaryDirectory() as name, RedisServer(Path(name)) as server:
        command = [sys.executable, "-c", PROGRAM, server.url, f"{name}/recovery", str(stores)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[1])
        facts = Facts(server.url)
        facts.start()
        appended, began, used_s = _drive(server, steps, facts, process.pid)
        facts.done.set()
        facts.join()
        process.terminate()
        out, _ = process.communicate(timeout=60)
    peak_mb = int(out.splitlines()[-1])
    found = _latencies(appended, facts, began + WARM_S)
    return {
        "events_per_s": round(rate), **found, "cpu_share": round(used_s / seconds, 2), "peak_mb": peak_mb,
    }  # fmt: skip


Appended = tuple[int, Position, float, int]  # partition, position, when, events (0: a tick)


def _drive(
    server: RedisServer, steps: list[Any], facts: Facts, pid: int
) -> tuple[list[Appended], float, float]:
    """What was appended, when that began, and the CPU seconds the floor took for it."""
    appended: list[Appended] = []
    with server.client() as client:
        early = list(ticks(START))  # answered by each partition once the floor is up
        for batch, first in zip(early, append(client, early), strict=True):
            assert isinstance(first, Position)
            facts.wait(batch.partition, first, 60)
        began, used_s = time.perf_counter(), cpu_s(pid)
        for number, batches in enumerate(steps):
            due = began + number * STEP_S
            threading.Event().wait(max(0.0, due - time.perf_counter()))
            answers = append(client, batches)
            now = time.perf_counter()
            for batch, position in zip(batches, answers, strict=True):
                assert isinstance(position, Position)
                events = batch.lines.count(b"\n") + 1 if batch.lines else 0
                appended.append((batch.partition, position, now, events))
    last = {partition: position for partition, position, _, events in appended if not events}
    for partition, position in last.items():
        facts.wait(partition, position, 60)
    return appended, began, cpu_s(pid) - used_s


def _latencies(appended: list[Appended], facts: Facts, since: float) -> dict[str, float]:
    ticks: list[tuple[float, int]] = []
    events: list[tuple[float, int]] = []
    tick_of = {
        partition: [position for p, position, _, count in appended if p == partition and not count]
        for partition in range(PARTITIONS)
    }
    for partition, position, at, count in appended:
        following = tick_of[partition]
        place = bisect_left(following, position)
        if at < since or place == len(following):
            continue
        seen = facts.seen[partition]
        found = bisect_left(seen, (following[place], 0.0))
        if found < len(seen):
            (events if count else ticks).append(((seen[found][1] - at) * 1000, count or 1))
    return {
        f"{name}_p{q}_ms": round(quantile(measured, q / 100), 1)
        for name, measured in (("event", events), ("tick", ticks))
        for q in (50, 99)
    }


def quantile(weighted: list[tuple[float, int]], q: float) -> float:
    """Of values that each stand for several events; not a number without any."""
    rank = q * sum(weight for _, weight in weighted)
    for value, weight in sorted(weighted):
        rank -= weight
        if rank <= 0:
            return value
    return float("nan")
