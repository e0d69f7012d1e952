"""What every forecaster can do, and what a forecast is made of.

A forecaster is test-then-train: ``predict_one`` and ``forecast`` change nothing, ``learn_one`` is told the
truth afterwards. Features are named, so their order means nothing; a missing or ``None`` feature is
unknown, never an error. What a model needs from the past it keeps in its own small, picklable state.

The one feature slot models cannot do without is ``step``: the slot's number counted in local time from a
Monday midnight (``step % (7·S)`` is the slot of the week, ``step // S`` the day, S slots a day). Without
it they take the slot after the last one learned.
"""

import pickle
from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol, Self, runtime_checkable

Features = Mapping[str, float | None]

LEVELS = (0.80, 0.95)
"""Two-sided confidence of the intervals every forecast carries."""


class Band(NamedTuple):
    """An interval that should hold the truth with probability ``level``."""

    level: float
    low: float
    high: float


class Factor(NamedTuple):
    """One reason for a forecast: by how much it multiplies the usual value (1.2 is 20 % more)."""

    name: str
    effect: float


class Forecast(NamedTuple):
    """A number with its intervals, narrowest first."""

    value: float
    bands: tuple[Band, ...] = ()

    def band(self, level: float) -> Band | None:
        """The interval at ``level``, ``None`` if it is not known yet.

        >>> Forecast(4.0, (Band(0.8, 2.0, 6.0),)).band(0.8).high
        6.0
        """
        return next((b for b in self.bands if b.level == level), None)


@runtime_checkable
class Forecaster(Protocol):
    """The contract; ``tests/property/test_forecaster_laws.py`` holds every implementation to it."""

    def learn_one(self, x: Features, y: float) -> Self:
        """Take in the truth ``y`` (≥ 0) observed under ``x``; returns itself."""

    def predict_one(self, x: Features) -> float | None:
        """The expected value under ``x`` (≥ 0, finite), ``None`` before anything was learned."""

    def forecast(self, horizon: int, xs: Sequence[Features] = ()) -> list[Forecast]:
        """The next ``horizon`` values with intervals; ``xs`` are their known features, in order."""

    def explain(self, x: Features) -> list[Factor]:
        """Why ``predict_one(x)`` differs from the usual value, strongest first."""

    @property
    def state_size(self) -> int:
        """Bytes this key occupies in the recovery store."""


def pickled_size(model: object) -> int:
    """Bytes of the state as bytewax stores it."""
    return len(pickle.dumps(model, protocol=pickle.HIGHEST_PROTOCOL))


def feature(x: Features, name: str, default: float = 0.0) -> float:
    """A feature's value, ``default`` where it is missing or unknown.

    >>> feature({"rain": None}, "rain"), feature({"rain": 2.0}, "rain")
    (0.0, 2.0)
    """
    value = x.get(name)
    return default if value is None else float(value)
