"""CONTRACT: what the floor is doing, as small typed records with their evidence.

A fact is absolute, never an increment: the newest one under (store, metric, subject, window, start)
replaces every older one. Unknown is ``None``, never 0.
"""

from datetime import datetime
from typing import Annotated, Literal, NamedTuple

from msgspec import Meta, Struct

from sensors.events import Command

State = Literal["live", "settling", "final", "imputed"]
"""live: its window is still open; settling: closed, late events are still expected; final: no more are,
by the devices' declared lateness; imputed: filled in for sensors that did not report."""

Window = Literal[
    "now", "15m", "60m", "day", "quarter", "hour", "week", "next15m", "next30m", "next60m", "rest"
]
"""now: a level. 15m, 60m: the trailing whole minutes up to and with the present one. day: the business day.
quarter, hour: aligned to the clock, the series behind charts. next…, rest: forecasts from ``start`` on."""

Unit = Literal[
    "people", "groups", "transactions", "units", "skus", "minor", "ratio", "seconds", "hours", "percent",
    "per_hour", "stores", "tills", "associates", "score", "text",
]  # fmt: skip
"""``minor``: money in the currency's minor unit. ``ratio``: 0.25 is 25 %."""


class Evidence(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What a value rests on.

    Attributes:
        n: the denominator or sample (visitors, transactions, visits); ``k``: the numerator.
        low, high: interval for the value at confidence ``level`` (two-sided).
        needs: how much more of ``n`` the measure wants before it may carry a decision.
    """

    n: int | float | None = None
    k: int | float | None = None
    low: float | None = None
    high: float | None = None
    level: float | None = None
    needs: int | None = None


class Fact(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One number the shop can act on.

    Attributes:
        metric: the glossary's name, snake_case: ``conversion``, ``occupancy``, ``dwell_median``.
        subject: what within the store: empty for the store, else ``door:north``, ``zone:fitting``,
            ``till:2``, ``sku:…``, ``category:…``, ``device:…``.
        start, end: the window; ``end`` is exclusive and lies ahead while the window is open.
        coverage: share of expected sensor minutes that reported, 0 to 1; ``None`` if not applicable.
        revision: how often this fact changed after its window closed.
        newest_at: event time of the newest event counted in it.
        as_of: the tick it was published on.
        reason: why it is so, in the closed vocabulary of its measure, for people to read.
        detail: further numbers or labels its panel needs, small.
    """

    store: str
    metric: str
    window: Window
    start: datetime
    end: datetime
    value: int | float | str | None
    unit: Unit
    as_of: datetime
    subject: str = ""
    evidence: Evidence = Evidence()
    coverage: float | None = None
    state: State = "live"
    revision: Annotated[int, Meta(ge=0)] = 0
    newest_at: datetime | None = None
    reason: str = ""
    detail: dict[str, str | int | float | None] = {}

    @property
    def key(self) -> "FactKey":
        """Its identity; the newest fact under it is the one that holds."""
        return FactKey(self.store, self.metric, self.subject, self.window, self.start)


class FactKey(NamedTuple):
    """The identity of a fact."""

    store: str
    metric: str
    subject: str
    window: str
    start: datetime


class FactBatch(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What changed at one store up to one log entry (a tick, or an entry with commands).

    A store's batches are ordered by ``position``; a reader drops one that it has already taken, so a stage
    that repeats itself after a crash is harmless. A batch without facts carries the clock on.

    Attributes:
        position: the log entry that caused it, as ``ms-seq``.
        at: that entry's time: the only "now" there is downstream.
        commands: what people did, in log order, passed on unchanged.
        ids: how many events were counted since the last batch, for rates.
    """

    store: str
    partition: int
    position: str
    at: datetime
    facts: list[Fact] = []
    commands: list[Command] = []
    events: int = 0
