"""The floor dataflow: the event log in, facts out.

log ─▶ decode ─▶ route ─▶ floor ─▶ batches ─▶ facts
log ─▶ newest ─▶ through

``decode`` turns entries into events, split by store. ``route`` (one state per partition) decides which stores take a
tick. ``floor`` (one state per store) drops repeats, folds events into panes and, on ticks, publishes the facts that
changed. ``newest`` tells screens how far the log is read. Everything is done per batch; only sums and facts travel
between steps.
"""

import gc
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from threading import Event as Flag

import bytewax.operators as op
from bytewax.dataflow import Dataflow, Stream
from bytewax.inputs import Source
from bytewax.operators import StatefulBatchLogic
from bytewax.outputs import Sink
from bytewax.recovery import RecoveryConfig, init_db_dir
from bytewax.run import cli_main

from flows import metrics
from flows.facts import FactBatch
from flows.ledger import Ledger
from flows.profile import Profiles
from flows.publish import Publisher
from flows.route import Router, Shares, Slice, decode
from flows.settings import FlowsSettings
from flows.sink import FactSink
from flows.snapshot import dump, load
from flows.through import Through, ThroughSink, newest
from sensors.keyspace import log_key
from sensors.settings import SensorsSettings
from sensors.stream_source import StreamSource, parse_entry, stop_on_signals
from sensors.streams import Entry

CONSUMER = "floor"


def floor(
    entries: Stream[Entry],
    settings: FlowsSettings,
    sensors: SensorsSettings,
    *,
    exact: bool = False,
) -> Stream[FactBatch]:
    """Wire the floor; the same live, in replay and in tests.

    ``exact``: snapshots also hold what was last said, so that a flow resumed from one says no live fact once more.
    """
    profiles = Profiles(settings, sensors)
    decoded = op.flat_map_batch("decode", entries, decode)
    # → (partition, Shares)
    routed = op.stateful_batch(
        "route", decoded, lambda state: RouteLogic(profiles, settings, state)
    )
    # → (partition, (store, Slice))
    stores = op.map("stores", routed, lambda item: item[1])
    # → (store, Slice)
    batches = op.stateful_batch(
        "floor", stores, lambda state: FloorLogic(profiles, state, exact=exact)
    )
    # → (store, FactBatch)
    return op.map("batches", batches, lambda item: item[1])
    # → FactBatch


def live(
    settings: FlowsSettings, sensors: SensorsSettings, source: Source[Entry], sink: Sink[tuple[str, FactBatch]],
    through: Sink[Through],
) -> Dataflow:  # fmt: skip
    """The whole dataflow: a source of entries, a sink of (partition, batch), one that hears how far it has come."""
    flow = Dataflow("floor")
    entries = op.input("log", flow, source)
    batches = floor(entries, settings, sensors)
    keyed = op.map("partition", batches, lambda batch: (f"{batch.partition:02d}", batch))
    op.output("facts", keyed, sink)
    op.output("through", op.flat_map_batch("newest", entries, newest), through)
    return flow


class RouteLogic(StatefulBatchLogic[Shares, tuple[str, Slice], object]):
    """The state of one partition: which stores have news."""

    def __init__(self, profiles: Profiles, settings: FlowsSettings, state: object | None) -> None:
        self._profiles, self._publish_s = profiles, settings.publish_s
        self._state = state
        self._router: Router | None = None

    def on_batch(self, values: list[Shares]) -> tuple[Iterable[tuple[str, Slice]], bool]:
        """Pass each entry's shares, and ticks to whom they concern, in log order."""
        router = self._known(values[0].partition)
        return [(part.store, part) for shares in values for part in router.route(shares)], False

    def _known(self, partition: int) -> Router:
        if self._router is None:
            self._router = Router(self._profiles.on(partition), self._publish_s)
            if isinstance(self._state, list):
                self._router.restore(self._state)
        return self._router

    def snapshot(self) -> object:
        """Which stores were told what, as a copy."""
        return self._state if self._router is None else self._router.row()


class FloorLogic(StatefulBatchLogic[Slice, FactBatch, bytes]):
    """The state of one store."""

    def __init__(self, profiles: Profiles, state: bytes | None, *, exact: bool = False) -> None:
        self._profiles, self._exact = profiles, exact
        self._publisher = load(state, profiles.of) if state else None
        self._frozen = state or b""

    def on_batch(self, values: list[Slice]) -> tuple[Iterable[FactBatch], bool]:
        """Count events; on ticks and commands answer with a batch."""
        publisher = self._publisher
        if publisher is None:
            publisher = self._publisher = Publisher(Ledger(self._profiles.of(values[0].store)))
        self._frozen = b""
        batches: list[FactBatch] = []
        ledger = publisher.ledger
        for part in values:
            if part.events:
                commands = ledger.take(part.events, part.at)
                if commands:
                    batches.append(_batch(part, commands=commands))
            else:
                facts = publisher.tick(part.at)
                batches.append(_batch(part, facts=facts, events=ledger.unreported))
                ledger.unreported = 0
        return batches, False

    def snapshot(self) -> bytes:
        """The store's state as bytes, made once while nothing changes."""
        if not self._frozen and self._publisher is not None:
            self._frozen = dump(self._publisher, exact=self._exact)
            metrics.SNAPSHOT_BYTES.observe(len(self._frozen))
            metrics.PANES.observe(len(self._publisher.ledger.minutes))
        return self._frozen


def _batch(part: Slice, **content: object) -> FactBatch:
    return FactBatch(
        store=part.store, partition=part.partition, position=str(part.position), at=part.at, **content  # type: ignore[arg-type]
    )  # fmt: skip


def run(
    settings: FlowsSettings, sensors: SensorsSettings, url: str, *, partitions: Iterable[int] = (),
    workers: int = 1, stop: Flag | None = None,
) -> None:  # fmt: skip
    """Run the floor dataflow until SIGTERM or SIGINT; returns after its last snapshot.

    Args:
        settings: ``[flows]``.
        sensors: ``[sensors]``: the stores and the log's partitions.
        url: of the Redis that holds the log and takes the facts.
        partitions: the share of the log this process owns; all of it by default.
        workers: worker threads.
        stop: set to end it; made from the signals of the main thread by default.
    """
    stop = stop or stop_on_signals()
    owned = list(partitions) or list(range(sensors.log.partitions))
    source = StreamSource(url, log_key, parse_entry, owned, stop=stop, consumer=CONSUMER)
    facts = FactSink(url, settings, sensors, owned)
    flow = live(settings, sensors, source, facts, ThroughSink(url))
    calm_collector()
    cli_main(  # type: ignore[no-untyped-call]
        flow,
        workers_per_process=workers,
        epoch_interval=timedelta(seconds=settings.snapshot_s),
        recovery_config=recovery(Path(settings.recovery_dir)),
    )


def calm_collector() -> None:
    """Spare the garbage collector what lives as long as the process: a seventh of the floor's CPU at full load."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def recovery(folder: Path) -> RecoveryConfig:
    """The recovery store in ``folder``, made when it is not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    if not any(folder.glob("part-*.sqlite3")):
        init_db_dir(folder, 1)  # type: ignore[no-untyped-call]
    return RecoveryConfig(folder, timedelta(0))  # type: ignore[no-untyped-call]
