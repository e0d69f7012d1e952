"""The rest of the day: one number, one model, learned when the day is over.

``rest = plan of the remaining slots · exp(w·what today has shown)``. Summing hourly forecasts adds their errors
up in one direction; this model learns instead how far a morning's surplus lasts into the evening. Each hour's
forecast waits as an *origin* until the day ends and then teaches the model how it went.
"""

from math import exp
from typing import NamedTuple

import numpy as np

from flows.forecasting.bands import Bands
from flows.forecasting.mixture import Mixture
from flows.forecasting.profile import Series, Vector
from flows.forecasting.recursive import RecursiveGlm
from flows.forecasting.slot_rows import REST


class Origin(NamedTuple):
    """A forecast of the rest made at some hour, waiting for the truth."""

    hour: int
    row: Series
    experts: tuple[float, float, float]
    seen: float  # counted so far when it was made
    spoken: float  # what the mixture said
    holiday: bool


class RestOfDay:
    """Learns the sum of what is still to come today. ``hours`` is how many origins a day it keeps."""

    def __init__(self, hours: int = 24) -> None:
        self.hours = hours
        self.model = RecursiveGlm(len(REST), forgetting=0.9985, trust=0.2)
        self.mixture = Mixture((0.02, 0.08, 0.9), rate=0.03, share=1e-5)
        self.bands = Bands(hours, window=360)
        self.origins: list[Origin] = []

    def experts(
        self, row: Vector, naive: float, usual: float, planned: float
    ) -> tuple[float, float, float]:
        """Seasonal naive, usual × today's ratio, the model; each for the sum of the remaining slots."""
        return naive, usual * exp(0.6 * float(row[3])), planned * exp(self.model.exponent(row))

    def wait(self, origin: Origin) -> None:
        """Keep a forecast until the day's end."""
        self.origins.append(origin)

    def close(self, total: float, usual: float) -> None:
        """The day is over with ``total``: learn from every origin; ``usual`` is a usual day's total."""
        if self.origins:
            told = [(total - o.seen, o.spoken, o.hour) for o in self.origins]
            self.bands.learn_all(told, holiday=self.origins[0].holiday)
        for origin in self.origins:
            rest = total - origin.seen
            mu = origin.experts[2]
            scale = 0.5 * usual + 1.0
            self.mixture.learn(origin.experts, rest, scale)
            if mu > 0.5:
                self.model.learn(
                    origin.row.astype(np.float64), (rest - mu) / mu, min(4.0, max(0.02, mu / scale))
                )
        self.origins = []
