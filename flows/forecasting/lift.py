"""What events do to a slot: promotions, fairs, rain, heat, pay-days, as factors learned on top of the usual.

    μ = plan · exp(w·z)

z are the event features of the slot, most of them zero most of the time; w is filtered recursively
(``recursive.py``) against the *day's plan*, so that it is the effect a day ahead and not what the last quarter-hour
already showed. The slot forecaster beneath learns y ÷ exp(w·z): its usual week stays free of promotions (the trade's
baseline), and a forecast of a planned one is the baseline times its factor.

A governor of its own judges the factors on days that have any: a feed gone mad (a heat index in the wrong unit) is
taken out of the forecast, learns on in the shadow, and returns when it is better than none.
"""

from math import exp
from typing import NamedTuple

import numpy as np

from flows.forecasting.contract import Factor, Features, feature
from flows.forecasting.governance import Governor, Verdict
from flows.forecasting.recursive import RecursiveGlm, Vector

NAMES = ("promotion", "event", "heat", "rain", "temperature", "school_break", "pay_day")
LARGEST = 5.0  # no feature counts more than this
DEGREES = 10.0  # °C that count as one
TRUST = 19.0  # slots of a day: the prior weights' variance is as many times 1 % …


class Miss(NamedTuple):
    """The day's absolute errors with and without the factors, and its truth."""

    own: float = 0.0
    plain: float = 0.0
    truth: float = 0.0


class EventLift:
    """Learns by how much announced events multiply a slot.

    Args:
        slots: slots a day; a day's worth of them teaches most of an effect.

    >>> lift = EventLift(24)
    >>> for slot in range(24):
    ...     lift.learn({"promotion": 1.0}, 30.0, 20.0, day=0)
    >>> 1.2 < lift.factor({"promotion": 1.0}) <= 1.5, lift.factor({})
    (True, 1.0)
    """

    def __init__(self, slots: int) -> None:
        self.model = RecursiveGlm(len(NAMES), forgetting=0.9999, trust=min(0.25, TRUST * 0.2 / slots))  # fmt: skip
        self.governor = Governor("events", "no_events")
        self.usual_degrees: float | None = None
        self.verdict: Verdict | None = None
        self.day: int | None = None
        self.miss = Miss()

    def row(self, x: Features) -> Vector | None:
        """The event features of a slot; ``None`` where none of them is set."""
        values = [feature(x, name) for name in NAMES]
        degrees = x.get("temperature")
        known = self.usual_degrees
        values[NAMES.index("temperature")] = (
            0.0 if degrees is None or known is None else (degrees - known) / DEGREES
        )
        if not any(values):
            return None
        bounded: Vector = np.clip(np.array(values), -LARGEST, LARGEST)
        return bounded

    def factor(self, x: Features) -> float:
        """By how much the slot is multiplied; 1 while the factors are rolled back."""
        z = self.row(x) if self.governor.champion == self.governor.model else None
        return 1.0 if z is None else exp(self.model.exponent(z))

    def explain(self, x: Features) -> list[Factor]:
        """Each event's factor, strongest first."""
        z = self.row(x) if self.governor.champion == self.governor.model else None
        if z is None:
            return []
        parts = sorted(zip(NAMES, z * self.model.weights, strict=True), key=lambda p: -abs(p[1]))
        return [Factor(name, exp(float(part))) for name, part in parts if abs(part) > 0.005]

    def learn(self, x: Features, y: float, planned: float, *, day: int, level: float = 0.0) -> None:
        """Take in a slot's truth and what the day's plan said without events; ``level`` is a usual slot's."""
        if day != self.day:
            self._turn(day)
        z = self.row(x)
        degrees = x.get("temperature")
        if degrees is not None:
            known = degrees if self.usual_degrees is None else self.usual_degrees
            self.usual_degrees = known + 0.002 * (degrees - known)
        if z is None or planned <= 0.5:
            return
        mu = planned * exp(self.model.exponent(z))
        weight = min(4.0, max(0.02, planned / level)) if level > 0 else 1.0
        own, plain, truth = self.miss
        self.miss = Miss(own + abs(y - mu), plain + abs(y - planned), truth + y)
        self.model.learn(z, (y - mu) / mu, weight)

    def _turn(self, day: int) -> None:
        self.verdict = self.governor.close_day(*self.miss) if self.miss.truth else None
        self.day, self.miss = day, Miss()
