"""The band conversion is expected in: the next hour, the rest of the day, the day."""

import pickle
from collections.abc import Iterator
from math import sqrt

from msgspec import Struct

from flows.facts import Evidence, Window
from flows.forecasting.conformal import AdaptiveConformal
from flows.forecasting.contract import LEVELS
from flows.measure import Measure, Reading, View
from flows.measures.forecast import VISITORS, visitors_of, visitors_today
from flows.measures.forecast_sales import TRANSACTIONS, transactions_of
from flows.outlook import COVERED
from flows.outlook_ahead import upcoming
from flows.panes import Squeezed, squeeze, unsqueeze
from flows.profile import instant_of, minute_of

HOUR = 60
FEWEST = 10.0  # visitors of an hour that teach
NEAR: tuple[tuple[Window, int], ...] = (("next60m", HOUR),)


class ConversionMemory(Struct):
    """How far an hour's sales lay from what was expected of its visitors, in binomial standard deviations.

    Attributes:
        state: the residuals (``AdaptiveConformal``), pickled and compressed.
        hour, visitors, sales: the hour being added up; ``whole``: all its quarters were covered so far.
        said: by first minute of an hour to come, the conversion that was expected of it.
    """

    state: Squeezed = b""
    hour: int = 0
    visitors: float = 0.0
    sales: float = 0.0
    whole: bool = True
    said: dict[int, float] = {}


def _residuals(memory: ConversionMemory) -> AdaptiveConformal:
    if not memory.state:
        return AdaptiveConformal(200)
    found = pickle.loads(unsqueeze(memory.state))  # noqa: S301  our own recovery state, as bytewax itself keeps it
    assert isinstance(found, AdaptiveConformal)  # noqa: S101
    return found


def learn(memory: ConversionMemory, view: View) -> None:
    """Add a final quarter to its hour; when the next hour begins, judge what was said of this one."""
    hour = view.start - instant_of(view.start).astimezone(view.profile.store.tz).minute
    if memory.hour != hour:
        _judge(memory)
        memory.hour, memory.visitors, memory.sales, memory.whole = hour, 0.0, 0.0, True
        memory.said = {
            start: rate for start in (hour, hour + HOUR)
            if (rate := memory.said.get(start) or _rate(view, start, start + HOUR)) is not None
        }  # fmt: skip
    memory.whole = memory.whole and (view.coverage is None or view.coverage >= COVERED)
    memory.visitors += visitors_of(view)
    memory.sales += transactions_of(view)


def _judge(memory: ConversionMemory) -> None:
    said, n = memory.said.get(memory.hour), memory.visitors
    if said is None or n < FEWEST or not memory.whole:
        return
    residuals = _residuals(memory)
    residuals.learn((memory.sales - n * said) / sqrt(n * said * (1 - said)))
    memory.state = squeeze(pickle.dumps(residuals, protocol=pickle.HIGHEST_PROTOCOL))


def _rate(view: View, start: int, end: int) -> float | None:
    """Transactions forecast ÷ visitors forecast; ``None`` where either is unknown or nobody is expected."""
    visitors = upcoming(view, VISITORS).over(start, end)
    sales = upcoming(view, TRANSACTIONS).over(start, end)
    if visitors is None or sales is None or visitors.value <= 0:
        return None
    return min(0.99, max(0.001, sales.value / visitors.value))


def conversion_forecast(view: View) -> Iterator[Reading]:
    """Expected transactions ÷ expected visitors, with the band that chance and habit leave it at so many visitors.

    Of the day, together with what was seen.
    """
    memory, minute = view.memory(ConversionMemory), minute_of(view.at)
    slots = upcoming(view, VISITORS)
    end = slots.end
    spans = [*((w, minute, minute + length) for w, length in NEAR), ("rest", minute, end)]
    for window, begin, until in spans:
        rate = _rate(view, begin, until)
        visitors = slots.over(begin, until)
        if rate is not None and visitors is not None:
            yield _reading(memory, window, (begin, until), rate, visitors.value)
    rate, left = _rate(view, minute, end), slots.over(minute, end)
    if rate is not None and left is not None:
        today = View(view.profile, "day", (view.start, view.end), view.today, view.at)
        seen, sold = visitors_today(view), transactions_of(today)
        total = seen + left.value
        if total > 0:
            share = left.value / total
            middle = min(1.0, (sold + rate * left.value) / total)
            day = view.profile.day_of(minute)
            yield _reading(memory, "day", day, middle, left.value, share=share, at=rate)


def _reading(
    memory: ConversionMemory, window: Window, span: tuple[int, int], value: float, n: float,
    *, share: float = 1.0, at: float | None = None,
) -> Reading:  # fmt: skip
    """``n`` visitors to come are the chance in it; of the whole they are ``share``."""
    rate = value if at is None else at
    residuals = _residuals(memory)
    scale = share * sqrt(rate * (1 - rate) / max(1.0, n))
    bands = [
        (max(0.0, value + low * scale), min(1.0, value + high * scale))
        for low, high in residuals.tails()
    ]
    coverage = residuals.coverage()
    return Reading(
        round(value, 4), window=window, span=span,
        evidence=Evidence(n=round(n), low=round(bands[1][0], 4), high=round(bands[1][1], 4), level=LEVELS[1]),
        detail={
            "low80": round(bands[0][0], 4), "high80": round(bands[0][1], 4),
            "coverage80": None if coverage is None else round(coverage, 3),
        },
    )  # fmt: skip


MEASURES = (
    Measure(
        "conversion_forecast", "ratio", (), conversion_forecast, ("now",),
        cadence=5, quiet=True, memory=ConversionMemory, learn=learn,
    ),
)  # fmt: skip
