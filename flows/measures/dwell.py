"""How long people stay in each zone, and how many come."""

from collections.abc import Iterator

from flows.facts import Evidence
from flows.measure import WINDOWS, Measure, Reading, View
from flows.tallies.dwell import ZoneTally

_TRAILING = tuple(window for window in WINDOWS if window != "quarter")


def _quantile(view: View, q: float) -> Iterator[Reading]:
    for zone, tally in view.of(ZoneTally).items():
        yield Reading(tally.quantile(q), f"zone:{zone}", Evidence(n=tally.visits))


def median(view: View) -> Iterator[Reading]:
    """The middle dwell of each zone's visits, in seconds."""
    yield from _quantile(view, 0.5)


def p90(view: View) -> Iterator[Reading]:
    """The dwell that one visit in ten exceeds, in seconds."""
    yield from _quantile(view, 0.9)


def visits(view: View) -> Iterator[Reading]:
    """Visits to each zone; ``k`` are those of at least the zone's engagement time."""
    for zone, tally in view.of(ZoneTally).items():
        known = view.profile.zones.get(zone)
        engaged = tally.at_least(known.engaged_s if known else 30.0)
        n = tally.visits
        yield Reading(n, f"zone:{zone}", Evidence(n=n, k=engaged))


MEASURES = (
    Measure("dwell_median", "seconds", (ZoneTally,), median, _TRAILING, by_minute=True),
    Measure("dwell_p90", "seconds", (ZoneTally,), p90, _TRAILING, by_minute=True),
    Measure("zone_visits", "people", (ZoneTally,), visits, _TRAILING, by_minute=True),
)
