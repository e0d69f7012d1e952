"""The recorded log through the very topologies that run live, in this process, without broker or Redis.

entries ─▶ flows.floor ─┬─▶ facts
                        └─▶ alerts.alerting ─▶ incidents

What comes out is put into log order, so the same log gives the same bytes with any number of workers. Stopped with
``stop``, the flow takes a last snapshot; resumed from it, it goes on with the entry behind and gives the same bytes.
"""

import threading
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from itertools import chain, islice
from pathlib import Path
from typing import TypeVar

from bytewax import operators as op
from bytewax.dataflow import Dataflow, Stream
from bytewax.inputs import FixedPartitionedSource, StatefulSourcePartition
from bytewax.outputs import DynamicSink, StatelessSinkPartition
from bytewax.recovery import RecoveryConfig
from bytewax.testing import cluster_main, run_main

from alerts.incident import IncidentBatch
from alerts.topology import alerting
from floorcast.pace import Idle, Pace
from floorcast.replayed import Keep, Replayed, Totals
from floorcast.settings import Settings
from flows.facts import FactBatch
from flows.topology import floor, recovery
from sensors.streams import Entry

BATCH = 256  # entries handed to the dataflow at once, of …
MINUTES = 8  # … at most so many that begin a minute: each may have facts of thousands of SKUs
RARELY = timedelta(days=1)  # between snapshots: only the one at the end is wanted
Item = TypeVar("Item")
Take = Callable[[list[Item]], None]


def replay(
    entries: Iterable[Entry],
    settings: Settings,
    *,
    workers: int = 1,
    keep: Keep = "last",
    forecasts: bool = False,
    speed: float | None = None,
    on_entry: Callable[[Totals], None] = lambda _totals: None,
    stop: threading.Event | None = None,
    state: Path | None = None,
) -> Replayed:
    """Run a log through floor and alerts until it ends.

    Args:
        entries: in order of position within each partition; errors they raise end the replay.
        settings: as for the live run.
        workers: bytewax worker threads; the result does not depend on it.
        keep: of the facts every line, spilled to disk; or the newest of each name; or none.
        forecasts: keep every forecast apart too.
        speed: times real time; ``None`` as fast as it goes.
        on_entry: called now and then with the totals so far, for a progress bar.
        stop: once set, the log ends there; with ``state`` all is left in that folder, to be resumed.
        state: folder of the state; where an interrupted replay left its own, this one goes on from there.
    """
    result = Replayed()
    held = state / "held" if state else None
    if held and held.is_dir():
        result.load(held)
    source = EntrySource(entries, result.totals, on_entry, speed=speed, stop=stop)
    run_log(
        source,
        settings,
        facts=lambda batches: result.take_facts(batches, keep, forecasts=forecasts),
        incidents=result.take_incidents,
        workers=workers,
        state=state,
    )
    result.interrupted = source.interrupted
    if held and source.interrupted:
        held.mkdir(parents=True, exist_ok=True)
        result.dump(held)
    return result


def run_log(
    source: "EntrySource",
    settings: Settings,
    *,
    facts: Take[FactBatch] | None = None,
    incidents: Take[IncidentBatch] | None = None,
    workers: int = 1,
    state: Path | None = None,
) -> None:
    """Run a log and hand what comes out to whoever asked; without ``incidents`` the alerts do not run."""
    flow = replay_flow(source, settings, facts, incidents, exact=state is not None)
    config: RecoveryConfig | None = recovery(state / "recovery") if state else None
    if workers == 1:
        run_main(flow, epoch_interval=RARELY, recovery_config=config)  # type: ignore[no-untyped-call]
    else:
        cluster_main(  # type: ignore[no-untyped-call]
            flow,
            [],
            0,
            epoch_interval=RARELY,
            recovery_config=config,
            worker_count_per_proc=workers,
        )
    if source.failure:
        raise source.failure


def replay_flow(
    source: "EntrySource",
    settings: Settings,
    facts: Take[FactBatch] | None,
    incidents: Take[IncidentBatch] | None,
    *,
    exact: bool = False,
) -> Dataflow:
    """The wiring; only its two ends differ from the live flows."""
    source.publish_s = settings.flows.publish_s
    flow = Dataflow("replay")
    entries: Stream[Entry] = op.input("replayed_log", flow, source)
    batches: Stream[FactBatch] = floor(entries, settings.flows, settings.sensors, exact=exact)
    if facts:
        op.output("facts_out", batches, Out(facts))
    if incidents:
        changes: Stream[IncidentBatch] = alerting(
            batches, settings.alerts, settings.sensors, settings.flows
        )
        op.output("incidents_out", changes, Out(incidents))
    return flow


class EntrySource(FixedPartitionedSource[Entry, int]):
    """Entries from any iterable, once; its state is how many were taken.

    An error the iterable raises ends the flow and is kept as ``failure``, so that it reaches the caller as
    itself and not as bytewax's.

    Args:
        entries: in log order.
        totals: told of each entry; what it says already is taken to be behind us when the flow resumes.
        on_entry: called now and then.
        speed: times real time; ``None`` as fast as it goes.
        stop: once set, the log ends.

    Attributes:
        publish_s: ``flows.publish_s`` of the flow it feeds; ticks that nobody waits for are not handed out.
    """

    def __init__(
        self,
        entries: Iterable[Entry],
        totals: Totals,
        on_entry: Callable[[Totals], None] = lambda _totals: None,
        *,
        speed: float | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        self.entries = iter(entries)
        self.totals, self.on_entry = totals, on_entry
        self.speed, self.stop = speed, stop or threading.Event()
        self.publish_s = 1.0
        self.failure: Exception | None = None
        self.interrupted = False

    def list_parts(self) -> list[str]:
        """One: the log is read in its own order."""
        return ["log"]

    def build_part(
        self, _step_id: str, _for_part: str, resume_state: int | None
    ) -> "_EntryPartition":
        """The reader of the log, behind what was taken before."""
        return _EntryPartition(self, resume_state or 0)


class _EntryPartition(StatefulSourcePartition[Entry, int]):
    def __init__(self, source: EntrySource, taken: int) -> None:
        self._source, self._taken, self._skip = source, taken, taken
        self._pace = Pace(source.speed) if source.speed else None
        self._early: Entry | None = None
        self._awake: datetime | None = None
        self._idle = Idle(source.publish_s)

    def next_batch(self) -> list[Entry]:
        """The next entries that are due; raises ``StopIteration`` after the last, or when told to stop."""
        source = self._source
        if source.stop.is_set():
            source.interrupted = True
            raise StopIteration
        read: list[Entry] = []
        try:
            handed = self._read(read)
        except Exception as error:  # noqa: BLE001 - handed to run_log(), which raises it
            source.failure = error
            raise StopIteration from None
        if not read and self._awake is None:
            raise StopIteration
        source.totals.add(read)
        self._taken += len(read)
        source.on_entry(source.totals)
        return handed

    def _read(self, read: list[Entry]) -> list[Entry]:
        """Add the next entries that are due to ``read``; returns those of them that the floor has to see."""
        skip, self._skip = self._skip, 0
        entries = islice(self._source.entries, skip, skip + BATCH)
        handed, minutes = [], self._idle.minutes + MINUTES
        self._awake, early, self._early = None, self._early, None
        for entry in chain((early,) if early else (), entries):
            if self._pace:
                self._awake = self._pace.due(entry.received_at)
                if self._awake:
                    self._early = entry
                    break
            read.append(entry)
            if self._idle.concerns(entry):
                handed.append(entry)
            if self._idle.minutes >= minutes:
                break
        return handed

    def next_awake(self) -> datetime | None:
        """When the next entry is due; at once if ``None``."""
        return self._awake

    def snapshot(self) -> int:
        """How many entries were taken."""
        return self._taken


class Out(DynamicSink[Item]):
    """Hands what comes out to a function, from every worker."""

    def __init__(self, take: Take[Item]) -> None:
        self._take = take

    def build(self, _step_id: str, _worker_index: int, _worker_count: int) -> "_Sink[Item]":
        """One for each worker; stores are not shared between workers, so neither are keys."""
        return _Sink(self._take)


class _Sink(StatelessSinkPartition[Item]):
    def __init__(self, take: Take[Item]) -> None:
        self._take = take

    def write_batch(self, items: list[Item]) -> None:
        self._take(items)
