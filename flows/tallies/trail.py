"""Where people went: the zones each track was seen in during the last hour, and visits to each zone by quarter-hour."""

from flows.facts import Window
from flows.tally import BETWEEN, Part, Tallies, Tally, add_counts, tally_of
from sensors.events import Dwell

_HOUR: frozenset[Window] = frozenset({"60m"})
_QUARTER: frozenset[Window] = frozenset({"quarter"})


class TrailTally(Tally):
    """Ends of zone visits that carry a track; keyed ``track ␟ epoch milliseconds ␟ zone``, a multiset."""

    kind = "trail"
    windows = _HOUR

    seen: dict[str, int] = {}

    def merge(self, other: "TrailTally", sign: int = 1) -> None:
        """Add or take back, visit by visit."""
        add_counts(self.seen, other.seen, sign)


class ZoneVisits(Tally):
    """Visits to one zone, without staff."""

    kind = "zone_visits"
    windows = _QUARTER

    visits: int = 0

    def merge(self, other: "ZoneVisits", sign: int = 1) -> None:
        """Add or take back."""
        self.visits += sign * other.visits


def contribute(pane: Tallies, _now: Tallies, event: Dwell, sign: int) -> None:
    """Add the end of a visit; staff do not shop."""
    if event.staff:
        return
    tally_of(pane, ZoneVisits, event.zone).visits += sign * event.visits
    if event.track:
        key = f"{event.track}{BETWEEN}{round(event.at.timestamp() * 1000)}{BETWEEN}{event.zone}"
        add_counts(tally_of(pane, TrailTally, "").seen, {key: 1}, sign)


PARTS = (Part(Dwell, (TrailTally, ZoneVisits), contribute),)
