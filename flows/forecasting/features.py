"""The registry of features: what each means, who says it, and from when on it is known.

A model is fed through ``known_features`` and ``usable``: what was not available when the forecast was made is left
out, so nothing leaks from the future by construction.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from sensors.events import Plan

Source = Literal["calendar", "plan", "weather", "heat", "stock", "floor"]


class Feature(NamedTuple):
    """One named input.

    Attributes:
        lead: how long before its slot it is known; negative: only after the slot began (a count).
    """

    name: str
    source: Source
    lead: timedelta
    meaning: str


_YEAR = timedelta(days=365)
_SAID = timedelta(
    days=400
)  # as early as it is said: ``known_features`` holds each to when it was heard
REGISTRY: Mapping[str, Feature] = {
    f.name: f
    for f in (
        Feature("step", "calendar", _YEAR, "number of the slot, counted from a Monday, local time"),
        Feature("open", "calendar", _YEAR, "1 within opening hours, 0 outside"),
        Feature("holiday", "calendar", _YEAR, "1 on a public holiday"),
        Feature("holiday_tomorrow", "calendar", _YEAR, "1 on its eve"),
        Feature("holiday_yesterday", "calendar", _YEAR, "1 on the day after"),
        Feature("school_break", "calendar", _YEAR, "1 while schools are on a break"),
        Feature("pay_day", "calendar", _YEAR, "1 on the usual pay-days"),
        Feature("promotion", "plan", _SAID, "strength of the planned promotion, 1 unless stated"),
        Feature("event", "plan", _SAID, "strength of a planned event nearby"),
        Feature("rain", "weather", _SAID, "forecast rain, cm a day"),
        Feature("temperature", "weather", _SAID, "forecast temperature, °C"),
        Feature("heat", "heat", _SAID, "live-stream and social heat"),
        Feature("out_of_stock", "stock", timedelta(minutes=-15), "share of the slot without stock"),
        Feature(
            "peers", "floor", timedelta(minutes=-15), "mean miss of the other doors, last slot"
        ),
    )
}
_ABOUT = {"promotion": "promotion", "event": "event", "weather": "rain", "heat": "heat"}
_SUBJECTS = frozenset({"temperature"})  # of a weather announcement that is not rain


class Announced(NamedTuple):
    """A plan and when it was heard."""

    plan: Plan
    heard_at: datetime


def known_features(
    start: datetime, end: datetime, asked_at: datetime, announced: Iterable[Announced]
) -> dict[str, float]:
    """What was announced of [start, end) by ``asked_at``; what came later is not looked at.

    The newest word on a subject holds; ``closure`` turns ``open`` off. Plans without a value count 1.
    """
    told: dict[str, float] = {}
    for plan, heard_at in sorted(announced, key=lambda a: a.heard_at):
        if heard_at > asked_at or plan.ends_at <= start or plan.starts_at >= end:
            continue
        if plan.about == "closure":
            told["open"] = 0.0
        elif plan.about == "weather" and plan.subject in _SUBJECTS:
            told[plan.subject] = 0.0 if plan.value is None else plan.value
        elif name := _ABOUT.get(plan.about):
            told[name] = 1.0 if plan.value is None else plan.value
    return told


def usable(
    x: Mapping[str, float | None], start: datetime, asked_at: datetime
) -> dict[str, float | None]:
    """The features of a slot that begins at ``start`` which the registry says are known at ``asked_at``."""
    return {
        name: value
        for name, value in x.items()
        if (feature := REGISTRY.get(name)) and start - feature.lead <= asked_at
    }
