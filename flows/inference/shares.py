"""Each door's share of the visitors, and when it is no longer what it was: a camera knocked askew, a blocked door.

A quarter-hour's count k of n visitors is compared with the door's usual share p at that hour of the day, learned on
earlier days: z = (k − n·p) ÷ √(φ·n·p·(1 − p)), φ = 2 for people who come in groups. ADWIN (Bifet & Gavaldà 2007,
river's) watches z; when it cuts its window the share has changed. Which door it was is told by its own numbers: the
one whose day differs most from its usual day in proportion. From then on everything is learned anew.
"""

import pickle
from collections.abc import Mapping
from math import log, sqrt

from msgspec import Struct
from river.drift import ADWIN

from flows.panes import squeeze, unsqueeze

OVERDISPERSION = 2.0
LEAST = 8  # visitors of a quarter-hour that says something of shares
KNOWN = 1_000.0  # visitors of earlier days before shares are judged
FADE = 0.9  # of an hour's weight a day
_WORTH = 50.0  # visitors that the whole day's share counts for in an hour's
_MOST = 4.0  # standard deviations that one quarter-hour may say

Doors = dict[str, float]


class Drift(Struct, array_like=True):
    """A share that changed: when it was found (minutes since 1970), and what it was and is."""

    minute: int
    before: float
    after: float


class ShareMemory(Struct):
    """What is known of a store's doors; today waits until it is over.

    Attributes:
        day: first minute of the business day that waits in ``today``.
        today, known: visitors by hour of the day and door; earlier days faded.
        quarters: quarter-hours behind each hour of ``known``, faded; ``quarters_today`` of today.
        watches: river's ADWIN by door, pickled and compressed.
        drifts: the newest change by door.
    """

    day: int = 0
    today: dict[int, Doors] = {}
    known: dict[int, Doors] = {}
    quarters_today: dict[int, float] = {}
    quarters: dict[int, float] = {}
    watches: dict[str, bytes] = {}
    drifts: dict[str, Drift] = {}

    def turn(self, day: int) -> None:
        """Begin a business day: what waited becomes history."""
        if day == self.day:
            return
        for hour, doors in self.today.items():
            mine = self.known.setdefault(hour, {})
            for door in mine.keys() | doors.keys():
                mine[door] = round(FADE * mine.get(door, 0.0) + doors.get(door, 0.0), 3)
            weight = FADE * self.quarters.get(hour, 0.0) + self.quarters_today[hour]
            self.quarters[hour] = round(weight, 3)
        self.day, self.today, self.quarters_today = day, {}, {}

    def share(self, door: str, hour: int | None = None) -> float | None:
        """A door's usual share of the visitors, of an hour of the day or of all; ``None`` before enough is known.

        >>> ShareMemory(known={9: {"a": 900.0, "b": 300.0}}).share("a")
        0.75
        """
        whole = _sum(self.known)
        total = sum(whole.values())
        if total < KNOWN:
            return None
        share = whole.get(door, 0.0) / total
        if hour is None:
            return share
        doors = self.known.get(hour, {})
        return (doors.get(door, 0.0) + _WORTH * share) / (sum(doors.values()) + _WORTH)

    def learn(self, hour: int, counts: Mapping[str, int], minute: int) -> None:
        """Take in a final quarter-hour of all doors, which ends at ``minute``."""
        total = sum(counts.values())
        if total < LEAST:
            return
        doors = self.today.setdefault(hour, {})
        for door, people in counts.items():
            doors[door] = doors.get(door, 0.0) + people
        self.quarters_today[hour] = self.quarters_today.get(hour, 0.0) + 1
        changed = [
            door for door, people in counts.items() if self._watch(door, hour, people, total)
        ]
        if changed:
            self._begin_anew(minute)

    def _watch(self, door: str, hour: int, people: int, total: int) -> bool:
        usual = self.share(door, hour)
        if usual is None or not 0.0 < usual < 1.0:
            return False
        z = (people - total * usual) / sqrt(OVERDISPERSION * total * usual * (1 - usual))
        watch = self._watch_of(door)
        watch.update(max(-_MOST, min(_MOST, z)))  # type: ignore[no-untyped-call]
        self.watches[door] = squeeze(pickle.dumps(watch, protocol=pickle.HIGHEST_PROTOCOL))
        return bool(watch.drift_detected)

    def _watch_of(self, door: str) -> ADWIN:
        if known := self.watches.get(door):
            watch: ADWIN = pickle.loads(unsqueeze(known))  # noqa: S301  our own recovery state
            return watch
        return ADWIN(delta=0.0005, clock=4, min_window_length=8, grace_period=24)  # type: ignore[no-untyped-call]

    def _begin_anew(self, minute: int) -> None:
        """Say whose share changed, and forget what was usual."""
        now = _sum(self.today)
        usual = {
            door: sum(
                self.known.get(hour, {}).get(door, 0.0) / self.quarters[hour] * quarters
                for hour, quarters in self.quarters_today.items()
                if self.quarters.get(hour)
            )
            for door in now
        }
        door = max(now, key=lambda name: abs(log((now[name] + 1) / (usual[name] + 1))))
        before = self.share(door) or 0.0
        self.drifts[door] = Drift(minute, round(before, 4), round(now[door] / sum(now.values()), 4))
        self.known, self.quarters, self.watches = {}, {}, {}


def _sum(hours: Mapping[int, Doors]) -> Doors:
    """By door, of all hours."""
    found: Doors = {}
    for doors in hours.values():
        for door, people in doors.items():
            found[door] = found.get(door, 0.0) + people
    return found
