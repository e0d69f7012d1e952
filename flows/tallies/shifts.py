"""When associates came on and went off the floor, so that labour hours can be counted for any stretch of the day."""

from flows.facts import Window
from flows.tally import Part, Tallies, Tally, add_counts, tally_of
from sensors.events import Staff

_DAY: frozenset[Window] = frozenset({"day"})
_LEVEL = 21  # bits of a roster's number: more than an event may say


class ShiftSeries(Tally):
    """Badges of one associate, or a roster's words (subject ``""``).

    A word is a second since 1970, shifted, and what was said: 1 on, 0 off, or the roster's number. Words are a
    multiset, so that one said twice can be taken back once.
    """

    kind = "shift_series"
    windows = _DAY

    words: dict[int, int] = {}

    def merge(self, other: "ShiftSeries", sign: int = 1) -> None:
        """Add or take back, word by word."""
        add_counts(self.words, other.words, sign)

    def steps(self) -> list[tuple[int, int]]:
        """(second, associates on the floor from then on), in order.

        >>> series = ShiftSeries(); series.words = {(60 << 21) | 1: 1, (120 << 21): 1}
        >>> series.steps()
        [(60, 1), (120, 0)]
        """
        return [(word >> _LEVEL, word & ((1 << _LEVEL) - 1)) for word in sorted(self.words)]

    def hours(self, start_s: int, end_s: int) -> float:
        """Associate hours within [start_s, end_s).

        >>> series = ShiftSeries(); series.words = {(0 << 21) | 2: 1}
        >>> series.hours(1800, 3600)
        1.0
        """
        steps = self.steps()
        total = 0
        for index, (since, on) in enumerate(steps):
            until = steps[index + 1][0] if index + 1 < len(steps) else end_s
            total += on * max(0, min(until, end_s) - max(since, start_s))
        return total / 3600


def contribute(pane: Tallies, _now: Tallies, event: Staff, sign: int) -> None:
    """Add a badge or a roster's word."""
    second = int(event.at.timestamp())
    if event.on_floor is not None:
        word = (second << _LEVEL) | event.on_floor
        add_counts(tally_of(pane, ShiftSeries, "").words, {word: 1}, sign)
    if event.associate and event.action:
        word = (second << _LEVEL) | int(event.action == "on")
        add_counts(tally_of(pane, ShiftSeries, event.associate).words, {word: 1}, sign)


PARTS = (Part(Staff, (ShiftSeries,), contribute),)
