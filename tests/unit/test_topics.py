"""MQTT topics as types."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.client import topic_matches_sub

from sensors.topics import Ask, Topic, divided, matches, overlap, parse_topic, subscriptions

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
    asks = [Ask("frigate/events", "riverside"), Ask("frigate/events", "b"), Ask("/square", "b")]
    filters = subscriptions(asks)
    heard = [t for t in OURS if t.room != "alerts"]
    assert all(any(matches(f, str(topic)) for f in filters) for topic in heard)
    assert filters.count("frigate/events") == 1
    assert "/square" not in filters
    assert not any(matches(f, "floor/v1/riverside/alerts") for f in filters)


ASKS = [
    Ask("frigate/#", "riverside", is_ordered=True),
    Ask("/square", "riverside", is_ordered=True),
    Ask("/shopify", "riverside"),
    Ask("onvif/+/count", "riverside"),
]


def test_what_is_heard_in_order_is_not_divided() -> None:
    """Of several ingests one hears a device whose messages explain one another; all the rest carries their group."""
    shared, alone = divided(ASKS, "shop")
    assert alone == ["frigate/#", "floor/v1/riverside/hook/square"]
    assert all(f.startswith("$share/shop/") for f in shared)
    assert {f.removeprefix("$share/shop/") for f in shared} == {
        *subscriptions([])[:4], "floor/v1/riverside/hook/shopify", "onvif/+/count",
    }  # fmt: skip


def test_no_message_comes_by_both() -> None:
    """What overlaps a filter that is heard alone is heard alone, and what overlaps that."""
    chain = [Ask("a/b", "s", is_ordered=True), Ask("a/+", "s"), Ask("+/c", "s"), Ask("x/y", "s")]
    shared, alone = divided(chain, "g")
    assert alone == ["a/b", "a/+", "+/c"]
    assert "$share/g/x/y" in shared
    own, events = divided(
        [Ask("floor/v1/riverside/events/lens", "riverside", is_ordered=True)], "g"
    )
    assert events == ["floor/v1/riverside/events/lens", "floor/v1/+/events/+"]
    assert len(own) == 3


levels = st.lists(st.sampled_from(["a", "b", "+"]), min_size=1, max_size=3)
filters = st.builds(
    lambda parts, more: "/".join([*parts, "#"] if more else parts), levels, st.booleans()
)
NAMES = ["/".join(parts) for n in range(1, 6) for parts in product("abc", repeat=n)]


@given(filters, filters)
def test_filters_overlap_where_a_topic_is_covered_by_both(one: str, other: str) -> None:
    """Two filters overlap exactly if some topic matches both."""
    found = any(matches(one, name) and matches(other, name) for name in NAMES)
    assert overlap(one, other) == overlap(other, one) == found
