"""The usual week of one count: what each slot of the week normally sees.

Three smoothed memories, each an exponential mean with clipped updates: the slot of the week (rate 0.2 a
week), the slot of the day by kind of day (Monday–Thursday, Friday, Saturday, Sunday or holiday; faster,
since it sees a value a day), and the last week itself (the seasonal naive). Holidays update the weekly
memory at a quarter of the rate, so that one does not become next week's Monday.
"""

from math import isnan, log

import numpy as np
import numpy.typing as npt

Half = npt.NDArray[np.float16]
Series = npt.NDArray[np.float32]
Vector = npt.NDArray[np.float64]

LARGEST = 20_000.0  # three times it still fits a half
KINDS = 4  # Mon–Thu, Fri, Sat, Sun or holiday
_KIND_OF_WEEKDAY = (0, 0, 0, 0, 1, 2, 3)
_KIND_RATES = (0.15, 0.3, 0.3, 0.3)


def kind_of(weekday: int, *, holiday: bool) -> int:
    """The kind of day whose shape it takes; weekday 0 is Monday.

    >>> kind_of(4, holiday=False), kind_of(1, holiday=True)
    (1, 3)
    """
    return 3 if holiday else _KIND_OF_WEEKDAY[weekday]


class WeeklyProfile:
    """Profile, kinds of day and last week of one key; ``slots`` is how many slots a day has."""

    def __init__(self, slots: int) -> None:
        self.slots = slots
        # kept in half precision, in ``unit``: 0.05 % is finer than any count repeats itself
        self.unit = 1.0
        self.weekly: Half = np.full(7 * slots, np.nan, dtype=np.float16)
        self.by_kind: Half = np.full((KINDS, slots), np.nan, dtype=np.float16)
        self.last: Half = np.full(7 * slots, np.nan, dtype=np.float16)
        self.first: int | None = None  # slot ever learned
        self.level = 0.0  # mean per slot, to weigh busy slots against

    def usual(self, step: int) -> float | None:
        """The usual count in this slot: of the slot of the week, before it was seen of the kind of day."""
        value = float(self.weekly[step % (7 * self.slots)])
        if not isnan(value):
            return value * self.unit
        value = float(self.usual_of_day(step // self.slots)[step % self.slots])
        return None if isnan(value) else value

    def usual_of_day(self, day: int) -> Vector:
        """The usual counts of a whole day, NaN where nothing at all is known."""
        weekly: Vector = self.day_of(self.weekly, day)
        unseen = np.isnan(weekly)
        if not unseen.any():
            return weekly
        stand_in = self.kind(_KIND_OF_WEEKDAY[day % 7])
        known = ~np.isnan(self.by_kind)
        total = np.where(known, self.by_kind.astype(np.float64) * self.unit, 0.0).sum(axis=0)
        with np.errstate(invalid="ignore"):
            any_kind = total / known.sum(axis=0)
        stand_in = np.where(np.isnan(stand_in), any_kind, stand_in)
        blended: Vector = np.where(unseen, stand_in, weekly)
        return blended

    def day_of(self, series: Half, day: int) -> Vector:
        """One day's slots of a weekly series."""
        start = (day % 7) * self.slots
        slots: Vector = series[start : start + self.slots].astype(np.float64) * self.unit
        return slots

    def kind(self, kind: int) -> Vector:
        """The slots of a kind of day."""
        slots: Vector = self.by_kind[kind].astype(np.float64) * self.unit
        return slots

    def naive(self, step: int) -> float | None:
        """The same slot of the week when it was last seen."""
        value = float(self.last[step % (7 * self.slots)])
        return None if isnan(value) else value * self.unit

    def learn(self, step: int, y: float, *, holiday: bool, rate: float = 0.2) -> None:
        """Move the memories towards ``y``."""
        week, slot = step % (7 * self.slots), step % self.slots
        kind = kind_of(week // self.slots, holiday=holiday)
        while y > LARGEST * self.unit:
            self._coarsen()
        own = y / self.unit
        extra = 6.0 / self.unit
        self.first = step if self.first is None else self.first
        weeks = (step - self.first) // (7 * self.slots)
        before = float(self.weekly[week])
        usual = 0.0 if isnan(before) else before * self.unit
        rate *= 0.5 + 0.5 * usual / (usual + 30.0)  # few counts say little about their mean
        pace = rate / 4 if holiday else max(rate, 1 / (weeks + 1))  # a plain mean at first
        self.weekly[week] = _moved(float(self.weekly[week]), own, pace, extra)
        self.by_kind[kind, slot] = _moved(
            float(self.by_kind[kind, slot]), own, _KIND_RATES[kind], extra
        )
        self.last[week] = own
        self.level = y if self.level == 0.0 else self.level + 0.002 * (y - self.level)

    def _coarsen(self) -> None:
        """Sixteen times larger a unit, so that money fits as well as people."""
        for series in (self.weekly, self.by_kind, self.last):
            np.divide(series, 16, out=series)
        self.unit *= 16


def _moved(old: float, y: float, rate: float, extra: float) -> float:
    if isnan(old):
        return y
    # a festival counts as three times the usual at most
    return old + rate * (min(y, 3.0 * old + extra) - old)


def log_ratio(actual: float, usual: float, pad: float = 1.0) -> float:
    """Log of actual over usual, calm around zero: ``pad`` people are added to both.

    >>> log_ratio(0.0, 0.0), round(log_ratio(200.0, 100.0), 2)
    (0.0, 0.69)
    """
    return log((actual + pad) / (usual + pad))


def bounded(exponent: float, bound: float = 1.5) -> float:
    """Within ±``bound``: a log ratio that moves a forecast by a factor of 4.5 at most."""
    return min(bound, max(-bound, exponent))


def log_ratios(actual: Vector, usual: Vector, bound: float = 1.5) -> Vector:
    """``log_ratio`` of whole series, 0 where either is unknown, within ±``bound``."""
    ratios = np.log((actual + 1.0) / (usual + 1.0))
    return or_zero(np.clip(ratios, -bound, bound))


def or_zero(values: Vector) -> Vector:
    """The values, 0 where they are unknown (NaN)."""
    told: Vector = np.where(np.isnan(values), 0.0, values)
    return told
