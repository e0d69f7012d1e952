"""Nights on which clocks change, of a shop whose business day ends at 04:00: every minute against the raw events."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any

import msgspec
import pytest

from flows.facts import Fact
from flows.measure import measures
from flows.profile import Profile, minute_of
from flows.settings import FlowsSettings, Lateness
from sensors.events import Dwell, Event, Queue, Staff
from sensors.settings import Hours, Store
from tests.floor_runs import SENSORS, START, random_events, shop
from tests.property.test_floor_oracle import _expected, _sales
from tests.shop_days import MINUTE, Shop

HOUR = timedelta(hours=1)
SPAN_S = 7 * 3600
STARTS, OPENS, CLOSES = time(4), time(10), time(3, 30)
BACK = timedelta(minutes=100)  # one camera's gateway tells its first hours so much later
EVENING = {
    "clocks go forward": datetime(2026, 3, 28, 21, 30, tzinfo=UTC),  # 22:30 on the shop's clock
    "clocks go back": datetime(2026, 10, 24, 20, 30, tzinfo=UTC),
}
CADENCE = {(m.metric, w): m.cadence_over(w) for m in measures() for w in m.windows}
LENGTH_H = {"clocks go forward": 23, "clocks go back": 25}


def _store() -> Store:
    days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    hours = Hours(days=days, opens=OPENS, closes=CLOSES)  # type: ignore[arg-type]
    return msgspec.structs.replace(
        shop("north", "Europe/Berlin", STARTS), country="DE", hours=[hours]
    )


STORE = _store()
SETTINGS = FlowsSettings(lateness=Lateness(sensor_silent_s=86_400))  # nobody is filled in


def _day_of(at: datetime) -> date:
    """The business day of an instant, on the shop's clock."""
    local = at.astimezone(STORE.tz)
    return local.date() if local.time() >= STARTS else local.date() - timedelta(days=1)


def _bounds(at: datetime) -> tuple[datetime, datetime]:
    """First instant of its business day, and of the next one."""
    day = _day_of(at)
    return tuple(  # type: ignore[return-value]
        datetime.combine(day + timedelta(days=n), STARTS, STORE.tz).astimezone(UTC) for n in (0, 1)
    )


def _arrivals(evening: datetime) -> list[tuple[datetime, Event]]:
    """Events of a long night, and two associates' badges; a camera is cut off for a while."""
    shift = evening - START
    events: list[Any] = [
        msgspec.structs.replace(e, at=e.at + shift) for e in random_events(17, 350, SPAN_S)
    ]
    for who, begins, ends in (("ann", 0, 4.5), ("bo", 1, 6.5)):
        for hours, action in ((begins, "on"), (ends, "off")):
            at = evening + hours * HOUR
            events.append(
                Staff(at=at, store="north", source="badge", id=f"{who}{action}", associate=who, action=action)  # type: ignore[arg-type]
            )  # fmt: skip
    cut = evening + 2 * HOUR
    return [
        (max(e.at, cut + BACK) if e.source == "cam1" and cut <= e.at < cut + HOUR else e.at, e)
        for e in events
    ]


@cache
def _told(night: str) -> list[tuple[datetime, dict[tuple[str, str, str], Fact]]]:
    """What held at each minute's tick of the night, and for two hours after it."""
    evening = EVENING[night]
    arriving = sorted(_arrivals(evening), key=lambda arrival: arrival[0])
    floor = Shop(Profile(STORE, SETTINGS, SENSORS))
    held: dict[tuple[str, str, str], Fact] = {}
    found = []
    at, index = evening, 0
    while at < evening + timedelta(seconds=SPAN_S) + 2 * HOUR:
        at += MINUTE
        batch = []
        while index < len(arriving) and arriving[index][0] <= at:
            batch.append(arriving[index][1])
            index += 1
        floor.publisher.ledger.take(batch, at)
        facts = floor.publisher.tick(at)
        floor.keep(facts)
        held |= {
            (f.metric, f.subject, f.window): f for f in facts if f.state in ("live", "imputed")
        }
        found.append((at, dict(held)))
    every = (fact for some in floor.facts.values() for fact in some)
    closed = (f for f in every if f.window == "day" and f.state == "final")
    found.append((at, {f.key[1:4]: f for f in closed if _day_of(f.start) == _day_of(evening)}))
    return found


def _known(night: str, at: datetime) -> list[Event]:
    return [event for arrived, event in _arrivals(EVENING[night]) if arrived <= at]


@pytest.mark.parametrize("night", EVENING)
def test_each_minute_equals_the_events_that_had_come(night: str) -> None:
    """All through the night, a backlog out or in, open windows are what had arrived by each minute they speak."""
    checked = 0
    for at, facts in _told(night)[:-1:7]:
        known = _known(night, at)
        for window in ("15m", "60m", "day"):
            start, end = _bounds(at) if window == "day" else _trailing(at, window)
            wanted = {
                name: value
                for name, value in (
                    _expected(known, start, end) | _zones(known, start, end)
                ).items()
                if _speaks(_split(name)[0], window, at)
            }
            held = {name: facts.get((*_split(name), window)) for name in wanted}
            seen = facts.get(("visitors", "", window))
            if seen is None or seen.start != start:
                assert window == "day" or _shut(at)  # nothing has come of a new business day
                continue
            assert {n: f and f.value for n, f in held.items() if n in wanted and f} == {
                n: value for n, value in wanted.items() if held[n]
            }, (at, window)
            checked += len(wanted)
        _check_line(facts, known)
    assert checked > 1_000


def _shut(at: datetime) -> bool:
    return CLOSES <= at.astimezone(STORE.tz).time() < OPENS


def _speaks(metric: str, window: str, at: datetime) -> bool:
    """Whether a measure is read at that minute whatever has come; a closed shop is every five."""
    cadence = CADENCE[metric, window]  # type: ignore[index]
    return cadence == 0 or minute_of(at) % (max(cadence, 5) if _shut(at) else cadence) == 0


def _split(name: str) -> tuple[str, str]:
    metric, _, subject = name.partition("|")
    return metric, subject


def _trailing(at: datetime, window: str) -> tuple[datetime, datetime]:
    minutes = {"15m": 15, "60m": 60}[window]
    return at - (minutes - 1) * MINUTE, at + MINUTE


def _zones(events: Sequence[Event], start: datetime, end: datetime) -> dict[str, int]:
    found: dict[str, int] = defaultdict(int)
    for e in events:
        if isinstance(e, Dwell) and start <= e.at < end:
            found[f"zone_visits|zone:{e.zone}"] += e.visits
    return dict(found)


def _check_line(facts: dict[tuple[str, str, str], Fact], known: Sequence[Event]) -> None:
    words = [e for e in known if isinstance(e, Queue) and e.length is not None]
    if words:
        newest = max(words, key=lambda e: e.at)
        assert facts["queue_length", "", "now"].value == newest.length


@pytest.mark.parametrize("night", EVENING)
def test_a_day_is_as_long_as_it_is(night: str) -> None:
    """The final business day is 23 or 25 hours long; totals, dayparts and labour hours follow the clock on the wall."""
    final = _told(night)[-1][1]
    evening = EVENING[night]
    start, end = _bounds(evening)
    assert (end - start) / HOUR == LENGTH_H[night]
    assert {(f.start, f.end) for f in final.values()} == {(start, end)}
    events = [event for _, event in _arrivals(evening)]
    wanted = _expected(events, start, end)
    assert {metric: final[metric, "", "day"].value for metric in wanted} == wanted
    parts: dict[str, int] = defaultdict(int)
    for at, ticket in _sales(events):
        if start <= at < end:
            begins = max(
                edge for edge in (0, 11, 14, 17, 20) if at.astimezone(STORE.tz).hour >= edge
            )
            parts[f"daypart:{begins:02d}"] += ticket.net_minor
    assert {s: f.value for (m, s, _), f in final.items() if m == "daypart_sales"} == parts
    assert set(parts) == {"daypart:00", "daypart:20"}
    shifts = ((0, 4.5), (1, 6.5))  # hours of the evening on which each came and went
    hours = sum((min(end, evening + off * HOUR) - evening) / HOUR - on for on, off in shifts)
    assert final["star", "", "day"].evidence.n == pytest.approx(hours, abs=0.01)
