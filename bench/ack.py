"""How long an acknowledgement takes from the tap to every wall: screen → log → floor → alerts → stream.

    python -m bench.ack [--taps 30]

Real dataflows in processes of their own on a Redis of their own; prints p50 and p95, asserts nothing.
"""

import argparse
import http.client
import json
import multiprocessing
import sys
import tempfile
import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from statistics import median
from time import monotonic, perf_counter
from typing import Any

import msgspec
import redis

from alerts.incident import Incident
from alerts.keyspace import incidents_key
from alerts.topology import run as run_alerts
from bench.machine import description
from dashboard import serve
from dashboard.doors.gate import KIOSK
from dashboard.doors.house import House
from dashboard.doors.kiosks import Kiosks
from dashboard.write import CommandWriter
from floorcast.settings import Settings
from flows.topology import run as run_floor
from sensors.clock import SystemClock, to_ms
from sensors.events import Queue
from sensors.keyspace import log_key, partition_of
from tests.delivery_stages import ALWAYS
from tests.floor_facts import demo_shops
from tests.servers import RedisServer

STORE, P = "riverside", partition_of("riverside", 16)
ROOT = Path(__file__).parents[1]
TILLS = 60
START_S = 300  # in which three processes start and the first incidents fire, on a busy machine


def settings_of(folder: Path) -> Settings:
    """The shipped configuration, always open, with short holds and recovery stores of its own."""
    tables = tomllib.loads((ROOT / "config.toml").read_text(encoding="utf-8"))
    tables["flows"]["recovery_dir"] = str(folder / "floor")
    tables["sensors"]["stores"][0]["hours"] = [ALWAYS]
    tables["alerts"]["recovery_dir"] = str(folder / "alerts")
    tables["alerts"]["rules"] = [
        r | {"when": "always", "hold_s": 1, "subject": "till:*"}
        for r in tables["alerts"]["rules"]
        if r["name"] == "queue-long"
    ]
    tills = [
        {"id": str(n), "name": {"en": f"Till {n}", "zh": f"{n} 号"}} for n in range(1, TILLS + 1)
    ]
    tables["sensors"]["stores"][0]["tills"] = tills
    return msgspec.convert(tables, Settings)


def tick(client: redis.Redis, lines: bytes = b"") -> None:
    """What ingest appends."""
    fields: dict[Any, Any] = {"t": to_ms(SystemClock().now()), **({"e": lines} if lines else {})}
    client.xadd(log_key(P), fields)


def deltas(port: int, token: str) -> Iterator[tuple[float, dict[str, Any]]]:
    """What a wall hears, and when."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", f"/wall/{STORE}/events", headers={"Cookie": f"{KIOSK}={token}"})
    answer = connection.getresponse()
    while line := answer.readline():
        if line.startswith(b"data: "):
            yield perf_counter(), json.loads(line[6:])


def main() -> None:
    """Raise incidents, acknowledge them one by one, print the latencies."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--taps", type=int, default=30)
    wanted = parser.parse_args().taps
    print(description())
    with tempfile.TemporaryDirectory() as name, RedisServer(Path(name)) as server:
        token = Kiosks(Path(name)).issue("bench", STORE)
        with house(server, Path(name)) as port:
            took = measure(server.client(), port, token, wanted)
    ranked = sorted(took)
    p95 = ranked[min(len(ranked) - 1, int(0.95 * len(ranked)))]
    print(
        f"ack → wall: {len(took)} taps, p50 {median(took):.0f} ms, p95 {p95:.0f} ms, max {max(took):.0f} ms"
    )


@contextmanager
def house(server: RedisServer, folder: Path) -> Iterator[int]:
    """The floor, the alerts and the screen as processes of their own; the screen's port."""
    chosen, shops = settings_of(folder), demo_shops(cards=TILLS)
    listener = serve.listen("127.0.0.1", 0)
    spawn, fork = multiprocessing.get_context("spawn"), multiprocessing.get_context("fork")
    tables = (chosen.alerts, chosen.sensors, chosen.flows)
    screen = (server.url, shops, 16, shops[STORE].settings, [listener], House(folder))
    stages = [
        spawn.Process(target=run_floor, args=(chosen.flows, chosen.sensors), kwargs={"url": server.url}),
        spawn.Process(target=run_alerts, args=tables, kwargs={"url": server.url}),
        fork.Process(target=serve.run, args=screen),
    ]  # fmt: skip
    for stage in stages:
        stage.start()
    try:
        yield listener.getsockname()[1]
    finally:
        for stage in stages:
            stage.terminate()
            stage.join(15)


def measure(client: redis.Redis, port: int, token: str, wanted: int) -> list[float]:
    """Acknowledge so many incidents; the milliseconds from each tap until the wall is told."""
    end = threading.Event()
    firing = raised(client, end, wanted)
    print(f"{len(firing)} incidents fire")
    seen = watched(port, token)
    writer, took = CommandWriter(client, 16), []
    for n, incident in enumerate(firing[:wanted]):
        began = perf_counter()
        writer.write(STORE, "mia", "ack", incident.id)
        while incident.id not in seen and perf_counter() - began < 5:
            end.wait(0.001)
        took.append((seen.get(incident.id, began + 5) - began) * 1000)
        end.wait(0.137 + 0.029 * (n % 7))  # anywhere between two ticks
    end.set()
    return took


def raised(client: redis.Redis, end: threading.Event, wanted: int) -> list[Incident]:
    """Queues at every till, and a log that ticks each second until ``end``; the incidents that fire."""

    def clock() -> None:
        while not end.wait(1.0):
            tick(client)

    at = SystemClock().now() - timedelta(seconds=1)
    queues = [
        Queue(at=at, store=STORE, source=f"cam-{n}", id=f"q{n}", till=str(n), length=9, wait_s=60)
        for n in range(1, TILLS + 1)
    ]
    tick(client, b"\n".join(msgspec.json.encode(q) for q in queues))
    threading.Thread(target=clock, daemon=True).start()
    deadline = monotonic() + START_S
    firing: list[Incident] = []
    while len(firing) < wanted and monotonic() < deadline:
        raws: Any = client.hvals(incidents_key(P, STORE))
        found = [msgspec.json.decode(raw, type=Incident) for raw in raws]
        firing = [i for i in found if i.state == "firing"]
        end.wait(0.05)
    if len(firing) < wanted:
        sys.exit(f"{len(firing)} of {wanted} incidents fire after {START_S} s")
    return firing


def watched(port: int, token: str) -> dict[str, float]:
    """When a wall was told that somebody has an incident; it fills from a thread of its own."""
    seen: dict[str, float] = {}
    ready = threading.Event()

    def listen() -> None:
        for when, message in deltas(port, token):
            ready.set()
            for part, said in message["set"].items():
                if part.startswith("card:") and said.get("taken"):
                    seen.setdefault(part[5:], when)

    threading.Thread(target=listen, daemon=True).start()
    ready.wait(START_S)
    return seen


if __name__ == "__main__":
    main()
