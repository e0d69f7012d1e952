"""How long people stay in each zone, and how many come."""

from collections.abc import Iterator

from flows.facts import Evidence, Window
from flows.measure import Measure, Reading, View
from flows.tallies.dwell import Stays, ZoneTally

ENGAGED_S = 30.0  # where a zone's configuration does not say


def stays(view: View) -> dict[str, Stays]:
    """The window's visits by zone, put in order once for all that look at them."""
    return view.once("dwell.stays", _stays)


def _stays(view: View) -> dict[str, Stays]:
    return {zone: tally.stays() for zone, tally in view.of(ZoneTally).items()}


def engaged_s(view: View, zone: str) -> float:
    """How long a visit must last to count as engaged, in seconds."""
    known = view.profile.zones.get(zone)
    return known.engaged_s if known else ENGAGED_S


def _quantile(view: View, q: float) -> Iterator[Reading]:
    for zone, some in stays(view).items():
        yield Reading(some.quantile(q), f"zone:{zone}", Evidence(n=some.visits))


def median(view: View) -> Iterator[Reading]:
    """The middle dwell of each zone's visits, in seconds."""
    yield from _quantile(view, 0.5)


def p90(view: View) -> Iterator[Reading]:
    """The dwell that one visit in ten exceeds, in seconds."""
    yield from _quantile(view, 0.9)


def visits(view: View) -> Iterator[Reading]:
    """Visits to each zone; ``k`` are those of at least the zone's engagement time."""
    for zone, some in stays(view).items():
        n = some.visits
        yield Reading(n, f"zone:{zone}", Evidence(n=n, k=some.at_least(engaged_s(view, zone))))


_TRAILING: tuple[Window, ...] = ("15m", "60m", "day")
MEASURES = (
    Measure("dwell_median", "seconds", (ZoneTally,), median, _TRAILING, cadence=5, steady=True),
    Measure("dwell_p90", "seconds", (ZoneTally,), p90, _TRAILING, cadence=5, steady=True),
    Measure("zone_visits", "people", (ZoneTally,), visits, _TRAILING, cadence=5, steady=True),
)
