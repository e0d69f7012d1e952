"""What hand counts say the doors' counters miss, from which minute on, and its way into the panes. Pure.

A factor holds from the second whole minute after its command was received: no event that came before can lie there,
since clocks are let run ahead by a minute at most, so a minute is multiplied by one factor however often it is
revised. Corrections are whole ten-thousandths of a person and add up exactly: neither order nor batching matters.
"""

from bisect import bisect_right
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from flows.panes import Pane
from flows.profile import minute_of
from flows.tallies.footfall import WHOLE, DoorTally
from flows.tallies.series import DoorSeries
from sensors.corrections import Correction, Direction, parse_setting
from sensors.events import Command

AFTER = 2  # minutes


class Factors:
    """The corrections of one store's doors. Empty, it is false and nothing need be asked of it."""

    def __init__(self) -> None:
        self.since: dict[str, list[int]] = {}  # door/direction → minutes, ascending …
        self.known: dict[str, list[Correction]] = {}  # … and what holds from each on

    def __bool__(self) -> bool:
        return bool(self.known)

    def note(self, command: Command, received_at: datetime, oldest: int) -> None:
        """Take a command in if it is a correction; those that ended before ``oldest`` (a minute) are forgotten."""
        found = parse_setting(command)
        if found is None:
            return
        key, minute = f"{found.door}/{found.direction}", minute_of(received_at) + AFTER
        since, known = self.since.setdefault(key, []), self.known.setdefault(key, [])
        at = bisect_right(since, minute)
        since.insert(at, minute)
        known.insert(at, found.correction)
        while len(since) > 1 and since[1] <= oldest:
            del since[0], known[0]

    def at(self, door: str, direction: Direction, minute: int) -> Correction | None:
        """What holds in a minute; ``None`` where nothing is to be corrected."""
        key = f"{door}/{direction}"
        place = bisect_right(self.since.get(key, ()), minute)
        correction = self.known[key][place - 1] if place else None
        return correction if correction and correction.factor != 1 else None

    def correct(self, minute: int, pane: Pane) -> None:
        """Put into a minute's counts what the factors add to them, before they travel on."""
        doors: Mapping[str, DoorTally] = pane.tallies.get(DoorTally.kind, {})
        for door, tally in doors.items():
            more_in, more_out = self._more(door, "in", minute), self._more(door, "out", minute)
            tally.more_in = tally.entered * more_in
            tally.more_children = tally.children * more_in
            tally.more_out = tally.left * more_out
        rows: Mapping[str, DoorSeries] = pane.tallies.get(DoorSeries.kind, {})
        for door, series in rows.items():
            if more := self._more(door, "in", minute):
                series.more = {at: people * more for at, people in series.visitors.items()}

    def _more(self, door: str, direction: Direction, minute: int) -> int:
        correction = self.at(door, direction, minute)
        return 0 if correction is None else round(correction.factor * WHOLE) - WHOLE

    def row(self) -> list[Any]:
        """For the snapshot; encode it at once."""
        return [self.since, self.known]

    def restore(self, row: list[Any]) -> None:
        """Take a snapshot's row back."""
        self.since = row[0]
        self.known = {
            key: msgspec.convert(known, list[Correction], strict=False)
            for key, known in row[1].items()
        }
