"""The stages as processes of their own over a real Redis, as `floorcast up` starts them; tests kill them."""

import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
import redis

from alerts.incident import Incident
from alerts.keyspace import incidents_key
from floorcast.running import write_effective
from flows.facts import Fact
from flows.keyspace import clock_key, latest_key, series_key
from sensors.events import AnyEvent
from sensors.keyspace import log_key, partition_of
from sensors.simulate import SimulatedDay
from sensors.streams import Entry
from tests.ingest_process import ROOT, wait_for

DEMO = ROOT / "config.toml"


class Stages:
    """Processes of the command line, by name, sharing one configuration made for the test.

    Args:
        folder: theirs.
        url: of their Redis; ``broker_port`` of their broker.
        base: the configuration theirs is made of.
    """

    def __init__(self, folder: Path, url: str, broker_port: int = 0, *, base: Path = DEMO) -> None:
        self.folder = folder
        chosen: dict[str, dict[str, object]] = {
            "sensors.redis": {"url": url, "embedded_dir": str(folder)},
            "flows": {"recovery_dir": str(folder / "floor"), "snapshot_s": 0.25},
            "alerts": {"recovery_dir": str(folder / "alerts"), "snapshot_s": 0.25},
        }
        if broker_port:
            chosen["sensors.broker"] = {"host": "127.0.0.1", "port": broker_port}
        self.config = write_effective(base, folder, chosen)
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str) -> None:
        """Start a stage."""
        command = [sys.executable, "-m", "floorcast", "--config", str(self.config), name]
        with (self.folder / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(command, stdout=log, stderr=log, cwd=ROOT)

    def kill(self, name: str) -> None:
        """SIGKILL; fails if the stage had already ended by itself."""
        process = self._running.pop(name)
        assert process.poll() is None, self.said(name)
        process.kill()
        process.wait(30)

    def stop(self, name: str, *, within_s: float = 20) -> tuple[int, float]:
        """SIGTERM; the stage's exit code and the seconds it took."""
        process, since = self._running.pop(name), time.monotonic()
        process.terminate()
        return process.wait(within_s), time.monotonic() - since

    def said(self, name: str) -> str:
        """All that a stage has printed."""
        return (self.folder / f"{name}.log").read_text(encoding="utf-8")

    def end(self) -> None:
        """Kill whatever still runs."""
        for process in self._running.values():
            process.kill()
            process.wait(30)
        self._running.clear()


def feed(client: redis.Redis, entries: Iterable[Entry]) -> None:
    """Append entries to the log under their own positions, as if ingest had written them then."""
    pipe = client.pipeline(transaction=False)
    for entry in entries:
        fields = {"t": round(entry.received_at.timestamp() * 1000)}
        content = fields if entry.is_tick else {**fields, "e": entry.lines}
        pipe.xadd(log_key(entry.partition), content, id=str(entry.position))  # type: ignore[arg-type]
    pipe.execute()


def wait_until_at(client: redis.Redis, store: str, entry: Entry, *, within_s: float = 60) -> None:
    """Wait until the floor has published this entry's tick for a store."""
    key = clock_key(partition_of(store, 16), store)
    wait_for(
        lambda: client.hget(key, "position") == str(entry.position).encode(),
        within_s=within_s,
        what=f"floor at {entry.position}",
    )


def facts_in_redis(client: redis.Redis, store: str, days: Iterable[object]) -> dict[str, Fact]:
    """Every fact a screen could read of a store, by its field."""
    partition = partition_of(store, 16)
    latest: dict[bytes, bytes] = client.hgetall(latest_key(partition, store))  # type: ignore[assignment]
    found = {name: value for name, value in latest.items() if not name.endswith(b"|day")}
    for day in days:
        found.update(client.hgetall(series_key(partition, store, day)))  # type: ignore[arg-type]
    decode = msgspec.json.Decoder(Fact).decode
    return {name.decode(): decode(value) for name, value in found.items()}


def incidents_in_redis(client: redis.Redis, store: str) -> dict[str, Incident]:
    """A store's incidents, by id."""
    found: dict[bytes, bytes] = client.hgetall(incidents_key(partition_of(store, 16), store))  # type: ignore[assignment]
    decode = msgspec.json.Decoder(Incident).decode
    return {name.decode(): decode(value) for name, value in found.items()}


def message_of(events: Sequence[AnyEvent]) -> tuple[str, bytes]:
    """Newline-joined events of one store as its gateway publishes them: topic and payload."""
    lines = b"\n".join(msgspec.json.encode(event) for event in events)
    return f"floor/v1/{events[0].store}/events/gateway", lines


def batched(events: Sequence[AnyEvent], size: int) -> list[Sequence[AnyEvent]]:
    """Runs of consecutive events."""
    return [events[start : start + size] for start in range(0, len(events), size)]


def day_totals(day: SimulatedDay) -> dict[str, int]:
    """The counts and sums that a simulated day drew, by the metric that must equal them."""
    total = day.truth.day
    return {
        "visitors": total.visitors,
        "exits": total.exits,
        "passers_by": total.passers_by,
        "transactions": total.transactions,
        "units": total.units,
        "net_sales": total.net_minor,
    }
