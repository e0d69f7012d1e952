"""What was last heard from each device, for people and for ``floorcast devices``; pure."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from msgspec import Struct

from sensors.codec import Outcome
from sensors.events import KINDS, Event, Status
from sensors.redaction import redacted
from sensors.reject import Reject
from sensors.verbatim import KINDS as VERBATIM_KINDS
from sensors.verbatim import Verbatim

DEVICES = 10_000  # remembered at once; the longest unheard goes first
SAMPLE_BYTES = 512
_KIND = {event: kind for kind, event in KINDS.items()}


class DeviceSeen(Struct, kw_only=True, omit_defaults=True):
    """The last word of one device, as kept in ``device:{p}`` under ``store/source``.

    Attributes:
        store, source: who; both empty for a topic that no store is known for.
        topic: where it was heard last; ``adapter``: what read it, empty for our own format.
        received_at: when it was heard last; ``at``: by its own clock, clamped.
        kinds: what it has said.
        events, rejects: counted since the present ingest first heard it, ``since``.
        skew_s: how far ahead its clock was with the last event; ``None`` if within the limit.
        reason, sample: of its last reject; the sample without the people in it.
        state, battery_pct, firmware: as it last said of itself.
    """

    store: str
    source: str
    topic: str
    received_at: datetime
    since: datetime
    adapter: str = ""
    at: datetime | None = None
    kinds: list[str] = []
    events: int = 0
    rejects: int = 0
    skew_s: float | None = None
    reason: str = ""
    sample: str = ""
    state: str = ""
    battery_pct: float | None = None
    firmware: str | None = None

    @property
    def field(self) -> str:
        """Its field in the hash."""
        return f"{self.store}/{self.source}" if self.source else f"?/{self.topic}"


class DeviceTable:
    """Gathers what is heard; ``changed`` hands out what to write."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], DeviceSeen] = {}
        self._changed: dict[tuple[str, str], DeviceSeen] = {}

    def heard(
        self, outcomes: Sequence[Outcome], topic: str, adapter: str, received_at: datetime
    ) -> None:
        """Note a message's outcomes."""
        last: tuple[str, str] | None = None
        for outcome in outcomes:
            store, source = outcome.store, outcome.source
            key = (store, source) if store and source else ("", topic)
            if key != last:
                last = key
                seen = self._changed.get(key) or self._take(key, topic, received_at)
                seen.topic, seen.adapter, seen.received_at = topic, adapter, received_at
            if isinstance(outcome, Reject):
                _note_reject(seen, outcome)
                continue
            seen.events += 1
            seen.at, seen.skew_s = outcome.at, outcome.skew_s
            kind = _KIND[type(outcome)]
            if kind not in seen.kinds:
                seen.kinds.append(kind)
                seen.kinds.sort()
            if kind == "status":
                _note_status(seen, outcome)

    def passed(self, said: Verbatim, store: str, topic: str, received_at: datetime) -> None:
        """Note a message that went into the log as it came."""
        if said.source is not None:
            self._count((store, said.source), said.events, topic, received_at)
            return
        for event in said.events:  # they name sources of their own
            self._count((store, event.source), [event], topic, received_at)

    def _count(
        self, key: tuple[str, str], events: Sequence[Event], topic: str, received_at: datetime
    ) -> None:
        seen = self._changed.get(key) or self._take(key, topic, received_at)
        seen.topic, seen.adapter, seen.received_at = topic, "", received_at
        seen.events += len(events)
        seen.at, seen.skew_s = events[-1].at, None
        kinds = {VERBATIM_KINDS[kind] for kind in set(map(type, events))}
        if not kinds.issubset(seen.kinds):
            seen.kinds = sorted(kinds.union(seen.kinds))
        if "status" in kinds:
            for event in events:
                _note_status(seen, event)

    def changed(self) -> list[DeviceSeen]:
        """Who was heard since the last call."""
        changed, self._changed = list(self._changed.values()), {}
        return changed

    def _take(self, key: tuple[str, str], topic: str, received_at: datetime) -> DeviceSeen:
        """The device's row, moved to the young end of the table."""
        seen = self._seen.pop(key, None)
        if seen is None:
            store, source = key if key[0] else ("", "")
            seen = DeviceSeen(
                store=store, source=source, topic=topic, received_at=received_at, since=received_at
            )
            if len(self._seen) >= DEVICES:
                del self._seen[next(iter(self._seen))]
        self._seen[key] = self._changed[key] = seen
        return seen


def _note_reject(seen: DeviceSeen, reject: Reject) -> None:
    seen.rejects += 1
    seen.reason = f"{reject.place}: {reject.reason}"
    seen.sample = redacted(reject.raw, SAMPLE_BYTES).decode("utf-8", "replace")


def _note_status(seen: DeviceSeen, status: Event) -> None:
    if not isinstance(status, Status):
        return
    seen.state = status.state
    if status.battery_pct is not None:
        seen.battery_pct = status.battery_pct
    seen.firmware = status.firmware or seen.firmware


def parse_device(raw: bytes) -> DeviceSeen:
    """A row of the hash; raises ``msgspec.DecodeError`` on anything else."""
    return msgspec.json.decode(raw, type=DeviceSeen)
