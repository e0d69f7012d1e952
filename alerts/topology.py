"""The alert dataflow: facts → incidents and notices.

facts:{p} ─▶ batches ─▶ by_store ─▶ incidents ─▶ Redis (incidents:{p}:<store>, outbox:{p}, changed:{p})
"""

import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from functools import partial
from pathlib import Path

import bytewax.operators as op
import msgspec
from bytewax.dataflow import Dataflow, Stream
from bytewax.inputs import Source
from bytewax.operators import StatefulBatchLogic
from bytewax.outputs import Sink
from bytewax.recovery import RecoveryConfig, init_db_dir
from bytewax.run import cli_main

from alerts.arrivals import Arrivals
from alerts.book import Book, StoreBook
from alerts.incident import IncidentBatch
from alerts.memory import Memory
from alerts.pipeline import run as run_pipeline
from alerts.settings import AlertsSettings
from alerts.sink import IncidentSink
from flows.facts import FactBatch
from flows.keyspace import facts_key
from flows.settings import FlowsSettings
from sensors.settings import SensorsSettings
from sensors.stream_source import StreamSource, stop_on_signals
from sensors.streams import Position

_batch = msgspec.json.Decoder(FactBatch)


def alerting(
    batches: Stream[FactBatch],
    settings: AlertsSettings,
    sensors: SensorsSettings,
    flows: FlowsSettings,
) -> Stream[IncidentBatch]:
    """Wire the alert dataflow behind any stream of fact batches, live or replayed."""
    book = Book(settings, sensors, flows)
    by_store = op.key_on("by_store", batches, lambda batch: batch.store)
    # → (store, FactBatch)
    incidents = op.stateful_batch("incidents", by_store, lambda state: _Incidents(state, book.of))
    # → (store, IncidentBatch)
    return op.key_rm("bare_incidents", incidents)  # → IncidentBatch


class _Incidents(StatefulBatchLogic[FactBatch, IncidentBatch, bytes]):
    """One store's pipeline with its memory; a batch taken before is dropped by its position."""

    def __init__(self, state: bytes | None, book_of: Callable[[str], StoreBook]) -> None:
        self._memory = Memory.decode(state) if state else Memory()
        self._book_of = book_of

    def on_batch(self, values: list[FactBatch]) -> tuple[Iterable[IncidentBatch], bool]:
        made = [run_pipeline(self._memory, v, self._book_of(v.store)) for v in values]
        return [batch for batch in made if batch], StatefulBatchLogic.RETAIN

    def snapshot(self) -> bytes:
        return self._memory.encode()


def parse_batches(_partition: int, _at: Position, fields: Mapping[bytes, bytes]) -> list[FactBatch]:
    """The fact batches of one stream entry: newline-joined JSON in its only field."""
    raw = next(iter(fields.values()))
    return [_batch.decode(line) for line in raw.split(b"\n") if line]


def parse_arriving(
    arrivals: Arrivals, partition: int, at: Position, fields: Mapping[bytes, bytes]
) -> list[FactBatch]:
    """The same, noting when Redis took them."""
    batches = parse_batches(partition, at, fields)
    arrivals.note(batches, at)
    return batches


def flow(
    source: Source[list[FactBatch]],
    sink: Sink[IncidentBatch],
    settings: AlertsSettings,
    sensors: SensorsSettings,
    flows: FlowsSettings,
) -> Dataflow:
    """The whole dataflow between a source of fact entries and a sink of incident batches."""
    dataflow = Dataflow("alerts")
    entries = op.input("facts", dataflow, source)  # → [FactBatch]
    batches = op.flatten("batches", entries)  # → FactBatch
    changed = alerting(batches, settings, sensors, flows)  # → IncidentBatch
    op.output("told", changed, sink)
    return dataflow


def live(
    settings: AlertsSettings,
    sensors: SensorsSettings,
    flows: FlowsSettings,
    *,
    url: str,
    stop: threading.Event | None = None,
    partitions: Iterable[int] | None = None,
    follow: bool = True,
) -> Dataflow:
    """The dataflow on Redis: follows ``facts:{p}``, resumes by stream position.

    ``url`` names the Redis server; ``partitions`` this process's share, all by default; without ``follow``
    it ends at the streams' present end.
    """
    parts = range(sensors.log.partitions) if partitions is None else partitions
    stop = stop or threading.Event()
    arrivals = Arrivals()
    source = StreamSource(
        url,
        facts_key,
        partial(parse_arriving, arrivals),
        parts,
        stop=stop,
        follow=follow,
        consumer="alerts",
    )
    sink = IncidentSink(url, settings.outbox_retention_h, stop, arrivals)
    return flow(source, sink, settings, sensors, flows)


def run(
    settings: AlertsSettings,
    sensors: SensorsSettings,
    flows: FlowsSettings,
    *,
    url: str,
    partitions: Iterable[int] | None = None,
) -> None:
    """Run until SIGTERM or SIGINT, then take a last snapshot and return. Call it in the main thread."""
    folder = Path(settings.recovery_dir)
    if not any(folder.glob("part-*.sqlite3")):
        folder.mkdir(parents=True, exist_ok=True)
        init_db_dir(folder, 1)  # type: ignore[no-untyped-call]
    stop = stop_on_signals()
    dataflow = live(settings, sensors, flows, url=url, stop=stop, partitions=partitions)
    cli_main(  # type: ignore[no-untyped-call]
        dataflow,
        epoch_interval=timedelta(seconds=settings.snapshot_s),
        recovery_config=RecoveryConfig(folder, timedelta(0)),  # type: ignore[no-untyped-call]
    )
