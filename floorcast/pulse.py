"""How the stages do, read from Redis at one moment: rates, lag, stores, incidents. An edge: it only reads."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
import redis

from alerts.incident import Incident
from alerts.keyspace import incidents_key
from floorcast.errors import UnavailableError
from flows.facts import Fact
from flows.keyspace import clock_key, facts_key, latest_key
from sensors.clock import from_ms
from sensors.event_log import committed
from sensors.keyspace import committed_key, dead_key, log_key, partition_of
from sensors.stream_source import connect
from sensors.streams import Position

SHOWN = (("occupancy", "now"), ("visitors", "day"), ("conversion", "60m"), ("queue_wait", "now"))
Key = Callable[[int], str]
OPEN = ("firing", "acknowledged", "pending")

_fact = msgspec.json.Decoder(Fact).decode
_incident = msgspec.json.Decoder(Incident).decode


class StorePulse(NamedTuple):
    """One store: when its facts were last written, by log time, and its main numbers; ``None`` is unknown."""

    store: str
    at: datetime | None
    numbers: dict[str, float | None]
    open_incidents: int


class Pulse(NamedTuple):
    """Everything at one moment.

    Attributes:
        entries: of the log, ever appended; two pulses give a rate. ``dead``: rejects kept.
        newest_at: time received of the log's newest entry.
        lag_s: how far each stage's snapshots lie behind the log, in seconds, the slowest partition.
        incidents: open ones, the dearest first.
    """

    entries: int
    facts: int
    dead: int
    newest_at: datetime | None
    lag_s: dict[str, float | None]
    stores: list[StorePulse]
    incidents: list[Incident]
    memory_mb: float


class Reader:
    """Reads a pulse from one Redis."""

    def __init__(self, url: str, stores: Iterable[str], partitions: int) -> None:
        self._url, self._client = url, connect(url)
        self._stores, self._partitions = list(stores), partitions

    def read(self) -> Pulse:
        """The present; raises ``UnavailableError`` where Redis does not answer."""
        try:
            return self._read()
        except redis.RedisError as error:
            raise UnavailableError(f"{self._url}: {error}") from None

    def close(self) -> None:
        """Let the connection go."""
        self._client.close()

    def _read(self) -> Pulse:
        owned = sorted({partition_of(store, self._partitions) for store in self._stores})
        streams = {name: self._newest(name, owned) for name in (log_key, facts_key)}
        newest = max((p for p, _ in streams[log_key].values()), default=Position(0, 0))
        incidents = [i for store in self._stores for i in self._open_of(store)]
        incidents.sort(key=lambda incident: -(incident.at_risk_minor or 0))
        return Pulse(
            entries=sum(n for _, n in streams[log_key].values()),
            facts=sum(n for _, n in streams[facts_key].values()),
            dead=sum(int(self._client.xlen(dead_key(p))) for p in owned),
            newest_at=from_ms(newest.ms) if newest.ms else None,
            lag_s={
                "floor": self._lag(streams[log_key], owned, log_key),
                "alert": self._lag(streams[facts_key], owned, facts_key),
            },
            stores=[self._store(store, incidents) for store in self._stores],
            incidents=incidents,
            memory_mb=self._memory(),
        )

    def _newest(self, key: Key, owned: list[int]) -> dict[int, tuple[Position, int]]:
        """Of each partition's stream the newest position and how many entries were ever added."""
        found: dict[int, tuple[Position, int]] = {}
        for partition in owned:
            if self._client.exists(key(partition)):
                said: Any = self._client.xinfo_stream(key(partition))
                added = int(said.get("entries-added", said["length"]))
                found[partition] = (Position.parse(said["last-generated-id"]), added)
        return found

    def _lag(
        self, newest: dict[int, tuple[Position, int]], owned: list[int], key: Key
    ) -> float | None:
        """Seconds of log time between a stream's end and its slowest consumer; ``None`` if none has come so far."""
        if key is log_key:
            done = committed(self._client, owned)
        else:
            done = {}
            for partition in owned:
                said: Any = self._client.hvals(committed_key(key(partition)))
                done[partition] = min(map(Position.parse, said), default=None)
        behind = [
            (position.ms - place.ms) / 1000
            for partition, (position, _) in newest.items()
            if (place := done.get(partition)) is not None
        ]
        return max(behind, default=None)

    def _store(self, store: str, incidents: list[Incident]) -> StorePulse:
        partition = partition_of(store, self._partitions)
        said: Any = self._client.hget(clock_key(partition, store), "at")
        held: Any = self._client.hgetall(latest_key(partition, store))
        facts = {name.decode(): value for name, value in held.items()}
        numbers: dict[str, float | None] = {}
        for metric, window in SHOWN:
            raw = facts.get(f"{metric}||{window}")
            value = _fact(raw).value if raw else None
            numbers[metric] = float(value) if isinstance(value, int | float) else None
        count = sum(1 for incident in incidents if incident.store == store)
        at = datetime.fromisoformat(said.decode()) if said else None
        return StorePulse(store, at, numbers, count)

    def _open_of(self, store: str) -> list[Incident]:
        held: Any = self._client.hvals(incidents_key(partition_of(store, self._partitions), store))
        return [incident for incident in map(_incident, held) if incident.state in OPEN]

    def _memory(self) -> float:
        said: Any = self._client.info("memory")
        return float(said["used_memory"]) / 2**20
