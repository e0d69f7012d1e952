"""Cameras and hubs of other makers: the forms their vendors document beside the samples."""

from typing import Any

import pytest

from sensors.events import Dwell, Footfall, Presence
from sensors.reject import Reject
from tests.unit.adapters.reading import NOW, events, only, outcomes, utc


def test_frigate_levels_and_availability() -> None:
    """A zone's person count is a level; the availability topic is the recorder's status."""
    assert only("frigate", b"3", topic="frigate/yard/person", zones={"yard": "promo"}) == Presence(
        at=NOW, store="shop", source="frigate/yard/person", zone="promo", people=3
    )
    assert only("frigate", b"offline", topic="frigate/available").state == "offline"


def test_frigate_finished_review_on_request() -> None:
    """With reviews chosen a finished one is a visit to each of its zones, and events are not."""
    body = {
        "type": "end",
        "after": {
            "id": "r",
            "camera": "c",
            "start_time": 1718987129.3,
            "end_time": 1718987159.3,
            "severity": "alert",
            "data": {"objects": ["person"], "zones": ["yard"], "detections": []},
        },
    }
    assert events("frigate", body, zone="promo") == []
    assert only("frigate", body, zone="promo", options={"counts": "reviews"}).dwell_s == 30.0


def test_azure_spatial_analysis() -> None:
    """Counts, crossings and dwell of one message are three events; an unknown one is refused beside them."""
    body = {
        "events": [
            {
                "id": "a",
                "type": "personCountEvent",
                "properties": {"personCount": 2},
                "zone": "promo",
            },
            {
                "id": "b",
                "type": "personLineEvent",
                "properties": {"status": "CrossRight"},
                "zone": "door",
            },
            {
                "id": "c",
                "type": "personZoneDwellTimeEvent",
                "properties": {"trackingId": "t", "status": "Exit", "dwellTime": 7132.0},
                "zone": "promo",
            },
            {"id": "d", "type": "somethingElse", "properties": {}},
        ],
        "sourceInfo": {"id": "cam", "timestamp": "2020-08-24T06:16:25.402Z"},
    }
    level, out, visit, refused = outcomes("azure-spatial", body, zones={"promo": "promo"})
    assert isinstance(level, Presence)
    assert level.people == 2
    assert isinstance(out, Footfall)
    assert (out.left, out.id, out.source) == (1, "b", "cam")
    assert isinstance(visit, Dwell)
    assert visit.dwell_s == 7.132
    assert isinstance(refused, Reject)
    assert refused.place == "$.events[3].type"


def test_meraki() -> None:
    """A zone's person count is a level by its topic; light says nothing."""
    said = only(
        "meraki",
        {"ts": 1551824620463, "counts": {"person": 1}},
        topic="/merakimv/Q2/0",
        zone="promo",
    )
    assert (said.people, said.source, said.at) == (1, "Q2", utc(2019, 3, 5, 22, 23, 40, 463000))
    assert events("meraki", {"lux": 107.2}, topic="/merakimv/Q2/light") == []


@pytest.mark.parametrize("shape", ["plain", "simple-items"])
def test_onvif(shape: str) -> None:
    """A counter is a running total one way by its rule's name, in either writing of its items."""
    data: dict[str, Any] = {"Count": "17"}
    source: dict[str, Any] = {"Rule": "Exit Counter"}
    if shape == "simple-items":
        data = {"SimpleItem": [{"Name": "Count", "Value": "17"}]}
        source = {"SimpleItem": {"Name": "Rule", "Value": "Exit Counter"}}
    body = {"UtcTime": "2026-01-05T10:00:00Z", "Source": source, "Data": data}
    topic = "cam1/onvif-ej/RuleEngine/CountAggregation/Counter/&1/Exit Counter"
    said = only("onvif", body, topic=topic)
    assert (said.entered, said.left, said.counting, said.source) == (
        0,
        17,
        "total",
        "cam1/Exit Counter",
    )
    level = only(
        "onvif", body, topic=topic.replace("Counter/&1", "OccupancyCounter/&1"), zone="promo"
    )
    assert level.people == 17


def test_zigbee2mqtt() -> None:
    """Somebody is there: a level of one; battery and both forms of availability are status."""
    level, status = events(
        "zigbee2mqtt",
        {"occupancy": True, "battery": 71, "linkquality": 90},
        topic="zigbee2mqtt/fit",
        zone="fit",
    )
    assert (level.people, level.source, status.battery_pct) == (1, "fit", 71)
    for payload in (b"offline", b'{"state":"offline"}'):
        said = only("zigbee2mqtt", payload, topic="zigbee2mqtt/fit/availability")
        assert (said.state, said.source) == ("offline", "fit")


def test_home_assistant() -> None:
    """Statestream, events and webhooks are one reading; unavailable is offline, not zero."""
    assert only("home-assistant", b"4", topic="ha/sensor/people/state", zone="promo").people == 4
    changed = {
        "event_type": "state_changed",
        "event_data": {
            "entity_id": "sensor.door_in",
            "new_state": {
                "entity_id": "sensor.door_in",
                "state": "120",
                "last_updated": "2026-01-05T10:00:00+00:00",
            },
        },
    }
    said = only("home-assistant", changed, options={"means": "entered"})
    assert (said.entered, said.counting, said.source) == (120, "total", "sensor.door_in")
    assert only("home-assistant", b"unavailable", topic="ha/sensor/people/state").state == "offline"
