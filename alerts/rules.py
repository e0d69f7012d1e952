"""Rules looked at from outside: are they sound; ``check`` → problems with path and reason. Pure."""

from collections.abc import Collection, Mapping
from fnmatch import fnmatchcase
from typing import Literal, NamedTuple

from alerts.catalogue import ACTIONS, SEGMENTS, TITLES
from alerts.reference import benchmark_of
from alerts.settings import AlertsSettings, Rule
from flows.settings import Benchmark

Cadence = tuple[int, int]
"""Minutes from one word of a metric to the next, in an open shop and in a closed one; 0: on every piece of news."""
Cadences = Mapping[str, Mapping[str, Cadence]]
"""By metric and window."""


class Problem(NamedTuple):
    """What is wrong with the settings; an ``error`` is refused at start, a ``note`` is only told."""

    path: str
    reason: str
    level: Literal["error", "note"] = "error"

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


def check(
    settings: AlertsSettings,
    published: Collection[str] | None = None,
    places: Collection[str] | None = None,
    cadences: Cadences | None = None,
) -> list[Problem]:
    """Everything that is wrong with the rules, routes and people beyond their types.

    Args:
        settings: ``[alerts]``.
        published: metrics the floor publishes; a rule over another one is told and never fires.
        places: subjects that the stores have (``till:2``, ``sku:…``); a rule over none of its kind never fires.
        cadences: how seldom each metric is told; a rule about its absence must wait longer.
    """
    problems: list[Problem] = []
    seen: set[str] = set()
    for n, rule in enumerate(settings.rules):
        path = f"alerts.rules[{n}]"
        if rule.name in seen:
            problems.append(Problem(f"{path}.name", f"{rule.name} is there twice"))
        seen.add(rule.name)
        problems += [Problem(f"{path}.{key}", why) for key, why in _mistakes(rule)]
        problems += _references(settings, rule, path)
        named = [("metric", rule.metric)]
        named += [(f"where[{m}].metric", also.metric) for m, also in enumerate(rule.where)]
        if rule.reference == "forecast":
            named.append(("reference", f"{rule.metric}_forecast"))
        problems += [
            Problem(f"{path}.{key}", f"nothing publishes {metric}: the rule never fires", "note")
            for key, metric in named
            if published is not None and metric not in published
        ]
        problems += [Problem(f"{path}.absent_s", w, "note") for w in _hasty(rule, cadences or {})]
        if places is not None and _nowhere(rule.subject, places):
            why = f"no store has {rule.subject}: the rule never fires"
            problems.append(Problem(f"{path}.subject", why, "note"))
    return problems + _people(settings)


def errors(settings: AlertsSettings) -> list[str]:
    """What must be refused at start, as ``path: reason``."""
    return [str(problem) for problem in check(settings) if problem.level == "error"]


def _nowhere(subject: str, places: Collection[str]) -> bool:
    """Whether a subject names a place of a kind that stores have some of, and none of those."""
    kind = subject.partition(":")[0]
    known = [place for place in places if place.partition(":")[0] == kind]
    return bool(known) and not any(fnmatchcase(place, subject) for place in known)


def _hasty(rule: Rule, cadences: Cadences) -> list[str]:
    """Why a rule about absence would fire between two words of its metric."""
    spoken = cadences.get(rule.metric, {})
    cadence = spoken.get(rule.window) or max(spoken.values(), default=(0, 0))
    minutes = cadence[rule.when != "open"]
    if rule.compare != "absent" or rule.absent_s > minutes * 60:
        return []
    return [
        f"{rule.metric} is told every {minutes} min: more than {minutes * 60} s, or the rule fires between"
    ]


def _segment(rule: Rule) -> list[tuple[str, str]]:
    """A member segment that does not exist."""
    kind, _, name = rule.subject.partition(":")
    if kind != "segment" or any(fnmatchcase(known, name) for known in SEGMENTS):
        return []
    return [("subject", f"there is no segment {name}; there are {', '.join(SEGMENTS)}")]


def _mistakes(rule: Rule) -> list[tuple[str, str]]:
    """(key, reason) of what contradicts itself within one rule."""
    found = _segment(rule)
    side = rule.side if rule.compare in ("drifting", "streak") else rule.compare
    if rule.compare in ("is", "because") and not rule.values:
        why = f"a rule that compares by `{rule.compare}` needs the values to look for"
        found.append(("values", why))
    if rule.usual_silence and (rule.compare != "is" or rule.metric != "sensor_health"):
        found.append(("usual_silence", "only with metric sensor_health and compare `is`"))
    if rule.compare == "absent" and rule.where:
        found.append(("where", "a rule about what is absent looks at nothing else"))
    if rule.compare in ("is", "absent", "because"):
        return found + _calendar(rule)
    return found + _levels(rule, side) + _calendar(rule)


def _levels(rule: Rule, side: str) -> list[tuple[str, str]]:
    """What contradicts itself in a rule that compares numbers."""
    found: list[tuple[str, str]] = []
    if rule.reference == "fixed":
        found += _fixed(rule, side)
    elif rule.level is not None and rule.reference != "delivery":
        found.append(("level", f"only a fixed reference has a level; this one is {rule.reference}"))
    elif rule.compare != "drifting" and rule.clear_pct >= rule.fire_pct:
        found.append(
            ("clear_pct", f"must lie nearer to the reference than fire_pct {rule.fire_pct:g}")
        )
    known = (
        rule.metric in ("occupancy", "tills_needed")
        or benchmark_of(rule.metric, Benchmark()) is not None
    )
    if rule.reference == "benchmark" and not known:
        found.append(
            ("reference", f"there is no benchmark for {rule.metric}; use fixed or forecast")
        )
    if rule.compare == "streak" and rule.window not in ("quarter", "hour"):
        found.append(("window", "a streak counts closed windows: quarter or hour"))
    if 0 < rule.confidence < 0.5:
        found.append(("confidence", "at least 0.5, or 0 to judge without evidence"))
    return found


def _fixed(rule: Rule, side: str) -> list[tuple[str, str]]:
    if rule.level is None:
        return [("level", "a fixed reference needs its level")]
    if side == "outside":
        return [("compare", "outside needs an interval: reference forecast, benchmark or history")]
    clear = rule.clear_level
    if clear is not None and side == "below" and clear < rule.level:
        return [("clear_level", f"must be at or above the fire level {rule.level:g}")]
    if clear is not None and side == "above" and clear > rule.level:
        return [("clear_level", f"must be at or below the fire level {rule.level:g}")]
    return []


def _calendar(rule: Rule) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    if rule.dates and rule.dates[0] > rule.dates[1]:
        found.append(("dates", "the first day lies after the last"))
    if rule.after_open_s and rule.when != "open":
        found.append(("after_open_s", 'only with when = "open"'))
    return found


def _references(settings: AlertsSettings, rule: Rule, path: str) -> list[Problem]:
    """Names that lead nowhere."""
    found: list[Problem] = []
    if rule.route != "floor" and rule.route not in settings.routes:
        found.append(Problem(f"{path}.route", f"there is no route {rule.route}"))
    found += [
        Problem(f"{path}.action", f"no words for {key}: put it under alerts.names")
        for key in filter(None, (rule.action, *rule.actions))
        if key not in ACTIONS and key not in settings.names
    ]
    title = rule.title or rule.name
    if title not in TITLES and title not in settings.names:
        why = f"no words for {title}: people read the name itself"
        found.append(Problem(f"{path}.title", why, "note"))
    return found


def _people(settings: AlertsSettings) -> list[Problem]:
    found: list[Problem] = []
    channels = settings.channels_by_name()
    for name, route in settings.routes.items():
        path = f"alerts.routes.{name}"
        found += [
            Problem(f"{path}.channels[{n}]", f"there is no channel {channel}")
            for n, channel in enumerate(route.channels)
            if channel not in channels
        ]
        waits = [rung.after_s for rung in route.ladder]
        if waits != sorted(waits):
            found.append(Problem(f"{path}.ladder", "after_s must rise from rung to rung"))
        roles = {person.role for person in settings.people}
        if settings.people and not roles & {rung.role for rung in route.ladder}:
            found.append(Problem(f"{path}.ladder", "nobody has a role of this ladder", "note"))
    for n, person in enumerate(settings.people):
        found += [
            Problem(f"alerts.people[{n}].contacts[{m}].channel", f"there is no channel {c.channel}")
            for m, c in enumerate(person.contacts)
            if c.channel not in channels
        ]
    for n, name in enumerate(settings.board):
        if name not in channels:
            found.append(Problem(f"alerts.board[{n}]", f"there is no channel {name}"))
    return found
