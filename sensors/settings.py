"""The ``[sensors]`` table: broker, log, stores and their devices."""

from datetime import time, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct

Positive = Annotated[float, Meta(gt=0)]
PositiveInt = Annotated[int, Meta(gt=0)]
Id = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$")]
Fraction = Annotated[float, Meta(ge=0, le=1)]
Point = tuple[Fraction, Fraction]
"""A place on the floor plan, in fractions of its width and height."""

PlanImage = Annotated[str, Meta(pattern=r"^([0-9a-f]{16}-[1-9]\d{0,4}x[1-9]\d{0,4}\.webp)?$")]
"""A picture of the floor in the screen's own folder: its digest, width and height in pixels; empty: none."""


class Table(Struct, kw_only=True, forbid_unknown_fields=True, frozen=True):
    """A table of ``config.toml``: a wrong key or type is refused at start with its path."""


class Text(Table, kw_only=True, frozen=True):
    """A name people read, in both languages."""

    en: str
    zh: str


class Broker(Table, kw_only=True, frozen=True):
    """Where gateways publish. ``host`` empty means: start an embedded broker."""

    host: str = ""
    port: Annotated[int, Meta(ge=1, le=65535)] = 1883
    username: str = ""
    password_file: str = ""
    tls_ca: str = ""
    tls_cert: str = ""
    tls_key: str = ""
    client_id: str = "floorcast-ingest"
    shared_group: str = (
        ""  # subscribe as $share/<group>/… so that several ingests divide the messages
    )
    protocol: Literal["3.1.1", "5"] = "3.1.1"
    receive_maximum: PositiveInt = 2_000
    """Unacknowledged messages in flight. A broker that sends an MQTT 3.1.1 session more (mosquitto's
    ``max_inflight_messages 0``) has it connect anew each minute while the log takes nothing."""


class Redis(Table, kw_only=True, frozen=True):
    """The durable log and the facts. ``url`` empty means: start an embedded server."""

    url: str = ""
    embedded_dir: str = ".floorcast"
    fsync: Literal["always", "everysec"] = "everysec"


class Log(Table, kw_only=True, frozen=True):
    """The partitioned event log."""

    partitions: Annotated[int, Meta(ge=1, le=1024)] = 16
    batch_events: PositiveInt = 500
    batch_ms: PositiveInt = 20
    retention_h: Annotated[float, Meta(ge=1)] = 48
    hold_h: Annotated[float, Meta(ge=1)] = 168  # no consumer keeps the log longer than this
    dead_letters: PositiveInt = 10_000
    dead_letter_bytes: PositiveInt = 4_096  # of a reject's payload are kept, without people
    tick_s: Positive = 1.0


class Limits(Table, kw_only=True, frozen=True):
    """What ingest refuses or corrects."""

    payload_bytes: PositiveInt = 1_048_576
    ahead_s: Positive = 60.0  # a device clock further ahead of receipt is clamped and flagged
    ahead_days: Positive = 1.0  # further ahead than this is refused: the clock is not set
    oldest_days: Positive = 30.0  # an event older than this is refused: the clock is wrong


class Door(Table, kw_only=True, frozen=True):
    """A counted entrance; ``spot`` is where it lies on the plan."""

    id: Id
    name: Text
    counts_passers: bool = False
    spot: Point | None = None


class Zone(Table, kw_only=True, frozen=True):
    """An area of the floor. ``polygon`` is in fractions of the plan's width and height."""

    id: Id
    name: Text
    polygon: list[Point] = []
    engaged_s: Positive = 30.0  # a visit at least this long is engagement
    usual_dwell_s: float | None = None
    categories: list[str] = []
    staff_only: bool = False


class Till(Table, kw_only=True, frozen=True):
    """A checkout; ``spot`` is where it stands on the plan."""

    id: Id
    name: Text
    spot: Point | None = None


class Hours(Table, kw_only=True, frozen=True):
    """Opening hours of the days named; ``closes`` at or before ``opens`` is after midnight."""

    days: list[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun", "holiday"]]
    opens: time
    closes: time


class Product(Table, kw_only=True, frozen=True):
    """A ranged SKU."""

    sku: str
    name: Text
    category: str
    price_minor: PositiveInt
    cost_minor: int = 0
    shelf: int = 0  # units on the shelf when full
    pack: PositiveInt = 1
    lead_time_h: Positive = 24.0
    place: str = ""


class Store(Table, kw_only=True, frozen=True):
    """A shop: its clock, its money, its floor."""

    id: Id
    name: Text
    timezone: str
    currency: Annotated[str, Meta(min_length=3, max_length=3)] = "CNY"
    country: Annotated[str, Meta(min_length=2, max_length=2)] = "CN"
    day_starts: time = time(0)  # local time of the daily reset
    hours: list[Hours]
    capacity: PositiveInt
    doors: list[Door]
    zones: list[Zone] = []
    tills: list[Till] = []
    range: str = ""  # the product range it sells, by name
    neighbours: list[Id] = []  # stores near enough for a transfer
    plan: PlanImage = ""  # under the zones; put there by the settings page

    @property
    def tz(self) -> ZoneInfo:
        """The shop's time zone; raises ``ZoneInfoNotFoundError`` if the name is unknown."""
        return ZoneInfo(self.timezone)


class Device(Table, kw_only=True, frozen=True):
    """A topic or webhook path whose bytes one adapter reads, and where its counts belong."""

    match: str  # an MQTT topic filter, or a webhook path beginning with /
    adapter: str
    store: Id
    source: str = ""  # default: the adapter's device id, else the topic
    door: str = ""
    zone: str = ""
    till: str = ""
    invert: bool = False  # the camera hangs the other way round
    timezone: str = ""  # of local times in its payload; default the store's
    unit: str = ""
    doors: dict[str, str] = {}  # the vendor's line or channel → our door
    zones: dict[str, str] = {}  # the vendor's zone → our zone
    tills: dict[str, str] = {}
    secret_file: str = ""  # webhook signature keys or tokens, one a line
    scheme: str = ""  # how a webhook proves who speaks; default: its adapter's own, else a token
    options: dict[str, Any] = {}  # what only this adapter understands; it validates them


class Webhook(Table, kw_only=True, frozen=True):
    """``floorcast webhook``: signed HTTP for tills and gateways that cannot speak MQTT."""

    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535)] = 8060
    public_url: str = ""  # what the vendors call, without /hook: https://hooks.example.com
    forwarded_allow_ips: str = "127.0.0.1"  # proxies whose X-Forwarded-For is believed
    tls_cert: str = ""
    tls_key: str = ""
    client_id: str = "floorcast-webhook"
    username: str = ""  # at the broker; default as [sensors.broker]
    password_file: str = ""
    rate_per_s: Positive = 20.0  # of one path and caller, on average …
    burst: PositiveInt = 100  # … and at once
    tolerance_s: Positive = 300.0  # a signed time older than this is refused
    replay_h: Positive = (
        72.0  # likewise what a signed body says of its own time: retries go on for days
    )
    remember_h: Positive = 24.0  # deliveries whose repeat is absorbed
    remember: PositiveInt = 100_000  # of them at most
    puback_s: Positive = 5.0  # how long the broker may take


class SensorsSettings(Table, kw_only=True, frozen=True):
    """``[sensors]``."""

    broker: Broker = Broker()
    redis: Redis = Redis()
    log: Log = Log()
    limits: Limits = Limits()
    stores: list[Store] = []
    ranges: dict[str, list[Product]] = {}
    devices: list[Device] = []
    webhook: Webhook = Webhook()
    hash_key_file: str = ""  # key of the member and associate hashes; default: kept in embedded_dir

    def store(self, store_id: str) -> Store:
        """The store with this id; raises ``KeyError`` if it is not configured."""
        for store in self.stores:
            if store.id == store_id:
                return store
        raise KeyError(store_id)

    @property
    def tick(self) -> timedelta:
        """How often a tick enters every partition of the log."""
        return timedelta(seconds=self.log.tick_s)
