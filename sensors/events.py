"""CONTRACT: what a device, a till or a person can say, version 1.

One union, told apart by ``kind``. A message on the wire carries one event, a JSON array of events or
newline-joined events. ``store`` and ``source`` may be left out where the topic names them; ``id`` may be
left out everywhere (ingest derives a stable one). Every instant is an aware UTC ``datetime`` (RFC 3339 on
the wire), money is an integer in the currency's minor unit, durations are seconds.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal, get_args

from msgspec import Meta, Struct

SCHEMA_VERSION: Literal[1] = 1

Name = Annotated[str, Meta(max_length=64)]  # of a store, device, door, zone, till
Label = Annotated[str, Meta(max_length=128)]  # of an id, a SKU, a transaction
Text = Annotated[str, Meta(max_length=500)]
Instant = Annotated[datetime, Meta(tz=True)]
Count = Annotated[int, Meta(ge=0, le=1_000_000)]
Total = Annotated[int, Meta(ge=0, le=2**53)]
Seconds = Annotated[float, Meta(ge=0, le=172_800)]
Minor = Annotated[int, Meta(ge=-(2**53), le=2**53)]
Percent = Annotated[float, Meta(ge=0, le=100)]

Counting = Literal["delta", "interval", "total"]
"""What a count means: people since the last message, people within ``interval_s`` before ``at`` (a repeat
of the same interval replaces it), or a running total that only differences give meaning to."""


class Event(Struct, kw_only=True, omit_defaults=True, gc=False, tag_field="kind"):
    """What every event carries.

    Attributes:
        at: when it happened, by the device's clock; ingest clamps it to the time received when it is
            ahead of that by more than the stated limit.
        store: the store's id in the configuration.
        source: the device that says so; ``seq`` and duplicates are judged per source.
        id: unique per source within the deduplication horizon; derived from (source, kind, at, payload)
            where a device sends none.
        seq: the device's own consecutive number, where it has one.
        skew_s: how far ahead of the time received the device's clock was, when ingest clamped ``at``.
        v: version of this contract.
    """

    at: Instant
    store: Name = ""
    source: Name = ""
    id: Label = ""
    seq: Annotated[int, Meta(ge=0, le=2**53)] | None = None
    skew_s: float | None = None
    v: Literal[1] = SCHEMA_VERSION


class Footfall(Event, kw_only=True, tag="footfall"):
    """People crossing a door.

    Attributes:
        entered, left, passed: people in, people out, people who walked past without entering.
        groups: groups among ``entered``, where the sensor tells them apart; ``None`` if it does not.
        children: children among ``entered``, where the sensor tells; they are not visitors.
        staff: the people counted carry a staff tag; they are not visitors.
        counting: see ``Counting``; with ``total`` the numbers are running totals of the device.
    """

    door: Name
    entered: Total = 0
    left: Total = 0
    passed: Total = 0
    groups: Total | None = None
    children: Total | None = None
    staff: bool = False
    counting: Counting = "delta"
    interval_s: Seconds | None = None


class Dwell(Event, kw_only=True, tag="dwell"):
    """One visit to a zone has ended, or ``visits`` of them with this mean.

    Attributes:
        dwell_s: seconds spent in the zone; the mean over ``visits`` where a device only reports that.
        track: the device's short-lived track number, for paths between zones; never a person's id.
    """

    zone: Name
    dwell_s: Seconds
    visits: Annotated[int, Meta(ge=1, le=100_000)] = 1
    track: Label | None = None
    staff: bool = False


class Presence(Event, kw_only=True, tag="presence"):
    """How many people a device sees now: a level. ``zone`` empty means the whole store."""

    people: Count
    zone: Name = ""


class Queue(Event, kw_only=True, tag="queue"):
    """The line at a till: its length and wait now, and who was served or gave up since the last message."""

    till: Name
    length: Count | None = None
    wait_s: Seconds | None = None
    service_s: Seconds | None = None
    served: Count = 0
    abandoned: Count = 0


class Line(Struct, kw_only=True, omit_defaults=True, gc=False):
    """One line of a till ticket. ``units`` and ``net_minor`` are negative for goods that come back."""

    sku: Label
    units: Annotated[int, Meta(ge=-100_000, le=100_000)] = 1
    net_minor: Minor = 0
    discount_minor: Minor = 0
    category: Name = ""


class Tender(Struct, kw_only=True, omit_defaults=True, gc=False):
    """How part of a ticket was paid: cash, card, wechat, alipay, voucher or another."""

    means: Name
    amount_minor: Minor


class Pos(Event, kw_only=True, tag="pos"):
    """What a till says of one ticket. A sale counts once, when it is ``completed``, however often announced.

    Attributes:
        transaction: the ticket's number, unique per store within the deduplication horizon.
        state: ``open`` is announced but not paid, ``voided`` takes a completed ticket back.
        nature: a ``return`` never counts as a transaction; its money and units are negative.
        net_minor: goods less discounts, without tax.
        associate, member: as the till names them; ingest replaces both by a keyed hash.
        channel: where the order was made and handed over.
        refers_to: the ticket a return or void refers to.
    """

    till: Name
    transaction: Label
    state: Literal["open", "completed", "voided"] = "completed"
    nature: Literal["sale", "return"] = "sale"
    net_minor: Minor = 0
    tax_minor: Minor = 0
    discount_minor: Minor = 0
    currency: Annotated[str, Meta(min_length=3, max_length=3)] | None = None
    lines: list[Line] = []
    tenders: list[Tender] = []
    associate: Label | None = None
    member: Label | None = None
    channel: Literal["store", "pickup", "delivery"] = "store"
    refers_to: Label | None = None


class Stock(Event, kw_only=True, tag="stock"):
    """What is on hand after a count (``on_hand``), or by how much it changed (``delta``)."""

    sku: Label
    on_hand: Annotated[int, Meta(ge=-1_000_000, le=10_000_000)] | None = None
    delta: Annotated[int, Meta(ge=-1_000_000, le=1_000_000)] | None = None
    location: Literal["store", "floor", "back"] = "store"
    reason: Literal["count", "receipt", "transfer", "adjustment", "order"] = "count"


class Staff(Event, kw_only=True, tag="staff"):
    """An associate comes on or goes off the floor, or a roster says how many are on it."""

    associate: Label | None = None
    action: Literal["on", "off"] | None = None
    on_floor: Count | None = None
    zone: Name = ""


class Status(Event, kw_only=True, tag="status"):
    """What a device says of itself; ``offline`` is usually its last will."""

    state: Literal["online", "offline", "alive", "fault"] = "alive"
    battery_pct: Percent | None = None
    firmware: Name | None = None
    detail: Text | None = None


class Plan(Event, kw_only=True, tag="plan"):
    """What is known to come: promotions, closures, weather, live-stream heat, rosters; and what other stores show.

    Attributes:
        about: a ``roster`` says that ``value`` associates (one without it) are on the floor; ``subject`` who. ``peers``
            is what other stores show of a metric (``subject``), ``chain`` where this one stands among them and what
            it could bring to whom, both as ``flows.chain_words`` makes them.
    """

    about: Literal[
        "promotion", "event", "closure", "weather", "heat", "roster", "delivery", "peers", "chain"
    ]
    starts_at: Instant
    ends_at: Instant
    value: float | None = None
    subject: Label = ""
    note: Text = ""


class Command(Event, kw_only=True, tag="command"):
    """What a person did to an incident or a setting; in the log, so that a replay sees it.

    Attributes:
        actor: who, by the staff directory's id; ``target``: the incident's or setting's id.
        until: when a snooze or silence ends.
    """

    actor: Label
    action: Literal[
        "ack", "done", "dismiss", "snooze", "assign", "comment", "silence", "unsilence", "setting"
    ]
    target: Label
    until: Instant | None = None
    note: Text = ""


AnyEvent = Footfall | Dwell | Presence | Queue | Pos | Stock | Staff | Status | Plan | Command
"""Everything the log may hold."""

KINDS: Mapping[str, type[Event]] = {str(t.__struct_config__.tag): t for t in get_args(AnyEvent)}
"""Event type by its ``kind`` on the wire."""
