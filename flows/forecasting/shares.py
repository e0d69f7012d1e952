"""A part of a whole that has a forecast of its own: a door's visitors, a zone's visits, by hours.

    the whole's forecast × usual share of the hour ─┐
    own usual hour of the week ─────────────────────┴─▶ mixture ─▶ governor ─▶ forecast

The share (visits per visitor, for a zone) follows the hour, drawn towards the part's share of all hours by ``WORTH`` of
the whole; both fade. So a part inherits holidays, events and today's course from the whole, which sees more of them.
"""

from math import sqrt

import numpy as np

from flows.forecasting.bands import Bands
from flows.forecasting.governance import Governor
from flows.forecasting.mixture import Mixture
from flows.forecasting.profile import Series, WeeklyProfile

HOURS = 24
WORTH = 60.0  # people of the whole
KEEP = 0.97  # of what an hour showed, each day it is seen


class PartForecaster:
    """One part, by hours numbered from a Monday midnight.

    >>> part = PartForecaster()
    >>> for hour in range(24 * 21):
    ...     part.learn(hour, 10.0, whole=40.0, said=40.0)
    >>> round(part.say(24 * 21, 40.0)), part.say(24 * 21, 80.0) > 15
    (10, True)
    """

    def __init__(self) -> None:
        self.own: Series = np.zeros(HOURS, dtype=np.float32)
        self.whole: Series = np.zeros(HOURS, dtype=np.float32)
        self.profile = WeeklyProfile(HOURS)
        self.mix = Mixture((0.2, 0.8), rate=0.2)
        self.bands = Bands(HOURS, window=120)
        self.governor = Governor("mixture", "profile")
        self.day: int | None = None
        self.sums = [0.0, 0.0, 0.0]  # today's |error| of the mixture, of the profile, truth

    def share(self, hour: int) -> float | None:
        """The part's usual share of the whole in an hour of the day; ``None`` before any was seen."""
        total = float(self.whole.sum())
        if total <= 0:
            return None
        mean = float(self.own.sum()) / total
        return (float(self.own[hour]) + WORTH * mean) / (float(self.whole[hour]) + WORTH)

    def experts(self, step: int, whole: float) -> tuple[float, float] | None:
        """The profile's and the share's word on an hour of which the whole is forecast."""
        share, usual = self.share(step % HOURS), self.profile.usual(step)
        if share is None:
            return None
        by_share = whole * share
        return (by_share if usual is None else usual), by_share

    def say(self, step: int, whole: float) -> float | None:
        """The champion's forecast of an hour; ``None`` before anything was learned."""
        experts = self.experts(step, whole)
        if experts is None:
            return None
        back = self.governor.champion == self.governor.baseline
        return experts[0] if back else self.mix.blend(experts)

    def learn(
        self, step: int, y: float, *, whole: float, said: float | None, holiday: bool = False
    ) -> None:
        """Take in an hour: its count, the whole's, and what had been said of the whole (``None``: nothing)."""
        day, hour = divmod(step, HOURS)
        if day != self.day:
            if self.sums[2] > 0:
                self.governor.close_day(*self.sums)
            self.day, self.sums = day, [0.0, 0.0, 0.0]
        experts = None if said is None else self.experts(step, said)
        if experts is not None:
            value = self.say(step, said or 0.0) or 0.0
            self.bands.learn(y, value, hour, holiday=holiday)
            self.sums[0] += abs(y - self.mix.blend(experts))
            self.sums[1] += abs(y - experts[0])
            self.sums[2] += y
            self.mix.learn(experts, y, self.profile.level + 1.0)
        self.own[hour] = KEEP * self.own[hour] + y
        self.whole[hour] = KEEP * self.whole[hour] + whole
        self.profile.learn(step, y, holiday=holiday)

    def around(self, value: float, spread: float) -> tuple[float, float]:
        """A 95 % interval of a sum of hours: the whole's relative half width and the part's own scatter, in squares."""
        half = sqrt((value * spread) ** 2 + 1.96**2 * 1.5 * (value + 0.5))
        return max(0.0, value - half), value + half
