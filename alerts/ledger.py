"""Alert → action → outcome: what was told, who took it, how fast, and what became of it. Pure."""

from collections.abc import Iterable
from datetime import datetime
from statistics import median
from typing import NamedTuple

from alerts.incident import Incident, Step


class Entry(NamedTuple):
    """One incident that fired.

    Attributes:
        take_s: from the first firing to the first acknowledgement or done; ``None`` if nobody took it.
        false_alarm: a person said it is not a problem.
        before, after: the metric at the action and in the half-hour after it, ``low`` and ``high`` the latter's 95 %
            interval; ``forecast`` what was to be expected there with its interval, as known at the action.
        closed: the share of the gap between before and forecast that has closed; 1 is back at the forecast.
        recovered_minor: what the difference was worth, with its ends; what happened next, not proof of cause.
    """

    fired_at: datetime
    store: str
    rule: str
    subject: str
    actor: str | None
    action: str
    take_s: float | None
    false_alarm: bool
    before: float | None
    after: float | None
    recovered_minor: int | None
    recovered_low_minor: int | None
    recovered_high_minor: int | None
    low: float | None = None
    high: float | None = None
    forecast: float | None = None
    forecast_low: float | None = None
    forecast_high: float | None = None
    closed: float | None = None


class Total(NamedTuple):
    """A rule's record. ``false_share`` is of all that fired; take time is the median of those taken.

    ``recovered_low_minor`` and ``_high``: independent errors add as squares, so the sum's interval is narrower than the
    sum of the intervals.
    """

    rule: str
    fired: int
    taken: int
    false_share: float
    take_s: float | None
    recovered_minor: int | None
    recovered_low_minor: int | None
    recovered_high_minor: int | None


def entries(incidents: Iterable[Incident]) -> list[Entry]:
    """One entry for each incident that fired, oldest first."""
    made = [entry for incident in incidents if (entry := _entry(incident))]
    return sorted(made, key=lambda e: (e.fired_at, e.store, e.rule, e.subject))


def totals(made: Iterable[Entry]) -> list[Total]:
    """One total for each rule, by name; money is summed over the entries where it is known."""
    by_rule: dict[str, list[Entry]] = {}
    for entry in made:
        by_rule.setdefault(entry.rule, []).append(entry)
    return [_total(rule, found) for rule, found in sorted(by_rule.items())]


def _entry(incident: Incident) -> Entry | None:
    fired = _first(incident, "firing")
    if fired is None:
        return None
    taken = _first(incident, "acknowledged", "done")
    outcome = incident.outcome
    return Entry(
        fired_at=fired.at,
        store=incident.store,
        rule=incident.rule,
        subject=incident.subject,
        actor=taken.actor if taken else None,
        action=incident.action,
        take_s=(taken.at - fired.at).total_seconds() if taken else None,
        false_alarm=_first(incident, "dismissed") is not None,
        before=_number(outcome.get("before")),
        after=_number(outcome.get("after")),
        recovered_minor=_whole(outcome.get("recovered_minor")),
        recovered_low_minor=_whole(outcome.get("recovered_low_minor")),
        recovered_high_minor=_whole(outcome.get("recovered_high_minor")),
        low=_number(outcome.get("low")),
        high=_number(outcome.get("high")),
        forecast=_number(outcome.get("forecast")),
        forecast_low=_number(outcome.get("forecast_low")),
        forecast_high=_number(outcome.get("forecast_high")),
        closed=_number(outcome.get("closed")),
    )


def _total(rule: str, found: list[Entry]) -> Total:
    waits = [entry.take_s for entry in found if entry.take_s is not None]
    return Total(
        rule=rule,
        fired=len(found),
        taken=len(waits),
        false_share=sum(entry.false_alarm for entry in found) / len(found),
        take_s=median(waits) if waits else None,
        recovered_minor=_sum(entry.recovered_minor for entry in found),
        recovered_low_minor=_end(found, -1),
        recovered_high_minor=_end(found, 1),
    )


def _first(incident: Incident, *kinds: str) -> Step | None:
    return next((step for step in incident.steps if step.kind in kinds), None)


def _sum(amounts: Iterable[int | None]) -> int | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known) if known else None


def _end(found: list[Entry], side: int) -> int | None:
    """An end of the summed interval; ``None`` unless every known amount has both ends."""
    middle, squares = 0.0, 0.0
    for entry in found:
        if entry.recovered_minor is None:
            continue
        end = entry.recovered_low_minor if side < 0 else entry.recovered_high_minor
        if end is None:
            return None
        middle += entry.recovered_minor
        squares += (end - entry.recovered_minor) ** 2
    known = any(entry.recovered_minor is not None for entry in found)
    return round(middle + side * squares**0.5) if known else None


def _number(value: str | float | None) -> float | None:
    return None if value is None or isinstance(value, str) else float(value)


def _whole(value: str | float | None) -> int | None:
    number = _number(value)
    return None if number is None else round(number)
