"""The audit log: every action of a person, with what came of it (edge)."""

from typing import Any, NamedTuple

import redis

from dashboard.keyspace import AUDIT


class Entry(NamedTuple):
    """One action as it was kept; ``ms`` by the data store's clock."""

    ms: int
    who: str
    action: str
    target: str
    store: str
    result: str
    origin: str


class Audit:
    """Appends and reads; may raise ``redis.RedisError``: what cannot be written down is not done."""

    def __init__(self, client: redis.Redis, entries: int) -> None:
        self._client, self._entries = client, entries

    def note(
        self, who: str, action: str, target: str = "", store: str = "", result: str = "ok", origin: str = ""
    ) -> None:  # fmt: skip
        """Write down one action."""
        fields: dict[Any, Any] = {
            "who": who, "action": action, "target": target, "store": store, "result": result,
            "origin": origin,
        }  # fmt: skip
        self._client.xadd(AUDIT, fields, maxlen=self._entries, approximate=True)

    def newest(self, count: int = 200) -> list[Entry]:
        """The newest entries, the newest first."""
        rows: Any = self._client.xrevrange(AUDIT, count=count)
        return [
            Entry(
                int(at.partition(b"-")[0]),
                *(fields.get(name.encode(), b"").decode() for name in Entry._fields[1:]),
            )
            for at, fields in rows
        ]
