"""What the floor keeps: memory at 1, 100 and 10,000 stores, resume time, and the bytes of a store's snapshot."""

import json
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from bench.floor_log import write
from floorcast.settings import load_settings
from flows.ledger import Ledger
from flows.profile import Profiles
from flows.publish import Publisher
from flows.snapshot import dump
from sensors.simulate import simulate_day
from tests.servers import RedisServer

EVENTS = 200_000
PROGRAM = """
import json, resource, sys, time
from datetime import timedelta
from pathlib import Path
from bench.floor_log import PARTITIONS, shops
from bench.floor_rows import _source, measures
from bytewax.testing import run_main
from flows.profile import Profiles
from flows.settings import FlowsSettings
from flows.sink import FactSink
from flows.through import ThroughSink
from flows.topology import live, recovery
url, folder, stores = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
measures()
settings, sensors = FlowsSettings(), shops(stores)
Profiles(settings, sensors).of("s00000")
cpu, wall = time.process_time(), time.perf_counter()
facts = FactSink(url, settings, sensors, range(PARTITIONS))
flow = live(settings, sensors, _source(url), facts, ThroughSink(url))
run_main(flow, epoch_interval=timedelta(seconds=2), recovery_config=recovery(folder))
peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps([time.process_time() - cpu, time.perf_counter() - wall, peak_mb]))
"""


def stores(number: int) -> dict[str, Any]:
    """CPU and memory of the same events spread over so many stores; how long a start from its snapshot takes."""
    with tempfile.TemporaryDirectory() as name, RedisServer(Path(name)) as server:
        with server.client() as client:
            write(client, Path(name) / "events.jsonl", EVENTS, number, 50_000.0)
        cpu_s, _, peak_mb = _run(server.url, name, number)
        _, resume_s, _ = _run(server.url, name, number)
    return {
        "stores": number, "cpu_us": round(cpu_s / EVENTS * 1e6, 1), "peak_mb": round(peak_mb),
        "kb_per_store": round((peak_mb - _base_mb()) * 1024 / number, 1) if number > 1 else None,
        "resume_s": round(resume_s, 2),
    }  # fmt: skip


def _run(url: str, folder: str, number: int) -> list[float]:
    command = [sys.executable, "-c", PROGRAM, url, f"{folder}/recovery", str(number)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[1]
    )
    found: list[float] = json.loads(done.stdout.splitlines()[-1])
    return found


@cache
def _base_mb() -> float:
    with tempfile.TemporaryDirectory() as name, RedisServer(Path(name)) as server:
        with server.client() as client:
            write(client, Path(name) / "events.jsonl", EVENTS, 1, 50_000.0)
        return _run(server.url, name, 1)[2]


def snapshots() -> dict[str, int]:
    """Bytes of the state of one store: idle, and at its largest through two busy simulated days."""
    settings = load_settings(Path(__file__).parents[1] / "config.toml")
    profiles = Profiles(settings.flows, settings.sensors)
    store = settings.sensors.stores[0]
    publisher = Publisher(Ledger(profiles.of(store.id)))
    products = settings.sensors.ranges[store.range]
    day = simulate_day(store, products, date(2026, 3, 2), 1)
    publisher.ledger.take(day.events[:20], day.events[0].at)
    publisher.tick(day.events[0].at + timedelta(seconds=1))
    publisher.tick(day.events[0].at + timedelta(hours=1))
    found = {"idle: the shop's devices heard, an hour of silence": len(dump(publisher))}
    publisher, seen = Publisher(Ledger(profiles.of(store.id))), 0
    largest = slowest = 0.0
    for number in range(2):
        day = simulate_day(store, products, date(2026, 3, 2) + timedelta(days=number), number)
        seen += len(day.events)
        for index in range(0, len(day.events), 100):
            part = day.events[index : index + 100]
            publisher.ledger.take(part, part[-1].at)
            publisher.tick(part[-1].at)
            if index % 1000 == 0:
                since = time.perf_counter()
                largest = max(largest, len(dump(publisher)))
                slowest = max(slowest, time.perf_counter() - since)
    found[f"busy: the largest through two simulated days ({seen:,} events)"] = int(largest)
    found["busy: µs to make it, at most"] = round(slowest * 1e6)
    return found
