"""What people do → the event log: the one way in for commands (edge).

A command is an event like any other: it is appended to its partition's log, so that a replay sees it at the same
place in time. Its entry carries the time of the entry before it, which is the log's own clock: at most one tick old,
never ahead of ingest's and never decreasing. Redis reads that time and appends in one step, a script.
"""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import msgspec
import redis

from dashboard.keyspace import silences_key
from dashboard.reader import UnreachableError
from sensors.events import Command
from sensors.keyspace import log_key, partition_of

Do = Literal["ack", "done", "dismiss", "snooze", "assign", "comment", "silence", "unsilence"]
SOURCE = "screen"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NOW = """
local newest = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
if newest[1] then
  local fields = newest[1][2]
  for i = 1, #fields, 2 do if fields[i] == 't' then return fields[i + 1] end end
end
local now = redis.call('TIME')
return string.format('%.0f', now[1] * 1000 + math.floor(now[2] / 1000))
"""
_APPEND = f"""
local function now() {_NOW} end
return redis.call('XADD', KEYS[1], '*', 't', now(), 'e', ARGV[1])
"""


class CommandWriter:
    """Appends commands; safe in several threads, may raise ``redis.RedisError``.

    Args:
        client: of the Redis that holds the log.
        partitions: as in ``sensors.log.partitions``.
    """

    def __init__(self, client: redis.Redis, partitions: int) -> None:
        self._client, self._partitions = client, partitions
        self._now, self._append = client.register_script(_NOW), client.register_script(_APPEND)

    def now(self, store: str) -> datetime:
        """The log's time at a store."""
        return _EPOCH + timedelta(milliseconds=int(self._now(keys=[self._key(store)])))

    def write(
        self,
        store: str,
        actor: str,
        action: Do | Literal["setting"],
        target: str,
        *,
        lasts_s: float | None = None,
        note: str = "",
    ) -> str:
        """Append one command and return its place in the log.

        Args:
            store: whose log.
            actor: who does it, by the staff directory's id.
            action: as in ``sensors.events.Command``.
            target: the incident's id, or a silence's glob.
            lasts_s: of a snooze or silence.
            note: said with it, or who it is given to.

        Raises:
            ValueError: it is no command; the message says why.
        """
        at = self.now(store)
        until = at + timedelta(seconds=lasts_s) if lasts_s else None
        command = Command(
            at=at, store=store, source=SOURCE, id=secrets.token_hex(12), actor=actor, action=action,
            target=target, until=until, note=note,
        )  # fmt: skip
        raw = msgspec.json.encode(command)
        try:
            msgspec.json.decode(raw, type=Command)
        except msgspec.ValidationError as error:
            raise ValueError(str(error)) from error
        place: Any = self._append(keys=[self._key(store)], args=[raw])
        if action == "silence":
            self._client.hset(silences_key(store), target, raw)
        elif action == "unsilence":
            self._client.hdel(silences_key(store), target)
        return str(place.decode())

    def silences(self, store: str) -> list[Command]:
        """The silences that hold at a store now, the one that ends first first; raises ``UnreachableError``."""
        try:
            return self._silences(store)
        except redis.RedisError as error:
            raise UnreachableError(str(error)) from error

    def _silences(self, store: str) -> list[Command]:
        raws: Any = self._client.hvals(silences_key(store))
        found = [msgspec.json.decode(raw, type=Command) for raw in raws]
        at = self.now(store)
        over = [c.target for c in found if c.until and c.until <= at]
        if over:
            self._client.hdel(silences_key(store), *over)
        holding = [c for c in found if c.target not in over]
        return sorted(holding, key=lambda c: c.until or c.at)

    def _key(self, store: str) -> str:
        return log_key(partition_of(store, self._partitions))
