"""Bytes → events or rejects, total: whatever comes, nothing is raised and no neighbour is harmed.

    payload ─▶ split ─▶ typed events ─▶ admit: store, source, clock, people's names, id ─▶ Event | Reject

Well-formed messages are decoded whole, in one call; only a message with something wrong in it is taken apart.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from xxhash import xxh3_128_hexdigest

from sensors.events import KINDS, Command, Event, Plan, Pos, Staff, Status
from sensors.message_parts import SPACE, UNDECODABLE, apart, whole
from sensors.pseudonym import Pseudonym
from sensors.reject import Reject
from sensors.settings import SensorsSettings
from sensors.topics import Topic

Outcome = Event | Reject

_encode = msgspec.json.Encoder().encode

_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)  # of what a plan or command may point to
_EARLIEST = datetime(1971, 1, 1, tzinfo=UTC)


_PLAIN = frozenset(KINDS.values()) - {Pos, Staff, Plan, Command}
"""Events that name no person and belong among a device's events."""


class _Will(msgspec.Struct):
    """A status without a time: a last will is written before what it tells."""

    state: Any = "alive"
    battery_pct: Any = None
    firmware: Any = None
    detail: Any = None


class Codec:
    """Our own format: one event, a JSON array of events, or newline-joined events.

    Args:
        settings: stores and limits.
        pseudonym: replaces members and associates.
    """

    def __init__(self, settings: SensorsSettings, pseudonym: Pseudonym) -> None:
        self._stores = {store.id for store in settings.stores}
        self._limit = settings.limits.payload_bytes
        self._ahead = timedelta(seconds=settings.limits.ahead_s)
        self._far = timedelta(days=settings.limits.ahead_days)
        self._oldest = timedelta(days=settings.limits.oldest_days)
        self._pseudonym = pseudonym

    def decode(self, payload: bytes, topic: Topic, received_at: datetime) -> list[Outcome]:
        """Every event of a message, each as itself or as the reason why not; empty for an empty message.

        A message of zero bytes deletes a retained one and says nothing.
        """
        name = str(topic)
        if topic.store not in self._stores:
            return [Reject(f"unknown store {topic.store}", "$", name, payload, topic.source)]
        if refused := self.oversized(payload, topic, name):
            return [refused]
        if topic.room == "status":
            payload = _timed(payload, received_at)
        events = None if b"\\u0000" in payload else whole(payload)
        if events is not None:
            if self._all_plain(events, topic, received_at):
                return [*events]
            outcomes = [self.admit(e, topic, received_at, "$", name, b"") for e in events]
            if not any(isinstance(outcome, Reject) for outcome in outcomes):
                return outcomes
        return [
            item
            if isinstance(item, Reject)
            else self.admit(item, topic, received_at, place, name, raw)
            for place, raw, item in apart(payload, topic)
        ]

    def oversized(self, payload: bytes, topic: Topic, name: str) -> Reject | None:
        """The reject of a payload above the limit; ``name`` is the topic or path it really came by."""
        if len(payload) <= self._limit:
            return None
        reason = f"{len(payload)} bytes, at most {self._limit} are taken"
        return Reject(reason, "$", name, payload, topic.source, topic.store)

    def admit(
        self, event: Event, topic: Topic, received_at: datetime, place: str, name: str, raw: bytes
    ) -> Outcome:
        """Complete and correct one typed event in place, or say why it cannot be taken.

        Fills store and source from the topic, clamps a clock that runs ahead, hashes people's names and derives a
        missing id from (source, kind, at, payload) as the device sent them, so that a repeat has the same id.

        Args:
            event: changed in place; the caller must not keep it for anything else.
            topic: whose store must agree with the event's and whose source stands in for a missing one.
            received_at: when the message arrived.
            place: where in the message the event stood, for the reject.
            name: the topic or path it really came by.
            raw: its bytes, for the reject.
        """
        event.store = event.store or topic.store
        event.source = event.source or topic.source
        if wrong := self._wrong(event, topic, received_at, raw):
            where, reason = wrong
            return Reject(reason, place + where, name, raw, event.source, topic.store)
        if event.at.tzinfo is not UTC:
            event.at = event.at.astimezone(UTC)
        self._hide_people(event)
        event.id = event.id or derived_id(_encode(event))
        if event.at - received_at > self._ahead:
            event.skew_s = (event.at - received_at).total_seconds()
            event.at = received_at
        return event

    def _all_plain(self, events: Iterable[Event], topic: Topic, received_at: datetime) -> bool:
        """Complete events with which all is well, the way of nearly every message; False at the first other one.

        What it has completed until then stays so: ``admit`` would do the same.
        """
        if topic.room != "events":
            return False
        oldest, latest = received_at - self._oldest, received_at + self._ahead
        store, source = topic.store, topic.source
        for event in events:
            event.store = event.store or store
            event.source = event.source or source
            at = event.at
            if not (
                oldest <= at <= latest
                and at.tzinfo is UTC
                and event.store == store
                and type(event) in _PLAIN
            ):
                return False
            event.id = event.id or derived_id(_encode(event))
        return True

    def _wrong(
        self, event: Event, topic: Topic, received_at: datetime, raw: bytes
    ) -> tuple[str, str] | None:
        """Place and reason, or ``None`` when the event can be taken."""
        if event.store != topic.store:
            return ".store", f"store {event.store} on a topic of {topic.store}"
        if wrong := _misplaced(event, topic):
            return ".kind", wrong
        if received_at - event.at > self._oldest:
            return ".at", f"{event.at.isoformat()} is older than {self._oldest.days} days"
        if event.at - received_at > self._far:
            return ".at", f"{event.at.isoformat()} lies in the future: the clock is not set"
        if b"\\u0000" in raw and _NUL.search(raw):
            return "", "a NUL character"
        return _unreal(event)

    def _hide_people(self, event: Event) -> None:
        if isinstance(event, Pos):
            event.member = event.member and self._pseudonym("member", event.member)
            event.associate = event.associate and self._pseudonym("associate", event.associate)
        elif isinstance(event, Staff):
            event.associate = event.associate and self._pseudonym("associate", event.associate)


def derived_id(line: bytes) -> str:
    """The id of an event that has none, from its JSON with store and source: a repeat has the same one."""
    return xxh3_128_hexdigest(line)


def _misplaced(event: Event, topic: Topic) -> str | None:
    """Commands and plans come by topics of their own, so that a broker's ACL can keep gateways from them."""
    kind, room = event.__struct_config__.tag, topic.room
    if isinstance(event, Command) != (room == "commands"):
        return f"kind {kind} does not belong on {room}"
    if isinstance(event, Plan) != (room == "plan"):
        return f"kind {kind} does not belong on {room}"
    if room == "status" and not isinstance(event, Status):
        return f"kind {kind} does not belong on {room}"
    return None


def _unreal(event: Event) -> tuple[str, str] | None:
    """Instants that no calendar of ours reaches."""
    if isinstance(event, Plan):
        instants = {".starts_at": event.starts_at, ".ends_at": event.ends_at}
    elif isinstance(event, Command) and event.until:
        instants = {".until": event.until}
    else:
        return None
    for place, at in instants.items():
        if not _EARLIEST < at < _LATEST:
            return place, f"{at.isoformat()} is out of range"
    return None


def _timed(payload: bytes, received_at: datetime) -> bytes:
    """A status message with a time: a bare word or a will without one happened when it was received."""
    word = payload.strip(SPACE)
    if word in {b"online", b"offline"}:
        return _encode(Status(at=received_at, state="online" if word == b"online" else "offline"))
    if not word.startswith(b"{") or b'"at"' in word:
        return payload
    try:
        will = msgspec.json.decode(word, type=_Will)
    except UNDECODABLE:
        return payload
    stamped = {"kind": "status", "at": received_at, **msgspec.structs.asdict(will)}
    return _encode({key: value for key, value in stamped.items() if value is not None})
