"""Devices that tell old news or whose clock runs ahead are said to, with the reason, until they do no longer."""

from datetime import timedelta

import pytest

from flows.ledger import Ledger
from flows.profile import Profiles
from flows.publish import Publisher
from flows.snapshot import dump, load
from sensors.events import Event, Footfall
from tests.floor_runs import FLOWS, SENSORS, START

MINUTE = timedelta(minutes=1)
PROFILE = Profiles(FLOWS, SENSORS).of("north")


def footfall(
    minute: float, received: float | None = None, source: str = "cam", **more: object
) -> tuple[float, Event]:
    """Somebody came so many minutes after the start; when that was received."""
    at = START + minute * MINUTE
    kind: dict[str, object] = {"id": f"{source}{minute}", "door": "a", "entered": 1, **more}
    event = Footfall(at=at, store="north", source=source, **kind)  # type: ignore[arg-type]
    return minute if received is None else received, event


def health(
    arrivals: list[tuple[float, Event]],
    until: int,
    *,
    restart: bool = False,
    subject: str = "device:cam",
) -> list[tuple[int, str, str]]:
    """Each change of the camera's state: minute, state, reason."""
    floor = Publisher(Ledger(PROFILE))
    said: list[tuple[int, str, str]] = []
    for minute in range(1, until + 1):
        tick = START + minute * MINUTE
        for received, event in arrivals:
            if minute - 1 < received <= minute:
                floor.ledger.take([event], START + received * MINUTE)
        if restart:
            floor = load(dump(floor, exact=True), lambda _: PROFILE)
        said += [
            (minute, str(fact.value), fact.reason)
            for fact in floor.tick(tick)
            if fact.metric == "sensor_health" and fact.subject == subject
        ]
    return [one for n, one in enumerate(said) if not n or one[1:] != said[n - 1][1:]]


@pytest.mark.parametrize("restart", [False, True])
def test_a_device_that_tells_old_news_is_late(restart: bool) -> None:
    """Silent while nothing comes, late while a backlog comes that is older than the declared silence, then online."""
    prompt = [footfall(n) for n in range(1, 10)]
    backlog = [footfall(n, received=60 + n / 10) for n in range(10, 40)]
    again = [footfall(n) for n in range(65, 70)]
    assert [one[1:] for one in health([*prompt, *backlog, *again], 70, restart=restart)] == [
        ("online", ""), ("silent", "device"), ("late", "backlog"), ("online", ""),
    ]  # fmt: skip


def test_a_counter_whose_clock_runs_ahead_says_so_by_its_counts() -> None:
    """Counts that ingest had to correct call their device drifting until its clock is right again."""
    right, wrong = [footfall(1), footfall(8)], [footfall(n, skew_s=300.0) for n in (3, 4)]
    assert health([*right, *wrong], 12) == [
        (1, "online", ""), (3, "drifting", "clock_ahead"), (8, "online", ""),
    ]  # fmt: skip


def test_order_does_not_matter() -> None:
    """What is known of a device's clock is the same however its late and corrected messages are shuffled."""
    events = [footfall(n, skew_s=60.0 * n or None)[1] for n in range(5)]
    one, two = Ledger(PROFILE), Ledger(PROFILE)
    late = START + 60 * MINUTE
    one.take(events, late)
    for event in reversed(events):
        two.take([event], late)
    assert one.clocks == two.clocks != {}


@pytest.mark.parametrize("counting", ["total", "interval"])
def test_a_counter_that_says_the_same_again_and_again_is_stuck(counting: str) -> None:
    """A running total that stays the same while the other door is busy, or zeros, is stuck until people are counted."""
    arrivals: list[tuple[float, Event]] = []
    total = 0
    for minute in range(1, 180):
        arrivals.append(footfall(minute, source="other", door="b", entered=3))
        people = 0 if 60 < minute < 140 else 3
        total += people
        told = {"total": total, "interval": people}[counting]
        interval_s = 60.0 if counting == "interval" else None
        arrivals.append(
            footfall(minute, door="a", entered=told, counting=counting, interval_s=interval_s)
        )
    changes = [
        (minute, state, reason)
        for minute, state, reason in health(arrivals, 179, subject="door:a")
        if state != "online"
    ]
    ((since, state, reason),) = changes
    assert (state, reason) == ("stuck", "counts_nobody")
    assert 75 <= since <= 85


def test_a_counter_at_a_quiet_door_is_not_stuck() -> None:
    """A door that few people use is not called stuck for an hour without anybody."""
    arrivals = [footfall(minute, source="other", door="b", entered=3) for minute in range(1, 180)]
    arrivals += [
        footfall(minute, door="a", entered=minute // 60, counting="total")
        for minute in range(1, 180)
    ]
    assert not [one for one in health(arrivals, 179, subject="door:a") if one[1] == "stuck"]
