"""Memory and rate of a replay, whatever the length of its archive.

``python -m bench.replay [MILLIONS] [STORES]``: an archive of so many million events is written to a temporary folder
and replayed with everything on, the newest facts kept; resident memory is printed at every tenth of it. ``python -m
bench.replay week`` replays a simulated store-week with a tick each second instead.
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec

from floorcast.recording import RecordingWriter, read_recording
from floorcast.replay import replay
from floorcast.replayed import Totals
from floorcast.settings import Settings, load_settings
from floorcast.simulated import days_of, deliveries_of
from sensors.keyspace import partition_of
from sensors.simulation.log_maker import log_entries
from sensors.streams import Entry, Position

START = datetime(2026, 11, 20, 1, tzinfo=UTC)
MINUTES = 12 * 60
PAGE_KB = 4


def main() -> None:
    """Print one line a tenth, and a summary."""
    settings = load_settings(Path("config.toml"))
    if sys.argv[1:2] == ["week"]:
        measured(list(week(settings)), settings)
        return
    events = int(float(sys.argv[1] if len(sys.argv) > 1 else 10) * 1e6)
    stores = int(sys.argv[2]) if len(sys.argv) > 2 else 20
    first = settings.sensors.stores[0]
    names = [f"store-{n:03d}" for n in range(stores)]
    made = [msgspec.structs.replace(first, id=name) for name in names]
    settings = msgspec.structs.replace(
        settings, sensors=msgspec.structs.replace(settings.sensors, stores=made)
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.jsonl.zst"
        began = time.perf_counter()
        with RecordingWriter(path, level=1) as recording:
            for entry in written(names, events):
                recording.write(entry)
        size = path.stat().st_size / 2**20
        print(
            f"{recording.events:,} events written, {size:.0f} MB, {time.perf_counter() - began:.0f} s"
        )
        measured(read_recording(path), settings, recording.events)


def written(stores: list[str], events: int) -> Iterator[Entry]:
    """Counts and tickets of many stores, a tick each minute; a ticket for every tenth count."""
    each = max(1, events // (len(stores) * MINUTES))
    for minute in range(MINUTES):
        at = START + timedelta(minutes=minute)
        stamp = at.isoformat().replace("+00:00", "Z")
        for store in stores:
            lines = b"\n".join(line(store, minute * each + n, stamp) for n in range(each))
            ms = int(at.timestamp() * 1000) + stores.index(store)
            yield Entry(partition_of(store, 16), Position(ms, 0), at, lines)
        for partition in sorted({partition_of(store, 16) for store in stores}):
            ms = int(at.timestamp() * 1000) + 59_000
            yield Entry(partition, Position(ms, 0), at + timedelta(seconds=59), b"")


def line(store: str, n: int, stamp: str) -> bytes:
    """One event."""
    head = f'"store":"{store}","at":"{stamp}","seq":{n}'
    if n % 10:
        return f'{{"kind":"footfall",{head},"source":"door-{n % 4}","door":"main","entered":1}}'.encode()
    return (
        f'{{"kind":"pos",{head},"source":"till-{n % 8}","till":"1","transaction":"{n}","net_minor":18800,'
        f'"lines":[{{"sku":"W-LIN-M","net_minor":18800}}]}}'
    ).encode()


def week(settings: Settings) -> Iterator[Entry]:
    """A simulated store-week."""
    store = settings.sensors.stores[0]
    days = days_of(settings.sensors, store, date(2026, 11, 16), 7, 7)
    yield from log_entries(deliveries_of(days), tick=timedelta(seconds=1))


def measured(entries: Iterator[Entry] | list[Entry], settings: Settings, events: int = 0) -> None:
    """Replay and print."""
    began, cpu = time.perf_counter(), time.process_time()
    due = [events // 10]
    peak = [0.0]

    def look(totals: Totals) -> None:
        if not events or totals.events < due[0]:
            return
        due[0] += events // 10
        peak[0] = max(peak[0], resident_mb())
        print(
            f"  {totals.events:>12,} events  {totals.at:%H:%M}  {resident_mb():>6.0f} MB",
            flush=True,
        )

    result = replay(iter(entries), settings, on_entry=look)
    wall, used = time.perf_counter() - began, time.process_time() - cpu
    totals = result.totals
    names = sum(1 for _ in result.newest.lines())
    print(
        f"{totals.events:,} events, {totals.ticks:,} ticks, {names:,} facts, {len(result.incidents_latest):,} "
        f"incidents: {wall:.1f} s, {used:.1f} s CPU, {totals.events / wall:,.0f} events/s, "
        f"peak {max(peak[0], resident_mb()):.0f} MB"
    )


def resident_mb() -> float:
    """Memory the process holds now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_KB / 1024


if __name__ == "__main__":
    main()
