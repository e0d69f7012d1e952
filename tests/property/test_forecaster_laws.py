"""Laws every forecaster keeps, discovered models and all."""

import importlib
import inspect
import pickle
import pkgutil
import random
from collections.abc import Callable
from math import isfinite
from typing import Self

import pytest

import flows.forecasting
from flows.forecasting.contract import Features, Forecast, Forecaster, pickled_size
from flows.forecasting.lumpy import Ses, Tsb
from flows.forecasting.naive import SeasonalNaive
from flows.forecasting.one_key import DailyForecaster
from flows.forecasting.slots import SlotForecaster

MODELS: dict[str, Callable[[], Forecaster]] = {
    "seasonal naive": lambda: SeasonalNaive(168),
    "slots, hours": lambda: SlotForecaster(24),
    "slots, quarter-hours": lambda: SlotForecaster(96),
    "daily": DailyForecaster,
    "ses": Ses,
    "tsb": Tsb,
}
every = pytest.mark.parametrize("make", MODELS.values(), ids=MODELS.keys())


def truths(
    count: int, seed: int = 7, first: int = 0
) -> list[tuple[dict[str, float | None], float]]:
    """Steps with features and counts: a daily wave, noise, zeros, holidays, a promotion, now and then a gap."""
    draw = random.Random(seed)
    made: list[tuple[dict[str, float | None], float]] = []
    for step in range(first, first + count):
        holiday = float(step // 24 % 11 == 0)
        promotion = draw.choice([0.0, 0.0, 1.0, None])
        mean = 12 + 9 * ((step % 24) / 12 - 1) + 6 * (promotion or 0) - 4 * holiday
        x = {"step": float(step), "holiday": holiday, "promotion": promotion, "rain": draw.random()}
        if draw.random() > 0.02:
            made.append((x, float(max(0, round(draw.gauss(mean, 3))))))
    return made


def taught(make: Callable[[], Forecaster], count: int = 400, seed: int = 7) -> Forecaster:
    """A model that has heard ``count`` truths."""
    model = make()
    for x, y in truths(count, seed):
        model.learn_one(x, y)
    return model


def next_x(step: int = 400) -> dict[str, float | None]:
    return {"step": float(step), "holiday": 0.0, "promotion": 1.0, "rain": 0.4}


@every
def test_it_is_a_forecaster(make: Callable[[], Forecaster]) -> None:
    """It has every method of the contract."""
    assert isinstance(make(), Forecaster)


@every
def test_predicting_changes_nothing(make: Callable[[], Forecaster]) -> None:
    """Asking, explaining and forecasting leave no trace in what the model says or learns afterwards."""
    asked, silent = taught(make), taught(make)
    before = asked.forecast(3, [next_x(400 + d) for d in range(3)])
    for d in (0, 5, 30):
        asked.predict_one(next_x(400 + d))
        asked.explain(next_x(400 + d))
    assert asked.forecast(3, [next_x(400 + d) for d in range(3)]) == before
    for x, y in truths(60, 8, first=400):
        asked.learn_one(x, y)
        silent.learn_one(x, y)
    assert asked.forecast(5) == silent.forecast(5)


@every
def test_feature_order_is_irrelevant(make: Callable[[], Forecaster]) -> None:
    """The same features in another order give the same model, to the last bit."""
    plain, turned = make(), make()
    for x, y in truths(300):
        plain.learn_one(x, y)
        turned.learn_one(dict(reversed(x.items())), y)
    x = next_x(300)
    assert plain.predict_one(x) == turned.predict_one(dict(reversed(x.items())))


@every
def test_missing_features_are_no_error(make: Callable[[], Forecaster]) -> None:
    """Without any feature, with unknown ones and with ``None``, it still gives a finite forecast ≥ 0."""
    model = taught(make)
    odd: list[Features] = [
        {},
        {"step": None},
        {"holiday": None, "step": 401.0},
        {"never heard of": 3.0},
    ]
    for x in odd:
        said = model.predict_one(x)
        assert said is not None
        assert isfinite(said)
        assert said >= 0


@every
def test_a_fresh_model_is_honest(make: Callable[[], Forecaster]) -> None:
    """Before the first truth it says that it does not know, and learning from nothing known is no error."""
    assert make().predict_one({"step": 3.0}) is None
    make().learn_one({}, 4.0)


@every
def test_pickling_loses_nothing(make: Callable[[], Forecaster]) -> None:
    """A model that was stored and loaded says and learns the same as one that was not."""
    model = taught(make)
    loaded = pickle.loads(pickle.dumps(model))  # noqa: S301  our own bytes
    for x, y in truths(100, 9, first=400):
        assert loaded.predict_one(x) == model.predict_one(x)
        model.learn_one(x, y)
        loaded.learn_one(x, y)
    assert loaded.forecast(8) == model.forecast(8)


@every
def test_learning_is_deterministic(make: Callable[[], Forecaster]) -> None:
    """Two models told the same say the same: nothing is drawn unseeded."""
    assert taught(make).forecast(4) == taught(make).forecast(4)


@every
def test_the_state_stays_small(make: Callable[[], Forecaster]) -> None:
    """At most 16 KB a key, and no growth with the length of history."""
    model, told = make(), truths(24 * 80)
    sizes = []
    for half in (told[: len(told) // 2], told[len(told) // 2 :]):
        for x, y in half:
            model.learn_one(x, y)
        sizes.append(model.state_size)
    early, late = sizes
    assert late <= 16_384
    assert late <= early * 1.15 + 64


@every
def test_intervals_are_nested(make: Callable[[], Forecaster]) -> None:
    """Every interval is ordered, not negative, and the wider level holds the narrower."""
    for told in taught(make).forecast(30):
        for band in told.bands:
            assert 0 <= band.low <= band.high
        if told.bands:
            narrow, wide = told.bands
            assert wide.low <= narrow.low
            assert narrow.high <= wide.high


@every
def test_nothing_explodes(make: Callable[[], Forecaster]) -> None:
    """A million in one slot, long silence and zeros leave it finite, and back in range within two weeks."""
    model = taught(make)
    model.learn_one({"step": 400.0}, 1e6)
    for step in range(401 + 24 * 7, 401 + 24 * 21):
        model.learn_one({"step": float(step)}, 10.0)
    said = [told.value for told in model.forecast(24)]
    assert all(isfinite(v) and 0 <= v < 2e5 for v in said)


def looks_ahead(make: Callable[[], Forecaster]) -> bool:
    """Whether its forecasts depend on truths that come later.

    The same past under two futures: a forecast made before they part must be equal. Each truth is put in its
    features, too, the way a leaking feature table would.
    """
    said = []
    for change in (0.0, 40.0):
        model = make()
        heard: list[float | None] = []
        rows = [
            (x, y + change * (x["step"] or 0) % 7 if i >= 300 else y)
            for i, (x, y) in enumerate(truths(320))
        ]
        if hasattr(model, "attach"):
            model.attach(rows)  # what a model that keeps a handle on its table would have
        for x, y in rows[:300]:
            heard.append(model.predict_one(x))
            model.learn_one(x, y)
        heard += [told.value for told in model.forecast(20)]
        said.append(heard)
    return said[0] != said[1]


class Leaking(SeasonalNaive):
    """A model given the whole table: it reads tomorrow from it."""

    def __init__(self) -> None:
        super().__init__(24)
        self.table: dict[float, float] = {}

    def attach(self, rows: list[tuple[dict[str, float | None], float]]) -> None:
        self.table = {x["step"] or 0.0: y for x, y in rows}

    def learn_one(self, x: Features, y: float) -> Self:
        super().learn_one(x, y)
        return self

    def forecast(self, horizon: int, xs: object = ()) -> list[Forecast]:  # noqa: ARG002
        first = (self.step or 0) + 1
        return [Forecast(self.table.get(float(first + d), 0.0)) for d in range(horizon)]


@every
def test_it_does_not_look_ahead(make: Callable[[], Forecaster]) -> None:
    """What it says does not change with truths it has not been told."""
    assert not looks_ahead(make)


def test_a_model_given_the_future_is_caught() -> None:
    """The law above has teeth: a leaking model fails it."""
    assert looks_ahead(Leaking)


class Peeking(SeasonalNaive):
    """A model that reads the truth of the slot it is asked for from its table."""

    def __init__(self) -> None:
        super().__init__(24)
        self.table: dict[float, float] = {}

    def attach(self, rows: list[tuple[dict[str, float | None], float]]) -> None:
        self.table = {x["step"] or 0.0: y for x, y in rows}

    def predict_one(self, x: Features) -> float | None:
        step = x.get("step")
        return super().predict_one(x) if step is None else self.table.get(step + 1, 0.0)


def test_a_model_that_peeks_a_slot_ahead_is_caught() -> None:
    """Reading the next slot's truth while predicting this one fails the law as well."""
    assert looks_ahead(Peeking)


def test_the_laws_hold_for_every_model_there_is() -> None:
    """A class under ``flows.forecasting`` that keeps the contract is under the laws above; none is forgotten."""
    found = set()
    for module in pkgutil.iter_modules(flows.forecasting.__path__):
        for thing in vars(importlib.import_module(f"flows.forecasting.{module.name}")).values():
            methods = ("learn_one", "predict_one", "forecast", "explain", "state_size")
            whole = inspect.isclass(thing) and all(hasattr(thing, name) for name in methods)
            if whole and not getattr(thing, "_is_protocol", False):
                found.add(thing)
    assert found == {type(make()) for make in MODELS.values()}


def test_size_is_what_the_store_keeps() -> None:
    """``state_size`` is the pickled size."""
    model = taught(lambda: SlotForecaster(24))
    assert model.state_size == pickled_size(model)
