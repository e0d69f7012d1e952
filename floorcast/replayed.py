"""What a replay has seen and what came out of it, in memory that does not grow with the log."""

import heapq
import tempfile
import threading
import weakref
from collections.abc import Iterable, Iterator
from datetime import datetime
from operator import itemgetter
from pathlib import Path
from typing import BinaryIO, Literal, NamedTuple

import msgspec

from alerts.incident import IncidentBatch
from floorcast.ordered import Key, Keyed, Ordered
from flows.facts import Fact, FactBatch
from flows.sink import ALIGNED
from sensors.streams import Entry, Position

Keep = Literal["all", "last", "none"]
HELD_NAMES = 50_000
FORECAST = "_forecast"  # what ends the metric of a forecast

_encode = msgspec.json.Encoder().encode
_fact = msgspec.json.Decoder(Fact).decode


class Totals(msgspec.Struct):
    """What a replay has seen so far; read while it runs.

    Attributes:
        at: time received of the newest entry, ``None`` before the first.
    """

    entries: int = 0
    ticks: int = 0
    events: int = 0
    at: datetime | None = None
    started_at: datetime | None = None

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


class Latest:
    """The newest fact of each name; names beyond ``held`` are put to disk, sorted, and merged when read."""

    def __init__(self, held: int = HELD_NAMES) -> None:
        self._most, self._lock = held, threading.Lock()
        self._held: dict[Name, bytes] = {}
        self._runs: list[BinaryIO] = []
        weakref.finalize(self, _close, self._runs)

    def add(self, facts: Iterable[Fact]) -> None:
        """Take some; each replaces the older one of its name."""
        lines = [(name_of(fact), _encode(fact)) for fact in facts]
        with self._lock:
            self._held.update(lines)
            if len(self._held) > self._most:
                self._spill()

    def _spill(self) -> None:
        run = tempfile.TemporaryFile("w+b")  # noqa: SIM115 - lives until the merge has read it
        for name in sorted(self._held):
            run.write(self._held[name] + b"\n")
        self._runs.append(run)
        self._held = {}

    def lines(self) -> Iterator[bytes]:
        """The newest of each name as JSON lines, by name; may be read again."""
        runs = [_named(run, -n) for n, run in enumerate(self._runs, 1)]
        held = ((name, -len(runs) - 1, self._held[name]) for name in sorted(self._held))
        before: Name | None = None
        for name, _, line in heapq.merge(*runs, held, key=itemgetter(0, 1)):
            if name != before:  # of one name the newest run comes first
                yield line
            before = name

    def dump(self, folder: Path) -> None:
        """Put all of it into a folder."""
        (folder / "latest.jsonl").write_bytes(b"".join(line + b"\n" for line in self.lines()))

    def load(self, folder: Path) -> None:
        """Take up what was dumped."""
        with (folder / "latest.jsonl").open("rb") as file:
            self.add(map(_fact, file))


def _named(run: BinaryIO, age: int) -> Iterator[tuple[Name, int, bytes]]:
    run.seek(0)
    for row in run:
        line = row.rstrip(b"\n")
        yield name_of(_fact(line)), age, line


def _close(runs: list[BinaryIO]) -> None:
    for run in runs:
        run.close()
    runs.clear()


class Replayed:
    """What came out: facts and changed incidents as JSON lines in log order, and the newest of each.

    Attributes:
        facts, forecasts: every one in log order, of what ``keep`` asked for; read once.
        newest: the newest of each name, with ``keep="last"``.
        incidents: each time one changed, read once; ``incidents_latest``: the newest state of each, by id.
        interrupted: it was stopped before the log ended.
    """

    def __init__(self) -> None:
        self.facts, self.forecasts, self.incidents = Ordered(), Ordered(), Ordered()
        self.newest = Latest()
        self.incidents_latest: dict[str, bytes] = {}
        self.totals = Totals()
        self.interrupted = False

    @property
    def latest(self) -> dict[Name, Fact]:
        """The newest facts by name, decoded."""
        return {name_of(fact): fact for fact in self.facts_in_order()}

    def facts_in_order(self) -> Iterator[Fact]:
        """The newest of each fact, by its name."""
        return map(_fact, self.newest.lines())

    def fact_lines(self, *, last: bool) -> Iterable[bytes]:
        """Facts as JSON lines in log order; with ``last`` the newest of each, by name."""
        return self.newest.lines() if last else self.facts.lines()

    def forecast_lines(self, *, last: bool) -> Iterable[bytes]:
        """Forecasts only, likewise."""
        if not last:
            return self.forecasts.lines()
        return (_encode(f) for f in self.facts_in_order() if f.metric.endswith(FORECAST))

    def incident_lines(self, *, last: bool) -> Iterable[bytes]:
        """Incidents as JSON lines each time they changed, in log order; with ``last`` the newest of each, by id."""
        latest = self.incidents_latest
        return [latest[name] for name in sorted(latest)] if last else self.incidents.lines()

    def take_facts(self, batches: list[FactBatch], keep: Keep, *, forecasts: bool = False) -> None:
        """Keep of some batches what was asked for."""
        if keep == "last":
            self.newest.add(fact for batch in batches for fact in batch.facts)
        elif keep == "all":
            self.facts.add(line for batch in batches for line in _fact_lines(batch))
        if forecasts and keep != "last":
            self.forecasts.add(
                line for batch in batches for line in _fact_lines(batch, ending=FORECAST)
            )

    def take_incidents(self, batches: list[IncidentBatch]) -> None:
        """Keep what changed, and the newest state of each."""
        for batch in batches:
            lines = [(incident.id, _encode(incident)) for incident in batch.incidents]
            self.incidents_latest.update(lines)
            self.incidents.add(
                (_key(batch.position, batch.partition, batch.store, n), line)
                for n, (_, line) in enumerate(lines)
            )

    def dump(self, folder: Path) -> None:
        """Put all of it into a folder, to be taken up by ``load``; what was kept is read out by it."""
        for name in ("facts", "forecasts", "incidents"):
            getattr(self, name).dump(folder / f"{name}.run")
        self.newest.dump(folder)
        states = b"".join(line + b"\n" for line in self.incident_lines(last=True))
        (folder / "incidents.jsonl").write_bytes(states)
        (folder / "totals.json").write_bytes(_encode(self.totals))

    def load(self, folder: Path) -> None:
        """Take up what was dumped."""
        for name in ("facts", "forecasts", "incidents"):
            getattr(self, name).load(folder / f"{name}.run")
        self.newest.load(folder)
        for line in (folder / "incidents.jsonl").read_bytes().splitlines():
            self.incidents_latest[msgspec.json.decode(line, type=_Ident).id] = line
        totals = msgspec.json.decode((folder / "totals.json").read_bytes(), type=Totals)
        for field in totals.__struct_fields__:
            setattr(self.totals, field, getattr(totals, field))


class _Ident(msgspec.Struct):
    id: str


def _fact_lines(batch: FactBatch, ending: str = "") -> Iterator[Keyed]:
    """A batch's facts, by name: the order in which a store met its zones and tills means nothing."""
    chosen = [fact for fact in batch.facts if fact.metric.endswith(ending)]
    for n, fact in enumerate(sorted(chosen, key=lambda fact: fact.key)):
        yield _key(batch.position, batch.partition, batch.store, n), _encode(fact)


def _key(position: str, partition: int, store: str, n: int) -> Key:
    place = Position.parse(position)
    return Key(place.ms, place.seq, partition, store, n)


class Placed(NamedTuple):
    """A fact and the log position of the batch that carried it."""

    position: Position
    fact: Fact
