"""What is usual for a store at this time of the week, from its own final quarters, shrunk to what is known broadly.

(weekday, quarter-hour) ◁ quarter-hour of any day ◁ the store ◁ peers, if known ◁ the configured profile. Each step is a
beta-binomial posterior mean, (k + κ·p) ÷ (n + κ) (Efron & Morris 1975): a slot with few visitors keeps its neighbours'
rate.
"""

from collections.abc import Iterable
from typing import NamedTuple

from msgspec import Struct

SLOTS = 96  # quarter-hours a day
FADE = 0.9  # of a slot's weight a week
STORE, _SLOT = 500.0, 300.0  # visitors that the broader rate counts for
KNOWN = 2_000.0  # visitors after which the rate is called the shop's own


class Slot(NamedTuple):
    """Faded sums of one quarter-hour of the week: how many weeks, and what came and was sold in them."""

    weeks: float = 0.0
    visitors: float = 0.0
    groups: float = 0.0
    sales: float = 0.0
    net_minor: float = 0.0

    def plus(self, week: "Slot") -> "Slot":
        """One more week, the older ones faded."""
        return Slot(*(round(FADE * old + new, 3) for old, new in zip(self, week, strict=True)))


class Rate(NamedTuple):
    """Usual sales per visitor, and the visitors of its own behind it."""

    value: float
    n: float


class UsualMemory(Struct):
    """What a store has shown on earlier days; today waits until it is over, so that it is never its own yardstick.

    Attributes:
        day: first minute of the business day that is waiting in ``today``.
        slots: by weekday × 96 + quarter-hour.
        doors: faded visitors by door, for shares.
        rates: usual conversion by window, for the quarter after the last one learned.
        sales, visitors: faded sums of all.
    """

    day: int = 0
    today: dict[int, Slot] = {}
    slots: dict[int, Slot] = {}
    doors: dict[str, float] = {}
    rates: dict[str, float] = {}
    sales: float = 0.0
    visitors: float = 0.0

    def turn(self, day: int) -> None:
        """Begin a business day: what waited becomes history."""
        if day == self.day:
            return
        for key, slot in self.today.items():
            self.slots[key] = self.slots.get(key, Slot()).plus(slot)
        self.day, self.today = day, {}
        self.visitors = sum(slot.visitors for slot in self.slots.values())
        self.sales = sum(slot.sales for slot in self.slots.values())

    def whole(self, prior: float, worth: float = STORE) -> float:
        """The store's conversion at any time, the prior counting for ``worth`` visitors.

        >>> UsualMemory(sales=50, visitors=500).whole(0.2, 500)
        0.15
        """
        return (self.sales + worth * prior) / (self.visitors + worth)

    def rate(self, weekday: int, slots: Iterable[int], prior: float, worth: float = STORE) -> Rate:
        """Usual conversion over quarter-hours of a weekday.

        >>> UsualMemory().rate(0, [40], 0.15).value
        0.15
        >>> UsualMemory(slots={40: Slot(3, 600, 400, 120, 0)}, sales=120, visitors=600).rate(0, [40], 0.15).value > 0.18
        True
        """
        value = self.whole(prior, worth)
        wanted = list(slots)
        for days in (range(7), (weekday,)):
            known = [
                self.slots[day * SLOTS + slot]
                for day in days
                for slot in wanted
                if day * SLOTS + slot in self.slots
            ]
            n = sum(slot.visitors for slot in known)
            value = (sum(slot.sales for slot in known) + _SLOT * value) / (n + _SLOT)
        return Rate(round(value, 6), self.visitors)

    def atv(self) -> float | None:
        """Usual money of a sale, in minor units; ``None`` before enough visitors were seen."""
        sales = sum(slot.sales for slot in self.slots.values())
        if self.visitors < KNOWN or not sales:
            return None
        return sum(slot.net_minor for slot in self.slots.values()) / sales

    def expected(self, weekday: int, slot: int) -> float | None:
        """Usual visitors of a quarter-hour; of any day where this weekday is not known; ``None`` if no day is."""
        own = self.slots.get(weekday * SLOTS + slot)
        if own is not None:
            return own.visitors / own.weeks
        others = [s for day in range(7) if (s := self.slots.get(day * SLOTS + slot))]
        weeks = sum(s.weeks for s in others)
        return sum(s.visitors for s in others) / weeks if weeks else None
