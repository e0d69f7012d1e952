"""Unusual traffic, on a door whose events were written down."""

from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest

from flows.forecasting.unusual import UnusualTraffic

MONDAY = datetime(2005, 7, 18)  # noqa: DTZ001  local
_FORMAT = "%m/%d/%y%H:%M:%S"


def _when(day: str, at: str) -> datetime:
    return datetime.strptime(day + at, _FORMAT)  # noqa: DTZ007  local


@pytest.mark.data
def test_calit2_events_are_found_online(real_data: Path) -> None:
    """At least 95 % of the labelled events at no more than 6 alarms a week, on the set the defaults were chosen on."""
    counts: list[tuple[datetime, float]] = []
    for line in (real_data / "calit2" / "CalIt2.data").read_text().splitlines():
        flow, day, at, count = line.split(",")
        if flow == "9":
            counts.append((_when(day, at), float(count)))
    counts.sort()
    watch = UnusualTraffic(336)
    flagged = [
        (at, watch.learn_one(int((at - MONDAY).total_seconds() // 1800), y) > 0.5)
        for at, y in counts
    ]
    alarms = sum(now and not before for (_, before), (_, now) in pairwise(flagged))
    events = []
    for line in (real_data / "calit2" / "CalIt2.events").read_text().splitlines():
        if line.strip():
            day, begins, ends, _ = line.split(",", 3)
            events.append((_when(day, begins), _when(day, ends)))
    found = sum(any(hot and a <= at <= b for at, hot in flagged) for a, b in events)
    assert found / len(events) >= 0.95
    assert alarms / (len(counts) / 336) <= 6.0


def test_a_crowd_is_unusual_once_and_does_not_become_usual() -> None:
    """A crowd every second Monday is flagged each time: the usual week does not learn from events."""
    watch = UnusualTraffic(168)
    flags = []
    for step in range(168 * 10):
        crowd = step % 336 in (36, 37)
        chance = watch.learn_one(step, 40.0 if crowd else float(3 + step % 3))
        if crowd and step > 336:
            flags.append(chance > 0.5)
    assert all(flags)
    assert watch.learn_one(168 * 10, 4.0) < 0.1
