"""What the day looked like minute by minute and, for the last hour, second by second.

Kept only where a measure needs the order of things: visitors and groups of each door and sales of the store by minute
(for the way from the door to the till and for a silent door's share), lone crossings by second (for people who step
out and come straight back). The whole day is a few kilobytes; nothing else keeps more than its sums.
"""

from collections.abc import Sequence

from flows.facts import Window
from flows.tallies.footfall import WHOLE, DoorTally
from flows.tally import Part, Tallies, Tally, add_counts, subjects_of, tally_of
from sensors.events import Footfall, Pos

_DAY: frozenset[Window] = frozenset({"day"})
_HOUR: frozenset[Window] = frozenset({"60m"})
MINUTE_S = 60


class DoorSeries(Tally):
    """Visitors and groups of one door by minute since 1970; without staff and children.

    Attributes:
        visitors: as counted; ``people`` is what readings are of.
        more: what hand counts add, in ten-thousandths of a person.
    """

    kind = "door_series"
    windows = _DAY

    visitors: dict[int, int] = {}
    groups: dict[int, int] = {}
    more: dict[int, int] = {}

    def merge(self, other: "DoorSeries", sign: int = 1) -> None:
        """Add or take back, minute by minute."""
        add_counts(self.visitors, other.visitors, sign)
        add_counts(self.groups, other.groups, sign)
        if other.more:
            add_counts(self.more, other.more, sign)

    @property
    def people(self) -> dict[int, int]:
        """Visitors by minute, corrected; what rounding leaves of a minute goes to the next.

        >>> DoorSeries(visitors={1: 3, 2: 3}, more={1: 3_000, 2: 3_000}).people
        {1: 3, 2: 4}
        """
        if not self.more:
            return self.visitors
        found: dict[int, int] = {}
        sum_, told = 0, 0
        for minute in sorted(self.visitors):
            sum_ += self.visitors[minute] * WHOLE + self.more.get(minute, 0)
            found[minute] = (sum_ + WHOLE // 2) // WHOLE - told
            told += found[minute]
        return found


class SaleSeries(Tally):
    """Sales of the store by minute since 1970; returns are no sales."""

    kind = "sale_series"
    windows = _DAY

    sales: dict[int, int] = {}

    def merge(self, other: "SaleSeries", sign: int = 1) -> None:
        """Add or take back, minute by minute."""
        add_counts(self.sales, other.sales, sign)


class Singles(Tally):
    """Lone untagged people through one door, by second since 1970."""

    kind = "singles"
    windows = _HOUR

    came: dict[int, int] = {}
    went: dict[int, int] = {}

    def merge(self, other: "Singles", sign: int = 1) -> None:
        """Add or take back, second by second."""
        add_counts(self.came, other.came, sign)
        add_counts(self.went, other.went, sign)


def contribute(pane: Tallies, now: Tallies, event: Footfall, sign: int) -> None:
    """Add a count of people."""
    contribute_run(pane, now, (event,), sign)


def contribute_run(pane: Tallies, _now: Tallies, events: Sequence[Footfall], sign: int = 1) -> None:
    """Add counts of one minute: lone crossings second by second; the minute itself is its doors' tallies.

    Those are in the pane already, for ``flows.tallies.footfall`` comes before this file; so a minute costs what its
    doors do, not its people.
    """
    minute = int(events[0].at.timestamp() // MINUTE_S)
    since = minute * MINUTE_S
    known: dict[str, tuple[dict[int, int], dict[int, int]]] = {}
    for event in events:
        if event.entered + event.left == 1 and not event.staff:
            ways = known.get(event.door)
            if ways is None:
                lone = tally_of(pane, Singles, event.door)
                ways = known[event.door] = lone.came, lone.went
            crossings, second = ways[event.left], since + event.at.second
            total = crossings.get(second, 0) + sign
            if total:
                crossings[second] = total
            else:
                del crossings[second]
    _follow_doors(pane, minute)


def _follow_doors(pane: Tallies, minute: int) -> None:
    """Bring each door's minute to what its tally says."""
    known = subjects_of(pane, DoorSeries)
    for door, tally in subjects_of(pane, DoorTally).items():
        visitors = tally.entered - tally.children
        series = known.get(door)
        if series is None:
            if not visitors and not tally.groups:
                continue
            series = known[door] = DoorSeries()
        if visitors:
            series.visitors[minute] = visitors
        else:
            series.visitors.pop(minute, None)
        if tally.groups:
            series.groups[minute] = tally.groups
        elif series.groups:
            series.groups.pop(minute, None)


def sold(pane: Tallies, _now: Tallies, event: Pos, sign: int) -> None:
    """Add a completed sale."""
    if event.nature == "sale":
        minute = int(event.at.timestamp() // MINUTE_S)
        add_counts(tally_of(pane, SaleSeries, "").sales, {minute: 1}, sign)


PARTS = (
    Part(Footfall, (DoorSeries, Singles), contribute, contribute_run),
    Part(Pos, (SaleSeries,), sold),
)
