"""Unusual traffic: more people than the usual week explains, or fewer, as one live number a rule can watch."""

import pickle
from collections.abc import Iterator

from msgspec import Struct

from flows.facts import Evidence
from flows.forecasting.calendar import day_number
from flows.forecasting.unusual import UnusualTraffic
from flows.measure import Measure, Reading, View
from flows.panes import Squeezed, squeeze, unsqueeze
from flows.profile import Profile, instant_of, minute_of
from flows.spans import QUARTER
from flows.tallies.footfall import DoorTally

SLOTS = 1440 // QUARTER
COVERED = 0.8
LEARNING_DAYS = 14  # with open quarters, before anything is called unusual
SURE = 0.5  # chance of an event beyond which it has a reason
FEW = {"burst": 0.4, "extra": 0.1}  # what a blocked street leaves of the usual: λ·0.4 + 0.1


class UnusualMemory(Struct):
    """Two filters over the store's inflow, and what they made of the newest final quarter.

    Attributes:
        model: both filters, pickled and compressed; empty before the first quarter.
        start: first minute of the newest quarter filtered; ``day``: its business day's first minute.
        days: business days seen so far.
        more, fewer: the chances that an event swells or thins the traffic of that quarter.
    """

    model: Squeezed = b""
    start: int = 0
    day: int = 0
    days: int = 0
    more: float = 0.0
    fewer: float = 0.0
    count: int = 0
    usual: float | None = None


def step_of(profile: Profile, minute: int) -> int:
    """The quarter's number from a Monday on, in local time; a public holiday's is a Sunday's."""
    local = instant_of(minute).astimezone(profile.store.tz)
    day = day_number(local.date())
    if profile.calendar.is_holiday(local.date()):
        day += 6 - day % 7
    return day * SLOTS + (local.hour * 60 + local.minute) // QUARTER


def learn(memory: UnusualMemory, view: View) -> None:
    """Filter a final quarter; one its sensors did not cover, or outside opening hours, says nothing."""
    if view.coverage is not None and view.coverage < COVERED:
        return
    if not view.profile.is_open(view.start):
        return
    more, fewer = (
        pickle.loads(unsqueeze(memory.model))  # noqa: S301  our own recovery state, as bytewax itself keeps it
        if memory.model
        else (UnusualTraffic(7 * SLOTS), UnusualTraffic(7 * SLOTS, **FEW))
    )
    step, count = step_of(view.profile, view.start), view.total(DoorTally).visitors
    memory.usual = more.expected(step)
    memory.more = round(more.learn_one(step, float(count)), 4)
    memory.fewer = round(fewer.learn_one(step, float(count)), 4)
    memory.model = squeeze(pickle.dumps((more, fewer), protocol=pickle.HIGHEST_PROTOCOL))
    memory.start, memory.count = view.start, count
    day = view.profile.day_of(view.start)[0]
    memory.days += day != memory.day
    memory.day = day


def unusual(view: View) -> Iterator[Reading]:
    """The chance that the newest final quarter belongs to an event, and which way; 0 when the day has not begun.

    ``None`` while the usual week is being learned.
    """
    memory = view.memory(UnusualMemory)
    if not memory.model:
        return
    today = view.profile.day_of(minute_of(view.at))[0]
    if memory.days < LEARNING_DAYS:
        yield Reading(None, reason="learning", detail={"days": memory.days})
        return
    if memory.day != today:
        yield Reading(0.0)
        return
    chance = max(memory.more, memory.fewer)
    which = "more_than_usual" if memory.more >= memory.fewer else "fewer_than_usual"
    yield Reading(
        chance,
        evidence=Evidence(k=memory.count, n=None if memory.usual is None else round(memory.usual, 1)),
        reason=which if chance > SURE else "",
        detail={"more": memory.more, "fewer": memory.fewer, "quarter": instant_of(memory.start).isoformat()},
    )  # fmt: skip


MEASURES = (
    Measure(
        "unusual_traffic", "ratio", (DoorTally,), unusual, ("now",),
        cadence=5, quiet=True, memory=UnusualMemory, learn=learn,
    ),
)  # fmt: skip
