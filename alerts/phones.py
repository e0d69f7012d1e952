"""Push subscriptions in Redis, where the staff page puts them (edge)."""

from typing import Any

import redis

from alerts.channels import UnreachableError
from alerts.keyspace import push_key
from sensors.stream_source import UNREACHABLE


class StoredPhones:
    """Each person's phones; safe in several threads."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client

    def of(self, person: str) -> list[bytes]:
        """A person's subscriptions as JSON; raises ``UnreachableError`` while Redis does not answer."""
        try:
            found: Any = self._client.hvals(push_key(person))
        except UNREACHABLE as error:
            raise UnreachableError(str(error)) from error
        return list(found)

    def forget(self, person: str, subscription: bytes) -> None:
        """Drop one that its push service has ended; raises ``UnreachableError``."""
        try:
            rows: Any = self._client.hgetall(push_key(person))
            gone = [field for field, raw in rows.items() if raw == subscription]
            if gone:
                self._client.hdel(push_key(person), *gone)
        except UNREACHABLE as error:
            raise UnreachableError(str(error)) from error
