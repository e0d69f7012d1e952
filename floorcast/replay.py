"""The recorded log through the very topologies that run live, in this process, without broker or Redis.

entries ─▶ flows.floor ─┬─▶ facts
                        └─▶ alerts.alerting ─▶ incidents

What comes out is put into log order, so the same log gives the same bytes with any number of workers.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Literal, NamedTuple, TypeVar

import msgspec
from bytewax import operators as op
from bytewax.dataflow import Dataflow, Stream
from bytewax.inputs import FixedPartitionedSource, StatefulSourcePartition
from bytewax.outputs import DynamicSink, StatelessSinkPartition
from bytewax.testing import cluster_main, run_main

from alerts.incident import IncidentBatch
from alerts.topology import alerting
from floorcast.ordered import Key, Keyed, Ordered
from floorcast.settings import Settings
from flows.facts import Fact, FactBatch
from flows.sink import ALIGNED
from flows.topology import floor
from sensors.streams import Entry, Position

BATCH = 256  # entries handed to the dataflow at once
Item = TypeVar("Item")
Keep = Literal["all", "last", "none"]

_encode = msgspec.json.Encoder().encode


class Totals:
    """What a replay has seen so far; read while it runs.

    Attributes:
        at: time received of the newest entry, ``None`` before the first.
    """

    def __init__(self) -> None:
        self.entries = self.ticks = self.events = 0
        self.at: datetime | None = None
        self.started_at: datetime | None = None

    def add(self, entry: Entry) -> None:
        """Count one entry."""
        self.entries += 1
        self.at = entry.received_at
        self.started_at = self.started_at or entry.received_at
        if entry.is_tick:
            self.ticks += 1
        else:
            self.events += entry.lines.count(b"\n") + 1


Name = tuple[str, str, str, str, str]
"""Store, metric, subject, window and, where windows are aligned, start; a level or trailing window has one fact."""


def name_of(fact: Fact) -> Name:
    """What a newer fact replaces this one under, as in Redis."""
    start = fact.start.isoformat() if fact.window in ALIGNED else ""
    return fact.store, fact.metric, fact.subject, fact.window, start


class Replayed(NamedTuple):
    """What came out: facts and changed incidents as JSON lines in log order, read once, and the newest of each.

    Attributes:
        facts: every one, with ``keep="all"``.
        latest: the newest of each name, with ``keep="last"``.
        incidents: each time one changed; ``incidents_latest``: the newest state of each, by id.
    """

    facts: Ordered
    incidents: Ordered
    latest: dict[Name, Fact]
    incidents_latest: dict[str, bytes]
    totals: Totals

    def facts_in_order(self) -> list[Fact]:
        """The newest of each fact, by its name."""
        return [self.latest[key] for key in sorted(self.latest)]

    def fact_lines(self, *, last: bool) -> Iterable[bytes]:
        """Facts as JSON lines in log order; with ``last`` the newest of each, by name."""
        return map(_encode, self.facts_in_order()) if last else self.facts.lines()

    def incident_lines(self, *, last: bool) -> Iterable[bytes]:
        """Incidents as JSON lines each time they changed, in log order; with ``last`` the newest of each, by id."""
        latest = self.incidents_latest
        return [latest[name] for name in sorted(latest)] if last else self.incidents.lines()


def replay(
    entries: Iterable[Entry],
    settings: Settings,
    *,
    workers: int = 1,
    keep: Keep = "last",
    on_entry: Callable[[Totals], None] = lambda _totals: None,
) -> Replayed:
    """Run a log through floor and alerts until it ends.

    Args:
        entries: in order of position within each partition; errors they raise end the replay.
        settings: as for the live run.
        workers: bytewax worker threads; the result does not depend on it.
        keep: of the facts every line, spilled to disk; or the newest of each name, in memory; or none.
        on_entry: called now and then with the totals so far, for a progress bar.
    """
    result = Replayed(Ordered(), Ordered(), {}, {}, Totals())
    source = EntrySource(entries, result.totals, on_entry)
    flow = replay_flow(source, settings, FactsOut(result, keep), IncidentsOut(result))
    if workers == 1:
        run_main(flow)  # type: ignore[no-untyped-call]
    else:
        cluster_main(flow, [], 0, worker_count_per_proc=workers)  # type: ignore[no-untyped-call]
    if source.failure:
        raise source.failure
    return result


def replay_flow(
    source: "EntrySource", settings: Settings, facts: "FactsOut", incidents: "IncidentsOut"
) -> Dataflow:
    """The wiring; only its two ends differ from the live flows."""
    flow = Dataflow("replay")
    entries: Stream[Entry] = op.input("replayed_log", flow, source)
    batches: Stream[FactBatch] = floor(entries, settings.flows, settings.sensors)
    op.output("facts_out", batches, facts)
    changes: Stream[IncidentBatch] = alerting(
        batches, settings.alerts, settings.sensors, settings.flows
    )
    op.output("incidents_out", changes, incidents)
    return flow


class EntrySource(FixedPartitionedSource[Entry, None]):
    """Entries from any iterable, once.

    An error the iterable raises ends the flow and is kept as ``failure``, so that it reaches the caller as
    itself and not as bytewax's.
    """

    def __init__(
        self, entries: Iterable[Entry], totals: Totals, on_entry: Callable[[Totals], None]
    ) -> None:
        self.entries = iter(entries)
        self.totals, self.on_entry = totals, on_entry
        self.failure: Exception | None = None

    def list_parts(self) -> list[str]:
        """One: the log is read in its own order."""
        return ["log"]

    def build_part(self, _step_id: str, _for_part: str, _resume_state: None) -> "_EntryPartition":
        """The reader of the log."""
        return _EntryPartition(self)


class _EntryPartition(StatefulSourcePartition[Entry, None]):
    def __init__(self, source: EntrySource) -> None:
        self._source = source

    def next_batch(self) -> list[Entry]:
        """The next entries; raises ``StopIteration`` after the last."""
        source = self._source
        batch: list[Entry] = []
        try:
            for entry in source.entries:
                source.totals.add(entry)
                batch.append(entry)
                if len(batch) == BATCH:
                    break
        except Exception as error:  # noqa: BLE001 - handed to replay(), which raises it
            source.failure = error
            raise StopIteration from None
        if not batch:
            raise StopIteration
        source.on_entry(source.totals)
        return batch

    def snapshot(self) -> None:
        """A replay is not resumed by bytewax."""


class FactsOut(DynamicSink[FactBatch]):
    """Facts as lines in log order, or the newest of each name."""

    def __init__(self, result: Replayed, keep: Keep) -> None:
        self.result, self.keep = result, keep

    def build(self, _step_id: str, _worker_index: int, _worker_count: int) -> "_Sink[FactBatch]":
        """One for each worker; stores are not shared between workers, so neither are keys."""
        return _Sink(self.write)

    def write(self, batches: list[FactBatch]) -> None:
        """Take some batches."""
        if self.keep == "last":
            for batch in batches:
                self.result.latest.update((name_of(fact), fact) for fact in batch.facts)
        elif self.keep == "all":
            self.result.facts.add(line for batch in batches for line in _fact_lines(batch))


class IncidentsOut(DynamicSink[IncidentBatch]):
    """Changed incidents as lines in log order, and the newest state of each."""

    def __init__(self, result: Replayed) -> None:
        self.result = result

    def build(
        self, _step_id: str, _worker_index: int, _worker_count: int
    ) -> "_Sink[IncidentBatch]":
        """One for each worker."""
        return _Sink(self.write)

    def write(self, batches: list[IncidentBatch]) -> None:
        """Take some batches."""
        for batch in batches:
            lines = [(incident.id, _encode(incident)) for incident in batch.incidents]
            self.result.incidents_latest.update(lines)
            self.result.incidents.add(
                (_key(batch.position, batch.partition, batch.store, n), line)
                for n, (_, line) in enumerate(lines)
            )


class _Sink(StatelessSinkPartition[Item]):
    def __init__(self, write: Callable[[list[Item]], None]) -> None:
        self._write = write

    def write_batch(self, items: list[Item]) -> None:
        self._write(items)


def _fact_lines(batch: FactBatch) -> Iterator[Keyed]:
    for n, fact in enumerate(batch.facts):
        yield _key(batch.position, batch.partition, batch.store, n), _encode(fact)


def _key(position: str, partition: int, store: str, n: int) -> Key:
    place = Position.parse(position)
    return Key(place.ms, place.seq, partition, store, n)
