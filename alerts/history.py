"""What a figure of the shop usually is at this time of the day, learned from it: the reference ``history``. Pure.

Of every half-hour the value that stood at its end is kept, workdays, Saturdays and Sundays (with holidays) apart, older
days fading. What is usual in between lies in between, so that a figure that grows through the day is held against as
much of it. Today never counts towards what is usual.
"""

from datetime import datetime, timedelta

from msgspec import Struct

from alerts.hours import day_of

SLOT_S = 1800
SLOTS = 86_400 // SLOT_S
KEEP = 0.9  # of what was learned, each day of the kind
LEAST = 2.7  # faded: three days


class History(Struct, kw_only=True, omit_defaults=True):
    """One figure's past.

    Attributes:
        day, kind: of the newest word; ``today``: half-hour → the newest value in it.
        ends: kind of day × 48 + half-hour → earlier days seen and Σ of the values at its end, both faded.
    """

    day: int = 0
    kind: int = 0
    today: dict[int, float] = {}
    ends: dict[int, tuple[float, float]] = {}

    def hear(self, value: float, now: datetime, country: str) -> None:
        """A newer value, at ``now`` by the store's clock; one of an earlier day is left out."""
        day = now.toordinal()
        if day < self.day:
            return
        if day > self.day:
            self._turn()
            self.day, self.kind, self.today = day, _kind(now, country), {}
        self.today[_slot(now)] = value

    def _turn(self) -> None:
        """Take in the day that is over."""
        for slot, value in self.today.items():
            key = self.kind * SLOTS + slot
            days, total = self.ends.get(key, (0.0, 0.0))
            self.ends[key] = KEEP * days + 1, KEEP * total + value

    def usual(self, now: datetime, country: str) -> float | None:
        """What it usually is at ``now``; ``None`` before three such days were seen."""
        ahead = self._end(now, country)
        if ahead is None:
            return None
        behind = self._end(now - timedelta(seconds=SLOT_S), country) if _slot(now) else None
        share = (now.hour * 3600 + now.minute * 60 + now.second) % SLOT_S / SLOT_S
        return ahead if behind is None else behind + share * (ahead - behind)

    def _end(self, at: datetime, country: str) -> float | None:
        """The usual value at the end of the half-hour of ``at``."""
        days, total = self.ends.get(_kind(at, country) * SLOTS + _slot(at), (0.0, 0.0))
        return total / days if days >= LEAST else None


def _slot(now: datetime) -> int:
    return (now.hour * 3600 + now.minute * 60) // SLOT_S


def _kind(now: datetime, country: str) -> int:
    """0 on workdays, 1 on Saturdays, 2 on Sundays and holidays."""
    return {"sat": 1, "sun": 2, "holiday": 2}.get(day_of(country, now.date()), 0)
