"""What an adapter is given, and how a vendor's names become the shop's.

vendor bytes ─▶ Message ─▶ adapter ─▶ Footfall | Presence | Dwell | Queue | Pos | Status …
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, tzinfo
from hashlib import blake2b
from typing import Any, NamedTuple

from sensors.adapter_memory import FORM, Memory, Reply, remember
from sensors.events import Counting, Dwell, Footfall, Presence, Queue, Status
from sensors.reject import Reject
from sensors.settings import Device, Store

Names = tuple[str | int | None, ...]
"""What a vendor may call one line, zone or till: its name, its id, the channel; the first mapped one counts."""


class UnreadableError(ValueError):
    """The vendor's bytes do not say what the format promises.

    Attributes:
        place: where in the message, ``$`` being the whole of it.
    """

    def __init__(self, reason: str, place: str = "$") -> None:
        super().__init__(reason)
        self.place = place


def slug(text: str) -> str:
    """A vendor's name as one of ours: at most 64 characters of ``a-z0-9_.-``.

    >>> slug("Line-based logic 2"), slug("Köln / Ost")
    ('line-based-logic-2', 'k-ln-ost')
    """
    return re.sub(r"[^a-z0-9_.-]+", "-", text.lower()).strip("-.")[:64] or "unnamed"


def short(text: str, limit: int = 64) -> str:
    """``text``, or where it is too long its beginning and a hash of the whole, still unique."""
    if len(text) <= limit:
        return text
    return f"{text[: limit - 13]}-{blake2b(text.encode(), digest_size=6).hexdigest()}"


class Message(NamedTuple):
    """One message of a configured device.

    Attributes:
        received_at: when ingest took it; stands in for the event's time where the device sends none.
        store: the store it belongs to, for its clock and currency; ``None`` reads local times as UTC.
        memory: this device's; see ``Memory``.
        replies: what is to be sent to devices is added here.
    """

    payload: bytes
    topic: str
    device: Device
    received_at: datetime
    store: Store | None
    memory: Memory
    replies: list[Reply]

    @property
    def tz(self) -> tzinfo:
        """The zone of local times in the payload: the device's, else the store's, else UTC."""
        from sensors.adapters._times import zone_named  # noqa: PLC0415 - _times needs Unreadable

        if self.device.timezone:
            return zone_named(self.device.timezone)
        return zone_named(self.store.timezone) if self.store else UTC

    @property
    def currency(self) -> str:
        """The currency of amounts without one: option ``currency``, else the store's."""
        return str(self.device.options.get("currency") or (self.store or _NO_STORE).currency)

    def option(self, name: str, default: str) -> str:
        """One of ``device.options`` as text."""
        return str(self.device.options.get(name, default))

    def source(self, vendor_id: object = None) -> str:
        """Who speaks: as configured, else the vendor's id of the device, else the topic."""
        return short(str(self.device.source or vendor_id or self.topic))

    def takes(self, what: str, form: str, source: str = "") -> bool:
        """Whether counts are taken from this form of the same people; each is told in one form only.

        A device may say the same crossing twice, as an event and in a sum. Option ``what`` names the form
        to take; without it the first form heard from this ``source`` is kept to.
        """
        if wanted := self.device.options.get(what):
            return bool(wanted == form)
        key = f"{what}|{source}"
        if self.form_of(key) is None:
            self.keep_to(form, key)
        return self.form_of(key) == form

    def form_of(self, key: str) -> str | None:
        """In which form counts are heard under ``key``, so far."""
        form: str | None = self.memory.get(FORM + key)
        return form

    def keep_to(self, form: str, key: str) -> None:
        """Counts under ``key`` are heard in this form from now on."""
        remember(self.memory, FORM + key, form)

    def reject(self, error: UnreadableError) -> Reject:
        """A dead letter of this message with the reason and the place."""
        return Reject(
            reason=str(error)[:300],
            place=error.place,
            topic=self.topic,
            raw=self.payload,
            source=self.source(),
            store=self.device.store,
        )

    def footfall(
        self,
        names: Names,
        *,
        at: datetime,
        counting: Counting,
        entered: int = 0,
        left: int = 0,
        interval_s: float | None = None,
        groups: int | None = None,
        children: int | None = None,
        source: str = "",
        id: str = "",  # noqa: A002 - the contract's name
    ) -> Iterator[Footfall | Reject]:
        """People over one of the vendor's lines, at our door, the right way round; none if left out.

        A line that is not mapped is a reject, unless it counted nobody.
        """
        try:
            place = mapped(self.device.doors, self.device.door, names, "door")
        except UnreadableError as error:
            if entered or left or groups:
                yield self.reject(error)
            return
        if place is None:
            return
        door, _, side = place.partition(":")
        if self.device.invert:
            entered, left = left, entered
        passed = 0
        if side == "out":
            entered, left = left, entered
        elif side == "passed":
            entered, left, passed = 0, 0, entered + left
        yield Footfall(
            at=at,
            store=self.device.store,
            source=source or self.source(),
            id=short(id, 128),
            door=door,
            entered=entered,
            left=left,
            passed=passed,
            groups=groups,
            children=children,
            counting=counting,
            interval_s=interval_s,
        )

    def presence(
        self, names: Names, *, at: datetime, people: int, source: str = ""
    ) -> Iterator[Presence | Reject]:
        """A level in one of the vendor's zones; the whole store where the device has no zone at all."""
        try:
            zone = "" if not self._has_zones else self.zone(names)
        except UnreadableError as error:
            if people:
                yield self.reject(error)
            return
        if zone is not None:
            yield Presence(
                at=at,
                store=self.device.store,
                source=source or self.source(),
                zone=zone,
                people=people,
            )

    def dwell(
        self,
        names: Names,
        *,
        at: datetime,
        dwell_s: float,
        visits: int = 1,
        track: str | None = None,
        source: str = "",
    ) -> Iterator[Dwell | Reject]:
        """A finished visit, or the mean of several, in one of the vendor's zones."""
        try:
            zone = self.zone(names)
        except UnreadableError as error:
            yield self.reject(error)
            return
        if zone is not None and visits > 0:
            yield Dwell(
                at=at,
                store=self.device.store,
                source=source or self.source(),
                zone=zone,
                dwell_s=dwell_s,
                visits=visits,
                track=None if track is None else short(track, 128),
            )

    def queue(
        self,
        names: Names,
        *,
        at: datetime,
        length: int | None = None,
        wait_s: float | None = None,
        served: int = 0,
        source: str = "",
    ) -> Iterator[Queue]:
        """The line at one of our tills."""
        yield Queue(
            at=at,
            store=self.device.store,
            source=source or self.source(),
            till=self.till(names),
            length=length,
            wait_s=wait_s,
            served=served,
        )

    def status(
        self,
        state: str,
        *,
        source: str = "",
        at: datetime | None = None,
        battery_pct: float | None = None,
        firmware: str | None = None,
        detail: str | None = None,
    ) -> Status:
        """What the device says of itself."""
        return Status(
            at=at or self.received_at,
            store=self.device.store,
            source=source or self.source(),
            state=_STATES[state],
            battery_pct=battery_pct,
            firmware=None if firmware is None else short(firmware),
            detail=None if detail is None else detail[:500],
        )

    def zone(self, names: Names) -> str | None:
        """Our zone; ``None`` if it is configured to be left out."""
        return mapped(self.device.zones, self.device.zone, names, "zone")

    def till(self, names: Names) -> str:
        """Our till; a till that is not mapped keeps the name its vendor gives it."""
        fallback = self.device.till or next(
            (slug(str(n)) for n in names if n not in (None, "")), "1"
        )
        return mapped(self.device.tills, fallback, names, "till") or fallback

    @property
    def _has_zones(self) -> bool:
        return bool(self.device.zones or self.device.zone)


def mapped(mapping: Mapping[str, str], fallback: str, names: Names, what: str) -> str | None:
    """Our name for the first of the vendor's ``names`` that is mapped; ``None``: mapped to nothing.

    The key ``*`` stands for every other name, and the value ``*`` takes the vendor's own.

    >>> mapped({"Line 0": "main", "Line 1": ""}, "", ("Line 0", 2), "door")
    'main'
    >>> mapped({"*": "*"}, "", ("Line 7",), "door")
    'line-7'
    """
    known = [str(name) for name in names if name is not None and name != ""]
    for name in (*known, "*"):
        if name in mapping:
            ours = mapping[name]
            own = slug(known[0]) if known else what
            return (own + ours[1:] if ours.startswith("*") else ours) or None
    if fallback:
        return fallback
    called = f"{known[0]!r}" if known else "of this device"
    raise UnreadableError(
        f'{what} {called} is not mapped: name it under {what}s, or as "" to leave it out'
    )


_STATES: dict[str, Any] = {s: s for s in ("online", "offline", "alive", "fault")}


class _NoStore(NamedTuple):
    currency: str = "USD"


_NO_STORE = _NoStore()
