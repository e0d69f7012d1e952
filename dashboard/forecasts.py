"""What the forecast page says, from facts alone, whatever is forecast: heads, quality, changes of champion. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from flows.facts import Fact, Window

SUFFIX = "_forecast"
AHEAD: tuple[Window, ...] = ("next15m", "next30m", "next60m", "rest", "day")
WEEK = timedelta(days=7)


class Head(NamedTuple):
    """One number ahead with its 95 % and 80 % intervals; ``None`` where it has none."""

    window: str
    start: datetime
    end: datetime
    value: float
    low: float | None
    high: float | None
    low80: float | None
    high80: float | None
    unit: str


class Quality(NamedTuple):
    """How one day went: the forecasts made for its windows, and the same windows a week earlier, against what came.

    Attributes:
        error, naive: WAPE, Σ|e| ÷ Σy; ``None`` where nothing came or nothing was kept.
        model: who spoke at the end of that day; ``reason``: governance's word.
    """

    day: date
    actual: float
    error: float | None
    naive: float | None
    model: str
    reason: str


def targets(metrics: Iterable[str]) -> list[str]:
    """What is forecast among these metrics, visitors first.

    >>> targets(["visitors", "net_sales_forecast", "visitors_forecast"])
    ['visitors', 'net_sales']
    """
    found = {m.removesuffix(SUFFIX) for m in metrics if m.endswith(SUFFIX)}
    return sorted(found, key=lambda m: (m != "visitors", m))


def heads(facts: Iterable[Fact], target: str) -> list[Head]:
    """What lies ahead today, the nearest first."""
    found = {f.window: f for f in facts if f.metric == target + SUFFIX and not f.subject}
    return [made for w in AHEAD if (f := found.get(w)) and (made := head(f))]


def head(fact: Fact) -> Head | None:
    """A forecast as a head; ``None`` while it says nothing."""
    if not isinstance(fact.value, int | float):
        return None
    seen = fact.evidence
    return Head(
        fact.window, fact.start, fact.end, float(fact.value), seen.low, seen.high,
        number(fact.detail.get("low80")), number(fact.detail.get("high80")), fact.unit,
    )  # fmt: skip


def quality(days: Mapping[date, Sequence[Fact]], target: str, now: datetime) -> list[Quality]:
    """Each day that has windows of both kinds, oldest first; windows that are not over yet are left out."""
    seen: dict[datetime, float] = {}
    due: dict[datetime, float] = {}
    speaker: dict[date, tuple[str, str]] = {}
    for day, facts in days.items():
        for f in facts:
            if not isinstance(f.value, int | float) or f.subject:
                continue
            if f.window == "day":
                if f.metric == target + SUFFIX and f.detail.get("champion"):
                    speaker[day] = (str(f.detail["champion"]), f.reason)
            elif f.end <= now:
                (seen if f.metric == target else due)[f.start] = float(f.value)
    made = []
    for day, facts in sorted(days.items()):
        starts = sorted({f.start for f in facts if f.window != "day"} & seen.keys())
        both = [s for s in starts if s in due]
        if not both:
            continue
        model, reason = speaker.get(day, ("", ""))
        naive = [s for s in both if s - WEEK in seen]
        made.append(Quality(
            day, sum(seen[s] for s in starts), wape([(due[s], seen[s]) for s in both]),
            wape([(seen[s - WEEK], seen[s]) for s in naive]), model, reason,
        ))  # fmt: skip
    return made


def wape(pairs: Sequence[tuple[float, float]]) -> float | None:
    """Σ|ŷ − y| ÷ Σ|y| of (forecast, actual); ``None`` where nothing came.

    >>> wape([(8, 10), (12, 10)]), wape([(3, 0)])
    (0.2, None)
    """
    whole = sum(abs(y) for _, y in pairs)
    return sum(abs(due - y) for due, y in pairs) / whole if whole else None


def overall(days: Sequence[Quality]) -> tuple[float | None, float | None]:
    """Error and naive error over days that have both, each day weighted by what came."""
    both = [
        (d.error, d.naive, d.actual) for d in days if d.error is not None and d.naive is not None
    ]
    whole = sum(weight for _, _, weight in both)
    if not whole:
        return None, None
    return tuple(sum(row[i] * row[2] for row in both) / whole for i in (0, 1))  # type: ignore[return-value]


def switches(days: Sequence[Quality]) -> list[tuple[date, str, str, str]]:
    """Days on which another model began to speak: (day, from, to, reason)."""
    told = [d for d in days if d.model]
    return [
        (new.day, old.model, new.model, new.reason)
        for old, new in pairwise(told)
        if old.model != new.model
    ]


def number(value: object) -> float | None:
    """A number, if it is one."""
    return float(value) if isinstance(value, int | float) else None
