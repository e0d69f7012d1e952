"""Redis → Snapshot, in one round trip: clock, newest facts, the day's series and the incidents together."""

import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

import msgspec
import redis
import structlog

from alerts.incident import Incident
from alerts.keyspace import incidents_key
from dashboard.opening import business_day, opening
from dashboard.shop import Shop, Shops
from dashboard.snapshot import Arrived, Series, Snapshot
from flows.facts import Fact
from flows.keyspace import changed_channel, clock_key, latest_key, series_key, through_key
from sensors.keyspace import device_key, log_key, partition_of

LATEST = frozenset({
    "occupancy", "visitors", "transactions", "conversion", "atv", "spv", "queue_length", "queue_wait",
    "dwell_median", "sku_units", "sku_on_hand", "sku_cover", "visitors_forecast", "sensor_health",
})  # fmt: skip
"""What the wall shows; other facts under the same key are not decoded."""

SERIES = ("visitors", "visitors_forecast")
QUARTER = timedelta(minutes=15)

Decoded = TypeVar("Decoded", Fact, Incident)
log = structlog.get_logger("dashboard.reader")


class UnreachableError(Exception):
    """The data store does not answer; the message is its reason."""


class Reader:
    """Reads stores' snapshots; safe to use from many threads.

    Args:
        client: a connection pool's client that returns bytes; its timeouts bound every read.
        shops: the stores that may be read.
        partitions: as in ``sensors.log.partitions``.
        now: what to take for the time of a read instead of the data store's own; for frozen pictures.
    """

    def __init__(
        self,
        client: redis.Redis,
        shops: Shops,
        partitions: int,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        self.client, self.partitions = client, partitions
        self._client = client
        self._shops = shops
        self._partitions = partitions
        self._now = now
        self._days: dict[str, datetime] = {}  # newest clock seen: names the series key to read
        self._facts = msgspec.json.Decoder(Fact)
        self._incidents = msgspec.json.Decoder(Incident)

    def read(self, store: str) -> Snapshot:
        """What holds now; raises ``UnreachableError``, and ``KeyError`` for a store that is not configured.

        The series key carries the business day, which the clock names: only the first read, and the one
        that finds a new day, takes a second round trip.
        """
        shop = self._shops[store]
        try:
            return self._read(shop)
        except redis.RedisError as error:
            raise UnreachableError(str(error)) from error

    def now(self) -> datetime:
        """The data store's own time; raises ``UnreachableError``."""
        if self._now:
            return self._now()
        try:
            seconds, micros = self._client.time()
        except redis.RedisError as error:
            raise UnreachableError(str(error)) from error
        return datetime.fromtimestamp(seconds, UTC) + timedelta(microseconds=micros)

    def _read(self, shop: Shop) -> Snapshot:
        store = shop.store.id
        guess = self._days.get(store)
        while True:
            now, through, clock, latest, incidents, series = self._round_trip(shop, guess)
            at = _instant(clock.get(b"at"))
            if at is None or (guess and _same_day(shop, guess, at)):
                break
            guess = self._days[store] = at
        return Snapshot(
            store=store,
            read_at=now,
            at=at,
            through=_instant(through),
            latest=self._latest(latest),
            series=self._series(series),
            incidents=list(self._decode(incidents.values(), self._incidents)),
            arrived=self._arrived(store) if at is None else None,
        )

    def _arrived(self, store: str) -> Arrived:
        """What has come in of a store that is not known yet, in a round trip of its own."""
        partition = partition_of(store, self._partitions)
        pipe = self._client.pipeline(transaction=False)
        pipe.xrevrange(log_key(partition), count=1)
        pipe.hkeys(device_key(partition))
        newest, devices = pipe.execute()
        logged_at = None
        if newest:
            ms = int(newest[0][0].partition(b"-")[0])
            logged_at = datetime.fromtimestamp(ms / 1000, UTC)
        return Arrived(logged_at, any(d.startswith(f"{store}/".encode()) for d in devices))

    def _round_trip(self, shop: Shop, guess: datetime | None) -> tuple[Any, ...]:
        store = shop.store.id
        partition = partition_of(store, self._partitions)
        day = business_day(shop.store, guess) if guess else None
        pipe = self._client.pipeline(transaction=False)
        pipe.time()
        pipe.get(through_key(partition))
        pipe.hgetall(clock_key(partition, store))
        pipe.hgetall(latest_key(partition, store))
        pipe.hgetall(incidents_key(partition, store))
        if day and (fields := series_fields(shop, day)):
            pipe.hmget(series_key(partition, store, day), fields)
        (seconds, micros), through, clock, latest, incidents, *series = pipe.execute()
        now = datetime.fromtimestamp(seconds, UTC) + timedelta(microseconds=micros)
        return (
            self._now() if self._now else now,
            through,
            clock,
            latest,
            incidents,
            series[0] if series else [],
        )

    def through(self, stores: Iterable[str]) -> dict[str, datetime]:
        """How far the floor has come, of the stores whose log it has begun; raises ``UnreachableError``."""
        partitions = {store: partition_of(store, self._partitions) for store in stores}
        if not partitions:
            return {}
        read = sorted(set(partitions.values()))
        pipe = self._client.pipeline(transaction=False)
        for partition in read:
            pipe.get(through_key(partition))
        try:
            told = dict(zip(read, map(_instant, pipe.execute()), strict=True))
        except redis.RedisError as error:
            raise UnreachableError(str(error)) from error
        return {store: at for store, p in partitions.items() if (at := told[p])}

    def _latest(self, raw: dict[bytes, bytes]) -> dict[tuple[str, str, str], Fact]:
        wanted = (v for k, v in raw.items() if k.partition(b"|")[0].decode() in LATEST)
        return {(f.metric, f.subject, f.window): f for f in self._decode(wanted, self._facts)}

    def _series(self, raw: list[bytes | None]) -> Series:
        series: Series = {metric: [] for metric in SERIES}
        for fact in self._decode((r for r in raw if r is not None), self._facts):
            series[fact.metric].append(fact)
        return series

    def _decode(
        self, raws: Iterable[bytes], decoder: "msgspec.json.Decoder[Decoded]"
    ) -> Iterator[Decoded]:
        """What can be read; a record of a newer release is left out and said, never a blank wall."""
        for raw in raws:
            try:
                yield decoder.decode(raw)
            except msgspec.DecodeError as error:
                log.warning("record_unreadable", reason=str(error))

    def changes(self, every_s: float) -> Iterator[set[str]]:
        """Stores whose facts or incidents changed, as hints come; an empty set after ``every_s`` of silence.

        Hints that arrive together are one set. Raises ``UnreachableError`` when the subscription breaks.
        """
        with self._client.pubsub() as hints:  # type: ignore[no-untyped-call]
            try:
                hints.subscribe(*(changed_channel(p) for p in range(self._partitions)))
                yield set(self._shops)
                while True:
                    yield _drain(hints, every_s)
            except redis.RedisError as error:
                raise UnreachableError(str(error)) from error


def series_fields(shop: Shop, day: date) -> list[str]:
    """The series fields a wall draws: each quarter of the opening hours, in order."""
    hours = opening(shop.store, day)
    if hours is None:
        return []
    starts = [hours.opens + i * QUARTER for i in range((hours.closes - hours.opens) // QUARTER)]
    return [f"{metric}||quarter|{start.isoformat()}" for metric in SERIES for start in starts]


def _drain(hints: "redis.client.PubSub", every_s: float) -> set[str]:
    """Wait for a hint, then take what else has arrived; a subscription's own confirmations are none."""
    stores: set[str] = set()
    until = time.monotonic() + every_s
    while True:
        left = 0.0 if stores else max(0.0, until - time.monotonic())
        message = hints.get_message(timeout=left)
        if message is None and (stores or time.monotonic() >= until):
            return stores
        if message is not None and message["type"] == "message":
            stores.update(message["data"].decode().split())


def _instant(raw: bytes | None) -> datetime | None:
    """The clock's ``at``: RFC 3339, or epoch milliseconds."""
    if raw is None:
        return None
    if raw.isdigit():
        return datetime.fromtimestamp(int(raw) / 1000, UTC)
    return datetime.fromisoformat(raw.decode())


def _same_day(shop: Shop, one: datetime, other: datetime) -> bool:
    return business_day(shop.store, one) == business_day(shop.store, other)
