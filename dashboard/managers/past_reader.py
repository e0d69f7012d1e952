"""What is kept of past and coming business days: a measure's aligned windows, many days in one round trip (edge)."""

import time
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

import msgspec
import redis

from dashboard.opening import opening
from dashboard.reader import Reader, UnreachableError
from dashboard.shop import Shop
from flows.facts import Fact, Window
from flows.keyspace import series_key
from sensors.keyspace import partition_of
from sensors.settings import Store

MINUTES_S, MINUTES_KEPT = 30.0, 256
LENGTHS: dict[str, timedelta] = {"quarter": timedelta(minutes=15), "hour": timedelta(hours=1)}


class Wanted(NamedTuple):
    """One measure of one subject in aligned windows."""

    metric: str
    window: Window
    subject: str = ""


class PastReader:
    """Reads series; every method raises ``UnreachableError`` when the data store does not answer."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._minutes: dict[tuple[str, date], tuple[float, list[Fact]]] = {}
        self._fact = msgspec.json.Decoder(Fact)

    def now(self) -> datetime:
        """The data store's time."""
        return self._reader.now()

    def days(
        self, shop: Shop, days: Sequence[date], wanted: Iterable[Wanted]
    ) -> dict[date, list[Fact]]:
        """What is kept of each day, in order of start; a day of which nothing is kept has no facts."""
        asked, name = list(wanted), shop.store.id
        p = partition_of(name, self._reader.partitions)
        pipe = self._reader.client.pipeline(transaction=False)
        for day in days:
            fields = [field for one in asked for field in fields_of(shop, day, one)] or ["none"]
            pipe.hmget(series_key(p, name, day), fields)
        try:
            answers = pipe.execute()
        except redis.RedisError as error:
            raise UnreachableError(str(error)) from error
        return {
            day: sorted((self._fact.decode(raw) for raw in raws if raw), key=lambda f: f.start)
            for day, raws in zip(days, answers, strict=True)
        }

    def minutes(self, shop: Shop, day: date) -> list[Fact]:
        """A day's covered minutes of the store and its doors, and each device's outages; looked for twice a minute."""
        known = self._minutes.get((shop.store.id, day))
        if known is None or time.monotonic() - known[0] > MINUTES_S:
            wanted = [
                Wanted("minutes_covered", "day", s)
                for s in ("", *(f"door:{d.id}" for d in shop.store.doors))
            ]
            if len(self._minutes) > MINUTES_KEPT:
                self._minutes.clear()
            found = [*self.days(shop, [day], wanted)[day], *self._outages(shop, day)]
            known = self._minutes[shop.store.id, day] = (time.monotonic(), found)
        return known[1]

    def _outages(self, shop: Shop, day: date) -> list[Fact]:
        """Their names carry the minute they began, which nobody knows: the day's names are gone through."""
        key = series_key(partition_of(shop.store.id, self._reader.partitions), shop.store.id, day)
        try:
            named = self._reader.client.hscan_iter(key, match="device_outage|*", count=5_000)
            return [self._fact.decode(raw) for _, raw in named]
        except redis.RedisError as error:
            raise UnreachableError(str(error)) from error

    def metrics(self, shop: Shop, day: date) -> set[tuple[str, str, str]]:
        """Every (metric, subject, window) that is kept of a day."""
        key = series_key(partition_of(shop.store.id, self._reader.partitions), shop.store.id, day)
        try:
            fields: list[bytes] = self._reader.client.hkeys(key)  # type: ignore[assignment]
        except redis.RedisError as error:
            raise UnreachableError(str(error)) from error
        return {tuple(f.decode().split("|")[:3]) for f in fields}  # type: ignore[misc]


def fields_of(shop: Shop, day: date, one: Wanted) -> list[str]:
    """The names a measure's windows of a day are kept under."""
    stem = f"{one.metric}|{one.subject}|{one.window}|"
    if one.window == "day":
        return [stem + day_start(shop.store, day).isoformat()]
    hours = opening(shop.store, day)
    if hours is None:
        return []
    length = LENGTHS[one.window]
    first = hours.opens - (hours.opens - day_start(shop.store, day)) % length
    count = -(-(hours.closes - first) // length)
    return [stem + (first + n * length).isoformat() for n in range(count)]


def day_start(store: Store, day: date) -> datetime:
    """When a business day begins."""
    return datetime.combine(day, store.day_starts, tzinfo=store.tz).astimezone(UTC)
