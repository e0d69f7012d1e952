"""The floor dataflow's cost beside other ways to count the same bytes, in one run: ``python -m bench.floor``.

Rows: a plain Python loop (msgspec, dedup by number, minute panes), bytewax ``fold_window`` (msgspec), bytewax's default
windows with ``json``, and the floor dataflow from a log held in memory with dedup, panes, recovery and all facts. Every
row is a median of repeats; CPU is of this process.
"""

import argparse
import json
import random
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import bytewax.operators as op
import bytewax.operators.windowing as win
import msgspec
from bytewax.dataflow import Dataflow
from bytewax.outputs import DynamicSink, StatelessSinkPartition
from bytewax.testing import TestingSource, run_main

from flows.settings import FlowsSettings
from flows.topology import live, recovery
from sensors.events import Footfall
from sensors.keyspace import partition_of
from sensors.settings import SensorsSettings
from sensors.streams import Entry, Position
from tests.floor_runs import START, shop

_encode = msgspec.json.Encoder().encode
_lines = msgspec.json.Decoder(Footfall).decode_lines
MINUTE = timedelta(minutes=1)


class _Nothing(StatelessSinkPartition[object]):
    def write_batch(self, items: list[object]) -> None:
        pass


class Nowhere(DynamicSink[object]):
    """A sink that forgets."""

    def build(self, *_args: object) -> _Nothing:
        """One per worker."""
        return _Nothing()


def log_of(events: int, rate: float, stores: list[str]) -> list[Entry]:
    """A log of footfall at ``rate`` events/s of log time, ticks each second."""
    draw, numbers, pending, entries = random.Random(1), {}, {}, []
    tick = START
    for index in range(events):
        at = START + timedelta(seconds=index / rate)
        store, source = draw.choice(stores), f"c{draw.randrange(10)}"
        seq = numbers[store, source] = numbers.get((store, source), 0) + 1
        partition = partition_of(store, 16)
        event = Footfall(at=at, store=store, source=source, seq=seq, door=source, entered=1)
        pending.setdefault(partition, []).append(_encode(event))
        if len(pending[partition]) == 500:
            entries.append(
                Entry(partition, Position(index, 0), at, b"\n".join(pending.pop(partition)))
            )
        if at >= tick + timedelta(seconds=1):
            tick = at
            entries += [Entry(p, Position(index, 1), at, b"\n".join(x)) for p, x in pending.items()]
            entries += [Entry(p, Position(index, 2), at, b"") for p in range(16)]
            pending = {}
    return entries


def loop(entries: list[Entry]) -> None:
    """The least that any Python must do."""
    panes: dict[tuple[str, str, int], int] = {}
    tops: dict[tuple[str, str], int] = {}
    for entry in entries:
        for event in _lines(entry.lines):
            source = (event.store, event.source)
            if tops.get(source, -1) >= (event.seq or 0):
                continue
            tops[source] = event.seq or 0
            pane = (event.store, event.door, int(event.at.timestamp()) // 60)
            panes[pane] = panes.get(pane, 0) + event.entered


def windows(entries: list[Entry], decode: Callable[[bytes], list[tuple[str, datetime]]]) -> None:
    """Bytewax's own event-time tumbling minutes."""
    flow = Dataflow("windows")
    lines = op.input("log", flow, TestingSource(entries, batch_size=16))
    keyed = op.flat_map("decode", lines, lambda entry: decode(entry.lines) if entry.lines else [])
    clock = win.EventClock(lambda item: item, wait_for_system_duration=timedelta(seconds=10))
    minutes = win.TumblingWindower(length=MINUTE, align_to=START)
    counted = win.fold_window(
        "count", keyed, clock, minutes, lambda: 0, lambda total, _: total + 1, lambda a, b: a + b
    )
    op.output("out", counted.down, Nowhere())
    run_main(flow)


def by_msgspec(lines: bytes) -> list[tuple[str, datetime]]:
    """Decoded into structs."""
    return [(event.store, event.at) for event in _lines(lines)]


def by_json(lines: bytes) -> list[tuple[str, datetime]]:
    """Decoded into dictionaries."""
    rows = map(json.loads, lines.splitlines())
    return [(row["store"], datetime.fromisoformat(row["at"])) for row in rows]


def floor(entries: list[Entry], stores: list[str]) -> None:
    """The product, with a recovery store."""
    sensors = SensorsSettings(stores=[shop(store) for store in stores])
    flow = live(FlowsSettings(), sensors, TestingSource(entries, batch_size=16), Nowhere())
    with tempfile.TemporaryDirectory() as folder:
        run_main(flow, epoch_interval=timedelta(seconds=2), recovery_config=recovery(Path(folder)))


def measure(work: Callable[[], None], events: int, repeats: int) -> dict[str, float]:
    """Median CPU µs and wall rate."""
    cpu, wall = [], []
    for _ in range(repeats):
        cpu_since, wall_since = time.process_time(), time.perf_counter()
        work()
        cpu.append((time.process_time() - cpu_since) / events * 1e6)
        wall.append(events / (time.perf_counter() - wall_since))
    return {"cpu_us": round(statistics.median(cpu), 3), "events_s": round(statistics.median(wall))}


def main() -> None:
    """Print the table, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    stores = [f"s{index:03d}" for index in range(100)]
    fast, few = log_of(options.events, 200_000, stores), options.events // 10
    small = log_of(few, 200_000, stores)
    steady = log_of(options.events, 5_000, stores)
    count, repeats = options.events, options.repeats
    rows = {
        "plain loop, msgspec": measure(lambda: loop(fast), count, repeats),
        "floor (200,000/s of log time)": measure(lambda: floor(fast, stores), count, repeats),
        "floor (5,000/s, 54 facts per store and second)": measure(lambda: floor(steady, stores), count, 1),
        "bytewax fold_window, msgspec": measure(lambda: windows(small, by_msgspec), few, repeats),
        "bytewax fold_window, json": measure(lambda: windows(small, by_json), few, repeats),
    }  # fmt: skip
    product = rows["floor (200,000/s of log time)"]["cpu_us"]
    for row in rows.values():
        row["floor_is_times"] = round(row["cpu_us"] / product, 2)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    if options.json:
        print(json.dumps({"rows": rows, "peak_mb": peak_mb}))
        return
    for name, row in rows.items():
        print(
            f"{name:48} {row['cpu_us']:8.2f} µs CPU {row['events_s']:>10,}/s {row['floor_is_times']:6.2f}×"
        )
    print(f"peak memory {peak_mb} MB")


if __name__ == "__main__":
    main()
