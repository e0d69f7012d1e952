"""The ledger of a shop from both places it is in: the history's files, and Redis for what is not there yet (edge)."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from pathlib import Path

import msgspec
import redis

from alerts.incident import Incident
from alerts.keyspace import incidents_key
from alerts.ledger import Entry, entries
from floorcast.errors import unanswered
from floorcast.history.kept_ledger import KeptLedger
from sensors.keyspace import partition_of
from sensors.settings import Store

_incident = msgspec.json.Decoder(Incident)


def entries_of(
    stores: Iterable[Store], first: date, last: date, *, history: Path, url: str, partitions: int
) -> list[Entry]:
    """What fired at the stores on local days from ``first`` to ``last``, both with them, oldest first.

    Args:
        stores: whose ledger.
        first: the first local day.
        last: the last local day.
        history: the history's folder; one that is not there holds nothing.
        url: of Redis; empty: only the history is read.
        partitions: of the log.

    Raises:
        FloorcastError: Redis was named and cannot be reached.
    """
    found: dict[tuple[str, str, str, datetime], Entry] = {}
    client = redis.Redis.from_url(url) if url else None
    try:
        for store in stores:
            kept = KeptLedger(history)(store.id, first, last)
            fresh = entries(_incidents(client, store.id, partitions)) if client else []
            for entry in (*kept, *fresh):  # what Redis says is newer
                if first <= entry.fired_at.astimezone(store.tz).date() <= last:
                    found[entry.store, entry.rule, entry.subject, entry.fired_at] = entry
    except redis.RedisError as error:
        raise unanswered("Redis", url, error) from error
    finally:
        if client:
            client.close()
    return sorted(found.values(), key=lambda e: (e.fired_at, e.store, e.rule, e.subject))


def _incidents(client: redis.Redis, store: str, partitions: int) -> list[Incident]:
    raw = client.hvals(incidents_key(partition_of(store, partitions), store))
    return [_incident.decode(line) for line in raw]


def days_before(last: date, days: int) -> date:
    """The first of so many days that end with ``last``.

    >>> days_before(date(2026, 11, 22), 7)
    datetime.date(2026, 11, 16)
    """
    return last - timedelta(days=days - 1)
