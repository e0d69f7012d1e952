"""What the day looked like minute by minute and, for the last hour, second by second.

Kept only where a measure needs the order of things: visitors and groups of each door and sales of the store by minute
(for the way from the door to the till and for a silent door's share), lone crossings by second (for people who step
out and come straight back). The whole day is a few kilobytes; nothing else keeps more than its sums.
"""

from collections.abc import Sequence

from flows.facts import Window
from flows.tallies.footfall import WHOLE
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
    """Add counts of one minute, door by door; what nobody entered or left by is skipped."""
    minute = int(events[0].at.timestamp() // MINUTE_S)
    since = minute * MINUTE_S
    singles = subjects_of(pane, Singles)
    visitors: dict[str, int] = {}
    groups: dict[str, int] = {}
    for event in events:
        entered, left = event.entered, event.left
        if event.staff or not (entered or left):
            continue
        if entered:
            visitors[event.door] = visitors.get(event.door, 0) + entered - (event.children or 0)
            if event.groups:
                groups[event.door] = groups.get(event.door, 0) + event.groups
        if entered + left == 1:
            lone = singles.get(event.door)
            if lone is None:
                lone = singles[event.door] = Singles()
            crossings = lone.came if entered else lone.went
            second = since + event.at.second
            total = crossings.get(second, 0) + sign
            if total:
                crossings[second] = total
            else:
                del crossings[second]
    for door, count in visitors.items():
        series = tally_of(pane, DoorSeries, door)
        add_counts(series.visitors, {minute: count}, sign)
        add_counts(series.groups, {minute: groups.get(door, 0)}, sign)


def sold(pane: Tallies, _now: Tallies, event: Pos, sign: int) -> None:
    """Add a completed sale."""
    if event.nature == "sale":
        minute = int(event.at.timestamp() // MINUTE_S)
        add_counts(tally_of(pane, SaleSeries, "").sales, {minute: 1}, sign)


PARTS = (
    Part(Footfall, (DoorSeries, Singles), contribute, contribute_run),
    Part(Pos, (SaleSeries,), sold),
)
