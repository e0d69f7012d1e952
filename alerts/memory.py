"""What the alert dataflow remembers of one store: facts rules need, conditions, incidents, silences."""

from datetime import datetime
from typing import Literal, Self

import msgspec
from msgspec import Struct, field

from alerts.deliveries import Deliveries
from alerts.history import History
from alerts.incident import Incident
from alerts.quiet import Quiet
from flows.facts import Fact

Outcome = Literal["breach", "between", "clear", "unsure", "missing", "off"]
Args = dict[str, str | int | float | None]


class Verdict(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a rule makes of a fact, and why.

    Attributes:
        outcome: breach: beyond the fire level with evidence. between: neither beyond the fire level nor
            back at the clear level. clear: back. unsure: not enough evidence. missing: no fresh facts.
            off: the rule rests (closed, or not its day).
        reason: a catalogue key; ``args`` fill its sentence.
    """

    outcome: Outcome
    reason: str
    args: Args = {}
    value: float | None = None
    threshold: float | None = None
    reference: float | None = None
    low: float | None = None
    high: float | None = None


class Track(Struct, kw_only=True, omit_defaults=True):
    """One condition: a rule over a subject, whether or not an incident is open on it.

    Attributes:
        judged: the newest fact's verdict; ``verdict`` is that, unless hours or silence overrule it.
        said_at: when the newest fact that was measured, not filled in, was told.
        breach_since, clear_since: since when the verdict has held.
        fires: when it fired lately, for flap damping.
        quenched: a person said it is no problem; it stays quiet until it has cleared once.
        run, run_start, run_before: windows in a row beyond the level, up to the window ``run_start``.
        cusum, cusum_before: the drift statistic up to and before that window.
        incident: the open incident's id.
    """

    rule: str
    subject: str
    judged: Verdict | None = None
    verdict: Verdict | None = None
    said_at: datetime | None = None
    breach_since: datetime | None = None
    clear_since: datetime | None = None
    fires: list[datetime] = []
    quenched: bool = False
    run: int = 0
    run_before: int = 0
    run_start: datetime | None = None
    cusum: float = 0.0
    cusum_before: float = 0.0
    incident: str | None = None


class Care(Struct, kw_only=True, omit_defaults=True):
    """Who has been told of an open incident.

    Attributes:
        since: when the ladder's clock started; ``None`` before the first push.
        told_at: the newest push; ``told``: everybody told so far.
        held: the budget keeps its first push for the digest.
        closed: its end has been told, or there was nobody to tell.
        group: id of the notice whose push it was first told in.
        acted_at, acted_by, before: the newest action, and the metric's value then; ``then``: the day's counts and
            the forecast for the time to come, as they stood.
    """

    since: datetime | None = None
    told_at: datetime | None = None
    told: list[str] = []
    rung: int = 0
    repeats: int = 0
    held: bool = False
    closed: bool = False
    group: str = ""
    acted_at: datetime | None = None
    acted_by: str = ""
    before: float | None = None
    then: Args = {}


class Silence(Struct, frozen=True, kw_only=True):
    """Somebody wants no pushes of what matches ``target`` (``rule`` or ``rule/subject`` globs)."""

    target: str
    owner: str
    since: datetime
    until: datetime
    note: str = ""


class Group(Struct, frozen=True, kw_only=True):
    """A rule's newest push: its notice's id, and when it was."""

    id: str
    at: datetime


class Memory(Struct, kw_only=True, omit_defaults=True):
    """The state of one store; snapshots are encoded, so that none aliases what lives on.

    Attributes:
        heard_at: event time of the newest event of any device of the store.
        pushed: what this shift's first pushes were worth, by incident.
        groups: each rule's newest push; board: the last list shown.
        quiet: how long the store (empty name) and each device are usually silent.
        deliveries: when goods usually come in; ``usual``: what figures usually are, where a rule refers to that.
        opened_at: since when the store has been open; ``None`` while closed.
        hot: conditions that time alone may move on; resting, stale, rules, minute: what held for all of them last.
        rest_until: nothing is open, and until then time alone moves nothing on.
    """

    position: str = ""
    first_at: datetime | None = None
    heard_at: datetime | None = None
    facts: dict[str, Fact] = field(default_factory=dict)
    tracks: dict[str, Track] = field(default_factory=dict)
    incidents: dict[str, Incident] = field(default_factory=dict)
    care: dict[str, Care] = field(default_factory=dict)
    silences: list[Silence] = field(default_factory=list)
    pushed: dict[str, int] = field(default_factory=dict)
    shift: str = ""
    digest_at: datetime | None = None
    groups: dict[str, Group] = field(default_factory=dict)
    board: str = ""
    quiet: dict[str, Quiet] = field(default_factory=dict)
    deliveries: Deliveries = field(default_factory=Deliveries)
    usual: dict[str, History] = field(default_factory=dict)
    opened_at: datetime | None = None
    hot: set[str] = field(default_factory=set)
    resting: dict[str, str] = field(default_factory=dict)
    stale: bool = False
    rules: str = ""
    minute: datetime | None = None
    rest_until: datetime | None = None

    def encode(self) -> bytes:
        """A snapshot."""
        return msgspec.msgpack.encode(self)

    @classmethod
    def decode(cls, raw: bytes) -> Self:
        """From a snapshot."""
        return msgspec.msgpack.decode(raw, type=cls)


def fact_key(metric: str, subject: str, window: str) -> str:
    """Where the newest fact of a metric is kept."""
    return f"{metric}|{subject}|{window}"


def track_key(rule: str, subject: str) -> str:
    """Where the condition of a rule over a subject is kept."""
    return f"{rule}|{subject}"


def open_incidents(memory: Memory) -> list[Incident]:
    """Those that still live, oldest first."""
    return [i for i in memory.incidents.values() if i.state not in ("resolved", "expired")]
