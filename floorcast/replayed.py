"""What a replay has seen and what came out of it, in memory that does not grow with the log."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from operator import attrgetter
from pathlib import Path
from typing import Literal

import msgspec

from alerts.incident import IncidentBatch
from floorcast.newest import HELD_NAMES, Newest
from floorcast.ordered import Key, Keyed, Ordered
from floorcast.runs import FAN
from flows.facts import Fact, FactBatch
from flows.sink import ALIGNED
from sensors.streams import Entry, Position

Keep = Literal["all", "last", "none"]
HELD_INCIDENTS = 10_000  # some 2 KB each
FORECAST = "_forecast"  # what ends the metric of a forecast

_identity = attrgetter("metric", "subject", "window", "start")
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

    def add(self, entries: Sequence[Entry]) -> None:
        """Count some entries, in log order."""
        if not entries:
            return
        self.entries += len(entries)
        self.at = entries[-1].received_at
        self.started_at = self.started_at or entries[0].received_at
        said = [entry.lines.count(b"\n") + 1 for entry in entries if entry.lines]
        self.ticks += len(entries) - len(said)
        self.events += sum(said)


Name = tuple[str, str, str, str, str]
"""Store, metric, subject, window and, where windows are aligned, start; a level or trailing window has one fact."""


def name_of(fact: Fact) -> Name:
    """What a newer fact replaces this one under, as in Redis."""
    start = fact.start.isoformat() if fact.window in ALIGNED else ""
    return fact.store, fact.metric, fact.subject, fact.window, start


Slot = tuple[str, str, str, str, datetime | None]
"""A ``Name`` before it is written out."""


def slot_of(fact: Fact) -> Slot:
    """The same as ``name_of``, cheaper."""
    start = fact.start if fact.window in ALIGNED else None
    return fact.store, fact.metric, fact.subject, fact.window, start


class _Ident(msgspec.Struct):
    id: str


_ident = msgspec.json.Decoder(_Ident).decode


def ident_of(line: bytes) -> str:
    """The id of an incident's line."""
    return _ident(line).id


def newest_facts(held: int = HELD_NAMES, fan: int = FAN) -> Newest[Slot, Fact]:
    """A place for the newest fact of each name."""
    return Newest(slot_of, name_of, _encode, _fact, held, fan)


def newest_incidents(held: int = HELD_INCIDENTS) -> Newest[str, bytes]:
    """A place for the newest state of each incident."""
    return Newest(ident_of, ident_of, bytes, bytes, held)


class Replayed:
    """What came out: facts and changed incidents as JSON lines in log order, and the newest of each.

    Attributes:
        facts, forecasts: every one in log order, of what ``keep`` asked for; read once.
        newest: the newest of each name, with ``keep="last"``.
        incidents: each time one changed, read once; ``incidents_latest``: the newest state of each.
        interrupted: it was stopped before the log ended.
    """

    def __init__(self) -> None:
        self.facts, self.forecasts, self.incidents = Ordered(), Ordered(), Ordered()
        self.newest, self.incidents_latest = newest_facts(), newest_incidents()
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
        return self.incidents_latest.lines() if last else self.incidents.lines()

    def take_facts(self, batches: list[FactBatch], keep: Keep, *, forecasts: bool = False) -> None:
        """Keep of some batches what was asked for."""
        if keep == "last":
            self.newest.add({slot_of(fact): fact for batch in batches for fact in batch.facts})
        elif keep == "all":
            self.facts.add(_kept(batches))
        if forecasts and keep != "last":
            self.forecasts.add(_kept(batches, ending=FORECAST))

    def take_incidents(self, batches: list[IncidentBatch]) -> None:
        """Keep what changed, and the newest state of each."""
        for batch in batches:
            lines = [_encode(incident) for incident in batch.incidents]
            changed = (incident.id for incident in batch.incidents)
            self.incidents_latest.add(dict(zip(changed, lines, strict=True)))
            self.incidents.add([(_key(batch), lines)])

    def dump(self, folder: Path) -> None:
        """Put all of it into a folder, to be taken up by ``load``; what was kept is read out by it."""
        for name in ("facts", "forecasts", "incidents"):
            getattr(self, name).dump(folder / f"{name}.run")
        self.newest.dump(folder / "latest.jsonl")
        self.incidents_latest.dump(folder / "incidents.jsonl")
        (folder / "totals.json").write_bytes(_encode(self.totals))

    def load(self, folder: Path) -> None:
        """Take up what was dumped."""
        for name in ("facts", "forecasts", "incidents"):
            getattr(self, name).load(folder / f"{name}.run")
        self.newest.load(folder / "latest.jsonl")
        self.incidents_latest.load(folder / "incidents.jsonl")
        totals = msgspec.json.decode((folder / "totals.json").read_bytes(), type=Totals)
        for field in totals.__struct_fields__:
            setattr(self.totals, field, getattr(totals, field))


def _kept(batches: Iterable[FactBatch], ending: str = "") -> Iterator[Keyed]:
    """Each batch's facts, by name: the order in which a store met its zones and tills means nothing."""
    for batch in batches:
        facts = batch.facts
        if ending:
            facts = [fact for fact in facts if fact.metric.endswith(ending)]
        if not facts:
            continue
        yield _key(batch), [_encode(fact) for fact in sorted(facts, key=_identity)]


def _key(batch: FactBatch | IncidentBatch) -> Key:
    return Key(*Position.parse(batch.position), batch.partition, batch.store)
