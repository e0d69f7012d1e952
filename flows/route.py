"""From log entries to each store's share of them, in log order.

A tick belongs to the whole partition. It is passed on to the stores that have news since their last one, at most once
per ``publish_s`` each, and at every minute's beginning to all, so that thousands of idle stores cost little.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
import structlog

from sensors.events import AnyEvent
from sensors.streams import Entry, Position

_log = structlog.get_logger("flows.route")
_decoder = msgspec.json.Decoder(AnyEvent)


class Slice(NamedTuple):
    """One store's share of one log entry; ``events`` empty: a tick."""

    store: str
    partition: int
    position: Position
    at: datetime
    events: list[AnyEvent]


class Shares(NamedTuple):
    """One log entry's events by store; none: a tick."""

    partition: int
    position: Position
    at: datetime
    stores: dict[str, list[AnyEvent]]


def decode(entries: Iterable[Entry]) -> Iterable[tuple[str, Shares]]:
    """Entries, keyed by partition, with their events decoded and split by store."""
    for entry in entries:
        stores: dict[str, list[AnyEvent]] = {}
        if entry.lines:
            for event in _events(entry):
                share = stores.get(event.store)
                if share is None:
                    share = stores[event.store] = []
                share.append(event)
        shares = Shares(entry.partition, entry.position, entry.received_at, stores)
        yield f"{entry.partition:02d}", shares


def _events(entry: Entry) -> list[AnyEvent]:
    try:
        return _decoder.decode_lines(entry.lines)
    except msgspec.MsgspecError:
        return list(_readable(entry))


def _readable(entry: Entry) -> Iterable[AnyEvent]:
    """The lines that can be read, where one cannot: only a log that ingest did not write has such."""
    for line in entry.lines.splitlines():
        try:
            yield _decoder.decode(line)
        except msgspec.MsgspecError as error:
            _log.warning(
                "event_unreadable", partition=entry.partition, position=str(entry.position), why=str(error)
            )  # fmt: skip


class Router:
    """Which stores of one partition take a tick.

    >>> from datetime import UTC, timedelta
    >>> router, at = Router(["a", "b"], publish_s=1.0), datetime(2026, 1, 1, tzinfo=UTC)
    >>> [slice.store for slice in router.route(Shares(0, Position(1, 0), at, {}))]
    ['a', 'b']
    >>> [slice.store for slice in router.route(Shares(0, Position(2, 0), at + timedelta(seconds=1), {}))]
    []
    """

    def __init__(self, stores: Iterable[str], publish_s: float) -> None:
        self._publish_s = publish_s
        self._told: dict[str, float] = dict.fromkeys(
            stores, 0.0
        )  # log time of the last tick passed on
        self._news: set[str] = set()
        self._minute = 0

    def route(self, shares: Shares) -> Iterable[Slice]:
        """What each store gets of one entry."""
        if shares.stores:
            for store, events in shares.stores.items():
                self._told.setdefault(store, 0.0)
                self._news.add(store)
                yield Slice(store, *shares[:3], events)
            return
        now = shares.at.timestamp()
        minute = int(now // 60)
        due = self._told if minute != self._minute else self._news
        self._minute = minute
        for store in sorted(due):
            if due is self._told or now - self._told[store] >= self._publish_s - 1e-6:
                self._told[store] = now
                self._news.discard(store)
                yield Slice(store, *shares[:3], [])

    def row(self) -> list[Any]:
        """For the snapshot; a copy."""
        return [dict(self._told), set(self._news), self._minute]

    def restore(self, row: list[Any]) -> None:
        """Take a snapshot's row back; stores configured since then stay known."""
        told, news, self._minute = row
        self._told.update(told)
        self._news = set(news)
