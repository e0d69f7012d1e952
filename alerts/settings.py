"""The ``[alerts]`` table: rules, routes, people, channels."""

from datetime import date, time
from typing import Annotated, Literal

from msgspec import Meta, field

from flows.facts import Window
from sensors.settings import Fraction, Id, Positive, PositiveInt, Table, Text

Compare = Literal["below", "above", "outside", "absent", "drifting", "streak", "is", "because"]
"""below, above: of a level. outside: of the reference's interval. absent: not said anew for ``absent_s``.
drifting: a one-sided CUSUM (Page 1954) of the relative distance from the reference passes ``fire_pct``.
streak: beyond the level in ``streak`` closed windows in a row. is: a text fact says one of ``values``.
because: the fact gives one of ``values`` as its reason, and a number above 0 where it has one."""

Reference = Literal["fixed", "benchmark", "history", "forecast", "peer", "delivery"]
"""Where a level comes from. fixed: ``level`` and ``clear_level``. benchmark: ``[flows.benchmark]``.
history: what the fact
calls usual, else what it was at this time on earlier days. peer: the fact's own ``detail.peers``. forecast: the fact
``<metric>_forecast`` of the same window and start, with its interval. delivery: opening hours until the next
announced delivery; ``level`` where none is. All but fixed move by ``fire_pct``."""

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun", "holiday"]
Percent = Annotated[float, Meta(ge=-100, le=1000)]
NotNegative = Annotated[float, Meta(ge=0)]


class Condition(Table, kw_only=True, frozen=True):
    """What must also hold where a rule fires; unknown holds not.

    ``subject`` is ``"same"`` for the rule's own subject, ``""`` for the store.
    """

    metric: Id
    window: Window = "now"
    subject: Literal["", "same"] = ""
    compare: Literal["below", "above"] = "above"
    level: float = 0.0


class Rule(Table, kw_only=True, frozen=True):
    """One thing worth telling somebody, as data.

    Attributes:
        subject: a glob over the facts' subjects: ``""`` (the store), ``zone:*``, ``till:*``, ``sku:*``.
        fire_pct, clear_pct: relative distance from the reference at which it fires and clears;
            below 0 it lies on the near side: above capacity with ``clear_pct = -10`` clears at 90 % of it.
        level, clear_level: with a fixed reference, the levels themselves in the metric's unit.
        side: the direction of ``drifting`` and ``streak``.
        confidence: one-sided, of the evidence gate; 0 switches the gate off.
        hold_s, clear_hold_s: how long it must hold before it fires, or clears.
        no_data_s: facts whose newest event is older are not judged, and reported as missing.
        when: which part of the day it is judged in; ``after_open_s`` keeps the first minutes out.
        days, dates: only on these, by the store's calendar; empty means every day.
        stores: only these; empty means all.
        where: what must hold as well before it fires.
        usual_silence: with ``is = ["silent"]``: so many times a device's longest silence of the last 28 days must
            pass before it is called silent; 0 takes the floor's word at once.
        actions: catalogue keys of what to do, the best first; ``action`` is put before them.
    """

    name: Id
    metric: Id
    window: Window = "60m"
    subject: str = ""
    compare: Compare = "below"
    reference: Reference = "benchmark"
    fire_pct: Percent = 20.0
    clear_pct: Percent = 10.0
    level: float | None = None
    clear_level: float | None = None
    values: list[str] = []
    side: Literal["below", "above"] = "below"
    streak: Annotated[int, Meta(ge=2, le=96)] = 3
    absent_s: Positive = 900.0
    hold_s: NotNegative = 60.0
    clear_hold_s: NotNegative = 120.0
    confidence: Annotated[float, Meta(ge=0, lt=1)] = 0.90
    min_n: NotNegative = 0.0
    min_coverage: Fraction = 0.8
    no_data_s: Positive = 900.0
    when: Literal["open", "closed", "always"] = "open"
    after_open_s: NotNegative = 0.0
    days: list[Day] = []
    dates: tuple[date, date] | None = None
    stores: list[Id] = []
    where: list[Condition] = []
    usual_silence: NotNegative = 0.0
    severity: Literal["watch", "act"] = "act"
    action: str = ""
    actions: list[str] = []
    route: Id = "floor"
    title: str = ""  # catalogue key; the rule's name where empty


class Rung(Table, kw_only=True, frozen=True):
    """A step of the escalation ladder: who hears of it ``after_s`` without an acknowledgement."""

    role: Id
    after_s: NotNegative = 0.0


class Route(Table, kw_only=True, frozen=True):
    """Who is told, and by what, until somebody has it.

    Attributes:
        channels: shared ways out that carry every push of the route, whoever is on shift.
        group_s: what the same rule finds within it after a push joins that push instead of making another.
        repeat_s: a push nobody acknowledged is repeated this often; ``repeats`` times a rung, and on the last one at
            pauses that double up to an hour until somebody has it.
    """

    channels: list[Id] = field(default_factory=lambda: ["log"])
    ladder: Annotated[list[Rung], Meta(min_length=1)] = field(
        default_factory=lambda: [
            Rung(role="associate"),
            Rung(role="floor-manager", after_s=300),
            Rung(role="store-manager", after_s=900),
        ]
    )
    repeat_s: Positive = 240.0
    repeats: Annotated[int, Meta(ge=0)] = 3
    group_s: NotNegative = 300.0


class Shift(Table, kw_only=True, frozen=True):
    """When somebody works, in the store's local time; ``ends`` at or before ``starts`` is next morning."""

    starts: time
    ends: time
    days: list[Day] = []


class Contact(Table, kw_only=True, frozen=True):
    """A person's address on a channel; the first that works is used."""

    channel: Id
    to: str


class Person(Table, kw_only=True, frozen=True):
    """Somebody who can be told. ``shifts`` empty: always on; ``quiet`` hours are never disturbed.

    ``access`` is what they may do on the screens once they have a password (``floorcast people``):
    staff answer alerts, managers also see and assign everything, admins also change settings.
    """

    id: Id
    name: str = ""
    role: Id = "associate"
    access: Literal["staff", "manager", "admin"] = "staff"
    stores: list[Id] = []
    language: Literal["en", "zh"] = "zh"
    contacts: list[Contact] = []
    shifts: list[Shift] = []
    quiet: list[Shift] = []


class ChannelSettings(Table, kw_only=True, frozen=True):
    """A way out, of the kind of one file in ``alerts/channels``.

    Attributes:
        url: the endpoint; an apprise URL for ``apprise``.
        secret_file: signing key (webhook), access token (ntfy) or VAPID private key (webpush).
        subject: webpush only: who to complain to, ``mailto:…``.
        timeout_s: how long one try may take.
        attempts: tries before a push is given up, ``attempts_before_next`` before the person's next channel is taken.
        backoff_s, backoff_max_s: the pause after the first failure, which doubles, and the longest.
        give_up_s: what waited so long for an endpoint that is down is given up.
    """

    kind: Id
    url: str = ""
    secret_file: str = ""
    subject: str = ""
    timeout_s: Positive = 5.0
    attempts: PositiveInt = 8
    attempts_before_next: PositiveInt = 3
    backoff_s: Positive = 1.0
    backoff_max_s: Positive = 120.0
    give_up_s: Positive = 3600.0
    threads: PositiveInt = 4
    language: Literal["en", "zh"] = "zh"


class Budget(Table, kw_only=True, frozen=True):
    """At most ``pushes`` first pushes a shift, the dearest; the rest wait for a digest."""

    pushes: PositiveInt = 12
    shift_starts: list[time] = field(default_factory=lambda: [time(6), time(14), time(22)])
    digest_s: Positive = 1800.0


class Flapping(Table, kw_only=True, frozen=True):
    """A condition that fired ``fires`` times within ``within_s`` must hold ``factor`` times as long."""

    fires: PositiveInt = 3
    within_s: Positive = 3600.0
    factor: Annotated[float, Meta(ge=1)] = 4.0


class NoData(Table, kw_only=True, frozen=True):
    """The condition that the store's data is too old to act on, and its rules cannot be judged.

    Attributes:
        after_s: data older than this is too old; the trade's quarter of an hour.
        usual_silence: so many times the store's longest silence of the last 28 days must pass as well; 0: no.
    """

    after_s: Positive = 900.0
    usual_silence: NotNegative = 1.5
    hold_s: NotNegative = 60.0
    severity: Literal["watch", "act"] = "act"
    route: Id = "floor"


class LinkSettings(Table, kw_only=True, frozen=True):
    """Links in messages. ``url`` is where phones reach the staff page; without it messages have no links."""

    url: str = ""
    secret_file: str = ""  # signs them; at least 32 bytes
    expires_s: Positive = 14_400.0


class AlertsSettings(Table, kw_only=True, frozen=True):
    """``[alerts]``."""

    recovery_dir: str = ".floorcast/recovery-alerts"
    snapshot_s: Positive = 2.0  # of the recovery store
    outbox_retention_h: Positive = 48.0
    keep_h: Positive = 24.0  # a closed incident stays on screen and can be commented on
    measure_s: Positive = 1800.0  # after an action, its effect is measured
    promote_cover_h: Positive = 24.0  # of opening time a SKU's stock must last to be promoted
    rules: list[Rule] = []
    routes: dict[Id, Route] = {}
    people: list[Person] = []
    channels: dict[Id, ChannelSettings] = {}
    board: list[Id] = field(
        default_factory=lambda: ["mqtt"]
    )  # channels that carry the list of open incidents, retained
    budget: Budget = Budget()
    flapping: Flapping = Flapping()
    no_data: NoData = NoData()
    links: LinkSettings = LinkSettings()
    names: dict[str, Text] = {}  # titles and actions of your own, by catalogue key

    def route_of(self, name: str) -> Route:
        """A route by name; one that is not configured has the defaults."""
        return self.routes.get(name, Route())

    def channels_by_name(self) -> dict[str, ChannelSettings]:
        """Every channel; ``log`` and ``mqtt`` are there without being configured."""
        return {
            "log": ChannelSettings(kind="log"),
            "mqtt": ChannelSettings(kind="mqtt"),
            **self.channels,
        }
