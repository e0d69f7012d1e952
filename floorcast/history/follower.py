"""``floorcast history``: the fact streams followed into files (edge).

    facts:{p} ─▶ staged (SQLite, with the position) ─▶ day over and settled ─▶ Parquet, by store and day
    series:{p}:<store>:<day>, incidents:{p}:<store> ──────────────▲

Time is the log's: a day is written once its store's clock is past its end by ``flows.lateness.settle_s``. What the
stream had already dropped is taken from the store's series, which hold each window's newest fact for longer.
"""

import fcntl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import structlog

from alerts.incident import Incident
from alerts.keyspace import incidents_key
from floorcast import metrics
from floorcast.archive import prune
from floorcast.errors import FloorcastError
from floorcast.history.partitions import Partition, delete, known, merge, writing
from floorcast.history.rows import TABLES, fact_row, incident_row, ledger_row
from floorcast.history.staging import Due, Staged, Staging
from floorcast.settings import Settings
from flows.facts import Fact, FactBatch
from flows.keyspace import facts_key, series_key
from flows.profile import Profile, Profiles, instant_of, minute_of
from sensors.keyspace import partition_of
from sensors.stream_source import RETRY_S, UNREACHABLE, connect
from sensors.streams import Position

COUNT = 128  # stream entries of a partition in one read
BLOCK_MS = 500  # told to stop, it ends within that
CHORES_S = 60.0  # incidents are looked at and retention is applied this often
CLOSED = frozenset({"final", "imputed"})
ENDED = frozenset({"resolved", "expired"})
LOCK = "history.lock"

_log = structlog.get_logger("floorcast.history")
_batch = msgspec.json.Decoder(FactBatch)
_fact = msgspec.json.Decoder(Fact)
_incident = msgspec.json.Decoder(Incident)
_encode = msgspec.json.Encoder().encode


class _Head(msgspec.Struct):
    """As much of a batch as its clock needs."""

    store: str
    at: datetime


_head = msgspec.json.Decoder(_Head)


@contextmanager
def sole(folder: Path) -> Iterator[None]:
    """Be the only history process of a folder; raises ``FloorcastError`` where another one runs."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FloorcastError(f"another `floorcast history` writes {folder}: stop it") from None
        yield


class Follower:
    """Reads, stages, writes. May be killed at any moment and started again."""

    def __init__(self, settings: Settings, url: str, folder: Path) -> None:
        self.folder = folder
        self._settings = settings
        self._client = connect(url)
        self._partitions = settings.sensors.log.partitions
        self._staging = Staging(folder)
        self._profiles = Profiles(settings.flows, settings.sensors)
        self._known: dict[str, Profile] = {}
        self._after = self._staging.positions(range(self._partitions))
        self._seen: dict[str, datetime] = {}  # incidents as last staged
        self._is_filled = False
        self._chores_at = 0.0
        self.written = 0

    def run(self, stop: threading.Event, *, once: bool = False) -> None:
        """Follow until ``stop`` is set, or with ``once`` to the streams' present end; waits out an absent Redis."""
        pause_s = RETRY_S[0]
        while not stop.is_set():
            try:
                read = self.turn(block=not once)
            except UNREACHABLE as error:
                if once:
                    raise
                _log.warning("redis-unreachable", error=str(error))
                stop.wait(pause_s)
                pause_s = min(pause_s * 2, RETRY_S[1])
                continue
            pause_s = RETRY_S[0]
            if once and not read:
                break

    def turn(self, *, block: bool) -> int:
        """One round: stage what is new, do the chores when it is time, write what is due; entries read."""
        read = self._read(BLOCK_MS if block else None)
        if not (read or self._is_filled):
            self._is_filled = True
            self._backfill()
        if time.monotonic() >= self._chores_at or not (block or read):
            self._chores_at = time.monotonic() + CHORES_S
            self._look_at_incidents()
            self._retain()
        for due in self._staging.due(self._settings.flows.lateness.settle_s):
            self._write(due)
        metrics.STAGED.set(self._staging.count())
        return read

    def close(self) -> None:
        """Let the connection and the staging file go."""
        self._staging.close()
        self._client.close()

    def _read(self, block_ms: int | None) -> int:
        wanted: dict[Any, Any] = {facts_key(p): str(at) for p, at in self._after.items()}
        answer: Any = self._client.xread(wanted, count=COUNT, block=block_ms)
        streams = {facts_key(p).encode(): p for p in self._after}
        read = 0
        with self._staging.change():
            for key, rows in answer or ():
                partition = streams[key]
                clocks: dict[str, datetime] = {}
                for _, fields in rows:
                    self._staging.add(self._finals(fields[b"e"], clocks))
                self._after[partition] = Position.parse(rows[-1][0])
                self._staging.move(partition, self._after[partition])
                self._staging.tell((store, _ms(at)) for store, at in clocks.items())
                metrics.NEWEST.labels(partition).set(max(clocks.values()).timestamp())
                read += len(rows)
        metrics.ENTRIES.inc(read)
        return read

    def _finals(self, lines: bytes, clocks: dict[str, datetime]) -> list[Staged]:
        """The final facts of one stream entry; notes its stores' clocks."""
        found: list[Staged] = []
        for line in lines.split(b"\n"):
            if not any(state in line for state in (b'"final"', b'"imputed"')):
                head = _head.decode(line)
                clocks[head.store] = head.at
                continue
            batch = _batch.decode(line)
            clocks[batch.store] = batch.at
            found += [self._staged(fact) for fact in batch.facts if _is_history(fact)]
        return found

    def _staged(self, fact: Fact) -> Staged:
        day, closes_ms = self._day(fact.store, fact.start)
        name = f"{fact.window}|{fact.metric}|{fact.subject}|{fact.start.isoformat()}"
        return Staged(
            "facts", fact.store, day, closes_ms, name, fact.as_of.isoformat(), _encode(fact)
        )

    def _day(self, store: str, at: datetime) -> tuple[date, int]:
        """The business day that holds an instant, and when it closes in milliseconds."""
        profile = self._known.get(store)
        if profile is None:
            profile = self._known[store] = self._profiles.of(store)
        minute = minute_of(at)
        return profile.date_of(minute), _ms(instant_of(profile.day_of(minute)[1]))

    def _backfill(self) -> None:
        """Stage closed days without a file that the streams no longer told of: they are still in the series."""
        stores = {store.id for store in self._settings.sensors.stores}
        for store, at_ms in self._staging.clocks().items():
            if store not in stores:
                continue
            today = self._day(store, _instant(at_ms))[0]
            have = {partition.day for partition in known(self.folder, "quarters", store)}
            for back in range(1, self._settings.flows.series_days + 1):
                day = today - timedelta(days=back)
                if day not in have:
                    self._stage_series(Due(store, day))

    def _stage_series(self, due: Due) -> None:
        key = series_key(partition_of(due.store, self._partitions), due.store, due.day)
        held: Any = self._client.hvals(key)
        facts = [_fact.decode(said) for said in held]
        with self._staging.change():
            self._staging.add(self._staged(fact) for fact in facts if _is_history(fact))

    def _look_at_incidents(self) -> None:
        """Stage incidents that have ended, and again when something was added to one since."""
        held_now: dict[str, datetime] = {}
        for store in self._settings.sensors.stores:
            key = incidents_key(partition_of(store.id, self._partitions), store.id)
            held: Any = self._client.hvals(key)
            ended = [i for said in held if (i := _incident.decode(said)).state in ENDED]
            news = [i for i in ended if self._seen.get(i.id) != i.updated_at]
            with self._staging.change():
                self._staging.add(self._staged_incident(incident) for incident in news)
            held_now.update((incident.id, incident.updated_at) for incident in ended)
        self._seen = held_now

    def _staged_incident(self, incident: Incident) -> Staged:
        day, closes_ms = self._day(incident.store, incident.opened_at)
        at = incident.updated_at.isoformat()
        return Staged("incidents", incident.store, day, closes_ms, incident.id, at, _encode(incident))  # fmt: skip

    def _write(self, due: Due) -> None:
        """Write one store's day, then forget what was staged of it; a crash between writes it again, the same."""
        began = time.monotonic()
        self._stage_series(due)
        rows: dict[str, list[dict[str, Any]]] = {}
        for said in self._staging.rows(due, "facts"):
            fact = _fact.decode(said)
            rows.setdefault(TABLES[fact.window], []).append(fact_row(fact, due.day))
        for said in self._staging.rows(due, "incidents"):
            incident = _incident.decode(said)
            rows.setdefault("incidents", []).append(incident_row(incident, due.day))
            if (entry := ledger_row(incident, due.day)) is not None:
                rows.setdefault("ledger", []).append(entry)
        with writing(self.folder):
            for table, made in rows.items():
                if merge(self.folder, Partition(table, *due), made):
                    self.written += 1
                    metrics.WRITTEN.inc()
        with self._staging.change():
            self._staging.drop(due)
        metrics.WRITE_S.observe(time.monotonic() - began)
        _log.info("day-written", store=due.store, day=due.day.isoformat(), tables=sorted(rows))

    def _retain(self) -> None:
        """Delete what is older than the settings keep, by the log's clock."""
        newest = max(self._staging.clocks().values(), default=None)
        if newest is None:
            return
        own, now = self._settings.floorcast, _instant(newest)
        if own.history_days:
            oldest = (now - timedelta(days=own.history_days)).date()
            with writing(self.folder):
                gone = delete(self.folder, [p for p in known(self.folder) if p.day < oldest])
            metrics.DELETED.inc(gone)
        archive = Path(own.archive_dir)
        if own.archive_days and archive.is_dir():
            metrics.DELETED.inc(len(prune(archive, timedelta(days=own.archive_days), now)))


def _is_history(fact: Fact) -> bool:
    """Whether a fact is of a table's window, and closed."""
    return fact.window in TABLES and fact.state in CLOSED and fact.end <= fact.as_of


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def _instant(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


def follow(
    settings: Settings, url: str, folder: Path, stop: threading.Event, *, once: bool = False
) -> int:
    """Run the history until told to stop; files written.

    Raises:
        FloorcastError: another process writes this history.
        redis.RedisError: with ``once``, Redis cannot be reached.
    """
    with sole(folder):
        follower = Follower(settings, url, folder)
        try:
            follower.run(stop, once=once)
        finally:
            follower.close()
        return follower.written
