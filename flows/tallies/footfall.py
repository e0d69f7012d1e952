"""People crossing each door."""

from collections.abc import Sequence

from flows.tally import Part, Tallies, Tally, subjects_of, tally_of
from sensors.events import Footfall

WHOLE = 10_000  # corrections are kept in ten-thousandths of a person, so that they add up exactly


class DoorTally(Tally):
    """Crossings of one door, in people.

    Attributes:
        entered, left, passed: without staff; ``entered`` includes children, who are no visitors.
        children: among ``entered``; ``groups``: among ``entered`` where the sensor tells.
        grouped: people of the messages that told groups, so that a share can be extended to the rest.
        staff_in, staff_out: people counted with a staff tag.
        more_in, more_out, more_children: what hand counts add to the counters' numbers, in ten-thousandths.

    ``entered``, ``left`` and ``children`` are what the counters said; readings are of ``people_in``, ``people_out`` and
    ``visitors``, which differ from them only where a hand count has corrected the door.
    """

    kind = "footfall"

    entered: int = 0
    left: int = 0
    passed: int = 0
    children: int = 0
    groups: int = 0
    grouped: int = 0
    staff_in: int = 0
    staff_out: int = 0
    more_in: int = 0
    more_out: int = 0
    more_children: int = 0

    def merge(self, other: "DoorTally", sign: int = 1) -> None:
        """Add or take back, field by field; a level takes the newer word and takes nothing back."""
        self.entered += sign * other.entered
        self.left += sign * other.left
        self.passed += sign * other.passed
        self.children += sign * other.children
        self.groups += sign * other.groups
        self.grouped += sign * other.grouped
        self.staff_in += sign * other.staff_in
        self.staff_out += sign * other.staff_out
        if other.is_corrected:
            self.more_in += sign * other.more_in
            self.more_out += sign * other.more_out
            self.more_children += sign * other.more_children

    @property
    def is_corrected(self) -> bool:
        """Whether a hand count changed anything."""
        return bool(self.more_in or self.more_out)

    @property
    def people_in(self) -> int:
        """People in, corrected, to the nearest whole one.

        >>> DoorTally(entered=10, more_in=8_000).people_in
        11
        """
        return self.entered + _whole(self.more_in)

    @property
    def people_out(self) -> int:
        """People out, corrected, to the nearest whole one."""
        return self.left + _whole(self.more_out)

    @property
    def visitors(self) -> int:
        """People in, without staff and, where the sensor can tell, children; corrected.

        >>> DoorTally(entered=10, children=2).visitors
        8
        """
        return self.entered - self.children + _whole(self.more_in - self.more_children)


def _whole(parts: int) -> int:
    return (parts + WHOLE // 2) // WHOLE


def contribute(pane: Tallies, now: Tallies, event: Footfall, sign: int) -> None:
    """Add a count of people; the same for every way of counting once it is a difference."""
    if sign > 0:
        contribute_run(pane, now, (event,))
        return
    taken: Tallies = {}
    contribute_run(taken, now, (event,))
    tally_of(pane, DoorTally, event.door).merge(taken[DoorTally.kind][event.door], sign)


def contribute_run(pane: Tallies, _now: Tallies, events: Sequence[Footfall]) -> None:
    """Add counts of one minute; the hot path, so nothing is called per event and zeros are skipped."""
    doors = subjects_of(pane, DoorTally)
    for event in events:
        door = doors.get(event.door)
        if door is None:
            door = doors[event.door] = DoorTally()
        entered, left = event.entered, event.left
        if event.staff:
            door.staff_in += entered
            door.staff_out += left
            continue
        if entered:
            door.entered += entered
        if left:
            door.left += left
        if event.passed:
            door.passed += event.passed
        if event.children:
            door.children += min(
                event.children, entered
            )  # a device that says more contradicts itself
        if event.groups is not None:
            door.groups += event.groups
            door.grouped += entered


PARTS = (Part(Footfall, (DoorTally,), contribute, contribute_run),)
