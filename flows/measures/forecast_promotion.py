"""Whether an announced promotion can be served: by what is on hand, on order and in near stores, and by the tills."""

from collections.abc import Iterator
from functools import partial

from flows.announced import words_of
from flows.decisions.staffing import tills_needed
from flows.decisions.stock import Readiness, promotion_readiness
from flows.facts import Evidence
from flows.measure import Measure, Reading, View
from flows.measures.forecast_restock import Stocked, its_turn, stocked
from flows.measures.forecast_staff import demand
from flows.measures.tills import service_s
from flows.outlook_units import DaysAhead, days_ahead, promotions
from flows.profile import instant_of, minute_of
from flows.tallies.plans import Word

NAMED = 3  # SKUs that are named


def promotion_ready(view: View) -> Iterator[Reading]:
    """Units missing for each announced promotion of the coming week: its SKUs' demand until it ends, as promoted.

    The demand's quantile at the service level against what is on hand, on order and what near stores could bring
    (``transfer``: how much of that is needed). ``stock_short``, ``tills_short`` (its busiest quarter of today needs
    more tills than there are), ``ready``.
    """
    found = days_ahead(view) if its_turn(view) else None
    if found is None:
        return
    now, last = view.at.timestamp(), found.bounds[-1][1] * 60
    for word in words_of(view):
        if word.about == "promotion" and word.value > 0 and word.starts < last and now < word.ends:
            yield _reading(view, word, found)


def _reading(view: View, word: Word, found: DaysAhead) -> Reading:
    start, end = int(word.starts // 60), int(word.ends // 60)
    rows = _promoted(view, word, max(start, found.bounds[0][0]))
    days = max(0.1, (min(end, found.bounds[-1][1]) - minute_of(view.at)) / 1440)
    found_at = [(_readiness(row, days), _readiness(row, days, row.transfer)) for row in rows]
    short = [helped for _, helped in found_at if helped.missing]
    short.sort(key=lambda each: (-each.missing, each.sku))
    tills = _tills_short(view) if start <= found.bounds[0][1] else 0
    return Reading(
        sum(each.missing for each in short), f"promotion:{word.subject or 'store'}",
        Evidence(n=len(rows), k=len(short)), "stock_short" if short else "tills_short" if tills else "ready",
        {
            "skus": ",".join(each.sku for each in short[:NAMED]), "tills_short": tills,
            "transfer": sum(alone.missing - helped.missing for alone, helped in found_at),
            "starts_at": instant_of(start).isoformat(), "ends_at": instant_of(end).isoformat(),
        },
        window="now",
    )  # fmt: skip


def _promoted(view: View, word: Word, minute: int) -> list[Stocked]:
    rows = stocked(view)
    named = promotions(view.profile, (word,), minute, word.heard, [row.sku for row in rows])
    return [row for row in rows if row.sku in named]


def _readiness(row: Stocked, days: float, near: int = 0) -> Readiness:
    """By what the store has and has ordered, and ``near`` units of other stores'."""
    wanted, there = partial(row.ahead.quantile, days), row.on_hand + row.on_order + near
    return promotion_readiness(row.sku, wanted, 1.0, there, row.level)


def _tills_short(view: View) -> int:
    """Tills that today's busiest quarter needs beyond those there are."""
    service = service_s(view)
    if service is None:
        return 0
    target, tills = view.profile.benchmark.queue_wait_s, len(view.profile.store.tills)
    needs = [tills_needed(quarter.customers, service, target) for quarter in demand(view)]
    return max(0, *(need.servers - tills for need in needs if need), 0)


MEASURES = (
    Measure("promotion_missing", "units", (), promotion_ready, ("now",), cadence=5, quiet=True),
)
