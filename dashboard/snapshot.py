"""Everything one screen shows of one store at one moment, as it stands in Redis."""

from datetime import datetime
from typing import NamedTuple

from alerts.incident import Incident
from flows.facts import Fact

Series = dict[str, list[Fact]]
"""Aligned windows of the business day by metric, in order of their start."""


class Arrived(NamedTuple):
    """How far news of a store have come that no fact is known of yet.

    Attributes:
        logged_at: the newest entry of its log: a tick each second while ingest runs.
        spoken: whether any device of the store was ever heard.
    """

    logged_at: datetime | None
    spoken: bool


class Snapshot(NamedTuple):
    """One store's facts and incidents, read together.

    Attributes:
        read_at: the data store's own time of the read; the screen's only clock.
        at: log time of the newest batch: how far the facts go; ``None`` if the store was never heard of.
        through: log time the floor has come to, be there news of the store or not; ``None`` if it never said.
        latest: newest fact by (metric, subject, window).
        arrived: what is known while ``at`` is ``None``.
    """

    store: str
    read_at: datetime
    at: datetime | None = None
    through: datetime | None = None
    latest: dict[tuple[str, str, str], Fact] = {}
    series: Series = {}
    incidents: list[Incident] = []
    arrived: Arrived | None = None

    def fact(self, metric: str, window: str, subject: str = "") -> Fact | None:
        """The newest fact of a measure, if there is one."""
        return self.latest.get((metric, subject, window))

    def number(self, metric: str, window: str, subject: str = "") -> float | None:
        """Its value; ``None`` where it is unknown or not a number."""
        fact = self.fact(metric, window, subject)
        value = fact.value if fact else None
        return value if isinstance(value, int | float) else None

    def subjects(self, metric: str, window: str) -> list[str]:
        """The subjects a measure has facts for."""
        return sorted(s for m, s, w in self.latest if m == metric and w == window)

    @property
    def holds_at(self) -> datetime | None:
        """Up to when everything here holds: a store without news is as fresh as the floor that looked for some."""
        return max(self.at, self.through or self.at) if self.at else None

    @property
    def newest_at(self) -> datetime | None:
        """Event time of the newest event counted in anything shown."""
        return max((f.newest_at for f in self.latest.values() if f.newest_at), default=None)
