"""Counts by slot of the day (hours, half-hours, quarter-hours): the whole ladder in one keyed class.

    seasonal naive ──────┐
    usual × today's ratio├─▶ mixture ─▶ governor ─▶ forecast and bands
    plan ─▶ next ────────┘

Two recursive models stand on one another. The *plan* says at the day's start what each slot will see,
``usual·exp(w·known)``; the *next* model how today departs from it, ``plan·exp(w·seen today)``. Both multiply, so
a forecast explains itself as factors. The rest of the day has a model of its own (``rest.py``); what lies
further ahead is composed in ``ahead.py``.
"""

from collections.abc import Sequence
from math import exp, isnan
from typing import NamedTuple, Self

import numpy as np

from flows.forecasting import ahead
from flows.forecasting.contract import Factor, Features, Forecast, feature
from flows.forecasting.profile import Vector, bounded, log_ratio
from flows.forecasting.rest import Origin
from flows.forecasting.slot_rows import BESIDE, NEXT, PLAN, next_row, plan_rows, rest_row
from flows.forecasting.slot_state import ALONE, FLOOR, DayPlan, SlotState

FLAGS = ("holiday", "holiday_tomorrow", "holiday_yesterday")


class Experts(NamedTuple):
    """The rungs' forecasts of one slot."""

    naive: float
    profile: float
    linear: float


class SlotForecaster(SlotState):
    """Visitors, sales, transactions or zone visits by slot, for one key.

    Args:
        slots: slots a day, a multiple of 24.
        priors: weights of ``plan`` and ``next`` to start from, pooled over keys of the kind (cold start).
        industry_wape: the shop's stated reference error for governance, 0 for none.

    >>> model = SlotForecaster(24)
    >>> for step in range(24 * 28):
    ...     _ = model.learn_one({"step": step}, 10.0 + step % 24)
    >>> round(model.predict_one({"step": 24 * 28 + 12}))
    22
    """

    # ── predict ───────────────────────────────────────────────────────────────────────────────────────────
    def experts(self, x: Features) -> Experts | None:
        """What each rung says of the slot, ``None`` where nothing is known of it."""
        step = self.step_of(x)
        usual = self.profile.usual(step)
        if usual is None:
            return None
        day, slot = divmod(step, self.slots)
        plan = self.plan_for(day, x)
        level = self.known_for(day).level
        today = self.today() if day == self.day else 0.0
        z = self._next_row(slot, today, x)
        return self._experts(step % (7 * self.slots), usual, float(plan.linear[slot]), z, level)

    def _experts(self, week: int, usual: float, planned: float, z: Vector, level: float) -> Experts:
        naive = self.profile.naive(week)
        return Experts(
            usual if naive is None else naive,
            usual * exp(0.7 * float(z[4]) + 0.5 * level),
            planned * exp(self.next_model.exponent(z)),
        )

    def _next_row(self, slot: int, today: float, x: Features) -> Vector:
        misses = (float(self.misses[slot]), self.missed_before)
        return next_row(slot, self.slots, self.lags, today, misses, x)

    def predict_one(self, x: Features) -> float | None:
        """The champion's forecast of the slot; ``None`` where nothing is known of it, 0 when closed."""
        if x.get("open") == 0.0:
            return 0.0
        experts = self.experts(x)
        return None if experts is None else self._champion(experts)

    def _champion(self, experts: Experts) -> float:
        alone: float | None = getattr(experts, self.governing.champion, None)
        return self.next_mix.blend(experts) if alone is None else alone

    # ── learn ─────────────────────────────────────────────────────────────────────────────────────────────
    def learn_one(self, x: Features, y: float) -> Self:
        """Take in the count of a slot; a closed slot (``open`` is 0) or an older one teaches nothing."""
        step = self.step_of(x)
        if x.get("open") == 0.0 or (self.step is not None and step <= self.step):
            return self
        day, slot = divmod(step, self.slots)
        holiday = feature(x, "holiday") > 0
        if day != self.day or self.plan is None:
            self._turn(day, x)
        usual = self.profile.usual(step)
        self.step, self.holiday = step, holiday
        if usual is not None and self.plan is not None:
            self._learn(slot, usual, self.plan, x, y)
        self.profile.learn(step, y, holiday=holiday)
        return self

    def _learn(self, slot: int, usual: float, plan: DayPlan, x: Features, y: float) -> None:
        planned = float(plan.linear[slot])
        if isnan(planned):
            return
        z = self._next_row(slot, self.today(), x)
        experts = self._experts(self.step or 0, usual, planned, z, self.known.level)
        said = self._champion(experts)
        level = self.profile.level + 1e-6
        noise = (
            level + 2.0 * level**0.5
        )  # small counts miss by their root: that is no expert's fault
        weight = min(4.0, max(0.02, planned / level))
        self.next_bands.learn(y, said, slot, holiday=self.holiday)
        self.counts[slot] = y
        self.own_error += abs(y - self.next_mix.blend(experts))
        self.baseline_error += abs(y - experts.profile)
        self.naive_error += abs(y - experts.naive)
        self.next_mix.learn(experts, y, noise)
        naive, base = experts.naive, usual * exp(0.7 * self.known.level)
        self.plan_mix.learn((naive, base, planned), y, noise)
        hurry = self.drift.hurry
        row = self.rows()[slot]
        fresh = (usual + FLOOR) * exp(self.plan_model.exponent(row))
        self.plan_model.learn(row, (y - fresh) / fresh, weight, hurry=hurry)
        mu = experts.linear
        self.next_model.learn(z, (y - mu) / mu, weight, hurry=hurry)
        self._remember(slot, usual, planned, y)

    def _remember(self, slot: int, usual: float, planned: float, y: float) -> None:
        miss = log_ratio(y, planned, 1.0 + 0.02 * self.profile.level)
        miss = min(1.5, max(-1.5, miss))
        self.lags = [miss, self.lags[0], self.lags[1]]
        self.missed_before = float(self.misses[slot])
        self.misses[slot] = miss
        self.seen += y
        self.planned += planned
        self.usual_seen += usual
        per_hour = self.slots // 24
        hour = slot // per_hour
        if (slot + 1) % per_hour == 0 and slot + 1 < self.slots and (hour + (self.day or 0)) % 2:
            self.rest.wait(
                self.origin(slot)
            )  # every second hour, the others tomorrow: half the cost

    def origin(self, slot: int) -> Origin:
        """The forecast of the rest of today after ``slot``."""
        usual, naive, planned = self.left(slot)
        departure = bounded(log_ratio(planned, usual))
        row = rest_row(slot, self.slots, self.lags, self.today(), float(self.holiday), departure)
        experts = self.rest.experts(row, naive, usual, planned)
        alone = ALONE.get(self.governing.champion)
        said = experts[alone.index(1.0)] if alone else self.rest.mixture.blend(experts)
        hour = (slot + 1) * 24 // self.slots - 1
        return Origin(max(0, hour), row.astype(np.float32), experts, self.seen, said, self.holiday)

    def _turn(self, day: int, x: Features) -> None:
        """A new day: judge the old one, then plan the new."""
        self.verdict, self.drifted = None, False
        if self.day is not None and self.plan is not None:
            self._close_day(self.day, self.plan)
            known = self.known_for(day)
            self.ratios[self.day % 7] = self._ratio() if self.usual_seen >= 1.0 else 0.0
            self.known = known
        self._start_sums()
        self.flags = {name: x.get(name) for name in FLAGS}
        self.step = day * self.slots - 1 if self.step is None else self.step
        self.plan, rows = (
            None,
            plan_rows(self.profile, day, self.profile.usual_of_day(day), self.known, x),
        )
        self.plan, self._rows = self._make_plan(day, self.known, rows), rows
        self._left = None
        self.beside = rows[:, BESIDE].astype(np.float32)

    def _close_day(self, day: int, plan: DayPlan) -> None:
        total_planned = float(np.nansum(plan.linear))
        if self.planned >= 0.95 * total_planned and self.planned > 0:
            usual = float(np.nansum(self.profile.usual_of_day(day)))
            self.rest.close(self.seen, usual)
            self.day_bands.learn(self.seen, float(np.nansum(plan.mixed)), 0, holiday=self.holiday)
        else:
            self.rest.origins = []  # slots are missing: nobody knows what the rest was
        self._judge_plan(day, plan)
        before = self.governing.champion
        told = (
            self.governor.close_day(self.own_error, self.baseline_error, self.seen),
            self.regime.close_day(
                min(self.own_error, self.baseline_error), self.naive_error, self.seen
            ),
        )
        now = self.governing.champion
        self.verdict = next((v for v in told if v and v.champion == now != before), None)
        if self.planned > 0:
            self.drifted = self.drift.close_day(min(1.5, max(-1.5, self.today())))

    def _judge_plan(self, day: int, plan: DayPlan) -> None:
        """The day's plan was said as a whole at its start, so its intervals are judged as a whole."""
        seen = np.flatnonzero(~np.isnan(self.counts))
        told = [(float(self.counts[i]), float(plan.mixed[i]), int(i)) for i in seen]
        stride = self.slots // 24  # an hour's slots err alike: one of them is remembered
        self.plan_bands.learn_all(
            told, holiday=self.holiday, keep=lambda slot: slot % stride == day % stride
        )
        self.counts[:] = np.nan

    # ── the rest of the contract ──────────────────────────────────────────────────────────────────────────
    def forecast(self, horizon: int, xs: Sequence[Features] = ()) -> list[Forecast]:
        """The next ``horizon`` slots; ``xs`` carries what is known of them (holidays, closures)."""
        return ahead.forecast(self, horizon, xs)

    def explain(self, x: Features) -> list[Factor]:
        """The linear rung's factors on the usual count of the slot, strongest first."""
        step = self.step_of(x)
        day, slot = divmod(step, self.slots)
        same = day == self.day and self.plan is not None
        row = (self.rows() if same else self._rows_for(day, x))[slot]
        z = self._next_row(slot, self.today() if same else 0.0, x)
        parts = [
            *zip(PLAN, row * self.plan_model.weights, strict=True),
            *zip(NEXT, z * self.next_model.weights, strict=True),
        ]
        told = [(name, float(part)) for name, part in parts if abs(part) > 0.005]
        told.sort(key=lambda pair: -abs(pair[1]))
        return [Factor(name, exp(min(3.0, max(-3.0, part)))) for name, part in told]
