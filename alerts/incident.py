"""CONTRACT: an incident, one per rule and subject, and its life as an append-only list of steps."""

from datetime import datetime
from typing import Literal

from msgspec import Struct

Severity = Literal["watch", "act"]
State = Literal["pending", "firing", "acknowledged", "resolved", "expired"]
StepKind = Literal[
    "pending", "firing", "acknowledged", "assigned", "snoozed", "unsnoozed", "escalated", "repeated",
    "suppressed", "unsuppressed", "commented", "done", "dismissed", "resolved", "expired", "measured",
]  # fmt: skip


class Step(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that happened to an incident; nothing is ever overwritten.

    Attributes:
        n: its number within the incident, from 0; (incident, n) identifies it for ever.
        at: log time; ``actor``: a person's id, or ``floorcast``.
        reason: why, as a catalogue key; ``args`` fill its sentence in either language.
    """

    n: int
    at: datetime
    kind: StepKind
    actor: str = "floorcast"
    reason: str = ""
    args: dict[str, str | int | float | None] = {}


class Withheld(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An action of the rule that cannot be taken now, and why: a catalogue key, with what fills its sentence."""

    action: str
    reason: str
    args: dict[str, str | int | float | None] = {}


class Incident(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A thing on the floor that someone should act on.

    Attributes:
        id: ``store/rule/subject/opened``; the same in every replay.
        metric, value, threshold, reference: what was seen, the level it crossed, and what that level comes
            from; in the metric's own unit.
        low, high: the interval of the evidence when it was last judged.
        at_risk_minor: money at risk over the window, in the currency's minor unit; ranks incidents.
        title, action: catalogue keys; ``args`` fill both sentences. ``actions``: all that can be done now, the
            best first; ``action`` is that one. ``withheld``: what the rule names besides and why not now.
        owner: who has it; snoozed_until: pushes rest until then; muted: why no push goes out.
        outcome: what changed after the action, once measured.
    """

    id: str
    store: str
    rule: str
    subject: str
    severity: Severity
    state: State
    opened_at: datetime
    updated_at: datetime
    metric: str
    window: str
    value: float | None
    threshold: float | None
    reference: float | None = None
    low: float | None = None
    high: float | None = None
    at_risk_minor: int | None = None
    title: str = ""
    action: str = ""
    actions: list[str] = []
    withheld: list[Withheld] = []
    args: dict[str, str | int | float | None] = {}
    owner: str | None = None
    snoozed_until: datetime | None = None
    muted: str | None = None
    outcome: dict[str, str | int | float | None] = {}
    steps: list[Step] = []


NoticeKind = Literal[
    "firing", "joined", "repeated", "escalated", "assigned", "resolved", "expired", "digest", "board"
]  # fmt: skip


class Notice(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something to tell people, in the outbox.

    Attributes:
        id: the same in every replay; a reader drops one that it has already taken.
        kind: the step that caused it. ``joined``: what its rule found soon after a push of it: the same push, longer,
            and nobody is disturbed anew. ``digest``: what the budget held back. ``board``: every open
            incident of the store, for what shows a state and not a message; the newest one holds.
        audience: ids of the people on shift it is for; the route's shared channels carry it too.
        rung: how far up the ladder it has gone.
        incidents: what it is about, without their steps, the dearest first; ``steps`` names the step of
            each, in the same order.
        group: id of the ``firing`` notice whose push this one replaces on a screen; empty for none.
        others: what else of that push is still open.
    """

    id: str
    store: str
    at: datetime
    kind: NoticeKind
    route: str = ""
    rung: int = 0
    audience: list[str] = []
    incidents: list[Incident] = []
    steps: list[int] = []
    group: str = ""
    others: list[Incident] = []


class IncidentBatch(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What changed at one store with one fact batch.

    Attributes:
        position, at: of that batch.
        incidents: those that changed, whole.
        forget: ids of closed incidents whose time on screen is over.
    """

    store: str
    partition: int
    position: str
    at: datetime
    incidents: list[Incident] = []
    notices: list[Notice] = []
    forget: list[str] = []
