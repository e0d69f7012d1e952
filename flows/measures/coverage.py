"""Which of today's opening minutes each door's counter and each device covered, for people who look for a hole.

A door's minutes are told as run lengths from the opening on: ``c`` covered, ``i`` imputed (silent, filled in), ``m``
missing. ``c540i30m12`` is nine hours covered, half an hour filled in, twelve minutes nobody knows of. A device that
fell silent, or said itself that it is down, is told once an outage, which grows while it lasts.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime

from flows.facts import Evidence
from flows.footing import gaps
from flows.measure import Measure, Reading, View, ratio
from flows.measures.health import sensor_health
from flows.profile import minute_of
from flows.tallies.footfall import DoorTally
from flows.tallies.levels import DeviceLevel

Span = tuple[int, int]
DOWN = frozenset({"silent", "offline", "fault"})
_RUN = re.compile(r"(.)\1*")


def strip(minutes: str) -> str:
    """Run lengths of a word a minute.

    >>> strip("cccim"), strip("")
    ('c3i1m1', '')
    """
    return "".join(f"{run[1]}{len(run[0])}" for run in _RUN.finditer(minutes))


def minutes_covered(view: View) -> Iterator[Reading]:
    """Share of today's opening minutes so far that the doors' counters covered, of the store and of each door.

    A counter covers the minutes in which it spoke and those after it, up to its declared silence. ``detail.strip`` has
    the minutes themselves. The store's minute is as good as its worst door's: the last word by the alphabet.
    """
    opened = view.profile.open_minutes(minute_of(view.at))
    span = range(opened.start, min(opened.stop, minute_of(view.at) + 1))
    if not span:
        return
    day = view.profile.day_of(minute_of(view.at))
    doors = {door: _words(view, door, span) for door in view.profile.doors}
    different = set(doors.values())
    whole = (
        "".join(map(max, zip(*different, strict=True)))
        if len(different) > 1
        else min(different, default="")
    )
    yield _told("", whole, day)
    for door, words in doors.items():
        yield _told(f"door:{door}", words, day)


def _told(subject: str, words: str, day: Span) -> Reading:
    covered = words.count("c")
    return Reading(
        ratio(covered, len(words)), subject, Evidence(n=len(words), k=covered), detail={"strip": strip(words)},
        window="day", span=day, state="imputed" if "i" in words else None,
    )  # fmt: skip


def _words(view: View, door: str, span: range) -> str:
    silent = int(view.profile.settings.lateness.sensor_silent_s // 60)
    before = range(
        span.start - silent, span.stop
    )  # what it said just before opening covers the first minutes
    words = bytearray(b"c") * len(span)
    for quiet in view.doors_heard.silences(door, before, over=silent):
        unheard = range(
            quiet.start if quiet.start == before.start else quiet.start + silent, quiet.stop
        )
        _write(words, unheard, span.start, b"m")
    for gap in gaps(view):
        if gap.door == door:
            _write(words, gap.minutes, span.start, b"i")
    return words.decode()


def _write(words: bytearray, minutes: range, first: int, word: bytes) -> None:
    start, stop = max(0, minutes.start - first), min(len(words), minutes.stop - first)
    if stop > start:
        words[start:stop] = word * (stop - start)


def device_outage(view: View) -> Iterator[Reading]:
    """Each outage of a device within today's opening hours: the state it is in, from its last word until now.

    One fact an outage, known by its first minute: it is told again while it lasts, and then stands as it was.
    """
    now = minute_of(view.at)
    opened = view.profile.open_minutes(now)
    if now not in opened:
        return
    for health in sensor_health(view):
        heard = _heard(health.detail)
        if health.value in DOWN and heard is not None:
            since = max(minute_of(heard) + 1, opened.start)
            yield Reading(
                health.value,
                health.subject,
                reason=health.reason,
                window="day",
                span=(since, now + 1),
            )


def _heard(detail: Mapping[str, str | int | float | None]) -> datetime | None:
    said = detail.get("last_heard")
    return datetime.fromisoformat(said) if isinstance(said, str) else None


MEASURES = (
    Measure(
        "minutes_covered",
        "ratio",
        (DoorTally,),
        minutes_covered,
        ("now",),
        cadence=5,
        quiet=True,
    ),
    Measure(
        "device_outage", "text", (DeviceLevel,), device_outage, ("now",), cadence=1, quiet=True
    ),
)
