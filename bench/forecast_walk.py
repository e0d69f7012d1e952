"""Walk-forward: every model speaks first, then hears the truth; all on the same evaluations."""

import time
from collections import defaultdict
from typing import Any

import numpy as np

from bench.forecast_score import Score
from bench.forecast_sets import Days, Slots
from flows.forecasting import ahead
from flows.forecasting.contract import Features, pickled_size
from flows.forecasting.daily import EXPERTS, DailyPool
from flows.forecasting.lumpy import Ses, Tsb
from flows.forecasting.slots import SlotForecaster

Scores = dict[tuple[str, str], Score]


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
        self.evaluated: dict[str, list[tuple[int, float, float]]] = {}  # series → (step, y, naive)

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
    seen = walk.evaluated.setdefault(one.name, [])
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
            _score_slot(model, x, y, counts[step - week], scale, walk)
            _score_plan(model, plan, x, y, counts[step - week], scale, walk)
            seen.append((step, y, counts[step - week]))
        begun = time.process_time()
        model.learn_one(x, y)
        walk.cpu_s += time.process_time() - begun
        walk.updates += 1
        if model.verdict is not None and step % one.per_day == 0:
            walk.rollbacks += model.verdict.champion == "profile"
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
) -> None:
    experts = model.experts(x)
    if experts is None:
        return
    said = model.forecast(1, [x])[0]
    task = "next slot"
    walk.scores[task, "naive"].add(y, naive, (), scale)
    walk.scores[task, "profile"].add(y, experts.profile, (), scale)
    walk.scores[task, "linear"].add(y, experts.linear, (), scale)
    walk.scores[task, "mixture"].add(y, said.value, said.bands, scale)
    hour = int(x["step"] or 0) % model.slots * 24 // model.slots
    walk.by_hour[task, hour].add(y, said.value, said.bands)
    if x.get("holiday"):
        walk.holidays[task, "mixture"].add(y, said.value, said.bands)


def _score_plan(
    model: SlotForecaster, plan: dict[str, Any], x: Features, y: float, naive: float, scale: float,
    walk: Walk,
) -> None:  # fmt: skip
    if not plan:
        return
    slot = int(x["step"] or 0) % model.slots
    task = "day ahead by slot"
    walk.scores[task, "naive"].add(y, naive, (), scale)
    for name in ("profile", "linear"):
        walk.scores[task, name].add(y, float(plan[name][slot]), (), scale)
    bands = plan["bands"][slot]
    walk.scores[task, "mixture"].add(y, float(plan["mixture"][slot]), bands, scale)
    walk.by_hour[task, slot * 24 // model.slots].add(y, float(plan["mixture"][slot]), bands)
    if x.get("holiday"):
        walk.holidays[task, "mixture"].add(y, float(plan["mixture"][slot]), bands)


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


def walk_days(days: Days, warm: int, *, lumpy: bool = False) -> Walk:
    """A pool of daily series: 1, 3 and 7 days ahead, every rung; slow-SKU models too where asked."""
    walk, pool = Walk(), DailyPool()
    slow: dict[str, tuple[Ses, Tsb]] = {}
    for day, rows in sorted(days.rows.items()):
        if day >= warm:
            for key, x, y in rows:
                _score_day(pool, key, day, x, y, slow, walk)
        begun = time.process_time()
        for key, x, y in rows:
            pool.learn(key, day, y, x)
        walk.cpu_s += time.process_time() - begun
        walk.updates += 7 * len(rows)
        if lumpy:
            for key, x, y in rows:
                pair = slow.setdefault(key, (Ses(), Tsb()))
                pair[0].learn_one(x, y)
                pair[1].learn_one(x, y)
        walk.days += len(rows)
    walk.size = max(pickled_size(key) for key in pool.keys.values())
    return walk


def _score_day(
    pool: DailyPool, key: str, day: int, x: Features, y: float, slow: dict[str, tuple[Ses, Tsb]],
    walk: Walk,
) -> None:  # fmt: skip
    state = pool.keys.get(key)
    if state is None or len(state.known(day - 7)) < 14 or state.at(day - 7) is None:
        return
    walk.evaluated.setdefault(key, []).append((day, y, state.at(day - 7) or 0.0))
    for horizon in (1, 3, 7):
        said = pool.predict(key, day, x, horizon=horizon)
        for task in (f"{horizon} days ahead", "1–7 days ahead"):
            for name, value in zip(EXPERTS, said.experts, strict=True):
                walk.scores[task, name].add(y, value)
            walk.scores[task, "mixture"].add(y, said.value, said.bands)
            if x.get("holiday"):
                walk.holidays[task, "mixture"].add(y, said.value, said.bands)
    if key in slow:
        for name, model in zip(("ses", "tsb"), slow[key], strict=True):
            told = model.forecast(1)[0]
            walk.scores["1 days ahead", name].add(y, told.value, told.bands)
