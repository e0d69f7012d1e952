"""What is known of a slot before it begins: the calendar's features, and what was announced of it. Pure.

Announcements come from the log (``floor/v1/{store}/plan``) with when they were said, and from ``[[flows.plans]]``,
known from the beginning. ``forecasting.features`` holds each to the time it was heard.
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache

from flows.forecasting.calendar import day_number
from flows.forecasting.features import Announced, known_features, usable
from flows.measure import View
from flows.profile import Profile, instant_of
from flows.tallies.plans import PlanLevel, Word
from sensors.events import Plan

Words = tuple[Word, ...]
Known = dict[str, float | None]
STORE_WIDE = frozenset({""})


def words_of(view: View) -> Words:
    """Every announcement that reaches into the view's day or lies ahead, of the log and of the configuration."""
    return view.once("announced.words", _words)


def _words(view: View) -> Words:
    now = view.at.timestamp()
    told = [
        word for about, level in view.of(PlanLevel).items() for word in level.words(about)
    ] + _configured(view.profile)
    return tuple(
        sorted(
            (word for word in told if word.ends > now - 2 * 86_400 and word.heard <= now),
            key=lambda w: (w.heard, w),
        )
    )


@lru_cache(maxsize=512)
def _configured_of(profile: Profile) -> Words:
    return tuple(
        Word(plan.about, plan.subject, plan.starts_at.timestamp(), plan.ends_at.timestamp(), plan.value, 0.0)
        for plan in profile.settings.plans
        if not plan.stores or profile.id in plan.stores
    )  # fmt: skip


def _configured(profile: Profile) -> list[Word]:
    return list(_configured_of(profile)) if profile.settings.plans else []


@lru_cache(maxsize=512)
def _plans(words: Words, subjects: frozenset[str]) -> list[Announced]:
    def when(seconds: float) -> datetime:
        return datetime.fromtimestamp(seconds, UTC)

    return [
        Announced(
            Plan(
                at=when(word.heard), about=word.about, subject=word.subject, value=word.value,  # type: ignore[arg-type]
                starts_at=when(word.starts), ends_at=when(word.ends),
            ),
            when(word.heard),
        )
        for word in words
        if word.about != "promotion" or word.subject in subjects
    ]  # fmt: skip


def slot_features(
    profile: Profile, minute: int, length: int, words: Words, asked_at: datetime,
    subjects: frozenset[str] = STORE_WIDE,
) -> Known:  # fmt: skip
    """What is known at ``asked_at`` of the ``length`` minutes from ``minute`` on, in the shop's own time.

    Args:
        profile: the shop.
        minute: first minute of the slot, since 1970.
        length: its minutes; they divide a day.
        words: the announcements; those heard later than ``asked_at`` are not looked at.
        asked_at: when the forecast is made; for learning, the slot's own beginning.
        subjects: of the promotions that concern it.
    """
    start = instant_of(minute)
    local = start.astimezone(profile.store.tz)
    day = local.date()
    step = day_number(day) * (1440 // length) + (local.hour * 60 + local.minute) // length
    opened = profile.open_minutes(minute)
    is_open = not profile.store.hours or (minute + length > opened.start and minute < opened.stop)
    known: Known = {"step": float(step), "open": float(is_open), **profile.calendar.features(day)}
    if words:
        end = start + timedelta(minutes=length)
        told = known_features(start, end, asked_at, _plans(words, subjects))
        if not is_open:
            told.pop("open", None)
        known.update(told)
    return usable(known, start, asked_at)


def newest_word(words: Words) -> float:
    """When the newest announcement was said, in epoch seconds; 0 without any. They come ordered by it."""
    return words[-1].heard if words else 0.0
