"""What an adapter is given, and how what it reads becomes our events.

vendor bytes ─▶ Message ─▶ adapter ─▶ Footfall | Presence | Dwell | Queue | Pos | Status …
"""

from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from typing import Any, NamedTuple

from sensors.adapter_memory import FORM, Memory, Reply, remember
from sensors.adapters._names import Names, mapped, short, slug
from sensors.adapters._times import zone_named
from sensors.adapters._unreadable import UnreadableError
from sensors.events import Counting, Dwell, Footfall, Presence, Queue, Status
from sensors.reject import Reject
from sensors.settings import Device, Store


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


_STATES: dict[str, Any] = {s: s for s in ("online", "offline", "alive", "fault")}


class _NoStore(NamedTuple):
    currency: str = "USD"


_NO_STORE = _NoStore()
