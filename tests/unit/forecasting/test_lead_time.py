"""The demand of a lead time has honest quantiles."""

import pickle

import numpy as np
import pytest

from flows.forecasting.lead_time import LeadTimeErrors, LeadTimeSums


@pytest.mark.parametrize("level", [0.9, 0.95, 0.98])
def test_the_quantile_is_not_exceeded_more_often_than_it_says(level: float) -> None:
    """Sums of overdispersed days stay under the quantile as often as its level, within two points."""
    draw = np.random.default_rng(4)
    errors = LeadTimeErrors(3)
    mean, variance, under = np.full(40, 30.0), np.full(40, 2.0), []
    for day in range(200):
        truth = draw.negative_binomial(6, 6 / 36, 40).astype(float)
        if day > 50:
            under.append(float((truth <= errors.quantile(level, mean, variance)).mean()))
        errors.learn(truth, mean, variance)
    assert abs(float(np.mean(under)) - level) < 0.02


def test_unknown_days_teach_nothing_and_a_young_window_is_normal() -> None:
    """A sum with a day unseen is left out; before enough was seen the quantile is the normal's."""
    errors = LeadTimeErrors(2)
    errors.learn(np.array([np.nan, 4.0]), np.array([3.0, 3.0]), np.ones(2))
    assert len(errors.errors) == 1
    told = errors.quantile(0.9, np.array([99.5]), np.array([1.0]))
    assert told[0] == pytest.approx(99.5 + 1.28 * 10)


def test_stored_and_loaded_it_says_the_same() -> None:
    """Half precision is what it says with, before and after it was stored."""
    errors = LeadTimeErrors(2)
    draw = np.random.default_rng(5)
    errors.learn(draw.poisson(9.0, 300).astype(float), np.full(300, 9.0), np.ones(300))
    loaded = pickle.loads(pickle.dumps(errors))  # noqa: S301  our own bytes
    asked = np.array([9.0, 20.0]), np.array([1.0, 2.0])
    assert (loaded.quantile(0.95, *asked) == errors.quantile(0.95, *asked)).all()


def test_sums_are_judged_when_their_last_day_is_known_and_a_day_left_out_ends_them() -> None:
    """A sum over so many days has an error once all of them were said and seen; after a gap they begin anew."""
    sums, counts = LeadTimeSums(7), np.full((3, 35), 10.0)
    for _ in range(7):
        sums.begun = sums.begun if len(sums.begun) else np.full((3, 7), np.nan)
        sums.add(np.full((3, 7), 9.0), 1)
        sums.learn(counts, np.ones(3))
    assert {days: len(errors.errors) for days, errors in sums.errors.items()} == {
        1: 21, 2: 18, 4: 12, 7: 3,
    }  # fmt: skip
    assert sums.begun[0].tolist() == [9.0 * days for days in range(1, 8)]
    assert pickle.loads(pickle.dumps(sums)).begun.tolist() == sums.begun.tolist()  # noqa: S301
    sums.add(np.full((3, 7), 9.0), 2)
    assert np.isnan(sums.begun[:, 1:]).all()
    assert sums.tail(3.0, 0.9) is None


def test_a_sum_beyond_half_precision_is_the_largest_kept() -> None:
    """An error of a hundred thousand deviations leaves every quantile finite."""
    errors = LeadTimeErrors(1)
    errors.learn(np.full(200, 100_000.0), np.zeros(200), np.full(200, 0.2))
    assert np.isfinite(errors.quantile(0.99, np.array([1.0]), np.array([1.0]))).all()
