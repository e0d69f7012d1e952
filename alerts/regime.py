"""What of a store's rules may be judged now, known once a minute and not once a batch. Pure.

Opening hours, days and dates change what a rule does at whole minutes only; between them a ``Regime`` holds.
"""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Protocol

from alerts.hours import day_of, local, open_for_s
from alerts.settings import Rule
from sensors.settings import Store

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Regime(NamedTuple):
    """What holds from ``start`` until ``end``.

    Attributes:
        open_since_s: seconds the store had been open at ``start``; ``None`` while it is closed.
        resting: why a rule is not judged, by rule, as a catalogue key; a rule that is judged is not in it.
    """

    start: datetime
    end: datetime
    open_since_s: float | None
    resting: dict[str, str]

    def open_s(self, at: datetime) -> float | None:
        """Seconds since opening; ``None`` while closed."""
        if self.open_since_s is None:
            return None
        return self.open_since_s + (at - self.start).total_seconds()

    def opened_at(self, at: datetime) -> datetime | None:
        """The instant of the opening that ``at`` lies in; ``None`` while closed."""
        open_s = self.open_s(at)
        return None if open_s is None else at - timedelta(seconds=open_s)

    def holds(self, at: datetime) -> bool:
        """Whether it is still this one."""
        return self.start <= at < self.end


class Judged(Protocol):
    """What has rules and a calendar: a store's rule book."""

    @property
    def store(self) -> Store | None:
        """Whose calendar."""

    @property
    def rules(self) -> dict[str, Rule]:
        """The rules by name."""


def regime_at(book: Judged, at: datetime) -> Regime:
    """What holds at ``at``: for the rest of its minute, or of its second where hours or rules are not whole minutes."""
    step = timedelta(seconds=60 if _whole_minutes(book) else 1)
    start = at - (at - _EPOCH) % step
    open_s = open_for_s(book.store, start)
    found = {name: rests(rule, book.store, start, open_s) for name, rule in book.rules.items()}
    resting = {name: reason for name, reason in found.items() if reason}
    return Regime(start, start + step, open_s, resting)


def closed_for(book: Judged, regime: Regime) -> Regime:
    """The same minute with the store shut, whatever its hours say."""
    found = {name: rests(rule, book.store, regime.start, None) for name, rule in book.rules.items()}
    resting = {name: reason for name, reason in found.items() if reason}
    return regime._replace(open_since_s=None, resting=resting)


def rests(rule: Rule, store: Store | None, at: datetime, open_s: float | None) -> str | None:
    """Why a rule is not judged at ``at``, as a catalogue key; ``None`` if it is."""
    if rule.when == "open" and open_s is None:
        return "store-closed"
    if rule.when == "closed" and open_s is not None:
        return "store-open"
    if rule.after_open_s and open_s is not None and open_s < rule.after_open_s:
        return "just-opened"
    if rule.days or rule.dates:
        today = local(store, at).date()
        if rule.days and day_of(store.country if store else "", today) not in rule.days:
            return "not-today"
        if rule.dates and not rule.dates[0] <= today <= rule.dates[1]:
            return "not-today"
    return None


def _whole_minutes(book: Judged) -> bool:
    hours = book.store.hours if book.store else []
    times = [moment for span in hours for moment in (span.opens, span.closes)]
    return not any(t.second or t.microsecond for t in times) and not any(
        rule.after_open_s % 60 for rule in book.rules.values()
    )
