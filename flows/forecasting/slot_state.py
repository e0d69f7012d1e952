"""What a slot forecaster keeps of one key, and its plan of a day: the state behind ``slots.py``."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from math import exp
from typing import Any, NamedTuple

import numpy as np

from flows.forecasting.bands import Bands
from flows.forecasting.contract import Features, pickled_size
from flows.forecasting.drift import DriftWatch
from flows.forecasting.governance import Governor, Regime, Verdict
from flows.forecasting.mixture import Mixture
from flows.forecasting.profile import Half, Series, Vector, WeeklyProfile, log_ratio, or_zero
from flows.forecasting.recursive import MAX_EXPONENT, RecursiveGlm
from flows.forecasting.rest import Origin, RestOfDay
from flows.forecasting.slot_rows import BESIDE, NEXT, PLAN, Known, plan_rows

START = (0.02, 0.08, 0.9)  # of the rungs, before anything was learned
ALONE = {"naive": (1.0, 0.0, 0.0), "profile": (0.0, 1.0, 0.0)}  # of a rung that was rolled back to
FLOOR = 0.01
"""People a slot is never planned below, so that a first customer at night can be learned."""


class DayPlan(NamedTuple):
    """What the start of a day says of each of its slots; NaN where nothing is known."""

    linear: Series
    mixed: Series


class SlotState(ABC):
    """Everything one key knows, and what the start of a day says of it; ``SlotForecaster`` speaks and learns."""

    @abstractmethod
    def predict_one(self, x: Features) -> float | None:
        """The forecast of the slot; ``None`` where nothing is known of it."""

    @abstractmethod
    def origin(self, slot: int) -> Origin:
        """The forecast of the rest of today after ``slot``."""

    def __init__(
        self,
        slots: int,
        *,
        priors: Mapping[str, Vector] | None = None,
        industry_wape: float = 0.0,
    ) -> None:
        priors = priors or {}
        self.slots = slots
        self.profile = WeeklyProfile(slots)
        self.plan_model = RecursiveGlm(len(PLAN), forgetting=0.9993, prior=priors.get("plan"))
        self.next_model = RecursiveGlm(len(NEXT), prior=priors.get("next"))
        self.next_mix = Mixture(START)
        self.plan_mix = Mixture(START, rate=0.03, share=1e-5)  # a day's slots err together
        self.rest = RestOfDay()
        self.next_bands, self.plan_bands = Bands(slots), Bands(slots, window=400)
        self.day_bands = Bands(1, window=120)
        self.governor = Governor("mixture", "profile", industry_wape=industry_wape)
        self.regime = Regime("mixture", "naive")
        self.drift = DriftWatch()
        self.verdict: Verdict | None = None  # of the newest day closed, while it is news
        self.drifted = False  # the newest day closed told of drift
        self.step: int | None = None
        self.known = Known()
        self.ratios = [0.0] * 7  # log ratio of each weekday's newest total to its usual
        self.lags = [0.0, 0.0, 0.0]
        self.misses: Half = np.zeros(
            slots, dtype=np.float16
        )  # the newest log miss against the plan, by slot
        self.missed_before = 0.0  # what the slot of the last one learned missed a day before
        self.plan: DayPlan | None = None  # today's, as said at its start
        self.holiday = False
        self.flags: dict[str, float | None] = {}  # of the calendar, as today's plan was told them
        self.beside: Series = np.zeros(slots, dtype=np.float32)  # of today's rows: see ``rows``
        self._rows: Vector | None = None
        self._left: Vector | None = None
        self.counts: Series = np.full(slots, np.nan, dtype=np.float32)  # today's, by slot
        self._start_sums()

    def _start_sums(self) -> None:
        self.seen = self.planned = self.usual_seen = 0.0
        self.own_error = self.baseline_error = self.naive_error = 0.0

    @property
    def governing(self) -> Governor:
        """Who says which rung speaks: the judge of changed regimes while he has rolled back, else the ordinary one."""
        changed = self.regime.champion == self.regime.baseline
        return self.regime if changed else self.governor

    def step_of(self, x: Features) -> int:
        """The slot ``x`` is about; the one after the last learned where it does not say."""
        step = x.get("step")
        return int(step) if step is not None else 0 if self.step is None else self.step + 1

    @property
    def day(self) -> int | None:
        """The day of the last slot learned, ``None`` before the first."""
        return None if self.step is None else self.step // self.slots

    def today(self) -> float:
        """Log ratio of what today has seen to its plan."""
        return log_ratio(self.seen, self.planned, 2.0 * self.profile.level + 1.0)

    def known_for(self, day: int) -> Known:
        """What the start of ``day`` knows; of days beyond tomorrow only the level."""
        if self.day is None or day == self.day:
            return self.known
        after = self._known_after(day)
        if day == self.day + 1:
            return after
        return Known(level=after.level, last_week=self.ratios[day % 7])

    def _known_after(self, day: int) -> Known:
        last_week = self.ratios[day % 7]
        if self.usual_seen < 1.0:
            return Known(level=self.known.level, last_week=last_week)
        ratio = self._ratio()
        level = self.known.level + 0.2 * (min(0.5, max(-0.5, ratio)) - self.known.level)
        return Known(ratio, level, sum(self.lags) / 3, float(self.holiday), last_week)

    def _ratio(self) -> float:
        return log_ratio(self.seen, self.usual_seen, 0.02 * self.usual_seen + 1.0)

    def plan_for(self, day: int, x: Features) -> DayPlan:
        """Today's plan as it was said, or what another day's would be now."""
        if self.plan is not None and day == self.day:
            return self.plan
        recent = self.day is None or day <= self.day + 1
        return self._make_plan(day, self.known_for(day), self._rows_for(day, x, recent=recent))

    def _rows_for(self, day: int, x: Features, *, recent: bool = True) -> Vector:
        usual = self.profile.usual_of_day(day)
        rows = plan_rows(self.profile, day, usual, self.known_for(day), x)
        if not recent:
            rows[:, 2] = 0.0  # the day before has not been yet
        return rows

    def _make_plan(self, day: int, known: Known, rows: Vector) -> DayPlan:
        usual = self.profile.usual_of_day(day)
        exponent = np.clip(rows @ self.plan_model.weights, -MAX_EXPONENT, MAX_EXPONENT)
        linear = (usual + FLOOR) * np.exp(exponent)
        naive = self.profile.day_of(self.profile.last, day)
        naive = np.where(np.isnan(naive), usual, naive)
        base = usual * exp(0.7 * known.level)
        a, b, c = ALONE.get(self.governing.champion) or self.plan_mix.weights
        mixed = a * naive + b * base + c * linear
        return DayPlan(linear.astype(np.float32), mixed.astype(np.float32))

    def rows(self) -> Vector:
        """The rows behind today's plan; rebuilt after a restart (those of slots to come are equal)."""
        if self._rows is None:
            assert self.day is not None  # noqa: S101  a plan exists
            self._rows = self._rows_for(self.day, self.flags)
            self._rows[:, BESIDE] = self.beside  # the neighbours before have learned since
        return self._rows

    def left(self, slot: int) -> tuple[float, float, float]:
        """What lies after a slot of today: usually, last week, by the plan. Nothing learned today changes it."""
        if self._left is None:
            assert self.plan is not None and self.day is not None  # noqa: S101, PT018  a plan exists
            usual = or_zero(self.profile.usual_of_day(self.day))
            last = self.profile.day_of(self.profile.last, self.day)
            last = np.where(np.isnan(last), usual, last)
            slots = np.stack((usual, last, or_zero(self.plan.linear.astype(np.float64))))
            self._left = slots[:, ::-1].cumsum(axis=1)[:, ::-1]
        usually, last_week, planned = self._left[:, slot + 1].tolist()
        return usually, last_week, planned

    @property
    def state_size(self) -> int:
        """Bytes in the recovery store."""
        return pickled_size(self)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_rows": None, "_left": None}
