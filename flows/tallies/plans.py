"""What was announced: promotions, closures, weather, heat, deliveries, each with when it was said."""

from typing import NamedTuple

from flows.tally import NOW, Part, Tallies, Tally, tally_of
from sensors.events import Plan

BETWEEN = "\x1f"
MOST = 128  # of a kind; those that end last are kept
ABOUT = frozenset({"promotion", "event", "closure", "weather", "heat", "delivery"})


class Word(NamedTuple):
    """One announcement. Times are epoch seconds; ``heard`` is when it was said."""

    about: str
    subject: str
    starts: float
    ends: float
    value: float
    heard: float


class PlanLevel(Tally):
    """Announcements of one kind (subject of the tally); the newest word on the same subject and stretch holds.

    Keyed ``subject ␟ starts ␟ ends`` (epoch seconds); each with when it was said and its value.
    """

    kind = "plans"
    windows = NOW
    invertible = False

    plans: dict[str, tuple[float, float]] = {}

    def merge(self, other: "PlanLevel", sign: int = 1) -> None:
        """Take newer words; nothing is taken back (a plan is withdrawn by saying it again with the value 0)."""
        if sign < 0:
            return
        for key, said in other.plans.items():
            self.plans[key] = max(said, self.plans.get(key, said))
        if len(self.plans) > MOST:
            kept = sorted(self.plans, key=_ends_last)[:MOST]
            self.plans = {key: self.plans[key] for key in kept}

    def words(self, about: str) -> list[Word]:
        """The announcements, by when they were said."""
        told = [
            Word(about, *_parts(key), value, heard) for key, (heard, value) in self.plans.items()
        ]  # fmt: skip
        return sorted(told, key=lambda plan: (plan.heard, plan))


def _parts(key: str) -> tuple[str, float, float]:
    subject, starts, ends = key.split(BETWEEN)
    return subject, float(starts), float(ends)


def _ends_last(key: str) -> tuple[float, str]:
    return -_parts(key)[2], key


def contribute(_pane: Tallies, now: Tallies, event: Plan, sign: int) -> None:
    """Take an announcement; without a value it counts 1."""
    if event.about not in ABOUT:
        return
    key = BETWEEN.join((event.subject, repr(event.starts_at.timestamp()), repr(event.ends_at.timestamp())))  # fmt: skip
    said = event.at.timestamp(), 1.0 if event.value is None else event.value
    tally_of(now, PlanLevel, event.about).merge(PlanLevel({key: said}), sign)


PARTS = (Part(Plan, (PlanLevel,), contribute),)
