"""Messages with nothing to correct or to hide: they go into the log as they came, or only completed. Pure.

    one event a line, each with its id ─▶ as it came, with store and source put in
    a JSON array, or events without ids ─▶ encoded again, each with the id that the codec would give it

Checking costs a third of what the codec does, and nearly every message of our own format passes. What does not pass
takes the codec's way, which says why or puts it right.
"""

import types
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, Union, cast

import msgspec

from sensors.codec import derived_id
from sensors.events import Dwell, Event, Footfall, Presence, Queue, Status, Stock
from sensors.settings import Limits
from sensors.topics import Topic

_TOPICS = 10_000  # whose tail is remembered
_BREAK = b"}\n{"  # between two events, each on a line of its own


def _strict(kind: type[Event]) -> type[Event]:
    """The same event with nothing in it that the contract does not know: that could be anything, also a name."""
    strict = msgspec.defstruct(
        kind.__name__,
        [],
        bases=(kind,),
        tag_field="kind",
        tag=kind.__struct_config__.tag,
        kw_only=True,
        gc=False,
        forbid_unknown_fields=True,
    )
    return cast("type[Event]", strict)


KINDS: dict[type[Event], str] = {
    _strict(kind): str(kind.__struct_config__.tag)
    for kind in (Footfall, Dwell, Presence, Queue, Stock, Status)
}
"""What names no person and belongs among a device's events, by its strict type."""

_ANY: Any = Union[tuple(KINDS)]  # noqa: UP007  # made of a list
_decoder: msgspec.json.Decoder[Event] = msgspec.json.Decoder(_ANY)
_array: msgspec.json.Decoder[list[Event]] = msgspec.json.Decoder(types.GenericAlias(list, (_ANY,)))
_encode = msgspec.json.Encoder().encode
_encode_lines = msgspec.json.Encoder().encode_lines


class Verbatim(NamedTuple):
    """A message that passed.

    Attributes:
        lines: for the log: as it came, with store and source put in where the topic names them, or encoded again.
        events: what it says; to look at only.
        source: of every one of them; ``None`` if they name sources of their own.
    """

    lines: bytes
    events: Sequence[Event]
    source: str | None


class Gate:
    """Tells which messages pass.

    Args:
        limits: on sizes and clocks.
    """

    def __init__(self, limits: Limits) -> None:
        self._bytes = limits.payload_bytes
        self._ahead = timedelta(seconds=limits.ahead_s)
        self._oldest = timedelta(days=limits.oldest_days)
        self._tails: dict[Topic, bytes] = {}

    def passed(self, payload: bytes, topic: Topic, received_at: datetime) -> Verbatim | None:
        """The message, if every event in it can go into the log as it is, else ``None``.

        That is: an array, or one event a line; nothing escaped, no field unknown, every event in UTC, within the limits
        of time and of the topic's store. It goes by its own bytes if besides there are no blank lines, each event has
        an id, and store and source stand either on all of them or on none.
        """
        if len(payload) > self._bytes or topic.room != "events" or b"\\" in payload:
            return None
        payload = payload.strip(b" \n")
        is_rewritten = is_array = payload.startswith(b"[")
        try:
            events = _array.decode(payload) if is_array else _decoder.decode_lines(payload)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None
        oldest, latest = received_at - self._oldest, received_at + self._ahead
        for event in events:
            at = event.at
            if not (oldest <= at <= latest and at.tzinfo is UTC):
                return None
            if not event.id:
                is_rewritten = True
        if is_rewritten and events:
            return _completed(events, topic)
        parts = payload.split(_BREAK)
        if len(parts) != len(events) or b"\n" in b"".join(parts):
            return None
        if b'"store"' in payload or b'"source"' in payload:
            store = topic.store
            ok = all(event.store == store and event.source for event in events)
            return Verbatim(payload, events, None) if ok else None
        tail = self._tail(topic)
        return Verbatim((tail + b"\n{").join(parts)[:-1] + tail, events, topic.source)

    def _tail(self, topic: Topic) -> bytes:
        tail = self._tails.get(topic)
        if tail is None:
            if len(self._tails) >= _TOPICS:
                self._tails.clear()
            place = msgspec.json.encode({"store": topic.store, "source": topic.source})
            tail = self._tails[topic] = b"," + place[1:]
        return tail


def _completed(events: Sequence[Event], topic: Topic) -> Verbatim | None:
    """Events with store, source and id, encoded again; ``None`` if one is of another store."""
    store, source = topic.store, topic.source
    one_source: str | None = source
    for event in events:
        if event.store != store:
            if event.store:
                return None
            event.store = store
        if not event.source:
            event.source = source
        elif event.source != source:
            one_source = None
        if not event.id:
            event.id = derived_id(_encode(event))
    return Verbatim(_encode_lines(events)[:-1], events, one_source)
