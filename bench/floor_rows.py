"""One row of ``bench.floor`` in a process of its own: ``python -m bench.floor_rows ROW URL LINES``; prints JSON.

Each counts people in and out per store, door and minute, tickets and money per store and minute, from the same bytes.
``loop`` and ``floor`` also drop repeats; the others are spared that.
"""

import json
import sys
import tempfile
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import bytewax.operators as op
import bytewax.operators.windowing as win
import msgspec
import polars as pl
import redis
from bytewax.dataflow import Dataflow, Stream
from bytewax.outputs import DynamicSink, StatelessSinkPartition
from bytewax.testing import run_main

from bench.floor_counts import Counts, report, timed
from bench.floor_log import PARTITIONS, START, shops
from flows import ledger
from flows.facts import FactBatch
from flows.measure import measures
from flows.profile import Profiles
from flows.settings import FlowsSettings
from flows.sink import FactSink
from flows.tallies.footfall import DoorTally
from flows.tallies.sales import SkuTally, TillTally
from flows.tally import parts
from flows.through import ThroughSink
from flows.topology import calm_collector, live, recovery
from sensors.events import AnyEvent, Footfall, Pos
from sensors.keyspace import log_key
from sensors.stream_source import StreamSource, parse_entry
from sensors.streams import Entry

MINUTE = timedelta(minutes=1)
WAIT = timedelta(seconds=10)  # of the stock windows for late events, as in bytewax's documentation
EPOCH = timedelta(seconds=2)
COUNT = 64  # entries of a stream by one read, as the product's source takes
_union = msgspec.json.Decoder(AnyEvent).decode_lines
_batch = msgspec.json.Decoder(FactBatch)


def loop(url: str, _lines: str) -> Counts:
    """The least any Python must do: read, decode, drop repeats exactly, count."""
    panes: dict[tuple[str, str, int], list[int]] = {}
    following: dict[tuple[str, str], int] = {}
    beyond: dict[tuple[str, str], set[int]] = {}  # numbers seen out of order
    after: dict[Any, Any] = {log_key(partition): "0" for partition in range(PARTITIONS)}
    client = redis.Redis.from_url(url, protocol=2)
    while answer := client.xread(after, count=COUNT):
        told: Any = answer
        for key, rows in told:
            after[key.decode()] = rows[-1][0]
            for _, fields in rows:
                if b"e" in fields:
                    _count(_union(fields[b"e"]), panes, following, beyond)
    return panes


def _count(
    events: list[AnyEvent], panes: Counts, following: dict[tuple[str, str], int],
    beyond: dict[tuple[str, str], set[int]],
) -> None:  # fmt: skip
    for event in events:
        device, seq = (event.store, event.source), event.seq
        if seq == following.get(device, 1):
            following[device] = seq + 1
        else:
            seen = beyond.setdefault(device, set())
            if seq is None or seq < following.get(device, 1) or seq in seen:
                continue
            seen.add(seq)
        footfall = type(event) is Footfall
        pane = event.store, event.door if footfall else "", int(event.at.timestamp()) // 60  # type: ignore[union-attr]
        counts = panes.get(pane)
        if counts is None:
            counts = panes[pane] = [0, 0, 0, 0]
        if footfall:
            counts[0] += event.entered  # type: ignore[union-attr]
            counts[1] += event.left  # type: ignore[union-attr]
        elif type(event) is Pos:
            counts[2] += 1
            counts[3] += event.net_minor


class _Nothing(StatelessSinkPartition[object]):
    def write_batch(self, items: list[object]) -> None:
        pass


class Nowhere(DynamicSink[object]):
    """A sink that forgets."""

    def build(self, *_args: object) -> _Nothing:
        """One per worker."""
        return _Nothing()


def _source(url: str) -> StreamSource[Entry]:
    return StreamSource(url, log_key, parse_entry, range(PARTITIONS), follow=False)


def floor(url: str, publish_s: float, stores: int = 100) -> None:
    """The product between the Redis log and Redis facts, with a recovery store."""
    settings, sensors = FlowsSettings(publish_s=publish_s), shops(stores)
    facts = FactSink(url, settings, sensors, range(PARTITIONS))
    _recoverable(live(settings, sensors, _source(url), facts, ThroughSink(url)))


def _recoverable(flow: Dataflow) -> None:
    with tempfile.TemporaryDirectory() as folder:
        run_main(  # type: ignore[no-untyped-call]
            flow, epoch_interval=EPOCH, recovery_config=recovery(Path(folder))
        )


def only_what_the_loop_counts() -> None:
    """Leave the floor the tallies of doors and tills alone; every other measure's cost is in ``floor-facts``."""
    wanted = [part for part in parts() if part.tallies in ((DoorTally,), (TillTally, SkuTally))]
    ledger._COUNTS = tuple(part for part in wanted if part.event is Footfall)  # noqa: SLF001
    ledger._ADD = {part.event: (part.contribute,) for part in wanted}  # noqa: SLF001


def floor_counts(url: str) -> Counts:
    """What the floor counted, read from the final quarters it published."""
    counts: Counts = {}
    places = {"visitors": 0, "exits": 1, "transactions": 2, "net_sales": 3}
    client = redis.Redis.from_url(url, protocol=2)
    for partition in range(PARTITIONS):
        rows: Any = client.xrange(f"facts:{{{partition}}}")
        for _, fields in rows:
            for batch in _batch.decode_lines(fields[b"e"]):
                for fact in batch.facts:
                    place = places.get(fact.metric)
                    door = fact.subject.removeprefix("door:")
                    if place is None or bool(door) != (place < 2):
                        continue
                    if fact.window == "quarter" and fact.state == "final":
                        pane = fact.store, door, int(fact.start.timestamp()) // 60
                        counts.setdefault(pane, [0, 0, 0, 0])[place] += int(fact.value or 0)
    return counts


Said = tuple[str, datetime, str, int, int, int, int]  # store, at, door, in, out, tickets, money


def windows(url: str, said: Callable[[Stream[Entry]], Stream[Said]]) -> Counts:
    """Bytewax's own event-time tumbling minutes per store."""
    flow = Dataflow("windows")
    entries = op.filter(
        "events", op.input("log", flow, _source(url)), lambda entry: bool(entry.lines)
    )
    keyed = op.key_on("store", said(entries), lambda item: item[0])
    # by the system's clock, a run that reads the log slower than it was written would drop events as late
    clock: win.EventClock[Any] = win.EventClock(
        lambda item: item[1],
        wait_for_system_duration=WAIT,
        now_getter=lambda: START,
        to_system_utc=lambda _: None,
    )
    minutes = win.TumblingWindower(length=MINUTE, align_to=START.replace(second=0))
    counted = win.fold_window("count", keyed, clock, minutes, dict, _fold, _merge)
    counts: Counts = {}

    def keep(item: tuple[str, tuple[int, dict[str, list[int]]]]) -> None:
        store, (window, doors) = item
        for door, numbers in doors.items():
            _add(counts, (store, door, int(START.timestamp()) // 60 + window), numbers)

    op.output("out", op.map("keep", counted.down, keep), Nowhere())
    _recoverable(flow)
    return counts


def _add(counts: Counts, pane: tuple[str, str, int], numbers: list[int]) -> None:
    known = counts.setdefault(pane, [0, 0, 0, 0])
    counts[pane] = [a + b for a, b in zip(known, numbers, strict=True)]


def _fold(doors: dict[str, list[int]], item: Said) -> dict[str, list[int]]:
    counts = doors.get(item[2])
    if counts is None:
        counts = doors[item[2]] = [0, 0, 0, 0]
    counts[0] += item[3]
    counts[1] += item[4]
    counts[2] += item[5]
    counts[3] += item[6]
    return doors


def _merge(doors: dict[str, list[int]], others: dict[str, list[int]]) -> dict[str, list[int]]:
    for door, counts in others.items():
        doors[door] = [a + b for a, b in zip(doors.get(door, [0, 0, 0, 0]), counts, strict=True)]
    return doors


def by_msgspec(entries: Stream[Entry]) -> Stream[Said]:
    """Decoded a batch at a time."""

    def said(entry: Entry) -> Iterable[Said]:
        for e in _union(entry.lines):
            if type(e) is Footfall:
                yield e.store, e.at, e.door, e.entered, e.left, 0, 0
            elif type(e) is Pos:
                yield e.store, e.at, "", 0, 0, 1, e.net_minor

    return op.flat_map("decode", entries, said)


def by_json(entries: Stream[Entry]) -> Stream[Said]:
    """As the documentation's examples do: an operator per event, the standard library's json."""

    def said(e: dict[str, Any]) -> Said:
        at, paid = datetime.fromisoformat(e["at"]), e["kind"] == "pos"
        return (
            e["store"], at, e.get("door", ""), e.get("entered", 0), e.get("left", 0), int(paid),
            e.get("net_minor", 0),
        )  # fmt: skip

    lines = op.flat_map("lines", entries, lambda entry: entry.lines.splitlines())
    return op.map("said", op.map("decode", lines, json.loads), said)


def polars(_url: str, lines: str) -> Counts:
    """Polars' streaming engine over the same bytes in a file; all cores."""
    schema = {"kind": pl.String, "at": pl.String, "store": pl.String, "door": pl.String,
              "entered": pl.Int64, "left": pl.Int64, "net_minor": pl.Int64}  # fmt: skip
    at = pl.col("at").str.to_datetime("%Y-%m-%dT%H:%M:%S%.fZ", time_zone="UTC")
    frame = (
        pl.scan_ndjson(lines, schema=schema)
        .group_by("store", pl.col("door").fill_null(""), at.dt.truncate("1m").alias("minute"))
        .agg(
            pl.col("entered").sum(), pl.col("left").sum(), (pl.col("kind") == "pos").sum().alias("tickets"),
            pl.col("net_minor").sum(),
        )
        .collect(engine="streaming")
    )  # fmt: skip
    return {(r[0], r[1], int(r[2].timestamp()) // 60): list(r[3:]) for r in frame.iter_rows()}


ROWS: dict[str, Callable[[str, str], Counts | None]] = {
    "loop": loop,
    "floor": lambda url, _: floor(url, 3600.0),
    "floor-facts": lambda url, _: floor(url, 1.0),
    "fold": lambda url, _: windows(url, by_msgspec),
    "default": lambda url, _: windows(url, by_json),
    "polars": polars,
}


def main() -> None:
    """Run the row and print what it took."""
    name, url, lines = sys.argv[1:4]
    measures()  # imports them, and the calendars of all countries: no part of what an event costs
    Profiles(FlowsSettings(), shops(1)).of("s00000")
    if name == "check":
        floor(url, 1.0)
        report(floor_counts(url))
    else:
        if name == "floor":
            only_what_the_loop_counts()
        calm_collector()  # for every row alike
        counts, spent = timed(lambda: ROWS[name](url, lines))
        report(counts, **spent)


if __name__ == "__main__":
    main()
