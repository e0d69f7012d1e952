"""What the daily models keep of a key, the sums they learn from, and the row they look at."""

from math import log
from typing import NamedTuple

import numpy as np

from flows.forecasting.contract import Features, feature
from flows.forecasting.profile import Vector

EVENTS = (
    "promotion",
    "discount",
    "holiday",
    "holiday_tomorrow",
    "holiday_yesterday",
    "school_break",
)
WEATHER = ("rain", "temperature")
NAMES = (
    "bias", "weekday_shape", "week_ratio", "two_week_ratio", "last_day", "same_day_last_week",
    "same_day_two_weeks", "weekend", *EVENTS, "promotion_last_week", "discount_last_week", *WEATHER,
)  # fmt: skip
LOCAL = np.array([
    NAMES.index(n)
    for n in ("bias", "week_ratio", "same_day_last_week", "promotion", "discount", "holiday")
])  # fmt: skip
MEMORY = 35  # days kept: 28 for the level, as seen a week ago
PAD = 0.5


class Statistics:
    """A and b of a weighted regression; merging is addition.

    >>> a, b = Statistics(1), Statistics(1)
    >>> a.add(np.array([1.0]), 2.0, 1.0); b.add(np.array([1.0]), 4.0, 1.0)
    >>> a.merge(b); round(float(a.solve(np.zeros(1), 1e-9)[0]), 3)
    3.0
    """

    def __init__(self, size: int) -> None:
        self.a: Vector = np.zeros((size, size))
        self.b: Vector = np.zeros(size)

    def add(self, z: Vector, target: float, weight: float) -> None:
        """Take in a row; a negative weight takes it out again."""
        weighted = weight * z
        self.a += weighted[:, None] * z
        self.b += target * weighted

    def merge(self, other: "Statistics") -> None:
        """Add another worker's or key's sums."""
        self.a += other.a
        self.b += other.b

    def fade(self, keep: float) -> None:
        """Forget: everything known counts ``keep`` times as much."""
        self.a *= keep
        self.b *= keep

    def solve(self, prior: Vector, strength: float) -> Vector:
        """The weights, shrunk to ``prior`` with ``strength`` rows' worth."""
        eye = strength * np.eye(len(self.b))
        solved = np.linalg.solve(self.a + eye, self.b + strength * prior)
        return np.asarray(solved, dtype=np.float64)


class Key:
    """What one key (a store, a SKU in a store) remembers: five weeks, its weekday shape, its own weights."""

    def __init__(self) -> None:
        self.last: int | None = None  # the newest day
        self.counts: list[float | None] = []  # by day up to ``last``, None where unknown
        self.events: list[tuple[float, float]] = []  # promotion, discount of those days
        self.shape = [0.0] * 7  # log ratio to the level, by weekday
        self.own = Statistics(len(LOCAL))
        self.weights: Vector = np.zeros(
            len(LOCAL)
        )  # ``own`` solved: departures from the pooled model
        self.spread = 1.0  # mean |error| ÷ √forecast, one day ahead

    def known(self, until: int) -> list[float]:
        """The known counts of the 28 days up to ``until``, oldest first."""
        if self.last is None:
            return []
        end = len(self.counts) - max(0, self.last - until)
        return [c for c in self.counts[max(0, end - 28) : max(0, end)] if c is not None]

    def at(self, day: int) -> float | None:
        """The count of a day, ``None`` if unknown."""
        i = self._index(day)
        return None if i is None else self.counts[i]

    def weeks(self, day: int) -> list[float | None]:
        """The counts of the same weekday one to four weeks before a day; ``None`` where unknown."""
        if self.last is None:
            return [None] * 4
        n = len(self.counts)
        i = n - 1 - (self.last - day)
        return [self.counts[at] if 0 <= at < n else None for at in (i - 7, i - 14, i - 21, i - 28)]

    def event_at(self, day: int) -> tuple[float, float]:
        """Promotion and discount of a past day, 0 where unknown."""
        i = self._index(day)
        return (0.0, 0.0) if i is None else self.events[i]

    def _index(self, day: int) -> int | None:
        if self.last is None:
            return None
        i = len(self.counts) - 1 - (self.last - day)
        return i if 0 <= i < len(self.counts) else None

    def learn(self, day: int, y: float, x: Features) -> None:
        """Take in a day after ``last``; its surprise moves the weekday's shape."""
        known = self.known(day - 1)
        if len(known) >= 3:
            level = sum(known) / len(known)
            ratio = min(1.5, max(-1.5, log((y + PAD) / (level + PAD))))
            self.shape[day % 7] += 0.15 * (ratio - self.shape[day % 7])
        gap = 0 if self.last is None else min(MEMORY, day - self.last - 1)
        event = (feature(x, "promotion"), feature(x, "discount"))
        self.counts = [*self.counts, *[None] * gap, y][-MEMORY:]
        self.events = [*self.events, *[(0.0, 0.0)] * gap, event][-MEMORY:]
        self.last = day


class Announced(NamedTuple):
    """What was said of a day before it: its events, and its weather."""

    events: tuple[float, ...]
    weather: tuple[float, ...]


def announced(x: Features) -> Announced:
    """A day's events and weather, the same at every horizon."""
    events, weather = (tuple(feature(x, name) for name in names) for names in (EVENTS, WEATHER))
    return Announced(events, weather)


def row_of(
    state: Key, day: int, until: int, known: list[float], level: float, said: Announced,
    weeks: list[float | None],
) -> Vector:  # fmt: skip
    """The pooled model's features of a day, from what was known on the evening of ``until``."""
    shape, weekday = state.shape, day % 7
    last = state.at(until)
    recent, fortnight = known[-7:], known[-14:]
    promotion, discount = state.event_at(day - 7)
    return np.array((
        1.0,
        shape[weekday],
        log_to(sum(recent) / len(recent), level) if recent else 0.0,
        log_to(sum(fortnight) / len(fortnight), level) if fortnight else 0.0,
        0.0 if last is None else log_to(last, level) - shape[until % 7],
        *(0.0 if count is None else log_to(count, level) - shape[weekday] for count in weeks[:2]),
        float(weekday >= 5), *said.events, promotion, discount, *said.weather,
    ))  # fmt: skip


PRIOR: Vector = np.array(
    [{"weekday_shape": 1.0, "week_ratio": 0.6, "last_day": 0.1}.get(n, 0.0) for n in NAMES]
)
"""Weights before anything was learned: the weekday's shape, and most of last week's departure from the level."""


def log_to(count: float, level: float) -> float:
    """Log ratio of a count to a level, bounded."""
    return min(2.0, max(-2.0, log((count + PAD) / (level + PAD))))


def smoothed(counts: list[float], alpha: float = 0.15) -> float:
    """Simple exponential smoothing over the known counts."""
    value, young = counts[0], int(1 / alpha)  # so many are a plain mean
    for i, count in enumerate(counts[1:young], start=2):
        value += (count - value) / i
    for count in counts[young:]:
        value += alpha * (count - value)
    return value
