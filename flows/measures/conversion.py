"""Sales per visitor in all their forms."""

from collections.abc import Iterator

from flows.facts import Evidence
from flows.measure import Measure, Reading, View, ratio, wilson
from flows.tallies.footfall import DoorTally
from flows.tallies.sales import TillTally


def conversion(view: View) -> Iterator[Reading]:
    """Transactions ÷ visitors with its Wilson interval; ``None`` while nobody came in.

    More sales than visitors (a door was missed) leaves the interval out: the coverage tells why.
    """
    k, n = view.total(TillTally).transactions, view.total(DoorTally).visitors
    bounds = wilson(k, n, view.profile.z)
    low, high = bounds or (None, None)
    evidence = Evidence(
        n=n, k=k, low=low and round(low, 6), high=high and round(high, 6),
        level=view.profile.settings.evidence_level if bounds else None,
    )  # fmt: skip
    yield Reading(ratio(k, n), evidence=evidence)


def spv(view: View) -> Iterator[Reading]:
    """Net sales (less returns) ÷ visitors, in minor units."""
    sales, n = view.total(TillTally), view.total(DoorTally).visitors
    net = sales.net_minor - sales.returned_minor
    yield Reading(ratio(net, n), evidence=Evidence(n=n, k=net))


MEASURES = (
    Measure("conversion", "ratio", (TillTally, DoorTally), conversion, covered=True),
    Measure("spv", "minor", (TillTally, DoorTally), spv, covered=True),
)
