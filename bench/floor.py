"""The floor dataflow beside other ways to count the same bytes: ``python -m bench.floor [--json]``.

A real redis-server holds the log; each row runs in a process of its own, rows take turns, medians are told, and what
they counted must be equal. CPU is user and system time of all threads of the row's process, without imports; ``of the
loop`` is the loop's CPU ÷ the row's.

Log time runs at 60,000 events a second. Every bytewax row has the same recovery store as the floor. Bytewax's own
windows wait 10 s for late events, as its documentation shows, and most of their time goes into the queue of events
that wait, which is searched at every batch: with a slower log, a shorter wait or no recovery they take less. Pathway
needs ``pip install floorcast[bench]``, here or in the interpreter that ``FLOORCAST_BENCH_PYTHON`` names. Then latency
under load, memory and state (``bench.floor_load``, ``bench.floor_state``).
"""

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench import floor_load, floor_state
from bench.floor_log import close, write
from tests.servers import RedisServer

HERE = Path(__file__).parent
RATE = 60_000.0  # events per second of log time
FULL_RATE = 250_000.0  # of the row with every fact: what it should sustain
SKIPPED = "Skipped: pathway is not installed (pip install floorcast[bench])"
FACTS = {"floor-facts": "floor with every tally and every fact, each second of log time"}
ROWS = {
    "loop": "plain Python loop: msgspec, exact dedup, minute panes",
    "floor": "floor: exact dedup, minute panes of doors and tickets, recovery",
    "polars": "Polars streaming group_by, from a file, no dedup, all cores",
    "fold": "bytewax fold_window, msgspec, recovery, no dedup",
    "pathway": "Pathway windowby, from a file, no dedup",
    "default": "bytewax default windows, json, an operator per event, recovery, no dedup",
}


def pathway_python() -> str | None:
    """An interpreter that has Pathway, or ``None``."""
    named = os.environ.get("FLOORCAST_BENCH_PYTHON")
    return named or (sys.executable if importlib.util.find_spec("pathway") else None)


def command(row: str, url: str, lines: Path) -> list[str]:
    """What runs a row."""
    if row == "pathway":
        return [pathway_python() or "", str(HERE / "floor_pathway.py"), str(lines)]
    return [sys.executable, "-m", "bench.floor_rows", row, url, str(lines)]


def once(row: str, server: RedisServer, lines: Path) -> dict[str, Any]:
    """One run of a row; its facts are thrown away."""
    done = subprocess.run(
        command(row, server.url, lines),
        check=False,
        capture_output=True,
        text=True,
        cwd=HERE.parent,
    )
    if done.returncode:
        raise SystemExit(f"row {row} failed:\n{done.stderr[-2000:]}")
    with server.client() as client:
        for pattern in ("facts:*", "latest:*", "series:*", "clock:*"):
            if row != "check" and (keys := list(client.scan_iter(pattern))):
                client.delete(*keys)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def throughput(events: int, repeats: int) -> list[dict[str, Any]]:
    """Every row's medians; raises ``SystemExit`` if two rows counted differently."""
    rows = [row for row in ROWS if row != "pathway" or pathway_python()]
    told = list(_rows(rows, events, repeats, RATE))
    beside_loop = _rows(["loop", *FACTS], events, repeats, FULL_RATE)
    return told + [row for row in beside_loop if row["row"] in FACTS]


def _rows(rows: list[str], events: int, repeats: int, rate: float) -> Iterator[dict[str, Any]]:
    runs: dict[str, list[dict[str, Any]]] = {row: [] for row in rows}
    with tempfile.TemporaryDirectory() as name, RedisServer(Path(name)) as server:
        lines = Path(name) / "events.jsonl"
        with server.client() as client:
            size = write(client, lines, events, 100, rate)
            for _ in range(repeats):
                for row in rows:
                    runs[row].append(once(row, server, lines))
            close(client)
        checked = once("check", server, lines)
    digests = {run["digest"] for found in runs.values() for run in found} - {None}
    if digests != {checked["digest"]}:
        raise SystemExit(f"the rows counted differently: {digests}, the floor {checked['digest']}")
    loop_s = statistics.median(run["cpu_s"] for run in runs["loop"])
    for row, found in runs.items():
        cpu_s = statistics.median(run["cpu_s"] for run in found)
        yield {
            "row": row, "what": {**ROWS, **FACTS}[row], "events": events, "bytes_per_event": round(size / events),
            "cpu_us": round(cpu_s / events * 1e6, 2),
            "cpu_us_best": round(min(run["cpu_s"] for run in found) / events * 1e6, 2),
            "events_per_cpu_s": round(events / cpu_s),
            "events_per_s": round(events / statistics.median(run["wall_s"] for run in found)),
            "of_loop": round(loop_s / cpu_s, 3), "peak_mb": max(run["peak_mb"] for run in found),
        }  # fmt: skip


def loads(rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Latency at 5,000 events/s and at shares of what the row with every fact sustains."""
    facts = next(row for row in rows if row["row"] == "floor-facts")
    rates = [("5,000/s", 5_000.0)]
    rates += [(f"{share} %", share / 100 * facts["events_per_s"]) for share in (20, 50, 80)]
    for name, rate in rates:
        yield {"load": name, **floor_load.measure(rate)}


def measure(events: int, repeats: int) -> dict[str, Any]:
    """All of it."""
    rows = throughput(events, repeats)
    return {
        "rows": rows,
        "skipped": None if pathway_python() else SKIPPED,
        "loads": list(loads(rows)),
        "stores": [floor_state.stores(stores) for stores in (1, 100, 10_000)],
        "snapshots": floor_state.snapshots(),
    }


def rows_table(rows: list[dict[str, Any]]) -> Iterator[str]:
    """Throughput as a Markdown table."""
    yield "| row | µs CPU/event | events per CPU second | events/s | of the loop | floor is × | peak MB |"
    yield "|---|---:|---:|---:|---:|---:|---:|"
    floor = next(row for row in rows if row["row"] == "floor")
    for row in rows:
        yield (
            f"| {row['what']} | {row['cpu_us']:.2f} | {row['events_per_cpu_s']:,} | {row['events_per_s']:,} "
            f"| {row['of_loop']:.2f} | {row['cpu_us'] / floor['cpu_us']:.1f} | {row['peak_mb']} |"
        )
    if not pathway_python():
        yield f"\n{SKIPPED}"


def loads_table(loads: list[dict[str, Any]]) -> Iterator[str]:
    """Latency under load as a Markdown table."""
    yield "| load | events/s | event → fact p50 / p99 ms | tick → fact p50 / p99 ms | CPU share | peak MB |"
    yield "|---|---:|---:|---:|---:|---:|"
    for load in loads:
        yield (
            f"| {load['load']} | {load['events_per_s']:,} | {load['event_p50_ms']} / {load['event_p99_ms']} "
            f"| {load['tick_p50_ms']} / {load['tick_p99_ms']} | {load['cpu_share']} | {load['peak_mb']} |"
        )


def state_table(stores: list[dict[str, Any]], snapshots: dict[str, int]) -> Iterator[str]:
    """Memory and state as Markdown tables."""
    yield "| stores | µs CPU/event | peak MB | KB a store above one | resume s |"
    yield "|---:|---:|---:|---:|---:|"
    for row in stores:
        yield f"| {row['stores']:,} | {row['cpu_us']} | {row['peak_mb']} | {row['kb_per_store']} | {row['resume_s']} |"
    yield "\n| snapshot of a store | bytes |"
    yield "|---|---:|"
    for name, size in snapshots.items():
        yield f"| {name} | {size:,} |"


def table(found: dict[str, Any]) -> Iterator[str]:
    """The figures as Markdown tables."""
    yield from rows_table(found["rows"])
    yield ""
    yield from loads_table(found["loads"])
    yield ""
    yield from state_table(found["stores"], found["snapshots"])


def main() -> None:
    """Print the tables, or JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--events", type=int, default=2_500_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = measure(options.events, options.repeats)
    print(json.dumps(found) if options.json else "\n".join(table(found)))


if __name__ == "__main__":
    main()
