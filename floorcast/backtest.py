"""Forecasts held against what came, walking forward: nothing is asked that the past did not yet hold. Pure.

closed quarters ─▶ for each model: say the next 15 min, the next hour, the rest of the day ─▶ truth ─▶ learn ─▶ scores

The truth is a store's final quarters as the floor published them; a quarter whose sensors were silent is neither
judged nor learned, as live.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from math import isnan
from typing import Literal

from msgspec import Struct

from flows.facts import Fact, FactBatch
from flows.forecasting.ahead import at_steps
from flows.forecasting.calendar import ShopCalendar, day_number
from flows.forecasting.contract import Band, Forecast, Forecaster
from flows.forecasting.naive import SeasonalNaive
from flows.forecasting.slots import SlotForecaster
from flows.settings import FlowsSettings
from sensors.settings import Store

QUARTER = timedelta(minutes=15)
SLOTS = 96
COVERED = 0.8  # below this share of sensor minutes a quarter is unknown
Target = Literal["visitors", "transactions", "net_sales"]
TARGETS: tuple[Target, ...] = ("visitors", "transactions", "net_sales")
Horizon = Literal["next15m", "next60m", "rest"]
HORIZONS: tuple[Horizon, ...] = ("next15m", "next60m", "rest")


class Truth(Struct, frozen=True):
    """One closed quarter: when it began and what the target came to in it, ``None`` if that is not known."""

    start: datetime
    value: float | None


class Row(Struct, frozen=True, kw_only=True):
    """How one model did at one store and horizon.

    Attributes:
        n: forecasts judged. wape: Σ|e| ÷ Σ|y|. bias: Σ(ŷ − y) ÷ Σy. mase: mean |e| ÷ mean |e| of the seasonal naive
            in the same evaluations. inside80, inside95: share within the intervals, ``None`` where none were given.
    """

    store: str
    target: Target
    model: str
    horizon: Horizon
    n: int
    wape: float | None
    bias: float | None
    mase: float | None
    inside80: float | None
    inside95: float | None


class Point(Struct, frozen=True, kw_only=True):
    """One forecast beside its truth, for the plot."""

    store: str
    target: Target
    model: str
    horizon: Horizon
    start: datetime
    said: float
    truth: float
    low: float | None = None
    high: float | None = None


class Truths:
    """Takes fact batches and keeps each store's final quarters of every target."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], dict[datetime, Truth]] = {}

    def take(self, batches: Iterable[FactBatch]) -> None:
        """Keep the newest word on each closed quarter."""
        for batch in batches:
            for fact in batch.facts:
                if _is_truth(fact):
                    known = fact.coverage is None or fact.coverage >= COVERED
                    value = (
                        float(fact.value) if known and isinstance(fact.value, int | float) else None
                    )
                    found = self._found.setdefault((fact.store, fact.metric), {})
                    found[fact.start] = Truth(fact.start, value)

    def of(self, store: str, target: Target = "visitors") -> list[Truth]:
        """Its quarters in order."""
        found = self._found.get((store, target), {})
        return [found[start] for start in sorted(found)]


def _is_truth(fact: Fact) -> bool:
    named = fact.window == "quarter" and not fact.subject and fact.metric in TARGETS
    return named and fact.state in ("settling", "final")


class Score:
    """Sums of errors as they come."""

    def __init__(self) -> None:
        self.n = self.banded = 0
        self.error = self.signed = self.truth = 0.0
        self.inside = {0.8: 0, 0.95: 0}

    def add(self, said: Forecast, truth: float) -> None:
        """One forecast and what came."""
        self.n += 1
        self.error += abs(said.value - truth)
        self.signed += said.value - truth
        self.truth += abs(truth)
        bands = {band.level: band for band in said.bands}
        if self.inside.keys() <= bands.keys():
            self.banded += 1
            for level in self.inside:
                self.inside[level] += bands[level].low <= truth <= bands[level].high

    def row(self, store: str, target: Target, model: str, horizon: Horizon, naive: "Score") -> Row:
        """What it comes to."""
        share = {k: v / self.banded if self.banded else None for k, v in self.inside.items()}
        return Row(
            store=store, target=target, model=model, horizon=horizon, n=self.n,
            wape=self.error / self.truth if self.truth else None,
            bias=self.signed / self.truth if self.truth else None,
            mase=self.error / naive.error if naive.error else None,
            inside80=share[0.8], inside95=share[0.95],
        )  # fmt: skip


MODELS: Mapping[str, Callable[[], Forecaster]] = {
    "seasonal naive": lambda: SeasonalNaive(SLOTS * 7),
    "floorcast": lambda: SlotForecaster(SLOTS),
}
NAIVE = "seasonal naive"


def walk(
    store: Store, truths: Sequence[Truth], settings: FlowsSettings, *, warm_days: int,
    models: Mapping[str, Callable[[], Forecaster]] = MODELS, target: Target = "visitors",
) -> tuple[list[Row], list[Point]]:  # fmt: skip
    """Walk one store's quarters forward with every model.

    Args:
        store: whose calendar and hours hold.
        truths: in order of time.
        settings: for the calendar's corrections.
        warm_days: of learning before the first forecast is judged.
        models: by name; each is made anew.
        target: what the truths are of.
    """
    calendar = ShopCalendar(store.country, settings.calendar.get(store.country))
    open_now = [truth for truth in truths if _is_open(store, truth.start)]
    if not open_now:
        return [], []
    begun = open_now[0].start + timedelta(days=warm_days)
    xs = [_features(store, calendar, truth.start) for truth in open_now]
    made = {name: model() for name, model in models.items()}
    scores = {(name, horizon): Score() for name in made for horizon in HORIZONS}
    points: list[Point] = []
    for n, truth in enumerate(open_now):
        if truth.start >= begun:
            _judge(store, target, made, open_now, xs, n, scores, points)
        if truth.value is not None:
            for model in made.values():
                model.learn_one(xs[n], max(0.0, truth.value))  # as live: no model says less than 0
    rows = [
        score.row(store.id, target, name, horizon, scores.get((NAIVE, horizon), Score()))
        for (name, horizon), score in scores.items()
        if score.n
    ]
    return rows, points


def _judge(
    store: Store, target: Target, made: Mapping[str, Forecaster], truths: Sequence[Truth],
    xs: Sequence[dict[str, float | None]], n: int, scores: dict[tuple[str, Horizon], Score],
    points: list[Point],
) -> None:  # fmt: skip
    """Ask every model for what lies ahead of quarter ``n`` and hold it against what came."""
    today = [m for m in range(n, len(truths)) if _day(store, truths[m]) == _day(store, truths[n])]
    spans: dict[Horizon, list[int]] = {"next15m": today[:1], "next60m": today[:4], "rest": today}
    for name, model in made.items():
        told = _told(model, [xs[m] for m in today])
        for horizon, span in spans.items():
            came = [truths[m].value for m in span]
            whole = len(span) == {"next15m": 1, "next60m": 4}.get(horizon, len(span))
            heard = [forecast for forecast in told[: len(span)] if forecast is not None]
            if not whole or None in came or len(heard) < len(span):
                continue
            said, truth = summed(heard), sum(value or 0.0 for value in came)
            scores[name, horizon].add(said, truth)
            band = said.band(0.95)
            points.append(
                Point(
                    store=store.id, target=target, model=name, horizon=horizon, start=truths[n].start,
                    said=round(said.value, 2), truth=truth,
                    low=round(band.low, 2) if band else None, high=round(band.high, 2) if band else None,
                )
            )  # fmt: skip


def _told(model: Forecaster, xs: Sequence[dict[str, float | None]]) -> Sequence[Forecast | None]:
    """What a model says of quarters that may lie behind a night; ``None`` where it knows nothing like it."""
    if not isinstance(model, SlotForecaster):
        return model.forecast(len(xs), xs)
    return [None if f is None or isnan(f.value) else f for f in at_steps(model, xs)]


def summed(told: Sequence[Forecast]) -> Forecast:
    """Several quarters as one number; bands only of a single quarter, since errors do not simply add.

    >>> summed([Forecast(1.0), Forecast(2.5)]).value
    3.5
    """
    bands: tuple[Band, ...] = told[0].bands if len(told) == 1 else ()
    return Forecast(sum(forecast.value for forecast in told), bands)


def _features(store: Store, calendar: ShopCalendar, start: datetime) -> dict[str, float | None]:
    local = start.astimezone(store.tz)
    step = day_number(local.date()) * SLOTS + (local.hour * 60 + local.minute) // 15
    return {"step": float(step), "open": 1.0, **calendar.features(local.date())}


def _day(store: Store, truth: Truth) -> object:
    return truth.start.astimezone(store.tz).date()


def _is_open(store: Store, start: datetime) -> bool:
    """Whether a quarter lies within the store's hours of a usual day; without hours it always does."""
    if not store.hours:
        return True
    local = start.astimezone(store.tz)
    name = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[local.weekday()]
    now = local.time()
    return any(
        name in hours.days
        and hours.opens <= now
        and (now < hours.closes or hours.closes <= hours.opens)
        for hours in store.hours
    )
