"""Why: from an incident or a fact down to the raw events behind it. Pure; it is given entries and what a replay made.

incident ─▶ its steps ─▶ the fact each was decided on ─▶ its window, evidence, threshold, forecast
                                                     ─▶ the minutes of the window ─▶ events, with their log positions
"""

import re
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import NamedTuple, get_args

import msgspec

from alerts.incident import Incident, IncidentBatch, Step
from alerts.settings import Rule
from floorcast.behind import (
    FORECAST,
    MINUTE,
    Minute,
    Source,
    inputs_of,
    kinds_of,
    minutes_of,
    sources,
)
from floorcast.errors import FloorcastError
from flows.facts import Fact, FactBatch, Window
from sensors.streams import Entry, Position

LONGEST_NOW = timedelta(hours=6)  # of those behind one that says since when
BEFORE_NOW = timedelta(minutes=30)  # of events shown behind a level, which has no window
_STAMP = re.compile(r"\d{8}T\d{9}Z$")


class FactName(NamedTuple):
    """A fact as it is written on the command line; ``start`` empty means the newest."""

    store: str
    metric: str
    subject: str
    window: str
    start: str

    def covers(self, fact: Fact) -> bool:
        """Whether this fact goes by that name."""
        named = (fact.store, fact.metric, fact.subject, fact.window) == self[:4]
        return named and (not self.start or fact.start == datetime.fromisoformat(self.start))


def parse_name(text: str) -> FactName | str:
    """A fact's name, or an incident's id as it is; raises ``FloorcastError`` for neither.

    >>> parse_name("riverside/queue_length/till:2/now").subject
    'till:2'
    >>> parse_name("riverside/low-conversion//20261120T100000000Z")
    'riverside/low-conversion//20261120T100000000Z'
    """
    words = text.split("/")
    if len(words) >= 4 and _STAMP.match(words[-1]):
        return text
    for end, start in ((-1, ""), (-2, words[-1])):
        if len(words) >= 3 - end and words[end] in get_args(Window) and _is_instant(start):
            return FactName(words[0], words[1], "/".join(words[2:end]), words[end], start)
    raise FloorcastError(
        f"{text!r} names neither: write STORE/RULE/SUBJECT/OPENED as in an incident's id, "
        "or STORE/METRIC/SUBJECT/WINDOW[/START] for a fact, e.g. riverside/conversion//60m"
    )


def _is_instant(text: str) -> bool:
    try:
        return not text or datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


class Decision(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A fact, what it rests on, and the step of an incident that was decided on it.

    Attributes:
        position: the log entry on which it was published.
        forecast: what was expected, with champion, error and coverage in its detail.
        inputs: facts of the same window that are made of the same events.
    """

    position: str
    fact: Fact | None
    step: Step | None = None
    forecast: Fact | None = None
    inputs: list[Fact] = []


class Explanation(msgspec.Struct, kw_only=True, omit_defaults=True):
    """The whole chain, from the top.

    Attributes:
        says: the rule in words.
        decisions: in the order of the log; for a fact, one.
        of: index of the decision whose window is opened below: the one that fired, else the last.
        start, end: event time looked at; ``kinds``: of events the measure is made of.
        first, last: log positions of the first and last event found.
    """

    name: str
    incident: Incident | None = None
    rule: Rule | None = None
    says: str = ""
    decisions: list[Decision] = []
    of: int = 0
    start: datetime | None = None
    end: datetime | None = None
    kinds: list[str] = []
    first: str = ""
    last: str = ""
    minutes: list[Minute] = []
    events: list[Source] = []


class Watch:
    """Takes what a replay makes and keeps what the chain needs.

    Args:
        name: of the fact or the incident.
        rule: the incident's.
        done: called once nothing more can be learned.
    """

    def __init__(
        self, name: FactName | str, rule: Rule | None, done: Callable[[], None] = lambda: None
    ) -> None:
        self.name, self.rule, self._done = name, rule, done
        self.incident: Incident | None = None
        self.steps: list[tuple[Position, Step]] = []
        self.store = name.store if isinstance(name, FactName) else name.split("/", 1)[0]
        if isinstance(name, FactName):
            metric, self.subject, window = name.metric, name.subject, name.window
        else:
            metric, window = (rule.metric, rule.window) if rule else ("", "")
            self.subject = name.split("/", 2)[2].rsplit("/", 1)[0]
        self.metric, self.window = metric, window
        self._inputs = inputs_of(metric, window)
        self.seen: dict[str, list[tuple[Position, Fact]]] = {}

    def facts(self, batches: Iterable[FactBatch]) -> None:
        """Keep facts of the metric, of its forecast and of what it is made of."""
        for batch in batches:
            if batch.store == self.store:
                for fact in batch.facts:
                    if self._wanted(fact):
                        position = Position.parse(batch.position)
                        self.seen.setdefault(fact.metric, []).append((position, fact))

    def _wanted(self, fact: Fact) -> bool:
        if fact.window != self.window:
            return False
        own = fact.metric in (self.metric, f"{self.metric}{FORECAST}")
        return (own and fact.subject == self.subject) or (
            fact.metric in self._inputs and fact.subject == ""
        )

    def incidents(self, batches: Iterable[IncidentBatch]) -> None:
        """Keep each new step of the incident with its place in the log; done when it is over."""
        for batch in batches:
            for incident in batch.incidents:
                if incident.id == self.name:
                    at = Position.parse(batch.position)
                    self.steps += [(at, step) for step in incident.steps[len(self.steps) :]]
                    self.incident = incident
                    if incident.state in ("resolved", "expired"):
                        self._done()

    def decisions(self) -> list[Decision]:
        """Each step with the fact it was decided on; for a fact, its newest value."""
        if isinstance(self.name, FactName):
            name = self.name
            found = [(at, fact) for at, fact in self.seen.get(self.metric, []) if name.covers(fact)]
            return [self._decision(*found[-1], None)] if found else []
        return [
            self._decision(at, self._held(self.metric, at), step)
            for at, step in self.steps
            if step.kind in ("pending", "firing", "resolved", "expired")
            or step.actor != "floorcast"
        ]

    def _decision(self, at: Position, fact: Fact | None, step: Step | None) -> Decision:
        start = fact.start if fact and fact.window == "quarter" else None
        forecast = None if start is None else self._held(f"{self.metric}{FORECAST}", at, start)
        forecast = forecast or self._held(f"{self.metric}{FORECAST}", at)
        inputs = [self._held(metric, at) for metric in sorted(self._inputs)]
        return Decision(
            position=str(at), fact=fact, step=step, forecast=forecast,
            inputs=[fact for fact in inputs if fact],
        )  # fmt: skip

    def _held(self, metric: str, at: Position, start: datetime | None = None) -> Fact | None:
        """The newest fact of a metric up to a place in the log."""
        found = [
            fact
            for position, fact in self.seen.get(metric, [])
            if position <= at and start in (None, fact.start)
        ]
        return found[-1] if found else None


def window_of(fact: Fact) -> tuple[datetime, datetime]:
    """The event time behind a fact; of a level what it says it is since, or its last minutes; of a forecast an hour."""
    if fact.window == "now":
        since = fact.detail.get("since")
        told = datetime.fromisoformat(since) if isinstance(since, str) else None
        if told and told >= fact.as_of - LONGEST_NOW:
            return told, fact.as_of
        return fact.as_of - BEFORE_NOW, fact.as_of
    if fact.metric.endswith(FORECAST):
        return fact.as_of - timedelta(hours=1), fact.as_of
    return fact.start, min(fact.end, fact.as_of + MINUTE)


def explain(watch: Watch, reread: Callable[[], Iterable[Entry]], says: str = "") -> Explanation:
    """Put the chain together after the replay; ``says`` is the rule in words.

    ``reread`` gives the log from its start once more.

    Raises:
        FloorcastError: the log holds no such fact or incident.
    """
    decisions = watch.decisions()
    named = "/".join(watch.name) if isinstance(watch.name, FactName) else watch.name
    if not decisions:
        raise FloorcastError(
            f"{named}: not in this log; name another with --source, such as an archive"
        )
    fired = [n for n, d in enumerate(decisions) if d.step and d.step.kind == "firing"]
    of = fired[0] if fired else len(decisions) - 1
    made = Explanation(
        name=named, incident=watch.incident, rule=watch.rule, says=says, decisions=decisions, of=of
    )
    chosen = decisions[of]
    if chosen.fact:
        made.start, made.end = window_of(chosen.fact)
        made.kinds = sorted(kinds_of(watch.metric))
        made.events = list(
            sources(
                reread(), watch.store, watch.metric, watch.subject, made.start, made.end,
                Position.parse(chosen.position),
            )
        )  # fmt: skip
        made.minutes = minutes_of(made.events)
        if made.events:
            made.first, made.last = made.events[0].position, made.events[-1].position
    return made
