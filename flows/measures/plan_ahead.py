"""What is announced and not over: a promotion, an event, a delivery, a closure; and the next public holiday."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from math import ceil

from flows.announced import words_of
from flows.measure import Measure, Reading, View
from flows.profile import Profile, minute_of
from flows.tallies.plans import PlanLevel, Word

ABOUT = ("closure", "delivery", "event", "promotion")
FAR = timedelta(days=14)  # what lies further ahead is not told


def plan_ahead(view: View) -> Iterator[Reading]:
    """Clock hours until the next announcement of a kind begins, by quarters; 0 while it is on, ``None`` without any.

    ``detail``: when it ``starts`` and ``ends``, what it is ``of`` and its ``value``, and the opening hours until then
    (``open_h``).
    """
    now = view.at.timestamp()
    for about in ABOUT:
        # the newest word about the same thing holds; one of value 0 takes it back
        words = {(w.subject, w.starts, w.ends): w for w in words_of(view) if w.about == about}
        coming = [w for w in words.values() if w.ends > now and w.value]
        yield _reading(view, f"plan:{about}", min(coming, key=lambda w: w.starts, default=None))
    today = view.profile.day_of(minute_of(view.at))[0]
    yield _reading(view, "plan:holiday", _holiday(view.profile, today))


@lru_cache(1_024)
def _holiday(profile: Profile, today: int) -> Word | None:
    """The next public holiday or the present one, as an announcement of the calendar's."""
    day = profile.date_of(today)
    for ahead in range(FAR.days + 1):
        if profile.calendar.is_holiday(day + timedelta(days=ahead)):
            start, end = profile.day_of(today + ahead * 1440 + 720)
            return Word("holiday", "", start * 60.0, end * 60.0, 1.0, 0.0)
    return None


def _reading(view: View, subject: str, word: Word | None) -> Reading:
    if word is None or word.starts - view.at.timestamp() > FAR.total_seconds():
        return Reading(None, subject)
    starts, ends = (datetime.fromtimestamp(second, UTC) for second in (word.starts, word.ends))
    left_h = max(0.0, (starts - view.at).total_seconds() / 3600)
    return Reading(
        ceil(4 * left_h) / 4,
        subject,
        detail={
            "starts": starts.isoformat(), "ends": ends.isoformat(), "of": word.subject,
            "value": word.value, "open_h": _open_h(view, minute_of(starts)),
        },
    )  # fmt: skip


def _open_h(view: View, until: int) -> float:
    """Opening hours from now until a minute, by quarters."""
    minute, total = minute_of(view.at), 0
    day = minute
    while day < until:
        opened = view.profile.open_minutes(day)
        total += max(0, min(until, opened.stop) - max(minute, opened.start))
        day = view.profile.day_of(day)[1]
    return ceil(total / 15) / 4


MEASURES = (
    Measure("plan_ahead", "hours", (PlanLevel,), plan_ahead, ("now",), cadence=5, quiet=True),
)
