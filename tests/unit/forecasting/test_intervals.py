"""Intervals hold what they promise."""

import random

import numpy as np
import pytest

from flows.forecasting.bands import Bands
from flows.forecasting.conformal import AdaptiveConformal
from flows.forecasting.counts import count_quantile, upper_tail
from flows.forecasting.mixture import Mixture


@pytest.mark.parametrize("shape", ["normal", "skewed", "growing"])
def test_coverage_holds_whatever_the_errors_look_like(shape: str) -> None:
    """80 % and 95 % intervals cover within two and one points, for skewed and for growing errors too."""
    draw = random.Random(4)
    conformal = AdaptiveConformal()
    inside, count = [0, 0], 6000
    for i in range(count):
        error = {
            "normal": draw.gauss(0, 1),
            "skewed": draw.expovariate(1) - 0.3,
            "growing": draw.gauss(0, 1 + i / 2000),
        }[shape]
        for level, (low, high) in enumerate(conformal.tails()):
            inside[level] += low <= error <= high
        conformal.learn(error)
    assert abs(inside[0] / count - 0.80) < 0.02
    assert abs(inside[1] / count - 0.95) < 0.011


def test_the_tails_are_signed() -> None:
    """A forecaster that is always low gets an interval above it, not a wide one around it."""
    conformal = AdaptiveConformal()
    for i in range(500):
        conformal.learn(2.0 + i % 10 / 10)
    low, high = conformal.tails()[0]
    assert 1.9 < low < high < 3.0


@pytest.mark.parametrize(
    ("mean", "least", "most"), [(0.4, 0.78, 0.97), (2.0, 0.77, 0.90), (60.0, 0.78, 0.83)]
)
def test_counts_small_and_large_are_covered(mean: float, least: float, most: float) -> None:
    """The 80 % interval of Poisson counts covers them; small counts cannot be cut exactly, so it may cover more."""
    draw = random.Random(8)
    bands = Bands(24)
    inside = 0
    for i in range(4000):
        y, below = 0, draw.expovariate(mean)
        while below < 1:
            y, below = y + 1, below + draw.expovariate(mean)
        inside += bands.around(mean, i % 24)[0].low <= y <= bands.around(mean, i % 24)[0].high
        bands.learn(float(y), mean, i % 24)
    assert least <= inside / 4000 <= most


def test_small_counts_have_whole_bounds() -> None:
    """Between 0 and 3 visitors an hour the bounds are whole numbers of people."""
    bands = Bands(1)
    for mean in (0.1, 0.8, 2.7):
        for band in bands.around(mean, 0):
            assert band.low == int(band.low)
            assert band.high == int(band.high)


def test_quantiles_and_tails_agree() -> None:
    """The q quantile is the first count whose upper tail beyond it is at most 1 − q."""
    for mu, variation in ((0.5, 0.0), (3.0, 0.4), (40.0, 0.05)):
        for q in (0.1, 0.5, 0.9, 0.975):
            k = int(count_quantile(q, mu, variation))
            assert upper_tail(k + 1, mu, variation) <= 1 - q + 1e-9
            assert k == 0 or upper_tail(k, mu, variation) > 1 - q


def test_the_mixture_follows_the_best_and_forgives() -> None:
    """Weight goes to the better expert, and returns to one that was wrong for long once it is right."""
    mixture = Mixture((0.5, 0.5))
    for _ in range(400):
        mixture.learn((10.0, 14.0), 10.0, 10.0)
    assert mixture.weights[0] > 0.9
    for _ in range(400):
        mixture.learn((10.0, 14.0), 14.0, 10.0)
    assert mixture.weights[1] > 0.9
    assert sum(mixture.weights) == pytest.approx(1.0)


def test_holidays_are_calibrated_apart() -> None:
    """Holidays that err four times as much are covered by 70 % and more, and the ordinary days stay at 80 %."""
    draw = random.Random(6)
    bands = Bands(24)
    inside = {True: [0, 0], False: [0, 0]}
    for day in range(400):
        holiday = day % 12 == 5
        wrong = draw.gauss(0, 40.0 if holiday else 6.0)  # a day's slots err alike
        told = [(max(0.0, 100 + wrong + draw.gauss(0, 8)), 100.0, slot) for slot in range(24)]
        for y, mu, slot in told if day > 60 else []:
            band = bands.around(mu, slot, holiday=holiday)[0]
            inside[holiday][0] += band.low <= y <= band.high
            inside[holiday][1] += 1
        bands.learn_all(told, holiday=holiday)
    assert inside[True][0] / inside[True][1] >= 0.70
    assert abs(inside[False][0] / inside[False][1] - 0.80) < 0.03


def test_a_day_said_at_once_is_judged_at_once() -> None:
    """The order in which a day's truths are told does not matter to how its intervals are judged."""
    told = [(100.0 + 9 * slot, 100.0, slot) for slot in range(24)]
    plain, turned = Bands(24), Bands(24)
    for _ in range(2):  # both have enough residuals to adapt their levels by
        plain.learn_all(told)
        turned.learn_all(told)
    for _ in range(10):
        plain.learn_all(told)
        turned.learn_all(told[::-1])
    assert np.allclose(plain.conformal.alphas, turned.conformal.alphas)
    assert plain.conformal.ordered == turned.conformal.ordered


def test_nights_do_not_narrow_the_busy_hours() -> None:
    """Hours in which nobody comes are always covered and must not talk the others' intervals narrow."""
    draw = np.random.default_rng(3)
    bands = Bands(24)
    inside = count = 0
    for _ in range(200):
        for slot in range(24):
            mu = 5.0 if 9 <= slot < 15 else 0.02
            y = float(draw.poisson(mu))
            if mu > 1:
                inside += bands.around(mu, slot)[0].low <= y <= bands.around(mu, slot)[0].high
                count += 1
            bands.learn(y, mu, slot)
    assert inside / count >= 0.78
