"""One shop's week for the people who decide the next one: what changed, why, what worked. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from math import log
from statistics import median
from typing import NamedTuple

from alerts.ledger import Entry
from flows.facts import Fact

DAYS = 7
SUMMED = ("visitors", "transactions", "net_sales", "units")


class Sums(NamedTuple):
    """Totals of some days; net sales in minor units."""

    visitors: float
    transactions: float
    net_sales: float
    units: float

    @property
    def conversion(self) -> float | None:
        """Transactions ÷ visitors."""
        return self.transactions / self.visitors if self.visitors else None

    @property
    def atv(self) -> float | None:
        """Net sales ÷ transactions, minor units."""
        return self.net_sales / self.transactions if self.transactions else None

    @property
    def spv(self) -> float | None:
        """Net sales ÷ visitors, minor units."""
        return self.net_sales / self.visitors if self.visitors else None

    @property
    def upt(self) -> float | None:
        """Units ÷ transactions."""
        return self.units / self.transactions if self.transactions else None


class Compared(NamedTuple):
    """One measure this week and the week before; ``change`` is relative, ``None`` where either is unknown."""

    metric: str
    unit: str
    this: float | None
    last: float | None
    change: float | None


class Worked(NamedTuple):
    """What an action did: how often it was taken, and what became of the measure after it.

    ``verdict``: ``worked`` if even the low end of what was recovered is a gain, ``failed`` if even the high end is
    none, else ``unclear``; ``unmeasured`` where no outcome is known.
    """

    action: str
    raised: int
    taken: int
    take_s: float | None
    false: int
    measured: int
    recovered: int | None
    low: int | None
    high: int | None
    verdict: str


class Week(NamedTuple):
    """The pack's numbers.

    Attributes:
        days: this week's days with net sales and those of the same day a week earlier; ``None`` is not known.
        compared: of which days both weeks are known; only these are added up.
        effects: net sales' change split over visitors, conversion and ATV, minor units, adding up to it.
    """

    monday: date
    days: list[tuple[date, float | None, float | None]]
    compared: list[date]
    measures: list[Compared]
    effects: dict[str, float]
    worst: tuple[date, float] | None
    best: tuple[date, float] | None
    actions: list[Worked]


def monday_of(day: date) -> date:
    """The Monday of a day's ISO week."""
    return day - timedelta(days=day.weekday())


def parse_week(text: str) -> date:
    """The Monday of an ISO week such as ``2026-W47``; raises ``ValueError``.

    >>> parse_week("2026-W47")
    datetime.date(2026, 11, 16)
    """
    year, _, week = text.partition("-W")
    return date.fromisocalendar(int(year), int(week), 1)


def week_of(monday: date, facts: Mapping[date, Sequence[Fact]], ledger: Iterable[Entry]) -> Week:
    """One week from the day facts of it and of the one before, and its ledger."""
    totals = {day: sums for day, found in facts.items() if (sums := day_sums(found))}
    this = [monday + timedelta(days=n) for n in range(DAYS)]
    both = [d for d in this if d in totals and d - timedelta(days=DAYS) in totals]
    now = _added(totals[d] for d in both)
    then = _added(totals[d - timedelta(days=DAYS)] for d in both)
    days = [(d, _sales(totals, d), _sales(totals, d - timedelta(days=DAYS))) for d in this]
    moved = sorted(
        ((d, a - b) for d, a, b in days if a is not None and b is not None), key=lambda m: m[1]
    )
    return Week(
        monday, days, both, _measures(now, then), split(now, then) if both else {},
        moved[0] if moved and moved[0][1] < 0 else None, moved[-1] if moved and moved[-1][1] > 0 else None,
        worked(ledger),
    )  # fmt: skip


def day_sums(facts: Sequence[Fact]) -> Sums | None:
    """A day's totals; ``None`` unless visitors and sales are both known and the day is over."""
    found = {
        f.metric: float(f.value) for f in facts
        if f.window == "day" and f.state != "live" and not f.subject and f.metric in SUMMED
        and isinstance(f.value, int | float)
    }  # fmt: skip
    if not {"visitors", "transactions", "net_sales"} <= found.keys():
        return None
    return Sums(*(found.get(name, 0.0) for name in SUMMED))


def _added(days: Iterable[Sums]) -> Sums:
    rows = list(days)
    return Sums(*(sum(row[n] for row in rows) for n in range(4)))


def _sales(totals: Mapping[date, Sums], day: date) -> float | None:
    return totals[day].net_sales if day in totals else None


def _measures(now: Sums, then: Sums) -> list[Compared]:
    rows: list[tuple[str, str]] = [
        ("net_sales", "minor"), ("visitors", "people"), ("conversion", "ratio"), ("atv", "minor"),
        ("transactions", "transactions"), ("upt", "ratio_plain"),
    ]  # fmt: skip
    made = []
    for name, unit in rows:
        a, b = getattr(now, name), getattr(then, name)
        made.append(Compared(name, unit, a, b, a / b - 1 if a is not None and b else None))
    return made


def split(now: Sums, then: Sums) -> dict[str, float]:
    """Change of net sales = Σ effects of visitors, conversion and ATV: logarithmic-mean Divisia index (Ang 2004).

    effect_i = L(S, S₀)·ln(x_i ÷ x_i₀), L(a, b) = (a − b) ÷ ln(a ÷ b). Empty where a factor is unknown or nothing.

    >>> split(Sums(80, 20, 2000, 0), Sums(100, 25, 2500, 0))
    {'visitors': -500.0, 'conversion': 0.0, 'atv': 0.0}
    """
    factors = {
        "visitors": (now.visitors, then.visitors),
        "conversion": (now.conversion, then.conversion),
        "atv": (now.atv, then.atv),
    }
    if any(not a or not b or a < 0 or b < 0 for a, b in factors.values()):
        return {}
    s, before = now.net_sales, then.net_sales
    mean = s if s == before else (s - before) / log(s / before)
    return {name: round(mean * log((a or 1) / (b or 1)), 6) for name, (a, b) in factors.items()}


def worked(ledger: Iterable[Entry]) -> list[Worked]:
    """Each action's record, what recovered most first."""
    by: dict[str, list[Entry]] = {}
    for entry in ledger:
        by.setdefault(entry.action or entry.rule, []).append(entry)
    made = [_worked(action, rows) for action, rows in by.items()]
    return sorted(made, key=lambda w: (-(w.recovered or 0), w.action))


def _worked(action: str, rows: list[Entry]) -> Worked:
    takes = [r.take_s for r in rows if r.take_s is not None]
    known = [r for r in rows if r.recovered_minor is not None]

    def added(name: str) -> int | None:
        return sum(getattr(r, name) or 0 for r in known) if known else None

    low, high = added("recovered_low_minor"), added("recovered_high_minor")
    verdict = "unmeasured"
    if low is not None and high is not None:
        verdict = "worked" if low > 0 else "failed" if high <= 0 else "unclear"
    return Worked(
        action, len(rows), len(takes), median(takes) if takes else None, sum(r.false_alarm for r in rows),
        len(known), added("recovered_minor"), low, high, verdict,
    )  # fmt: skip
