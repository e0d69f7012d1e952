"""Visitors to come: next 15 and 60 minutes, the rest of the day, the day, quarters until close, seven days."""

from collections.abc import Iterator
from functools import partial

from flows.measure import Measure, Reading, View
from flows.outlook import ForecastMemory, Target, learn
from flows.outlook_ahead import upcoming
from flows.outlook_readings import readings
from flows.profile import minute_of
from flows.spans import QUARTER
from flows.tallies.footfall import DoorTally


class VisitorsMemory(ForecastMemory):
    """The store's visitors."""


def visitors_of(view: View) -> float:
    """Visitors of a view's window, as counted."""
    return float(view.total(DoorTally).visitors)


VISITORS = Target("visitors", VisitorsMemory, QUARTER, visitors_of)


def visitors_today(view: View) -> float:
    """Visitors of the business day so far, as counted."""
    doors: dict[str, DoorTally] = view.today.tallies.get(DoorTally.kind, {})
    return float(sum(door.visitors for door in doors.values()))


def visitors_forecast(view: View) -> Iterator[Reading]:
    """What is expected from the present minute on; nothing before the first day is known."""
    yield from readings(view, VISITORS, visitors_today)


def expected_per_hour(view: View) -> float | None:
    """Visitors an hour expected from the present minute until closing time; ``None`` before anything is known."""
    minute = minute_of(view.at)
    slots = upcoming(view, VISITORS)
    left = slots.over(minute, slots.end)
    return left.value * 60 / (slots.end - minute) if left and slots.end > minute else None


MEASURES = (
    Measure(
        "visitors_forecast", "people", (), visitors_forecast, ("now",),
        cadence=5, quiet=True, memory=VisitorsMemory, learn=partial(learn, target=VISITORS),
    ),
)  # fmt: skip
