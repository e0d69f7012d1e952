"""Who may speak for a key: the champion, until it is worse than its reference.

The trade's rule: a forecast whose error exceeds its reference by 10 % (relative) is rolled back to the simpler
model. Measured once, the rule needs memory and hysteresis, or it rolls back thirty times a year for nothing:

- rolled back when the champion's error (14-day half-life) is above 1.10 × the baseline's for 5 days running;
- or at once when the last 2 days' error is above 1.8 × its own usual and above 1.5 × the baseline's;
- returned when its error in the shadow (5-day half-life, so that one disaster does not bar it for months) was
  below 1.00 × the baseline's for 7 days running;
- outer limit: a stated industry error, exceeded by 10 % for 5 days, rolls back too if the baseline is better.

Errors are absolute errors summed over a day; WAPE is their ratio to the day's truth.

A change of regime (the street is closed, and people come at other hours) makes everything that was learned slowly
wrong at once, baseline and mixture alike: ``Regime`` judges the better of both against the same slot last week, which
knows nothing older than a week and so is the first to be right again.
"""

from typing import NamedTuple

HALF_LIFE_DAYS = 14.0
SHADOW_HALF_LIFE_DAYS = 5.0
LIMIT = 1.10
HOLD_DAYS = 5
RETURN_DAYS = 7
MINIMUM_DAYS = 14
CALM = 1.2
FAST_OWN = 1.8
FAST_BASELINE = 1.5  # at 1.2 the days around Christmas tripped it, 0.7 times a store-year
REGIME_HALF_LIFE_DAYS = 42.0
REGIME_SHADOW_DAYS = 3.0
REGIME_RETURN_DAYS = 5
OVER = 0.75  # of last week's error: a model as good as that need not wait, the regime has ended


class Verdict(NamedTuple):
    """A change of champion and why, for the fact and the incident."""

    champion: str
    reason: str  # "worse_than_baseline", "sudden_error", "over_industry_error", "better_again"
    error: float  # WAPE of the model, smoothed
    reference: float  # WAPE it was judged against


class Governor:
    """Judges a model against its baseline once a day.

    Args:
        model: the challenger's name, who is champion at first; ``baseline``: the simpler model's.
        industry_wape: the shop's stated reference error, 0 for none.

    >>> governor = Governor("mixture", "profile")
    >>> verdicts = [governor.close_day(12.0, 10.0, 100.0) for _ in range(40)]
    >>> [v.reason for v in verdicts if v], governor.champion
    (['worse_than_baseline'], 'profile')
    """

    shadow_half_life_days, window = SHADOW_HALF_LIFE_DAYS, 2

    def __init__(self, model: str, baseline: str, *, industry_wape: float = 0.0) -> None:
        self.model = model
        self.baseline = baseline
        self.industry_wape = industry_wape
        self.champion = model
        self.days = 0
        self.own = self.other = self.truth = (
            0.0  # exponentially weighted sums of daily |error|, |y|
        )
        self.shadow = (0.0, 0.0)  # own and baseline errors, with the short memory
        self.recent: list[tuple[float, float, float]] = []  # the last days, ``window`` at most
        self.streak = 0  # days running that speak for a change

    def wape(self) -> float | None:
        """The model's smoothed error, ``None`` before the minimum sample."""
        return self.usual() if self.days >= MINIMUM_DAYS else None

    def baseline_wape(self) -> float | None:
        """The baseline's, the same way."""
        return self.other / self.truth if self.truth and self.days >= MINIMUM_DAYS else None

    def usual(self) -> float | None:
        """The model's usual error (WAPE), ``None`` before any day."""
        return self.own / self.truth if self.truth else None

    def close_day(self, own: float, baseline: float, truth: float) -> Verdict | None:
        """Take in a day's absolute errors and truth; returns a verdict when the champion changes."""
        if truth <= 0.0:
            return None
        usual = self.usual()
        self.days += 1
        keep = 0.5 ** (1 / HALF_LIFE_DAYS)
        self.own, self.other, self.truth = (
            total * keep + new
            for total, new in ((self.own, own), (self.other, baseline), (self.truth, truth))
        )
        fade = 0.5 ** (1 / self.shadow_half_life_days)
        self.shadow = (self.shadow[0] * fade + own, self.shadow[1] * fade + baseline)
        self.recent = [*self.recent, (own, baseline, truth)][-self.window :]
        if self.days < MINIMUM_DAYS or not self.other:
            return None
        return self._leave(usual) if self.champion == self.model else self._come_back()

    def _lately(self) -> tuple[float, float, float]:
        """Own and baseline errors and truth of the last days."""
        own, baseline, truth = (sum(day[i] for day in self.recent) for i in range(3))
        return own, baseline, truth

    def _sudden(self, usual: float | None) -> bool:
        own, baseline, truth = self._lately()
        known = usual is not None and len(self.recent) == self.window
        return known and own > FAST_OWN * (usual or 0.0) * truth and own > FAST_BASELINE * baseline

    def _leave(self, usual: float | None) -> Verdict | None:
        if self._sudden(usual):
            return self._change(self.baseline, "sudden_error")
        over_industry = self.industry_wape and self.own > LIMIT * self.industry_wape * self.truth
        worse = self.own > LIMIT * self.other
        if worse or (over_industry and self.own > self.other):
            self.streak += 1
        else:
            self.streak = 0
        if self.streak < HOLD_DAYS:
            return None
        return self._change(
            self.baseline, "worse_than_baseline" if worse else "over_industry_error"
        )

    def _come_back(self) -> Verdict | None:
        calm = all(own <= CALM * other for own, other, _ in self.recent)
        allowed = not self.industry_wape or self.own <= LIMIT * self.industry_wape * self.truth
        own, other = self.shadow
        better = own < other and calm and (allowed or own < 0.9 * other)
        self.streak = self.streak + 1 if better else 0
        if self.streak < RETURN_DAYS:
            return None
        self.own = self.other * own / other  # the disaster is forgotten with the rollback
        return self._change(self.model, "better_again")

    def _change(self, champion: str, reason: str) -> Verdict:
        self.champion = champion
        self.streak = 0
        return Verdict(champion, reason, self.own / self.truth, self.other / self.truth)


class Regime(Governor):
    """Judges a model against the same slot last week, by the last days alone.

    Rolled back when three days' error is above 1.8 × its own usual (42-day half-life) and 1.5 × last week's, and each
    day's above 1.2 × it. Returned when its error since (3-day half-life) was below last week's for 5 days running, or
    at once when three days' is below 0.75 × it: then the regime is over, and last week the wrong one.

    >>> regime = Regime("mixture", "naive")
    >>> days = [(5.0, 9.0)] * 30 + [(30.0, 99.0)] * 7 + [(30.0, 9.0)] * 6 + [(5.0, 9.0)] * 6
    >>> [(day, v.reason) for day, (own, last) in enumerate(days) if (v := regime.close_day(own, last, 50.0))]
    [(39, 'sudden_error'), (45, 'better_again')]
    """

    shadow_half_life_days, window = REGIME_SHADOW_DAYS, 3

    def __init__(self, model: str, baseline: str) -> None:
        super().__init__(model, baseline)
        self.calm = (0.0, 0.0)  # |error| and truth, with the long memory

    def usual(self) -> float | None:
        """Its usual error; a day counts as twice that at most, so that a week of disaster is not yet usual."""
        return self.calm[0] / self.calm[1] if self.calm[1] else None

    def close_day(self, own: float, baseline: float, truth: float) -> Verdict | None:
        """The same, and what is usual is learned."""
        usual, told = self.usual(), super().close_day(own, baseline, truth)
        most = own if usual is None else min(own, 2.0 * usual * truth)
        keep = 0.5 ** (1 / REGIME_HALF_LIFE_DAYS)
        self.calm = (self.calm[0] * keep + most, self.calm[1] * keep + truth)
        return told

    def _leave(self, usual: float | None) -> Verdict | None:
        each = all(own > CALM * last_week for own, last_week, _ in self.recent)
        if not (each and self._sudden(usual)):  # one holiday that repeats is no new regime
            return None
        self.shadow = (
            0.0,
            0.0,
        )  # the days that were new to both say nothing of who learns them sooner
        return self._change(self.baseline, "sudden_error")

    def _come_back(self) -> Verdict | None:
        own, other = self.shadow
        self.streak = self.streak + 1 if own < other else 0
        lately, last_week, _ = self._lately()
        if self.streak < REGIME_RETURN_DAYS and lately >= OVER * last_week:
            return None
        return self._change(self.model, "better_again")
