"""Fact batches to Redis: the newest values, the series, the clock, and the stream the alert dataflow reads.

Everything is an absolute value under its own key, so writing a batch again after a crash changes nothing; a reader of
the stream drops a (store, position) that it has already taken.
"""

from collections.abc import Iterable
from datetime import datetime
from itertools import groupby

import msgspec
import redis
from bytewax.outputs import FixedPartitionedSink, StatefulSinkPartition

from flows import metrics
from flows.facts import Fact, FactBatch
from flows.keyspace import changed_channel, clock_key, facts_key, latest_key, series_key
from flows.profile import Profile, Profiles, minute_of
from flows.settings import FlowsSettings
from sensors.settings import SensorsSettings
from sensors.stream_source import connect

_encode = msgspec.json.Encoder().encode
Fields = dict[
    bytes | bytearray | memoryview | str | int | float,
    bytes | bytearray | memoryview | str | int | float,
]
Written = tuple[FactBatch, list[msgspec.Raw]]
"""A batch, and its facts encoded once for all their places."""

ENTRY_BATCHES = 500  # at most in one stream entry
ALIGNED = frozenset({"quarter", "hour", "day", "week"})
TRIM_EVERY = 64  # writes between two trims of the facts stream


class FactSink(FixedPartitionedSink[FactBatch, str]):
    """One partition per partition of the log."""

    def __init__(
        self, url: str, settings: FlowsSettings, sensors: SensorsSettings, partitions: Iterable[int]
    ) -> None:
        self._url, self._settings, self._sensors = url, settings, sensors
        self._partitions = list(partitions)

    def list_parts(self) -> list[str]:
        """The partitions this process owns."""
        return [f"{partition:02d}" for partition in self._partitions]

    def part_fn(self, item_key: str) -> int:
        """The partition's own place among those owned."""
        return self._partitions.index(int(item_key))

    def build_part(self, _step_id: str, for_part: str, resume_state: str | None) -> "FactPartition":
        """A partition on a connection of its own."""
        profiles = Profiles(self._settings, self._sensors)
        return FactPartition(
            connect(self._url), int(for_part), self._settings, profiles, resume_state or "0-0"
        )


class FactPartition(StatefulSinkPartition[FactBatch, str]):
    """The facts of one partition. Raises what Redis raises: the process ends and resumes from its snapshot."""

    def __init__(
        self, client: "redis.Redis", partition: int, settings: FlowsSettings, profiles: Profiles, position: str
    ) -> None:  # fmt: skip
        self._client, self._partition = client, partition
        self._settings, self._profiles = settings, profiles
        self._position = position
        self._writes = 0
        self._known: dict[str, Profile] = {}

    def write_batch(self, values: list[FactBatch]) -> None:
        """Write a run of batches in one round trip."""
        pipe = self._client.pipeline(transaction=False)
        written = [
            (batch, [msgspec.Raw(_encode(fact)) for fact in batch.facts]) for batch in values
        ]
        ordered = sorted(written, key=lambda pair: pair[0].store)
        for store, pairs in groupby(ordered, key=lambda pair: pair[0].store):
            self._write_store(pipe, store, list(pairs))
        for start in range(0, len(values), ENTRY_BATCHES):
            lines = b"\n".join(_line(*pair) for pair in written[start : start + ENTRY_BATCHES])
            pipe.xadd(facts_key(self._partition), {"e": lines}, minid=self._oldest(values[-1]))
        pipe.time()
        self._count(values, pipe.execute()[-1])
        self._position = values[-1].position

    def _count(self, values: list[FactBatch], now: tuple[int, int]) -> None:
        """For the metrics page; ``now`` is the time of Redis, seconds and microseconds."""
        newest = values[-1].at.timestamp()
        metrics.EVENTS.inc(sum(batch.events for batch in values))
        metrics.FACTS.inc(sum(len(batch.facts) for batch in values))
        metrics.NEWEST.labels(self._partition).set(newest)
        metrics.LATENCY_S.observe(max(0.0, now[0] + now[1] / 1e6 - newest))

    def _oldest(self, newest: FactBatch) -> int | None:
        """Every so often, where the stream may be cut: entries' ids are milliseconds."""
        self._writes += 1
        if self._writes % TRIM_EVERY:
            return None
        return int((newest.at.timestamp() - self._settings.facts_retention_h * 3600) * 1000)

    def _write_store(
        self, pipe: "redis.client.Pipeline", store: str, batches: list[Written]
    ) -> None:
        latest: Fields = {}
        series: dict[str, Fields] = {}
        keys: dict[datetime, tuple[str, str]] = {}  # of the series, and what ends a field's name
        for batch, facts in batches:
            for fact, encoded in zip(batch.facts, facts, strict=True):
                if fact.window in ALIGNED:
                    found = keys.get(fact.start)
                    if found is None:
                        found = keys[fact.start] = self._series_key(fact), fact.start.isoformat()
                    name = f"{fact.metric}|{fact.subject}|{fact.window}|{found[1]}"
                    series.setdefault(found[0], {})[name] = memoryview(encoded)
                if fact.window not in ("quarter", "hour") and _is_newest(fact):
                    latest[f"{fact.metric}|{fact.subject}|{fact.window}"] = memoryview(encoded)
        if latest:
            pipe.hset(latest_key(self._partition, store), mapping=latest)
        for key, mapping in series.items():
            pipe.hset(key, mapping=mapping)
            pipe.expire(key, self._settings.series_days * 86_400)
        newest = batches[-1][0]
        clock: Fields = {"at": newest.at.isoformat(), "position": newest.position}
        pipe.hset(clock_key(self._partition, store), mapping=clock)
        if latest or series:
            pipe.publish(changed_channel(self._partition), store)

    def _series_key(self, fact: Fact) -> str:
        profile = self._known.get(fact.store)
        if profile is None:
            profile = self._known[fact.store] = self._profiles.of(fact.store)
        return series_key(
            self._partition, fact.store, profile.date_of(minute_of(fact.start))
        )  # fmt: skip

    def snapshot(self) -> str:
        """The last position written."""
        return self._position

    def close(self) -> None:
        """Let the connection go."""
        self._client.close()


def _line(batch: FactBatch, facts: list[msgspec.Raw]) -> bytes:
    return _encode(msgspec.structs.replace(batch, facts=facts))


def _is_newest(fact: Fact) -> bool:
    """Whether a fact is of the window that is open; a revision of yesterday is no latest value."""
    return fact.window != "day" or fact.start <= fact.as_of < fact.end
