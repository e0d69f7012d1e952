"""MQTT topics as types."""

import pytest
from paho.mqtt.client import topic_matches_sub

from sensors.topics import Topic, matches, parse_topic, subscriptions

OURS = [
    Topic("riverside", "events", "door-1"),
    Topic("riverside", "status", "door-1"),
    Topic("riverside", "plan"),
    Topic("riverside", "commands"),
    Topic("riverside", "alerts"),
    Topic("riverside", "hook", "square/till-1"),
]


@pytest.mark.parametrize("topic", OURS, ids=str)
def test_round_trip(topic: Topic) -> None:
    """A topic written and read again is the same topic."""
    assert parse_topic(str(topic)) == topic


@pytest.mark.parametrize(
    "name",
    [
        "",
        "floor",
        "floor/v1",
        "floor/v1//plan",
        "floor/v2/riverside/plan",
        "floor/v1/riverside/plan/x",
        "floor/v1/riverside/events",
        "floor/v1/riverside/events/",
        "floor/v1/riverside/events/a/b",
        "floor/v1/riverside/gossip/a",
        "frigate/events",
    ],
)
def test_not_ours(name: str) -> None:
    """Anything but a well-formed topic of ours is no topic of ours."""
    assert parse_topic(name) is None


@pytest.mark.parametrize(
    "pattern", ["a/b", "a/+", "a/#", "#", "+/b", "+", "+/+", "a/b/#", "a", "+/#"]
)
@pytest.mark.parametrize("name", ["a/b", "a", "a/b/c", "b", "/a", "$SYS/b", "a/", "a//c"])
def test_filters_match_as_the_broker_does(pattern: str, name: str) -> None:
    """A filter covers exactly the names that paho says it covers."""
    assert matches(pattern, name) == topic_matches_sub(pattern, name)


def test_subscriptions_cover_every_room_and_device() -> None:
    """Every room we listen in and every device topic is subscribed, webhook paths are not, each once."""
    filters = subscriptions(["frigate/events", "frigate/events", "/square"])
    heard = [t for t in OURS if t.room != "alerts"]
    assert all(any(matches(f, str(topic)) for f in filters) for topic in heard)
    assert filters.count("frigate/events") == 1
    assert "/square" not in filters
    assert not any(matches(f, "floor/v1/riverside/alerts") for f in filters)


def test_shared_subscriptions_carry_their_group() -> None:
    """Several ingests of one group share every filter."""
    assert all(f.startswith("$share/shop/") for f in subscriptions(["a/b"], "shop"))
