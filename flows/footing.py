"""How many visitors a window really had: those counted, and those that silent doors must have missed. Pure."""

from collections.abc import Mapping
from functools import partial
from typing import NamedTuple

from flows.inference.silence import Counts, Gap, gap_of
from flows.inference.usual import SLOTS, UsualMemory
from flows.measure import View
from flows.panes import Pane
from flows.profile import Profile, instant_of, minute_of
from flows.tallies.footfall import DoorTally
from flows.tallies.series import DoorSeries

QUARTER = 15


class Footing(NamedTuple):
    """Visitors of a window.

    Attributes:
        counted: by the doors' counters.
        imputed: by door, what silent doors are thought to have missed; empty if all is well.
    """

    counted: int
    imputed: dict[str, int]

    @property
    def visitors(self) -> int:
        """Counted and imputed."""
        return self.counted + sum(self.imputed.values())


def footing(view: View) -> Footing:
    """The visitors of a trailing window or a day.

    Quarters stay as counted: they are the series that learning and late backlogs work on, with their coverage beside
    them.
    """
    return view.once("footing", _footing)


def gaps(view: View) -> list[Gap]:
    """The doors that are missing minutes today, so far as chance cannot explain their silence."""
    if view.window == "day" and view.closed:  # of an earlier day
        return view.once("gaps", _gaps)
    return view.once_a_tick("gaps", _gaps)


def frozen(view: View) -> list[Gap]:
    """The doors that have counted nobody up to now although they may speak, so far as chance cannot explain it.

    Such is a running total that stays the same, or zeros told again and again.
    """
    return view.once_a_tick("frozen", _frozen)


def place_of(profile: Profile, minute: int) -> tuple[int, int]:
    """Weekday and quarter-hour of the store's own time.

    Returns:
        0 for Monday, and 0 to 95.
    """
    local = instant_of(minute).astimezone(profile.store.tz)
    return profile.date_of(minute).weekday(), (local.hour * 60 + local.minute) // QUARTER


def day_of(view: View) -> Pane:
    """The pane of the business day that the view is of."""
    return view.pane if view.window == "day" else view.today


def _footing(view: View) -> Footing:
    counted = view.total(DoorTally).visitors
    if view.window == "quarter" or view.coverage is None or view.coverage >= 1.0:
        return Footing(counted, {})
    imputed: dict[str, int] = {}
    for gap in gaps(view):
        people = round(gap.within(view.start, min(view.end, minute_of(view.at) + 1)))
        if people:
            imputed[gap.door] = imputed.get(gap.door, 0) + people
    return Footing(counted, imputed)


def _gaps(view: View) -> list[Gap]:
    profile = view.profile
    anchor = view.start if view.window == "day" else minute_of(view.at)
    opened = profile.open_minutes(anchor)
    span = range(opened.start, min(opened.stop, minute_of(view.at) + 1))
    silent = int(profile.settings.lateness.sensor_silent_s // 60)
    counts = {d: s.people for d, s in day_of(view).tallies.get(DoorSeries.kind, {}).items()}
    memory = view.memory(UsualMemory)
    usual = partial(_per_minute, profile, memory)
    found = (
        gap_of(door, silence, counts, memory.doors, usual)
        for door in profile.doors
        for silence in view.doors_heard.silences(door, span, over=silent)
        if not (silence.start == span.start and _is_new(door, counts, memory.doors))
    )
    return [gap for gap in found if gap is not None]


def _is_new(door: str, counts: Counts, known: Mapping[str, float]) -> bool:
    """Whether the store has a past and the door none: before its first word it was not silent, but not there."""

    def past(name: str) -> float:
        return known.get(name, 0.0) - sum(counts.get(name, {}).values())

    return past(door) <= 0 and any(past(name) > 0 for name in known)


def _frozen(view: View) -> list[Gap]:
    profile = view.profile
    now = minute_of(view.at) + 1
    opened = profile.open_minutes(now - 1)
    silent = int(profile.settings.lateness.sensor_silent_s // 60)
    counts = {d: s.people for d, s in day_of(view).tallies.get(DoorSeries.kind, {}).items()}
    memory = view.memory(UsualMemory)
    usual = partial(_per_minute, profile, memory)
    found = []
    for door in profile.doors:
        last = max(counts.get(door, ()), default=opened.start - 1)
        stretch = range(max(opened.start, last + 1), min(opened.stop, now))
        if len(stretch) > silent:
            found.append(gap_of(door, stretch, counts, memory.doors, usual))
    return [gap for gap in found if gap is not None]


def _per_minute(profile: Profile, memory: UsualMemory, minutes: range) -> list[float]:
    """Usual visitors of each minute, 0 where they are not known; those of a quarter-hour are looked up once."""
    found: list[float] = []
    minute = minutes.start
    while minute < minutes.stop:
        until = min(minutes.stop, minute - minute % QUARTER + QUARTER, profile.day_of(minute)[1])
        weekday, slot = place_of(profile, minute)
        usual = (memory.expected(weekday, slot % SLOTS) or 0.0) / QUARTER
        found += [usual] * (until - minute)
        minute = until
    return found
