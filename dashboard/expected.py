"""What the forecast had expected by now, and expects by closing. Pure."""

import math
from datetime import datetime
from typing import NamedTuple

from dashboard.snapshot import Snapshot
from flows.facts import Fact


class Expected(NamedTuple):
    """A forecast total with its interval, in people."""

    value: float
    low: float
    high: float


def expected_so_far(snapshot: Snapshot) -> Expected | None:
    """The forecast quarters up to now summed, the running one in part; ``None`` without a forecast.

    The interval adds the quarters' half widths in squares: exact for independent normal errors, and
    narrower than the truth where neighbouring quarters err together.
    """
    at = snapshot.at
    quarters = [(f, _share(f, at)) for f in snapshot.series.get("visitors_forecast", []) if at]
    quarters = [(f, share) for f, share in quarters if share > 0]
    if not quarters:
        return None
    total = sum(_number(f.value) * share for f, share in quarters)
    below = math.hypot(*(share * (_number(f.value) - _low(f)) for f, share in quarters))
    above = math.hypot(*(share * (_high(f) - _number(f.value)) for f, share in quarters))
    return Expected(total, max(0.0, total - below), total + above)


def expected_by_close(snapshot: Snapshot) -> float | None:
    """People expected in all: those who came and the forecast of the rest; ``None`` without a forecast."""
    whole, rest = (snapshot.number("visitors_forecast", w) for w in ("day", "rest"))
    seen = snapshot.number("visitors", "day")
    if whole is not None:
        return whole
    if rest is not None and seen is not None:
        return seen + rest
    at = snapshot.at
    quarters = snapshot.series.get("visitors_forecast", [])
    if seen is None or at is None or not quarters:
        return None
    return seen + sum(_number(f.value) * (1 - _share(f, at)) for f in quarters)


def champion(snapshot: Snapshot) -> str | None:
    """The model whose forecast is shown."""
    facts = [snapshot.fact("visitors_forecast", w) for w in ("day", "rest", "next60m", "next15m")]
    named = [
        f.detail.get("champion")
        for f in (*facts, *snapshot.series.get("visitors_forecast", []))
        if f
    ]
    return next((str(name) for name in named if name), None)


def _share(fact: Fact, at: datetime | None) -> float:
    """The share of its window that has passed, 0 to 1."""
    if at is None:
        return 0.0
    return min(1.0, max(0.0, (at - fact.start) / (fact.end - fact.start)))


def _number(value: float | str | None) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _low(fact: Fact) -> float:
    return fact.evidence.low if fact.evidence.low is not None else _number(fact.value)


def _high(fact: Fact) -> float:
    return fact.evidence.high if fact.evidence.high is not None else _number(fact.value)
