"""Silence that means something, and hours and closures in which nothing is judged."""

from datetime import timedelta

import pytest

from alerts.settings import Rule
from tests.scenario import Story, firing, in_state, quiet, told
from tests.shipped import fact, keep_saying, shipped

HOUR = timedelta(hours=1)


def heartbeat(story: Story, minutes: int, device: str = "device:till-1") -> None:
    """The till is heard once every so many minutes from opening to closing."""
    while story.now.hour < 21:
        said = {"last_heard": story.now.isoformat()}
        story.say("sensor_health", "online", subject=device, window="now", detail=said)
        story.say("visitors", 1, window="60m")
        later = story.now + timedelta(minutes=minutes)
        day = (later - story.log[0].at.replace(hour=0, minute=0)).days
        story.at(f"+{day} {later:%H:%M}")


def lived(rule: str, minutes: int) -> Story:
    """A shop that has lived through three days with its till, judged by one shipped rule."""
    story = Story(shipped(rule), tick_s=60).at("09:00")
    for day in range(1, 4):
        heartbeat(story, minutes)
        story.at(f"+{day} 09:00")
    return story


@pytest.mark.parametrize(("minutes", "found"), [(5, True), (40, False)])
def test_a_device_is_silent_when_it_is_silent_for_longer_than_usual(
    minutes: int, found: bool
) -> None:
    """Half an hour is too long for one that speaks every five minutes, and nothing for one that speaks every forty."""
    story = lived("sensor-silent", minutes)
    said = {"last_heard": story.now.isoformat()}
    story.say("sensor_health", "online", subject="device:till-1", window="now", detail=said)
    story.at("+3 09:15:30")
    story.say("sensor_health", "silent", subject="device:till-1", window="now", detail=said)
    for minute in range(16, 30):
        story.say("visitors", 1, window="60m").at(f"+3 09:{minute}")
    story.expect(firing("sensor-silent", "device:till-1") if found else quiet())
    for minute in range(31, 59):
        story.say("visitors", 1, window="60m").at(f"+3 09:{minute}")
    for minute in range(10, 20):
        story.say("visitors", 1, window="60m").at(f"+3 10:{minute}")
    story.expect(firing("sensor-silent", "device:till-1"))


@pytest.mark.parametrize(("minutes", "at"), [(5, "09:18"), (30, "09:50")])
def test_data_is_too_old_after_a_quarter_of_an_hour_or_what_is_unusual(
    minutes: int, at: str
) -> None:
    """The store's silence is no-data after fifteen minutes, or half as long again as it is usually silent."""
    story = lived("low-conversion", minutes)
    story.say("visitors", 1, window="60m")
    before = story.now + timedelta(minutes=14 if minutes == 5 else 40)
    story.at(f"+3 {before:%H:%M}").expect(quiet())
    story.at(f"+3 {at}").expect(firing("no-data"))


def test_what_no_sensor_measures_is_not_missing() -> None:
    """A shop without door counters has no conversion: that is unknown, and never reported as missing or low."""
    story = Story(shipped("low-conversion")).at("10:00")
    for minute in range(30):
        story.at(f"10:{minute:02d}").say("conversion", None, window="60m").say(
            "atv", 900, window="60m"
        )
    story.expect(quiet())


def test_sensors_are_muted_while_the_whole_store_is_dark() -> None:
    """One push says that nothing is heard; the devices behind it are listed and not told one by one."""
    story = Story(shipped("sensor-silent")).at("12:00").say("visitors", 5, window="60m").at("12:17")
    story.expect(firing("no-data"))
    for device in "abc":
        said = {"subject": f"device:{device}", "newest": story.now - timedelta(minutes=17)}
        story.say("sensor_health", "offline", window="now", **said)  # type: ignore[arg-type]
    story.at("12:20").expect(told("firing", "sensor-silent", 0))
    assert story.open("sensor-silent", "device:a").muted == "no-data"


# ── closures ──


def test_an_announced_closure_mutes_all() -> None:
    """While the shop is shut by plan nothing is judged, what was open expires, and it is judged again after it."""
    story = Story(shipped("queue-wait", "sensor-silent")).at("12:00")
    keep_saying(story, [fact("queue_wait", 400)], 7)
    story.expect(firing("queue-wait"))
    detail = {"starts": (story.now + HOUR).isoformat(), "ends": (story.now + 3 * HOUR).isoformat()}
    story.say("plan_ahead", 1.0, subject="plan:closure", window="now", detail=detail)
    keep_saying(story, [fact("queue_wait", 400)], 59)
    story.expect(firing("queue-wait"))
    keep_saying(story, [fact("queue_wait", 400)], 3)
    story.expect(in_state("queue-wait", "expired"), told("expired", "queue-wait"))
    assert story.last("queue-wait").steps[-1].reason == "store-closed"
    pushes = len(story.notices)
    story.at("14:00").say("sensor_health", "offline", subject="device:d", window="now").at("15:07")
    assert len(story.notices) == pushes
    keep_saying(story, [fact("queue_wait", 400)], 9)
    story.expect(firing("queue-wait"))


def test_a_closed_store_mutes_rules_that_always_hold() -> None:
    """What is judged day and night is listed at night and told in the morning."""
    rule = Rule(
        name="sensor-silent", metric="sensor_health", window="now", subject="device:*", compare="is",
        values=["offline"], when="always", hold_s=0,
    )  # fmt: skip
    story = (
        Story([rule]).at("21:30").say("sensor_health", "offline", subject="device:d", window="now")
    )
    story.at("23:00").expect(
        firing("sensor-silent", "device:d"), told("firing", "sensor-silent", 0)
    )
    assert story.open("sensor-silent", "device:d").muted == "store-closed"
    story.at("+1 09:01").expect(told("firing", "sensor-silent"))
