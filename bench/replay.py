"""What a replay costs: ``python -m bench.replay week | stores | memory``.

``week``: a simulated store-week, a tick each second, every rule and forecast on, facts and incidents kept; the time is
told by room. ``stores``: the log of the floor's benchmark, of 100 stores, replayed from an archive with alerts and
outputs, beside the row "floor with every fact" of that benchmark on the same log. ``memory``: an archive of so many
events of 20 shops, some 18,000 events a shop and day as long as it takes, is streamed to a file and replayed; resident
memory is told as the log goes on.
"""

import argparse
import gc
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec

from alerts.topology import _Incidents
from bench.floor import RATE, once
from bench.floor_log import close, shops, write
from bench.replay_log import long_log, shops_like, stores_log
from floorcast.recording import RecordingWriter, read_recording
from floorcast.replay import replay
from floorcast.replayed import Keep, Replayed, Totals
from floorcast.settings import Settings, load_settings
from floorcast.simulated import days_of, deliveries_of
from flows.measure import measures
from flows.topology import FloorLogic, RouteLogic, calm_collector
from sensors.simulation.log_maker import log_entries
from sensors.streams import Entry
from tests.servers import RedisServer

PAGE_KB = 4
MILESTONES = (100_000, 300_000, 1_000_000, 2_000_000, 3_000_000, 5_000_000, 10_000_000)
ROOMS: dict[str, Any] = {"route": RouteLogic, "floor": FloorLogic, "alerts": _Incidents}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    asked = parser.add_subparsers(dest="what", required=True)
    week = asked.add_parser("week")
    week.add_argument("--days", type=int, default=7)
    week.add_argument("--keep", choices=["all", "last", "none"], default="all")
    stores = asked.add_parser("stores")
    stores.add_argument("--events", type=int, default=600_000)
    memory = asked.add_parser("memory")
    memory.add_argument("--events", type=float, default=10e6)
    memory.add_argument("--stores", type=int, default=20)
    memory.add_argument("--tick-s", type=float, default=900.0)
    options = parser.parse_args()
    settings = load_settings(Path("config.toml"))
    measures()  # imports them: no part of what an event costs
    calm_collector()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.jsonl.zst"
        match options.what:
            case "week":
                measure_week(path, settings, options.days, options.keep)
            case "stores":
                measure_stores(path, settings, options.events)
            case _:
                measure_memory(path, settings, int(options.events), options.stores, options.tick_s)


def written(path: Path, entries: Iterable[Entry]) -> int:
    """Write a recording; returns its events."""
    with RecordingWriter(path, level=1) as recording:
        for entry in entries:
            recording.write(entry)
    return recording.events


def measure_week(path: Path, settings: Settings, days: int, keep: Keep) -> None:
    """A store's days, with a line for each room."""
    store = settings.sensors.stores[0]
    made = days_of(settings.sensors, store, date(2026, 11, 16), days, 7)
    written(path, log_entries(deliveries_of(made), tick=timedelta(seconds=1)))
    reading_s = spent(lambda: sum(1 for _ in read_recording(path)))
    with timed_rooms() as rooms:
        began, cpu = time.perf_counter(), time.process_time()
        result = replay(read_recording(path), settings, keep=keep)
        lines = written_out(result, keep)
        wall, used = time.perf_counter() - began, time.process_time() - cpu
    told = {"reading the archive": reading_s, **rooms}
    told["the rest: dataflow, outputs"] = used - sum(told.values())
    print("| room | s CPU a store-day |\n|---|---:|")
    for room, seconds in told.items():
        print(f"| {room} | {seconds / days:.2f} |")
    print(
        f"\n{days} days, {result.totals.events:,} events, {result.totals.ticks:,} ticks, {lines:,} facts written, "
        f"{len(result.incidents_latest):,} incidents: {wall:.1f} s, {used:.1f} s CPU, peak {peak_mb():.0f} MB"
    )


def spent(work: Callable[[], object]) -> float:
    """Seconds of CPU it takes."""
    began = time.process_time()
    work()
    return time.process_time() - began


def written_out(result: Replayed, keep: Keep) -> int:
    """Read every output once, as writing them would; returns the facts."""
    lines = 0 if keep == "none" else sum(1 for _ in result.fact_lines(last=keep == "last"))
    for _ in result.incident_lines(last=False):
        pass
    return lines


@contextmanager
def timed_rooms() -> Iterator[dict[str, float]]:
    """CPU seconds spent within each stateful step."""
    rooms = dict.fromkeys(ROOMS, 0.0)
    plain = {name: logic.on_batch for name, logic in ROOMS.items()}

    def timed(name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def run(logic: object, values: list[Any]) -> Any:  # noqa: ANN401 - whatever the step answers
            began = time.thread_time()
            answer = work(logic, values)
            rooms[name] += time.thread_time() - began
            return answer

        return run

    for name, logic in ROOMS.items():
        setattr(logic, "on_batch", timed(name, plain[name]))  # noqa: B010 - mypy forbids the assignment
    try:
        yield rooms
    finally:
        for name, logic in ROOMS.items():
            setattr(logic, "on_batch", plain[name])  # noqa: B010


def measure_stores(path: Path, settings: Settings, events: int) -> None:
    """The floor benchmark's log through floor, alerts and outputs, and the floor's own row."""
    with tempfile.TemporaryDirectory() as name, RedisServer(Path(name)) as server:
        lines = Path(name) / "events.jsonl"
        with server.client() as client:
            write(client, lines, events, 100, RATE)
            close(client)
        row = once("floor-facts", server, lines)
    floor_rate = events / row["cpu_s"]
    written(path, stores_log(events))
    sensors = shops(100)
    mapped = msgspec.structs.replace(settings, sensors=sensors)
    began, cpu = time.perf_counter(), time.process_time()
    result = replay(read_recording(path), mapped)
    written_out(result, "last")
    wall, used = time.perf_counter() - began, time.process_time() - cpu
    rate = result.totals.events / used
    print(
        f"{result.totals.events:,} events of 100 stores: {wall:.1f} s, {used:.1f} s CPU: {rate:,.0f} events a CPU "
        f"second; the floor alone, from Redis, {floor_rate:,.0f}: {rate / floor_rate:.2f} of it"
    )


def measure_memory(path: Path, settings: Settings, events: int, stores: int, tick_s: float) -> None:
    """Resident memory at ever later places of a long log."""
    settings = shops_like(settings, stores)
    names = [store.id for store in settings.sensors.stores]
    began = time.perf_counter()
    made = written(path, long_log(names, events, timedelta(seconds=tick_s)))
    size, took = path.stat().st_size / 2**20, time.perf_counter() - began
    print(f"{made:,} events of {stores} shops, {size:.0f} MB, written in {took:.0f} s", flush=True)
    due = [*(m for m in MILESTONES if m < made), made]

    def look(totals: Totals) -> None:
        while due and totals.events >= due[0]:
            due.pop(0)
            gc.collect()
            print(
                f"  {totals.events:>12,} events  {totals.at:%d. %H:%M}  {resident_mb():>5.0f} MB  "
                f"{time.perf_counter() - began:>6.0f} s",
                flush=True,
            )

    began, cpu = time.perf_counter(), time.process_time()
    result = replay(read_recording(path), settings, on_entry=look)
    used = time.process_time() - cpu
    print(
        f"{result.totals.events:,} events, {result.totals.ticks:,} ticks, {len(result.incidents_latest):,} incidents: "
        f"{used:.0f} s CPU, {result.totals.events / used:,.0f} events a CPU second, peak {peak_mb():.0f} MB"
    )


def resident_mb() -> float:
    """Memory the process holds now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_KB / 1024


def peak_mb() -> float:
    """The most memory the process ever held."""
    for row in Path("/proc/self/status").read_text().splitlines():
        if row.startswith("VmHWM"):
            return int(row.split()[1]) / 1024
    return float("nan")


if __name__ == "__main__":
    main()
