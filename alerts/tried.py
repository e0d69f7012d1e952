"""CONTRACT: what a draft of the rules would have done beside today's: incidents, pages and money, by rule."""

from datetime import datetime
from typing import Literal

from msgspec import Struct

Change = Literal["same", "moved", "gained", "lost"]


class Fired(Struct, frozen=True, kw_only=True):
    """An incident that fired.

    Attributes:
        at: when it first did; ``until``: when it was over, ``None`` if it was not.
        risk_minor: the most that was at risk while it was open, in the currency's minor unit.
    """

    store: str
    rule: str
    subject: str
    at: datetime
    until: datetime | None
    risk_minor: int


class Pair(Struct, frozen=True, kw_only=True):
    """An incident under today's rules, under the draft's, or under both; ``moved_s``: how much later in the draft."""

    change: Change
    today: Fired | None
    draft: Fired | None
    moved_s: float = 0.0


class RuleTrial(Struct, frozen=True, kw_only=True):
    """What the draft changes of one rule; money in the currency's minor unit.

    Attributes:
        today, draft: incidents that fired; ``gained``, ``lost``, ``moved``: how the draft's differ.
        pages_today, pages_draft: pushes sent to people, digests apart: what a rule costs.
        risk_today_minor, risk_draft_minor: the most that was at risk in each incident, summed.
        saved_today_minor, saved_draft_minor: of that the share that actions are known to recover; ``None`` unknown.
    """

    rule: str
    today: int
    draft: int
    gained: int
    lost: int
    moved: int
    pages_today: int
    pages_draft: int
    risk_today_minor: int
    risk_draft_minor: int
    saved_today_minor: int | None = None
    saved_draft_minor: int | None = None

    @property
    def is_same(self) -> bool:
        """Whether the draft does what today's rules do."""
        return not (self.gained or self.lost or self.moved) and self.pages_today == self.pages_draft


class Outcome(Struct, frozen=True, kw_only=True):
    """A trial's whole answer, over [start, end] of log time.

    Attributes:
        stores: whose facts were tried; ``draft``: the draft's name, empty for today's rules.
        recovered_share: of the money at risk, what actions got back, 0 to 1: measured over ``measured`` incidents of
            this log, or given by whoever asked (``measured`` is 0 then); ``None`` if nobody knows.
    """

    start: datetime
    end: datetime
    rules: list[RuleTrial]
    changed: list[Pair]
    stores: list[str] = []
    draft: str = ""
    recovered_share: float | None = None
    measured: int = 0

    @property
    def is_same(self) -> bool:
        """Whether nothing would have been otherwise."""
        return all(rule.is_same for rule in self.rules)


class RuleDid(Struct, frozen=True, kw_only=True):
    """What one rule did at one store over a log.

    Attributes:
        fired: incidents; ``pages``: pushes sent to people, digests apart.
        risk_minor: the most that was at risk in each, summed, in the currency's minor unit.
        open_s: the median time from firing to the end; ``None`` if none has ended.
    """

    store: str
    rule: str
    fired: int
    pages: int
    risk_minor: int
    open_s: float | None
