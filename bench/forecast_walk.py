"""Walk-forward: every model speaks first, then hears the truth; all on the same evaluations."""

import time
from collections import defaultdict
from typing import Any, NamedTuple

import numpy as np

from bench.forecast_score import Score
from bench.forecast_sets import Slots
from flows.forecasting import ahead
from flows.forecasting.contract import Features
from flows.forecasting.slots import SlotForecaster

Scores = dict[tuple[str, str], Score]


NEXT, AHEAD = "next slot", "day ahead by slot"


class Told(NamedTuple):
    """One evaluation, for models that are run beside: the truth and what was said of it."""

    y: float
    naive: float
    mixture: float


class Walk:
    """What a walk over one data set found."""

    def __init__(self) -> None:
        self.scores: Scores = defaultdict(Score)
        self.by_hour: dict[tuple[str, int], Score] = defaultdict(Score)
        self.holidays: Scores = defaultdict(Score)
        self.rollbacks = 0
        self.days = 0
        self.cpu_s = 0.0
        self.updates = 0
        self.size = 0
        self.evaluated: dict[tuple[str, str], dict[int, Told]] = defaultdict(dict)  # task, series

    @property
    def cost_us(self) -> float:
        """CPU per update."""
        return 1e6 * self.cpu_s / max(1, self.updates)


def walk_slots(series: list[Slots], warm_weeks: int, last_weeks: int = 0) -> Walk:
    """Every series through a fresh forecaster; scored after the warm-up (the last weeks only, if given)."""
    walk = Walk()
    for one in series:
        _walk_one(one, warm_weeks, last_weeks, walk)
    return walk


def _walk_one(one: Slots, warm_weeks: int, last_weeks: int, walk: Walk) -> None:
    model, week = SlotForecaster(one.per_day), 7 * one.per_day
    counts = {int(x["step"] or 0): y for x, y in one.rows}
    first, last = min(counts), max(counts)
    start = max(first + warm_weeks * week, last - last_weeks * week if last_weeks else 0)
    scale = _mase_scale(counts, start, week)
    plan: dict[str, Any] = {}
    day = None
    for x, y in one.rows:
        step = int(x["step"] or 0)
        hot = step >= start and step - week in counts
        if step // one.per_day != day:
            day = step // one.per_day
            plan = _said_at_dawn(model, day, x)
            walk.days += 1
        if hot:
            naive = counts[step - week]
            said = _score_slot(model, x, y, naive, scale, walk)
            planned = _score_plan(model, plan, x, y, naive, scale, walk)
            for task, value in ((NEXT, said), (AHEAD, planned)):
                if value is not None:
                    walk.evaluated[task, one.name][step] = Told(y, naive, value)
        begun = time.process_time()
        model.learn_one(x, y)
        walk.cpu_s += time.process_time() - begun
        walk.updates += 1
        if model.verdict is not None and step % one.per_day == 0:
            walk.rollbacks += model.verdict.champion != "mixture"
        if hot and (step + 1) % (one.per_day // 24) == 0:
            _score_rest(model, step, counts, walk)
    walk.size = max(walk.size, model.state_size)


def _mase_scale(counts: dict[int, float], start: int, season: int) -> float:
    past = [
        abs(y - counts[s - season]) for s, y in counts.items() if s < start and s - season in counts
    ]
    return sum(past) / len(past) if past else 0.0


def _said_at_dawn(model: SlotForecaster, day: int, x: Features) -> dict[str, Any]:
    if model.step is None:
        return {}
    plan = model.plan_for(day, x)
    holiday = bool(x.get("holiday"))
    mixed = np.nan_to_num(plan.mixed)
    bands = [model.plan_bands.around(float(v), i, holiday=holiday) for i, v in enumerate(mixed)]
    base = np.nan_to_num(model.profile.usual_of_day(day)) * np.exp(0.7 * model.known_for(day).level)
    return {"mixture": mixed, "linear": np.nan_to_num(plan.linear), "profile": base, "bands": bands}


def _score_slot(
    model: SlotForecaster, x: Features, y: float, naive: float, scale: float, walk: Walk
) -> float | None:
    experts = model.experts(x)
    if experts is None:
        return None
    said = model.forecast(1, [x])[0]
    task = NEXT
    walk.scores[task, "naive"].add(y, naive, (), scale)
    walk.scores[task, "profile"].add(y, experts.profile, (), scale)
    walk.scores[task, "linear"].add(y, experts.linear, (), scale)
    walk.scores[task, "mixture"].add(y, said.value, said.bands, scale)
    hour = int(x["step"] or 0) % model.slots * 24 // model.slots
    walk.by_hour[task, hour].add(y, said.value, said.bands)
    if x.get("holiday"):
        walk.holidays[task, "mixture"].add(y, said.value, said.bands)
    return said.value


def _score_plan(
    model: SlotForecaster, plan: dict[str, Any], x: Features, y: float, naive: float, scale: float,
    walk: Walk,
) -> float | None:  # fmt: skip
    if not plan:
        return None
    slot = int(x["step"] or 0) % model.slots
    task = AHEAD
    walk.scores[task, "naive"].add(y, naive, (), scale)
    for name in ("profile", "linear"):
        walk.scores[task, name].add(y, float(plan[name][slot]), (), scale)
    bands = plan["bands"][slot]
    walk.scores[task, "mixture"].add(y, float(plan["mixture"][slot]), bands, scale)
    walk.by_hour[task, slot * 24 // model.slots].add(y, float(plan["mixture"][slot]), bands)
    if x.get("holiday"):
        walk.holidays[task, "mixture"].add(y, float(plan["mixture"][slot]), bands)
    return float(plan["mixture"][slot])


def _score_rest(model: SlotForecaster, step: int, counts: dict[int, float], walk: Walk) -> None:
    slot, week = step % model.slots, 7 * model.slots
    later = range(step + 1, step + model.slots - slot)
    if not later or any(s not in counts or s - week not in counts for s in later):
        return
    truth = sum(counts[s] for s in later)
    origin = model.origin(slot)
    said = ahead.rest_of_day(model)
    if said is None:
        return
    task = "rest of day"
    walk.scores[task, "naive"].add(truth, sum(counts[s - week] for s in later))
    walk.scores[task, "profile"].add(truth, origin.experts[1])
    walk.scores[task, "linear"].add(truth, origin.experts[2])
    walk.scores[task, "mixture"].add(truth, said.value, said.bands)
    walk.by_hour[task, slot * 24 // model.slots].add(truth, said.value, said.bands)
    if model.holiday:
        walk.holidays[task, "mixture"].add(truth, said.value, said.bands)
