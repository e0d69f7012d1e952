"""``floorcast chain``: every store's facts read, and what they say together told to each store (edge).

    latest, series, clock of every store ─▶ flows.chain_words ─▶ plans in the stores' logs

A word goes through the log like any event, so the floor publishes it as facts and a replay hears it. Time is the log's:
once in ``EVERY`` of it; only what changed or would soon be out of date is told.
"""

import threading
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Any

import msgspec
import redis
import structlog

from floorcast import metrics
from floorcast.settings import Settings
from flows.chain_words import Chain, word, words
from flows.facts import Fact
from flows.keyspace import clock_key, latest_key, series_key
from flows.profile import Profiles, instant_of, minute_of
from flows.tallies.chain_words import TRANSFER
from sensors.event_log import Batch, append, last_received_at
from sensors.events import Plan
from sensors.keyspace import partition_of
from sensors.stream_source import RETRY_S, UNREACHABLE, connect

EVERY = timedelta(minutes=15)
PAST_DAYS = 28  # whole days whose conversion speaks for a store to its peers
WEEK = timedelta(days=7)
LOOK_S = 1.0  # between two looks at the stores' clocks
READ = (
    "conversion",
    "atv",
    "tills_needed",
    "oos_rate",
    "shelf_silence",
    "sensor_health",
    "sku_cover",
)

_log = structlog.get_logger("floorcast.chain")
_fact = msgspec.json.Decoder(Fact).decode
_encode = msgspec.json.Encoder().encode


class Teller:
    """Reads and tells. May be killed at any moment and started again: a word told twice counts once."""

    def __init__(self, settings: Settings, url: str) -> None:
        sensors = settings.sensors
        self._client = connect(url)
        self._partitions = sensors.log.partitions
        self._stores = {store.id: store for store in sensors.stores}
        profiles = Profiles(settings.flows, sensors)
        self._profiles = {name: profiles.of(name) for name in self._stores}
        self._days: dict[tuple[str, date], tuple[float, float]] = {}  # final ones, as read
        self._told: dict[tuple[str, str], Plan] = {}
        self._slot: datetime | None = None

    def run(self, stop: threading.Event) -> None:
        """Tell until ``stop`` is set; waits out an absent Redis."""
        pause_s = RETRY_S[0]
        while not stop.is_set():
            try:
                self.turn()
                pause_s = RETRY_S[0]
                stop.wait(LOOK_S)
            except UNREACHABLE as error:
                _log.warning("redis-unreachable", error=str(error))
                stop.wait(pause_s)
                pause_s = min(pause_s * 2, RETRY_S[1])

    def turn(self) -> int:
        """Tell what there is to tell, if the log's time has come to it; how many words were told."""
        slot = self._now()
        if slot is None or slot == self._slot:
            return 0
        began = time.monotonic()
        news = list(self._news(words(self._chain(slot)), slot))
        for partition, plans in groupby(sorted(news, key=self._partition), key=self._partition):
            self._append(partition, list(plans))
        self._told |= {(plan.store, plan.subject): plan for plan in news}
        self._slot = slot
        metrics.WORDS.inc(len(news))
        metrics.WORDS_AT.set(slot.timestamp())
        metrics.WORDS_S.observe(time.monotonic() - began)
        return len(news)

    def close(self) -> None:
        """Let the connection go."""
        self._client.close()

    def _now(self) -> datetime | None:
        """The newest store's clock, down to a whole ``EVERY``; ``None`` while no store has one."""
        pipe = self._client.pipeline(transaction=False)
        for store in self._stores:
            pipe.hget(clock_key(self._of(store), store), "at")
        said = [datetime.fromisoformat(at.decode()) for at in pipe.execute() if at]
        newest = max(said, default=None)
        return (
            None if newest is None else newest - (newest - datetime(1970, 1, 1, tzinfo=UTC)) % EVERY
        )

    def _chain(self, at: datetime) -> Chain:
        return Chain(
            at=at,
            latest={store: self._latest(store) for store in self._stores},
            past={store: self._past(store, at) for store in self._stores},
            sales_now={store: self._sales(store, at) for store in self._stores},
            sales_then={store: self._sales(store, at - WEEK) for store in self._stores},
            currencies={name: store.currency for name, store in self._stores.items()},
            neighbours={name: store.neighbours for name, store in self._stores.items()},
        )

    def _latest(self, store: str) -> dict[tuple[str, str, str], Fact]:
        """A store's newest facts, of the metrics that the chain looks at."""
        found: dict[tuple[str, str, str], Fact] = {}
        held: Any = self._client.hgetall(latest_key(self._of(store), store))
        for name, raw in held.items():
            metric, subject, window = name.decode().split("|")
            if metric in READ:
                found[metric, subject, window] = _fact(raw)
        return found

    def _past(self, store: str, at: datetime) -> tuple[float, float]:
        """Transactions and visitors of the last whole days."""
        profile = self._profiles[store]
        today = profile.date_of(minute_of(at))
        days = [today - timedelta(days=back) for back in range(1, PAST_DAYS + 1)]
        missing = [day for day in days if (store, day) not in self._days]
        pipe = self._client.pipeline(transaction=False)
        for day in missing:
            start = instant_of(profile.bounds_of(day)[0])
            pipe.hget(
                series_key(self._of(store), store, day), f"conversion||day|{start.isoformat()}"
            )
        for day, raw in zip(missing, pipe.execute(), strict=True):
            fact = _fact(raw) if raw else None
            if fact is not None and fact.state == "final":
                self._days[store, day] = float(fact.evidence.k or 0), float(fact.evidence.n or 0)
        self._days = {key: seen for key, seen in self._days.items() if key[1] >= min(days) - WEEK}
        seen = [self._days[store, day] for day in days if (store, day) in self._days]
        return sum(min(k, n) for k, n in seen), sum(n for _, n in seen)

    def _sales(self, store: str, at: datetime) -> int | None:
        """Net sales of the business day up to a moment; ``None`` where nothing was counted."""
        start, _ = self._profiles[store].day_of(minute_of(at))
        key = series_key(self._of(store), store, self._profiles[store].date_of(start))
        quarters = [instant_of(minute).isoformat() for minute in range(start, minute_of(at), 15)]
        if not quarters:
            return None
        held: Any = self._client.hmget(key, [f"net_sales||quarter|{name}" for name in quarters])
        values = [_fact(raw).value for raw in held if raw]
        return sum(value for value in values if isinstance(value, int)) if values else None

    def _news(self, plans: Iterable[Plan], at: datetime) -> Iterator[Plan]:
        """What changed, or would be out of date before it is told again; and what nobody is to move any more."""
        said = set()
        for plan in plans:
            known = self._told.get((plan.store, plan.subject))
            said.add((plan.store, plan.subject))
            if known is None or _is_news(plan, known):
                yield plan
        for (store, subject), known in self._told.items():
            if subject.startswith(TRANSFER) and known.value and (store, subject) not in said:
                yield word(at, store, subject, 0.0)

    def _append(self, partition: int, plans: list[Plan]) -> None:
        """Put words into the log, at the log's own time: that of its last entry."""
        at = last_received_at(self._client, [partition])
        if at is not None:
            lines = b"\n".join(_encode(plan) for plan in plans)
            for answer in append(self._client, [Batch(partition, lines, at)]):
                if isinstance(answer, redis.ResponseError):
                    raise answer

    def _of(self, store: str) -> int:
        return partition_of(store, self._partitions)

    def _partition(self, plan: Plan) -> int:
        return self._of(plan.store)


def _is_news(plan: Plan, known: Plan) -> bool:
    """Whether a word differs from the one that was told, or that one has lived half its time."""
    differs = (known.value, known.note) != (plan.value, plan.note)
    return differs or plan.at - known.at >= (known.ends_at - known.at) / 2


def tell(settings: Settings, url: str, stop: threading.Event) -> None:
    """Run the teller until told to stop."""
    teller = Teller(settings, url)
    try:
        teller.run(stop)
    finally:
        teller.close()
