"""What each SKU will sell: learned day by day for all of a store's SKUs at once, spread over the day's hours. Pure.

A shelf that was empty did not show its demand: quarter-hours in which a SKU was known to be out are noted as they
become final, and the day's sales are divided by the share of the day (by the store's hourly shape) in which it could be
bought; a day with less than half of it teaches nothing of the SKU.
"""

import pickle
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from msgspec import Struct

from flows.announced import Words, newest_word, slot_features, words_of
from flows.forecasting.contract import Band, Forecast
from flows.forecasting.counts import count_quantiles
from flows.forecasting.panel import HORIZONS, UnitsPanel
from flows.forecasting.profile import Vector
from flows.measure import View
from flows.panes import Squeezed, squeeze, unsqueeze
from flows.profile import Profile, instant_of, minute_of
from flows.spans import QUARTER
from flows.states import remembered
from flows.tallies.sales import SkuTally, TillTally
from flows.tallies.stock import StockLevel

SKUS = 5_000  # at most: ranged ones, and those that sold in the last five weeks
THAWED = 64 << 20  # bytes of panels that are kept thawed: some 150 of 500 SKUs
FORECASTS = 16 << 20  # bytes of what they said
SLICES = 4  # SKUs are told in turn, a slice with each final quarter-hour
FEWEST = 0.5  # of a day's demand that must have met a full shelf, for the day to teach
TAILS = ((1 - 0.8) / 2, (1 + 0.8) / 2, (1 - 0.95) / 2, (1 + 0.95) / 2)
CREDIT = 5.0  # units that a day's forecast weighs against what today has sold


class UnitsMemory(Struct):
    """The panel as bytes, and today so far.

    Attributes:
        state: ``UnitsPanel``, pickled and compressed; empty before the first day.
        learned: first minute of the last day learned.
        out: by SKU, the share of the day's demand (by hour) that met an empty shelf.
        hours: units sold by hour of the day, today; ``shape``: their usual share.
        until: end of the newest final quarter.
        taught_at, slices: the minute of the last final quarters, and whose turn it is to be told.
        owed: slices whose days have not been told since the last day was learned or the last plan (``heard``) was said.
    """

    state: Squeezed = b""
    learned: int = 0
    out: dict[str, float] = {}
    hours: list[float] = []
    shape: list[float] = []
    until: int = 0
    taught_at: int = 0
    slices: list[int] = []
    owed: list[int] = []
    heard: float = 0.0


@remembered(THAWED, size=lambda panel: panel.counts.nbytes + panel.promoted.nbytes)
def panel_of(state: bytes) -> UnitsPanel:
    """The panel in a memory's state, to look at only."""
    panel = pickle.loads(unsqueeze(state))  # noqa: S301  our own recovery state, as bytewax itself keeps it
    assert isinstance(panel, UnitsPanel)  # noqa: S101
    return panel


def shape_of(memory: UnitsMemory) -> Sequence[float]:
    """The share of a day's units that each hour sells; even before any day was learned."""
    return memory.shape or [1 / 24] * 24


# ── learn ─────────────────────────────────────────────────────────────────────────────────────────────────
def learn_quarter(memory: UnitsMemory, view: View) -> None:
    """Note a final quarter's units by hour, and which shelves were empty in it."""
    now = minute_of(view.at)
    if memory.taught_at != now:
        memory.owed = [turn for turn in memory.owed if turn not in memory.slices]
        memory.taught_at, memory.slices = now, []
    memory.slices = sorted({*memory.slices, view.start // QUARTER % SLICES})
    heard = newest_word(words_of(view))
    if heard > memory.heard:
        memory.heard, memory.owed = heard, list(range(SLICES))
    since, memory.until = memory.until, view.end
    opened = view.profile.open_minutes(view.start)
    if view.profile.store.hours and not opened.start <= view.start < opened.stop:
        return
    hour = instant_of(view.start).astimezone(view.profile.store.tz).hour
    memory.hours = memory.hours or [0.0] * 24
    memory.hours[hour] += max(0, view.total(TillTally).units)
    since = max(since, opened.start, view.profile.day_of(view.start)[0])
    lost = share_between(view.profile, shape_of(memory), min(since, view.start), view.end)
    for sku, level in view.of(StockLevel).items():
        if level.counted is not None and (level.on_hand or 0) <= 0:
            memory.out[sku] = memory.out.get(sku, 0.0) + lost


def learn_day(memory: UnitsMemory, view: View) -> None:
    """Take in a final day; one on which nothing was sold at all (closed, or the tills were away) teaches nothing."""
    out, memory.out = memory.out, {}
    hours, memory.hours = memory.hours, []
    sold = view.of(SkuTally)
    if view.start <= memory.learned or not any(tally.units > 0 for tally in sold.values()):
        return
    memory.learned, memory.owed = view.start, list(range(SLICES))
    panel = pickle.loads(unsqueeze(memory.state)) if memory.state else UnitsPanel()  # noqa: S301  our own recovery state
    units = {sku: float(max(0, tally.units)) for sku, tally in sold.items()}
    names = _kept(panel, view.profile, units)
    demand = {sku: uncensored(units.get(sku, 0.0), out.get(sku, 0.0)) for sku in names}
    asked = instant_of(view.start)
    words = words_of(view)
    x = slot_features(view.profile, _noon(view.profile, view.start), 60, words, asked)
    day = int(x["step"] or 0) // 24
    panel.learn(
        day, demand, x, promotions(view.profile, words, view.start, asked.timestamp(), names)
    )
    memory.state = squeeze(pickle.dumps(panel, protocol=pickle.HIGHEST_PROTOCOL))
    total = sum(hours)
    if total > 0:
        known = list(shape_of(memory)) if memory.shape else [h / total for h in hours]
        memory.shape = [
            round(s + 0.1 * (h / total - s), 6) for s, h in zip(known, hours, strict=True)
        ]


def uncensored(units: float, out: float) -> float | None:
    """The demand behind a day's sales of a SKU that was out for a share of it; ``None`` if too little was seen.

    >>> uncensored(8.0, 0.2), uncensored(3.0, 0.7), uncensored(5.0, 0.0)
    (10.0, None, 5.0)
    """
    return units / (1 - out) if out <= 1 - FEWEST else None


def _kept(panel: UnitsPanel, profile: Profile, sold: dict[str, float]) -> list[str]:
    """Whose days are kept: the range, what sold today, and what sold in five weeks; the most sold first."""
    lately = dict(zip(panel.skus, panel.totals().tolist(), strict=True))
    names = {*profile.products, *sold, *(sku for sku, units in lately.items() if units > 0)}
    return sorted(names, key=lambda sku: (sku not in profile.products, -lately.get(sku, 0.0), sku))[:SKUS]  # fmt: skip


def _noon(profile: Profile, minute: int) -> int:
    """The hour at the middle of a business day's opening, or of the day."""
    opened = profile.open_minutes(minute) or range(*profile.day_of(minute))
    middle = (opened.start + opened.stop) // 2
    return middle - middle % 60


def promotions(
    profile: Profile, words: Words, minute: int, asked: float, skus: Sequence[str]
) -> dict[str, float]:
    """The promotion's strength by SKU on the business day that holds ``minute``, as announced by ``asked``.

    A promotion of the whole store, of a SKU's category or of the SKU itself counts; of several the strongest.
    """
    start, end = (bound * 60 for bound in profile.day_of(minute))
    told = [
        word for word in words
        if word.about == "promotion" and word.heard <= asked and word.starts < end and word.ends > start
    ]  # fmt: skip
    if not told:
        return {}
    newest = {(word.subject, word.starts, word.ends): word for word in told}
    by_subject: dict[str, float] = {}
    for word in newest.values():
        by_subject[word.subject] = max(by_subject.get(word.subject, 0.0), word.value)
    found = {}
    for sku in skus:
        product = profile.products.get(sku)
        names = ["", f"sku:{sku}", *([f"category:{product.category}"] if product else [])]
        strength = max((by_subject.get(name, 0.0) for name in names), default=0.0)
        if strength > 0:
            found[sku] = strength
    return found


# ── the days ahead ────────────────────────────────────────────────────────────────────────────────────────
class DaysAhead(NamedTuple):
    """What the panel says of the coming business days, today (or the first not yet learned) first.

    Attributes:
        value: units, days × SKUs.
    """

    bounds: list[tuple[int, int]]
    value: Vector
    horizons: list[int]


def days_ahead(view: View, days: int = HORIZONS) -> DaysAhead | None:
    """Today and the days after it; ``None`` before anything was learned."""
    memory = view.memory(UnitsMemory)
    if not memory.state:
        return None
    return _days(view.profile, memory.state, view.profile.day_of(minute_of(view.at)), days, words_of(view))  # fmt: skip


@remembered(FORECASTS, size=lambda found: found.value.nbytes)
def _days(
    profile: Profile, state: bytes, today: tuple[int, int], days: int, words: Words
) -> DaysAhead:
    panel, bounds = panel_of(state), [today]
    while len(bounds) < days:
        bounds.append(profile.day_of(bounds[-1][1]))
    heard = newest_word(words)
    values, horizons = [], []
    for start, _end in bounds:
        asked = instant_of(max(today[0], int(heard // 60) + 1))
        x = slot_features(profile, _noon(profile, start), 60, words, asked)
        day = int(x["step"] or 0) // 24
        strength = promotions(profile, words, start, asked.timestamp(), panel.skus)
        shut = x["open"] == 0.0 or (profile.store.hours and not profile.open_minutes(start))
        values.append(panel.say(day, x, strength).value * (0.0 if shut else 1.0))
        horizons.append(max(1, day - (panel.last if panel.last is not None else day - 1)))
    return DaysAhead(bounds, np.array(values), horizons)


def share_between(profile: Profile, shape: Sequence[float], start: int, end: int) -> float:
    """The share of a business day's units that is sold within [start, end) minutes of its opening hours."""
    opened = profile.open_minutes(start)
    if profile.store.hours:
        start, end = max(start, opened.start), min(end, opened.stop)
        span = opened
    else:
        span = range(*profile.day_of(start))

    def weight(begin: int, stop: int) -> float:
        total, minute = 0.0, begin
        while minute < stop:
            local = instant_of(minute).astimezone(profile.store.tz)
            until = min(stop, minute + 60 - local.minute)
            total += shape[local.hour] * (until - minute) / 60
            minute = until
        return total

    whole = weight(span.start, span.stop)
    return weight(start, end) / whole if whole > 0 else 0.0


def rest_mean(value: float, passed: float, sold: float) -> float:
    """The mean of ``rest_of``."""
    return value * (1 - passed) * (CREDIT + sold) / (CREDIT + value * passed)


def rest_of(value: float, variance: float, passed: float, sold: float) -> Forecast:
    """The rest of a day of which ``passed`` of the demand is over: gamma-Poisson, ``CREDIT`` units strong.

    What today has sold moves the day's rate: (c + sold) ÷ (c + expected so far).

    >>> round(rest_of(10.0, 1.0, 0.5, 5.0).value, 1), rest_of(10.0, 1.0, 0.5, 15.0).value > 5.0
    (5.0, True)
    """
    mean = rest_mean(value, passed, sold)
    spread = max(0.0, (variance - 1.0) / max(value, 0.5)) + 1 / (CREDIT + value * passed)
    edges = count_quantiles(TAILS, mean, spread)
    return Forecast(mean, (Band(0.8, edges[0], edges[1]), Band(0.95, edges[2], edges[3])))
