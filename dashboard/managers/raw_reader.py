"""The raw events behind a number, read back from the log: the last of them within its window (edge)."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import msgspec
import redis

from dashboard.reader import Reader, UnreachableError
from flows.facts import Fact
from sensors.keyspace import log_key, partition_of

MOST, CHUNK, CHUNKS = 12, 500, 20
LATE = timedelta(minutes=15)  # a window's events are looked for until so long after it
LEVEL = timedelta(minutes=30)  # a level has no window: what came in the time before it

_KINDS: tuple[tuple[tuple[str, ...], frozenset[str]], ...] = (
    (("conversion", "spv", "sales_gap", "sales_at_risk"), frozenset({"footfall", "pos"})),
    (
        ("visitors", "exits", "occupancy", "groups", "passers", "capture", "night", "count_balance"),
        frozenset({"footfall"}),
    ),
    (("queue", "tills", "till_arrivals", "service"), frozenset({"queue", "pos"})),
    (("dwell", "zone"), frozenset({"dwell", "presence"})),
    (("sku_on_hand", "sku_cover", "oos", "slow", "sell_through", "restock"), frozenset({"stock", "pos"})),
    (("staff", "star", "associates"), frozenset({"staff", "presence"})),
    (("sensor_health",), frozenset({"status", "footfall", "pos", "queue", "dwell"})),
)  # fmt: skip
_TILLS = frozenset({"pos"})


class Raw(NamedTuple):
    """One event as the log holds it."""

    position: str
    received_at: datetime
    kind: str
    text: str


class _Said(msgspec.Struct):
    kind: str
    store: str = ""
    source: str = ""
    door: str = ""
    zone: str = ""
    till: str = ""


def kinds_of(metric: str) -> frozenset[str]:
    """The kinds of event a measure is made of; sales where its name says nothing else.

    >>> sorted(kinds_of("conversion")), sorted(kinds_of("net_sales"))
    (['footfall', 'pos'], ['pos'])
    """
    return next((kinds for stems, kinds in _KINDS if metric.startswith(stems)), _TILLS)


class RawReader:
    """Reads the log backwards; raises ``UnreachableError`` when the data store does not answer."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._decode = msgspec.json.Decoder(_Said).decode

    def behind(self, fact: Fact) -> list[Raw]:
        """The newest events of a fact's window and kinds, the newest first; at most 12, from at most 10,000 entries."""
        begin = fact.start if fact.start < fact.end else fact.as_of - LEVEL
        end = min(fact.as_of, fact.end) + LATE if fact.start < fact.end else fact.as_of
        key = log_key(partition_of(fact.store, self._reader.partitions))
        lowest, place = f"{_ms(begin)}-0", f"{_ms(end)}-999999"
        found: list[Raw] = []
        for _ in range(CHUNKS):
            try:
                rows: list[tuple[bytes, dict[bytes, bytes]]] = self._reader.client.xrevrange(
                    key, max=place, min=lowest, count=CHUNK
                )  # type: ignore[assignment]
            except redis.RedisError as error:
                raise UnreachableError(str(error)) from error
            for position, fields in rows:
                found += self._own(fact, position.decode(), fields)
                if len(found) >= MOST:
                    return found[:MOST]
            if len(rows) < CHUNK:
                break
            place = f"({rows[-1][0].decode()}"
        return found

    def _own(self, fact: Fact, position: str, fields: dict[bytes, bytes]) -> list[Raw]:
        kinds, (where, _, name) = kinds_of(fact.metric), fact.subject.partition(":")
        at = datetime.fromtimestamp(int(fields.get(b"t", b"0")) / 1000, UTC)
        made = []
        for line in reversed(fields.get(b"e", b"").splitlines()):
            said = self._decode(line)
            place = {
                "door": said.door,
                "zone": said.zone,
                "till": said.till,
                "device": said.source,
            }.get(where, name)
            if said.store == fact.store and said.kind in kinds and place == name:
                made.append(Raw(position, at, said.kind, line.decode()))
        return made


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)
