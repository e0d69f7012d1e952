"""What was to be told to whom and what became of it, as the deliverer wrote it down (edge)."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import msgspec
import redis
from msgspec import Struct

from alerts.attempts import FINAL, Attempt
from alerts.incident import Notice
from alerts.keyspace import outbox_key, sent_key
from alerts.outbox import notices


class Push(Struct, frozen=True, kw_only=True):
    """One delivery: a notice for a person, or for a shared channel.

    Attributes:
        entry: its notice's place in the outbox of ``partition``.
        to: ``@mia`` for a person, else a channel's name.
        state: of the newest try; ``waiting`` before the first, ``unreadable`` for a notice nobody could read.
    """

    partition: int
    entry: str
    store: str
    at: datetime | None
    kind: str
    incident: str
    to: str
    state: str
    attempts: list[Attempt]

    @property
    def is_dead(self) -> bool:
        """Whether it was given up."""
        return self.state in ("dead", "unreadable")

    @property
    def why(self) -> str:
        """Why the newest try that says so did not get through."""
        return next((a.why for a in reversed(self.attempts) if a.why), "")


def pushes(client: redis.Redis, partitions: Iterable[int], store: str = "") -> Iterator[Push]:
    """Every delivery of the notices that are in the outbox, by partition and time; may raise ``redis.RedisError``."""
    for partition in partitions:
        records = {
            key.decode(): msgspec.json.decode(raw, type=list[Attempt])
            for key, raw in client.hscan_iter(sent_key(partition))
        }
        by_notice: dict[str, list[str]] = {}
        for key in records:
            by_notice.setdefault(key.rpartition("|")[0], []).append(key)
        once = {notice.id: (entry, notice) for entry, notice in notices(client, partition)}
        for entry, notice in once.values():
            if store and notice.store != store:
                continue
            for key in sorted(by_notice.get(notice.id, [])) or [f"{notice.id}|"]:
                yield _push(partition, entry, notice, key, records.get(key, []))
        if not store:
            for key, tries in records.items():
                if key.startswith("entry "):
                    yield _unreadable(partition, key.removeprefix("entry "), tries)


def send_again(client: redis.Redis, found: Iterable[Push]) -> int:
    """Put the notices of dead letters back into the outbox, for those alone who did not get them; how many."""
    count = 0
    for push in found:
        rows: Any = client.xrange(outbox_key(push.partition), push.entry, push.entry)
        if push.state != "dead" or not rows:
            continue
        fields = rows[0][1]
        key = f"{msgspec.json.decode(fields[b'n'], type=Notice).id}|{push.to}"
        pipe = client.pipeline(transaction=True)
        pipe.hdel(sent_key(push.partition), key)
        pipe.xadd(outbox_key(push.partition), fields)
        pipe.execute()
        count += 1
    return count


def _push(partition: int, entry: str, notice: Notice, key: str, tries: list[Attempt]) -> Push:
    state = tries[-1].state if tries else "waiting"
    return Push(
        partition=partition, entry=entry, store=notice.store, at=notice.at, kind=notice.kind,
        incident=notice.incidents[0].id if notice.incidents else "", to=key.rpartition("|")[2],
        state=state if state in FINAL or not tries else "trying", attempts=tries,
    )  # fmt: skip


def _unreadable(partition: int, entry: str, tries: list[Attempt]) -> Push:
    return Push(
        partition=partition, entry=entry, store="", at=None, kind="", incident="", to="",
        state="unreadable", attempts=tries,
    )  # fmt: skip
