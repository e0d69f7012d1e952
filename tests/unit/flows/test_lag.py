"""The lag from door to till, learned from counts by minute."""

import numpy as np
import pytest

from flows.inference.lag import LONGEST, Lag, Shares, learn


@pytest.mark.parametrize("true", [Lag(8.0, 4.0), Lag(25.0, 10.0)])
def test_the_lag_is_learned_from_counts_alone(true: Lag) -> None:
    """From a prior of 15 minutes the mean comes to within two minutes of the truth in sixty days of quarters."""
    rng = np.random.default_rng(7)
    shape, scale = (true.mean / true.sd) ** 2, true.sd**2 / true.mean
    known = Shares(200.0, 200.0 * 15, 200.0 * (15**2 + 9**2))
    for _day in range(60):
        visitors = rng.poisson(1.4, 720) * rng.choice([1, 2, 3], 720)
        entered = np.repeat(np.arange(720), visitors)
        bought = entered[rng.random(len(entered)) < 0.25]
        minutes = (bought + rng.random(len(bought)) + rng.gamma(shape, scale, len(bought))).astype(
            int
        )
        sales = np.bincount(minutes, minlength=1200)[:720].astype(float)
        for start in range(LONGEST, 720, 15):
            span = visitors[start - LONGEST + 1 : start + 15].astype(float)
            known = known.plus(learn(span, sales[start : start + 15], known.lag)).faded(3000)
    assert known.lag.mean == pytest.approx(true.mean, abs=2.0)
    assert known.lag.mean != pytest.approx(15.0, abs=2.0)


def test_even_traffic_teaches_nothing() -> None:
    """Where visitors come evenly any lag fits, and what was believed stays."""
    before = Lag(15.0, 9.0)
    found = learn(np.full(LONGEST + 14, 2.0), np.ones(15), before).lag
    assert found.mean == pytest.approx(before.mean, abs=0.3)
