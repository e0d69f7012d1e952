"""What a device that is down mutes: what it feeds, and nothing else."""

import pytest

from alerts.inhibit import DOOR_FED, FED, TILL_FED
from alerts.settings import Rule
from flows.measure import measures
from tests.scenario import Story

SILENT = Rule(
    name="sensor-silent", metric="sensor_health", window="now", subject="device:*", compare="is", values=["silent"],
    hold_s=0, severity="watch",
)  # fmt: skip


@pytest.mark.parametrize(
    ("metric", "subject", "down", "muted"),
    [
        ("conversion", "", "door", True),
        ("queue_length", "till:1", "till", True),
        ("queue_length", "till:2", "till", False),
        ("queue_length", "till:1", "door", False),
        ("moving_rate", "", "till", True),
        ("shelf_silence", "sku:A", "till", True),
        ("segment_atv", "segment:new", "till", True),
        ("segment_atv", "segment:new", "door", False),
        ("zone_heat", "zone:shoes", "zone", True),
        ("unusual_traffic", "", "door", True),
        ("star_now", "", "door", False),
    ],
)
def test_a_device_mutes_what_it_feeds(metric: str, subject: str, down: str, muted: bool) -> None:
    """While the device at till 1, the main door or the shoes is down, exactly what it feeds is muted."""
    rule = Rule(
        name="r", metric=metric, window="now", subject="*", compare="above", reference="fixed", level=5, hold_s=0,
        confidence=0,
    )  # fmt: skip
    detail: dict[str, str | int | float | None] = {
        down: {"door": "main", "till": "1", "zone": "shoes"}[down]
    }
    story = Story([rule, SILENT]).at("10:00")
    story.say("sensor_health", "silent", subject="device:d", window="now", detail=detail)
    story.say(metric, 9, subject=subject, window="now")
    assert story.open("r", subject).muted == ("sensor-down:d" if muted else None)


def test_what_devices_feed_is_published() -> None:
    """Every metric that a device is said to feed is one that the floor publishes."""
    known = {measure.metric for measure in measures()}
    assert set().union(DOOR_FED, TILL_FED, *FED.values()) - known == set()
