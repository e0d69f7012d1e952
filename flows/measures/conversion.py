"""Sales per visitor in all their forms, beside what is usual here and now."""

from collections.abc import Iterator, Mapping

from flows.facts import Evidence
from flows.footing import Footing, footing
from flows.inference.reentry import pairs
from flows.inference.usual import UsualMemory
from flows.measure import WINDOWS, Measure, Reading, View, by_minute, ratio, wilson
from flows.measures.dwell import stays
from flows.tallies.dwell import ZoneTally
from flows.tallies.footfall import DoorTally
from flows.tallies.sales import TillTally
from flows.tallies.sales_by import SalesBy
from flows.tallies.series import DoorSeries, Singles

Detail = Mapping[str, str | int | float | None]
_TRAILING = tuple(window for window in WINDOWS if window != "quarter")


def conversion(view: View) -> Iterator[Reading]:
    """Transactions ÷ visitors with its Wilson interval; ``None`` while nobody came in.

    More sales than visitors (a door was missed) leaves the interval out: the coverage tells why. ``detail.usual`` is
    what the shop shows at this time of the week, once it has shown enough; ``detail.by_counter`` are the visitors that
    the doors' counters told, where a hand count has corrected them.
    """
    seen, doors = footing(view), view.total(DoorTally)
    detail = dict(_usual(view))
    if doors.more_in:
        detail["by_counter"] = doors.entered - doors.children
    yield _rate(view, view.total(TillTally).transactions, seen.visitors, detail, seen)


def spv(view: View) -> Iterator[Reading]:
    """Net sales (less returns) ÷ visitors, in minor units."""
    sales, seen = view.total(TillTally), footing(view)
    net = sales.net_minor - sales.returned_minor
    yield Reading(
        ratio(net, seen.visitors),
        evidence=Evidence(n=seen.visitors, k=net),
        state="imputed" if seen.imputed else None,
    )


def adjusted(view: View) -> Iterator[Reading]:
    """Transactions ÷ groups, without tagged staff and without people who stepped out and straight back (last hour).

    ``None`` where no counter tells groups.
    """
    total = view.total(DoorTally)
    share = ratio(total.groups, total.grouped)
    if share is None:
        yield Reading(None, reason="no_groups")
        return
    again = reentered(view) if view.window == "60m" else {}
    back = sum(again.values())
    n = round(share * max(0, total.people_in - back))
    detail = {"staff_reentered": back} if again else {}
    yield _rate(view, view.total(TillTally).transactions, n, detail, None)


def staff_reentered(view: View) -> Iterator[Reading]:
    """Untagged people who stepped out and straight back in the last hour, by door: associates on errands."""
    for door, people in reentered(view).items():
        yield Reading(people, f"door:{door}", reason="out_and_back")
    yield Reading(sum(reentered(view).values()))


def reentered(view: View) -> dict[str, int]:
    """People by door who stepped out and came straight back in the last hour, where that is beyond doubt."""
    return view.once_a_tick("reentered", _reentered)


def _reentered(view: View) -> dict[str, int]:
    lone: dict[str, Singles] = view.hour.tallies.get(Singles.kind, {})
    found = {door: pairs(one.went, one.came).reentered for door, one in lone.items()}
    return {door: people for door, people in found.items() if people}


def zone_conversion(view: View) -> Iterator[Reading]:
    """Tickets with something of a zone's categories ÷ visits to the zone; a ticket counts once for each category."""
    tickets = view.of(SalesBy)
    for zone in view.of(ZoneTally):
        known = view.profile.zones.get(zone)
        if known is None or not known.categories or known.staff_only:
            continue
        names = [f"category:{name}" for name in known.categories]
        k = sum(tickets[name].tickets for name in names if name in tickets)
        n = stays(view)[zone].visits
        yield Reading(ratio(k, n), f"zone:{zone}", Evidence(n=n, k=k))


def _usual(view: View) -> Detail:
    usual = view.memory(UsualMemory).rates.get(view.window)
    return {} if usual is None else {"usual": usual}


def _rate(view: View, k: int, n: int, detail: Detail, seen: Footing | None) -> Reading:
    bounds = wilson(k, n, view.profile.z)
    low, high = bounds or (None, None)
    evidence = Evidence(
        n=n, k=k, low=low and round(low, 6), high=high and round(high, 6),
        level=view.profile.settings.evidence_level if bounds else None,
    )  # fmt: skip
    imputed = seen is not None and bool(seen.imputed)
    return Reading(
        ratio(k, n),
        evidence=evidence,
        reason="more_sales_than_visitors" if k > n else "",
        detail=detail,
        state="imputed" if imputed else None,
    )


_BOTH = (TillTally, DoorTally)
MEASURES = (
    *by_minute(Measure("conversion", "ratio", _BOTH, conversion, covered=True), "15m", "day"),
    *by_minute(Measure("spv", "minor", _BOTH, spv, covered=True), "15m", "day"),
    Measure(
        "conversion_adjusted",
        "ratio",
        (*_BOTH, DoorSeries, Singles),
        adjusted,
        covered=True,
        cadence=5,
        steady=True,
    ),
    Measure("staff_reentered", "people", (Singles,), staff_reentered, ("60m",), cadence=5),
    Measure(
        "zone_conversion",
        "ratio",
        (ZoneTally, SalesBy),
        zone_conversion,
        _TRAILING,
        cadence=5,
        steady=True,
    ),
)
