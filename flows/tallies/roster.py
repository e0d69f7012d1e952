"""Who is to be on the floor when, as the roster says ahead of time."""

from datetime import timedelta

from flows.tally import NOW, Part, Tallies, Tally, tally_of
from sensors.events import Plan

KEPT_MS = round(
    timedelta(days=4).total_seconds() * 1000
)  # a shift is forgotten this long after it began
BETWEEN = "\x1f"


class Roster(Tally):
    """The shifts of a store.

    Attributes:
        shifts: ``subject ␟ start`` (epoch milliseconds) → when it was said, its end, thousandths of an associate. Of
            two words about one shift the newer holds; one of nobody cancels it.
        newest: the newest word, by which shifts long begun are forgotten.
    """

    kind = "roster"
    windows = NOW
    invertible = False

    shifts: dict[str, tuple[int, int, int]] = {}
    newest: int = 0

    def merge(self, other: "Roster", sign: int = 1) -> None:
        """Take the newer word of each shift; nothing is taken back."""
        if sign < 0:
            return
        self.newest = max(self.newest, other.newest)
        for name, said in other.shifts.items():
            self.shifts[name] = max(tuple(said), self.shifts.get(name, (0, 0, 0)))  # type: ignore[assignment]
        oldest = self.newest - KEPT_MS
        for name in [name for name in self.shifts if _start_of(name) < oldest]:
            del self.shifts[name]

    def hours(self, start_s: int, end_s: int) -> float:
        r"""Associate hours rostered within [start_s, end_s).

        >>> Roster({"ann\x1f0": (0, 7_200_000, 1_000)}).hours(3_600, 10_800)
        1.0
        """
        total = 0
        for name, (_, end, number) in self.shifts.items():
            start = max(_start_of(name), start_s * 1000)
            total += number * max(0, min(end, end_s * 1000) - start)
        return total / 3_600_000_000

    def at(self, second: int) -> float:
        """Associates rostered at an instant."""
        return self.hours(second, second + 1) * 3600


def _start_of(name: str) -> int:
    return int(name.rpartition(BETWEEN)[2])


def contribute(_pane: Tallies, now: Tallies, event: Plan, sign: int) -> None:
    """Take a shift; without a number it is of one associate."""
    if event.about != "roster":
        return
    said, start, end = (
        round(at.timestamp() * 1000) for at in (event.at, event.starts_at, event.ends_at)
    )
    number = round(1000 * (1.0 if event.value is None else max(0.0, event.value)))
    shift = Roster({f"{event.subject}{BETWEEN}{start}": (said, end, number)}, said)
    tally_of(now, Roster, "").merge(shift, sign)


PARTS = (Part(Plan, (Roster,), contribute),)
