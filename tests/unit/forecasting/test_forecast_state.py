"""What a rule can watch of the forecasts themselves: unusual traffic, and which model speaks."""

import pickle
from datetime import UTC, date, datetime, time, timedelta
from math import exp
from typing import Any

from flows.forecasting.lift import EventLift
from flows.forecasting.slots import SlotForecaster
from flows.measure import View
from flows.measures.forecast import VisitorsMemory
from flows.measures.forecast_state import states
from flows.measures.forecast_unusual import UnusualMemory, learn, unusual
from flows.panes import Pane, squeeze
from flows.profile import Profile, minute_of
from flows.settings import FlowsSettings
from flows.tallies.footfall import DoorTally
from sensors.settings import Door, Hours, SensorsSettings, Store, Text

FIRST = date(2026, 3, 2)
TEXT = Text(en="shop", zh="店")
STORE = Store(
    id="shop", name=TEXT, timezone="UTC", capacity=500, country="XX", doors=[Door(id="a", name=TEXT)],
    hours=[Hours(days=["mon", "tue", "wed", "thu", "fri", "sat", "sun"], opens=time(9), closes=time(21))],
)  # fmt: skip
PROFILE = Profile(STORE, FlowsSettings(), SensorsSettings(stores=[STORE]))


def _usual(quarter: int) -> int:
    return round(6 + 22 * exp(-(((quarter - 12) / 6) ** 2)))


def _view(day: int, quarter: int, visitors: int, memories: dict[str, Any], **more: Any) -> View:
    """A final quarter after opening."""
    at = datetime.combine(FIRST, time(9), UTC) + timedelta(days=day, minutes=15 * quarter)
    start = minute_of(at)
    pane = Pane({DoorTally.kind: {"a": DoorTally(entered=visitors)}})
    late = at + timedelta(minutes=17)
    return View(
        PROFILE, "quarter", (start, start + 15), pane, late, closed=True, memories=memories, **more
    )


def _watched(factor: float, days: int = 21) -> tuple[set[str], set[str]]:
    """Reasons on ordinary days after learning, and over two hours of ``factor`` times the usual."""
    memory = UnusualMemory()
    memories = {"UnusualMemory": memory}
    calm: set[str] = set()
    for day in range(days):
        for quarter in range(48):
            view = _view(day, quarter, _usual(quarter) + (day * 7 + quarter * 5) % 5 - 2, memories)
            learn(memory, view)
            calm |= {reading.reason for reading in unusual(view)}
    swollen = set()
    for quarter in range(48):
        much = factor if 10 <= quarter < 18 else 1.0
        view = _view(days, quarter, round(_usual(quarter) * much), memories)
        learn(memory, view)
        if 10 <= quarter < 18:
            swollen |= {reading.reason for reading in unusual(view)}
    return calm, swollen


def test_a_crowd_and_a_closed_street_are_told_apart_from_ordinary_days() -> None:
    """Twice the usual is more than usual, a fifth of it fewer; ordinary scatter is neither."""
    for factor, reason in ((2.2, "more_than_usual"), (0.2, "fewer_than_usual")):
        calm, seen = _watched(factor)
        assert calm <= {"learning", ""}
        assert reason in seen


def test_silent_doors_say_nothing_of_traffic() -> None:
    """A quarter the counters did not cover moves no chance."""
    memory = UnusualMemory()
    memories = {"UnusualMemory": memory}
    for day in range(15):
        for quarter in range(48):
            learn(memory, _view(day, quarter, _usual(quarter), memories))
    before = memory.model
    learn(memory, _view(15, 10, 0, memories, coverage=0.5))
    assert memory.model == before


def test_a_rollback_and_the_return_are_facts() -> None:
    """A model worse than its baseline for days is told as rolled back with its reason; better again, as the model."""
    model = SlotForecaster(96)
    model.learn_one({"step": 40}, 5.0)
    said = []
    for own, baseline, days in ((9.0, 10.0, 20), (30.0, 10.0, 10), (5.0, 10.0, 40)):
        for _ in range(days):
            verdict = model.governor.close_day(own, baseline, 100.0)
            reason = verdict.reason if verdict else (said[-1][1] if said else "")
            block = squeeze(pickle.dumps((model, EventLift(96))))
            memory = VisitorsMemory(state=block, reason=reason)
            (reading,) = states(_view(0, 0, 0, {"VisitorsMemory": memory}))
            assert reading.subject == "forecast:visitors"
            said.append((reading.value, reading.reason))
    told = [pair for pair, before in zip(said, [None, *said], strict=False) if pair != before]
    assert told == [
        ("learning", ""), ("model", ""), ("rolled_back", "sudden_error"), ("model", "better_again"),
    ]  # fmt: skip
