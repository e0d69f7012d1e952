"""What a value is compared with: the reference of a rule, and its fire and clear levels. Pure."""

from datetime import datetime
from typing import NamedTuple

from alerts.book import StoreBook
from alerts.hours import local, open_between_h
from alerts.memory import Memory, fact_key
from alerts.settings import Rule
from flows.facts import Fact
from flows.settings import Benchmark


class Levels(NamedTuple):
    """Where a rule fires and clears.

    Attributes:
        reference: what the levels come from; for an interval its middle.
        low, high: it fires below ``low`` or above ``high``; ``None``: not on that side.
        clear_low, clear_high: it is clear again at or inside these.
    """

    reference: float
    low: float | None
    high: float | None
    clear_low: float | None
    clear_high: float | None


def levels(rule: Rule, fact: Fact, memory: Memory, book: StoreBook) -> Levels | None:
    """The levels for a fact now; ``None`` while the reference is not known."""
    side = rule.side if rule.compare in ("drifting", "streak") else rule.compare
    if rule.reference == "fixed":
        if rule.level is None:
            return None
        clear = rule.level if rule.clear_level is None else rule.clear_level
        return _sided(side, rule.level, rule.level, clear, clear, rule.level)
    if rule.reference == "forecast":
        return _forecast(rule, fact, memory, side)
    reference = _reference(rule, fact, memory, book)
    if reference is None:
        return None
    fire, clear = rule.fire_pct / 100, rule.clear_pct / 100
    return _sided(
        side, reference * (1 - fire), reference * (1 + fire),
        reference * (1 - clear), reference * (1 + clear), reference,
    )  # fmt: skip


def benchmark_of(metric: str, benchmark: Benchmark) -> float | None:
    """The benchmark profile's figure for a metric; ``None`` if it has none."""
    match metric:
        case "conversion":
            return benchmark.conversion
        case "atv":
            return float(benchmark.atv_minor)
        case "spv":
            return benchmark.conversion * benchmark.atv_minor
        case "queue_wait":
            return benchmark.queue_wait_s
        case _:
            return None


def number(value: object) -> float | None:
    """A number, or ``None`` for anything else."""
    ok = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if ok else None  # type: ignore[arg-type]


def delivery_h(
    memory: Memory, book: StoreBook, at: datetime, otherwise: float | None
) -> float | None:
    """Opening hours until the next announced delivery, else until goods usually come, else ``otherwise``."""
    known = memory.facts.get(fact_key("plan_ahead", "plan:delivery", "now"))
    hours = number(known.detail.get("open_h")) if known else None
    if hours is not None:
        return hours
    now = local(book.store, at).replace(tzinfo=None)
    usual = memory.deliveries.next_after(now)
    return otherwise if usual is None else open_between_h(book.store, now, usual)


def _reference(rule: Rule, fact: Fact, memory: Memory, book: StoreBook) -> float | None:
    if rule.reference == "delivery":
        return delivery_h(memory, book, fact.as_of, rule.level)
    if rule.reference == "history":
        return _past(rule, fact, memory, book)
    if rule.reference == "peer":
        return _peers(rule, fact, memory)
    if rule.metric == "tills_needed":
        return number(fact.detail.get("serving"))
    if rule.metric == "occupancy":
        return float(book.store.capacity) if book.store else None
    return benchmark_of(rule.metric, book.benchmark)


def _past(rule: Rule, fact: Fact, memory: Memory, book: StoreBook) -> float | None:
    """What is usual by the fact itself, else by what was told of it on earlier days."""
    own = number(fact.detail.get("usual"))
    known = memory.usual.get(fact_key(fact.metric, fact.subject, rule.window))
    return own if own is not None or known is None else known.usual(*clock_of(fact, book))


def clock_of(fact: Fact, book: StoreBook) -> tuple[datetime, str]:
    """When a fact holds by the store's clock, and the store's country."""
    at = min(fact.as_of, fact.end) if fact.window != "now" else fact.as_of
    return local(book.store, at).replace(tzinfo=None), book.store.country if book.store else ""


def _peers(rule: Rule, fact: Fact, memory: Memory) -> float | None:
    """What other stores show: as the fact itself says, and of conversion as its benchmark does."""
    own = number(fact.detail.get("peers"))
    if own is not None or rule.metric != "conversion":
        return own
    benchmark = memory.facts.get(fact_key("conversion_benchmark", "", "60m"))
    return number(benchmark.detail.get("peers")) if benchmark else None


def _forecast(rule: Rule, fact: Fact, memory: Memory, side: str) -> Levels | None:
    """The forecast's own interval is the fire level; half-way back to its middle is clear."""
    key = fact_key(f"{rule.metric}_forecast", fact.subject, rule.window)
    forecast = memory.facts.get(f"{key}|{int(fact.start.timestamp())}") or memory.facts.get(key)
    middle = number(forecast.value) if forecast else None
    if forecast is None or middle is None:
        return None
    low, high = forecast.evidence.low, forecast.evidence.high
    if low is None or high is None:
        return None
    back_low, back_high = (low + middle) / 2, (high + middle) / 2
    return _sided(side, low, high, back_low, back_high, middle)


def _sided(
    side: str, low: float, high: float, clear_low: float, clear_high: float, reference: float
) -> Levels:
    below, above = side in ("below", "outside"), side in ("above", "outside")
    return Levels(
        reference,
        low if below else None,
        high if above else None,
        clear_low if below else None,
        clear_high if above else None,
    )
