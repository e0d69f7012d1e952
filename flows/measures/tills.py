"""The tills: who gives up, how fast they serve, and how many are needed now and soon.

λ, customers who will reach the tills, comes from the doors: visitors of one lag earlier × customers per visitor. μ is
what the tills serve. Both, and the lag, are learned quarter by quarter. Erlang C is ``decisions.staffing``'s.
"""

from collections.abc import Iterator
from itertools import repeat
from math import ceil

from msgspec import Struct

from flows.decisions.staffing import tills_needed as fewest
from flows.facts import Evidence, Window
from flows.measure import Measure, Reading, View, ratio, wilson
from flows.profile import minute_of
from flows.spans import QUARTER
from flows.tallies.footfall import DoorTally
from flows.tallies.queue import QueueLevel, QueueTally
from flows.tallies.sales import TillTally
from flows.tallies.series import DoorSeries

LAGS = range(0, 65, 5)  # minutes from door to till that are tried
LAG_BEFORE = 20  # minutes, until enough was seen
ENOUGH = 24  # quarters with customers before a learned lag is believed
KEEP = 0.998  # of what was learned, each quarter: half is forgotten in about 350 quarters with customers
PRIOR = 20.0  # services that what was learned weighs against the last 15 minutes
COVERED = 0.8
AHEAD: tuple[tuple[Window, int], ...] = (("now", 0), ("next15m", 15), ("next30m", 30))
_SERVED: tuple[Window, ...] = ("15m", "60m", "day")


class TillMemory(Struct):
    """What the tills taught; every sum is forgotten at ``KEEP``.

    Attributes:
        services, service_ms: behind the mean service time.
        quarters: with customers, seen so far.
        joined2: Σ customers²; ``both``, ``came2``: Σ customers·visitors and Σ visitors² by lag of ``LAGS``.
    """

    services: float = 0.0
    service_ms: float = 0.0
    quarters: int = 0
    joined2: float = 0.0
    both: list[float] = []
    came2: list[float] = []

    def lag(self) -> tuple[int, float | None]:
        """Minutes from door to till, and customers per visitor: the least squares of all lags tried.

        >>> TillMemory().lag()
        (20, None)
        """
        if self.quarters < ENOUGH or not any(self.came2):
            return LAG_BEFORE, None
        explained = [b * b / v if v else 0.0 for b, v in zip(self.both, self.came2, strict=True)]
        best = explained.index(max(explained))
        return LAGS[best], self.both[best] / self.came2[best]


def customers(view: View) -> int:
    """People who reached the tills: served or gave up, by the line's sensors; without these, sales and returns."""
    line, till = view.total(QueueTally), view.total(TillTally)
    return (line.served + line.abandoned) or till.transactions + till.returns


def entries(view: View, start: int, end: int) -> int:
    """Visitors of today within [start, end) minutes since 1970."""
    series = view.once_a_tick("tills.people", _people_today)
    return sum(sum(map(people.get, range(start, end), repeat(0))) for people in series)


def _people_today(view: View) -> list[dict[int, int]]:
    """Today's visitors by minute, of each door."""
    doors: dict[str, DoorSeries] = view.today.tallies.get(DoorSeries.kind, {})
    return [door.people for door in doors.values()]


def learn(memory: TillMemory, view: View) -> None:
    """Take in a final quarter; one whose doors were not covered teaches nothing of the lag."""
    line = view.total(QueueTally)
    joined = customers(view)
    if not joined:
        return
    memory.services = KEEP * memory.services + line.services
    memory.service_ms = KEEP * memory.service_ms + line.service_ms
    if view.coverage is not None and view.coverage < COVERED:
        return
    came = [entries(view, view.start - lag, view.end - lag) for lag in LAGS]
    if not any(came):
        return
    memory.quarters += 1
    memory.joined2 = KEEP * memory.joined2 + joined * joined
    both, came2 = memory.both or [0.0] * len(LAGS), memory.came2 or [0.0] * len(LAGS)
    memory.both = [KEEP * b + joined * c for b, c in zip(both, came, strict=True)]
    memory.came2 = [KEEP * v + c * c for v, c in zip(came2, came, strict=True)]


def service_s(view: View) -> float | None:
    """Mean seconds a customer takes at a till: what was learned, moved by the window's own services."""
    memory, line = view.memory(TillMemory), view.total(QueueTally)
    weight = min(PRIOR, memory.services)
    learned = memory.service_ms / memory.services if memory.services else 0.0
    seen = weight + line.services
    return (weight * learned + line.service_ms) / seen / 1000 if seen else None


def arrivals_per_hour(view: View, ahead: int) -> float | None:
    """λ: customers an hour who reach the tills in the quarter that ends ``ahead`` minutes from now.

    Their entries are those of one lag earlier; minutes that have not come yet are taken at the present rate.
    """
    lag, per_visitor = view.memory(TillMemory).lag()
    now = view.end
    if per_visitor is None:
        came = sum(door.visitors for door in view.today.tallies.get(DoorTally.kind, {}).values())
        reached = sum(
            line.served + line.abandoned
            for line in view.today.tallies.get(QueueTally.kind, {}).values()
        ) or sum(
            till.transactions + till.returns
            for till in view.today.tallies.get(TillTally.kind, {}).values()
        )
        per_visitor = ratio(reached, came)
    if per_visitor is None:
        return None
    start, end = now + ahead - lag - QUARTER, now + ahead - lag
    come: float = entries(view, start, min(end, now))
    unseen = max(0, end - max(start, now))
    come += unseen * entries(view, now - QUARTER, now) / QUARTER
    return come * per_visitor * 60 / QUARTER


def tills_needed(view: View) -> Iterator[Reading]:
    """Tills that keep the mean wait under target (Erlang C) and clear the line within it, now and soon.

    ``open_till`` is the reason where more are needed than serve, the last in line would wait past the target and
    those served in the window did.
    """
    service, target = service_s(view), view.profile.benchmark.queue_wait_s
    if service is None:
        return
    waiting = sum(level.length for level in view.of(QueueLevel).values())
    line = view.total(QueueTally)
    waited = line.waits > 0 and line.wait_ms / 1000 / line.waits > target
    serving = sum(till.served > 0 for till in view.of(QueueTally).values())
    lag, learned = view.memory(TillMemory).lag()
    minute = minute_of(view.at)
    for window, ahead in AHEAD:
        rate = arrivals_per_hour(view, ahead)
        need = None if rate is None else fewest(rate, service, target)
        if rate is None or need is None:
            continue
        backlog = ceil(waiting * service / target) if not ahead else 0
        tills = max(need.servers, backlog)
        slow = waited and waiting * service > target * max(1, serving)
        reason = "open_till" if not ahead and tills > serving and slow else "arrivals"
        yield Reading(
            tills, window=window, span=(minute + ahead, minute + ahead + (QUARTER if ahead else 1)),
            reason=reason, evidence=Evidence(n=round(rate, 1), k=waiting),
            detail={
                "service_s": round(service, 1), "serving": serving, "tills": len(view.profile.store.tills),
                "wait_s": round(need.wait_s, 1), "load": round(need.load, 3), "backlog": backlog,
                "lag_min": lag, "lag": "learned" if learned else "assumed",
            },
        )  # fmt: skip


def _by_till(view: View) -> Iterator[tuple[str, QueueTally]]:
    yield "", view.total(QueueTally)
    for till, tally in view.of(QueueTally).items():
        yield f"till:{till}", tally


def abandonment(view: View) -> Iterator[Reading]:
    """Who gave up ÷ who joined the line, with its Wilson interval."""
    for subject, line in _by_till(view):
        n = line.served + line.abandoned
        low, high = wilson(line.abandoned, n, view.profile.z) or (None, None)
        evidence = Evidence(
            n=n, k=line.abandoned, low=low and round(low, 6), high=high and round(high, 6),
            level=None if low is None else view.profile.settings.evidence_level,
        )  # fmt: skip
        yield Reading(ratio(line.abandoned, n), subject, evidence)


def wait_mean(view: View) -> Iterator[Reading]:
    """Mean seconds in line of those whose turn came."""
    for subject, line in _by_till(view):
        yield Reading(ratio(line.wait_ms / 1000, line.waits), subject, Evidence(n=line.waits))


def service_rate(view: View) -> Iterator[Reading]:
    """μ: customers an hour one till serves while busy = 3600 ÷ mean service seconds."""
    for subject, line in _by_till(view):
        seconds = ratio(line.service_ms / 1000, line.services)
        rate = ratio(3600.0, seconds or 0.0)
        yield Reading(rate, subject, Evidence(n=line.services), detail={"service_s": seconds})


def arrival_rate(view: View) -> Iterator[Reading]:
    """λ: customers an hour who reached the tills in the window, with the line's mean length by Little (L = λ·W)."""
    line, n = view.total(QueueTally), customers(view)
    minutes = min(view.end, minute_of(view.at) + 1) - view.start
    rate = ratio(n * 60.0, minutes)
    wait_s = ratio(line.wait_ms / 1000, line.waits)
    mean_line = None if rate is None or wait_s is None else round(rate / 3600 * wait_s, 3)
    yield Reading(rate, evidence=Evidence(n=n), detail={"mean_line": mean_line})


MEASURES = (
    Measure(
        "tills_needed", "tills", (QueueTally, TillTally, DoorTally), tills_needed, ("15m",),
        cadence=1, memory=TillMemory, learn=learn,
    ),
    Measure("queue_abandonment", "ratio", (QueueTally,), abandonment, _SERVED, cadence=5, steady=True),
    Measure("queue_wait_mean", "seconds", (QueueTally,), wait_mean, _SERVED, cadence=5, steady=True),
    Measure("service_rate", "per_hour", (QueueTally,), service_rate, ("60m", "day"), cadence=5, steady=True),
    Measure("till_arrivals", "per_hour", (QueueTally, TillTally), arrival_rate, ("15m", "60m"), cadence=5),
)  # fmt: skip
