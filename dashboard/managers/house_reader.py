"""What managers' pages read beyond one store's snapshot: many stores at once, any day, devices, rejects (edge)."""

import time
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

import msgspec
import redis
from msgspec import Struct

from alerts.incident import Incident
from alerts.keyspace import incidents_key, tried_key
from alerts.tried import Outcome
from dashboard.opening import business_day
from dashboard.reader import Reader, UnreachableError, series_fields
from dashboard.shop import Shop, Shops
from flows.facts import Fact
from flows.keyspace import clock_key, latest_key, series_key
from sensors.keyspace import dead_key, device_key, partition_of

AT_A_GLANCE = (
    "visitors||day", "conversion||60m", "atv||60m", "occupancy||now", "chain_attention||now",
)  # fmt: skip
REJECTS = 100
MOVES_S = 30.0


class Glance(NamedTuple):
    """One store on the chain page; facts by ``metric||window``."""

    store: str
    at: datetime | None
    facts: dict[str, Fact]
    curve: list[float]
    incidents: list[Incident]


class Device(Struct, kw_only=True):
    """A row of ``device:{p}``."""

    store: str
    source: str
    topic: str
    received_at: datetime
    adapter: str = ""
    kinds: list[str] = []
    events: int = 0
    rejects: int = 0
    skew_s: float | None = None
    reason: str = ""
    sample: str = ""
    state: str = ""
    battery_pct: float | None = None
    firmware: str | None = None


class Rejected(NamedTuple):
    """A dead letter."""

    ms: int
    reason: str
    place: str
    topic: str
    store: str
    source: str
    raw: str


class HouseReader:
    """Reads across stores; every method raises ``UnreachableError`` when the data store does not answer."""

    def __init__(self, reader: Reader, shops: Shops) -> None:
        self.reader, self._shops = reader, shops
        self._client, self._partitions = reader.client, reader.partitions
        self._fact = msgspec.json.Decoder(Fact)
        self._incident = msgspec.json.Decoder(Incident)
        self._device = msgspec.json.Decoder(Device)
        self._moves: tuple[tuple[str, ...], float, list[Fact]] | None = None

    def glances(self, stores: Sequence[str]) -> list[Glance]:
        """Each store at a glance, in one round trip for all of them."""
        now, through = self.reader.now(), self.reader.through(stores)
        pipe = self._client.pipeline(transaction=False)
        for name in stores:
            store = self._shops[name].store
            p = partition_of(name, self._partitions)
            pipe.hget(clock_key(p, name), "at")
            pipe.hmget(latest_key(p, name), AT_A_GLANCE)
            fields = series_fields(self._shops[name], business_day(store, now))
            visits = [f for f in fields if f.startswith("visitors|")] or ["none"]
            pipe.hmget(series_key(p, name, business_day(store, now)), visits)
            pipe.hvals(incidents_key(p, name))
        answers = self._run(pipe)
        return [
            Glance(
                name,
                _holds_at(_at(at), through.get(name)),
                self._facts(facts),
                self._curve(curve),
                self._incidents(incidents),
            )
            for name, at, facts, curve, incidents in zip(
                stores, *(answers[n::4] for n in range(4)), strict=True
            )
        ]

    def _facts(self, raws: list[bytes | None]) -> dict[str, Fact]:
        found = [self._fact.decode(raw) for raw in raws if raw]
        return {f"{f.metric}||{f.window}": f for f in found}

    def _curve(self, raws: list[bytes | None]) -> list[float]:
        values = [self._fact.decode(raw).value for raw in raws if raw]
        return [v for v in values if isinstance(v, int | float)]

    def _incidents(self, raws: list[bytes]) -> list[Incident]:
        return [self._incident.decode(raw) for raw in raws]

    def incidents(self, stores: Sequence[str]) -> list[Incident]:
        """Every open or recent incident of these stores."""
        pipe = self._client.pipeline(transaction=False)
        for name in stores:
            pipe.hvals(incidents_key(partition_of(name, self._partitions), name))
        return [i for raws in self._run(pipe) for i in self._incidents(raws)]

    def tried(self, stores: Sequence[str]) -> Outcome | None:
        """What the newest trial of a draft would have done; ``None`` without one, or if it is of other stores too."""
        pipe = self._client.pipeline(transaction=False)
        pipe.get(tried_key())
        (raw,) = self._run(pipe)
        found = msgspec.json.decode(raw, type=Outcome) if raw else None
        return found if found and set(found.stores) <= set(stores) else None

    def transfers(self, stores: Sequence[str]) -> list[Fact]:
        """What near stores could bring these stores; looked for twice a minute, in one round trip for all of them."""
        asked = tuple(stores)
        if (
            self._moves is None
            or self._moves[0] != asked
            or time.monotonic() - self._moves[1] > MOVES_S
        ):
            pipe = self._client.pipeline(transaction=False)
            near = [self._shops[name] for name in asked if self._shops[name].store.neighbours]
            for shop in near:
                fields = [f"transfer|sku:{sku}|now" for sku in shop.products] or ["none"]
                pipe.hmget(
                    latest_key(partition_of(shop.store.id, self._partitions), shop.store.id), fields
                )
            found = [self._fact.decode(raw) for raws in self._run(pipe) for raw in raws if raw]
            self._moves = asked, time.monotonic(), found
        return self._moves[2]

    def facts(self, store: str) -> list[Fact]:
        """Every newest fact of a store, whatever its measure."""
        pipe = self._client.pipeline(transaction=False)
        pipe.hvals(latest_key(partition_of(store, self._partitions), store))
        return [self._fact.decode(raw) for raw in self._run(pipe)[0]]

    def day(self, shop: Shop, day: date) -> list[Fact]:
        """A business day's quarters of visitors and forecast, in order of their start."""
        name = shop.store.id
        pipe = self._client.pipeline(transaction=False)
        fields = series_fields(shop, day) or ["none"]
        pipe.hmget(series_key(partition_of(name, self._partitions), name, day), fields)
        found = [self._fact.decode(raw) for raw in self._run(pipe)[0] if raw]
        return sorted(found, key=lambda f: f.start)

    def devices(self, stores: Sequence[str]) -> list[Device]:
        """What was last heard from each device of these stores."""
        pipe = self._client.pipeline(transaction=False)
        for p in sorted({partition_of(name, self._partitions) for name in stores} | {0}):
            pipe.hvals(device_key(p))
        rows = (self._device.decode(raw) for raws in self._run(pipe) for raw in raws)
        return [row for row in rows if row.store in stores or not row.store]

    def health(self, stores: Sequence[str]) -> dict[tuple[str, str], Fact]:
        """``sensor_health`` by store and device."""
        found = {}
        for name in stores:
            for fact in self.facts(name):
                if fact.metric == "sensor_health":
                    found[name, fact.subject.removeprefix("device:")] = fact
        return found

    def rejects(self, stores: Sequence[str]) -> list[Rejected]:
        """The newest dead letters of these stores, the newest first."""
        pipe = self._client.pipeline(transaction=False)
        for p in sorted({partition_of(name, self._partitions) for name in stores} | {0}):
            pipe.xrevrange(dead_key(p), count=REJECTS)
        found = [_rejected(*row) for rows in self._run(pipe) for row in rows]
        mine = [r for r in found if not r.store or r.store in stores]
        return sorted(mine, reverse=True)[:REJECTS]

    @staticmethod
    def _run(pipe: "redis.client.Pipeline") -> list[Any]:
        try:
            answers: list[Any] = pipe.execute()
        except redis.RedisError as error:
            raise UnreachableError(str(error)) from error
        return answers


def ranked(glances: Sequence[Glance]) -> Iterator[Glance]:
    """By attention: act-incidents nobody has, then act-incidents, then money at risk and lost, then the rest open.

    Money: what the open incidents put at risk, and what the last hour lost against the chain's rate.
    """

    def need(g: Glance) -> tuple[float, ...]:
        alive = [i for i in g.incidents if i.state in {"firing", "acknowledged"}]
        acts = [i for i in alive if i.severity == "act"]
        alone = sum(i.owner is None for i in acts)
        money = sum(i.at_risk_minor or 0 for i in alive) + lost_minor(g)
        return (-alone, -len(acts), -money, -len(alive), -len(reasons(g)))

    return iter(sorted(glances, key=lambda g: (*need(g), g.store)))


def lost_minor(glance: Glance) -> float:
    """Sales of the last hour lost against the chain's rate, in minor units; 0 where nothing is said of it."""
    fact = glance.facts.get("chain_attention||now")
    return fact.value if fact and isinstance(fact.value, int | float) else 0


def reasons(glance: Glance) -> list[str]:
    """Why the chain says that a store needs somebody, in its vocabulary."""
    fact = glance.facts.get("chain_attention||now")
    told = fact.detail.get("reasons") if fact else None
    return told.split(",") if isinstance(told, str) and told else []


def _at(raw: bytes | None) -> datetime | None:
    return datetime.fromisoformat(raw.decode()) if raw and not raw.isdigit() else None


def _holds_at(at: datetime | None, through: datetime | None) -> datetime | None:
    """Up to when a store's numbers hold: its newest batch, or what the floor has looked at since without news."""
    return max(at, through or at) if at else None


def _rejected(at: bytes, fields: dict[bytes, bytes]) -> Rejected:
    reason, place, topic, store, source = (
        fields.get(n.encode(), b"").decode("utf-8", "replace") for n in Rejected._fields[1:-1]
    )
    sample = fields.get(b"raw", b"")[:400].decode("utf-8", "replace")
    return Rejected(int(at.partition(b"-")[0]), reason, place, topic, store, source, sample)
