"""Counters: the forms their vendors document beside the samples, and the traps in them."""

import pytest

from sensors.adapters import find, finder
from sensors.events import Dwell, Footfall
from tests.unit.adapters.reading import NOW, device, events, only, outcomes, reason, shop, utc


def test_counts_as_text_and_as_numbers_are_the_same() -> None:
    """Axis sends totals as text, others as numbers: one count."""
    body = {
        "topic": "axis:CameraApplicationPlatform/ObjectAnalytics/Device1Scenario2",
        "timestamp": 1670518346712,
        "serial": "S",
        "message": {
            "data": {"startTime": "2022-12-06T22:01:25Z", "reason": "human", "totalHuman": "41"}
        },
    }
    said = only("axis", body, doors={"Device1Scenario2": "main:out"})
    assert (said.entered, said.left, said.counting) == (0, 41, "total")
    body["message"]["data"]["totalHuman"] = 41  # type: ignore[index]
    assert only("axis", body, doors={"Device1Scenario2": "main:out"}) == said


def test_milesight_trigger_and_decoded_uplink() -> None:
    """A trigger is a crossing; of a decoded uplink the running total is taken."""
    body = {
        "device_info": {"device_sn": "S"},
        "time_info": {"trigger_time": "2026-01-05T10:00:03+08:00"},
        "line_trigger_data": [{"line": 1, "total": {"in": 1, "out": 0}}],
    }
    assert (said := only("milesight", body)).counting == "delta"
    assert said.at == utc(2026, 1, 5, 2, 0, 3)
    decoded = {"line_1_total_in": 72, "line_1_total_out": 200, "line_1_period_in": 1, "battery": 88}
    footfall, status = events("milesight", decoded)
    assert (footfall.entered, footfall.left, footfall.counting) == (72, 200, "total")
    assert status.battery_pct == 88


def test_an_unmapped_line_is_a_reject_that_names_it() -> None:
    """A line with people and no door is refused by its name; mapped to nothing it is left out."""
    body = {"serial": "S", "name": "Exit south", "timestamp": "20170503112756", "in": 1, "out": 0}
    assert "'Exit south'" in reason("axis", body, door="", doors={"Exit north": "main"})
    assert events("axis", body, door="", doors={"Exit south": ""}) == []


def test_a_deleted_retained_message_says_nothing() -> None:
    """A zero-byte message (a retained one deleted) is neither an event nor a reject."""
    for name in ("axis", "frigate", "zigbee2mqtt", "sparkplug"):
        assert outcomes(name, b"") == []


def test_a_local_time_that_comes_twice_is_the_one_that_has_been() -> None:
    """In the repeated hour of autumn the later reading is meant only once it has happened."""
    body = {"serial": "S", "name": "d", "timestamp": "20261025023000", "in": 1, "out": 0}
    early = only("axis", body, now=utc(2026, 10, 25, 0, 30, 5))
    late = only("axis", body, now=utc(2026, 10, 25, 1, 30, 5))
    assert (early.at, late.at) == (utc(2026, 10, 25, 0, 30), utc(2026, 10, 25, 1, 30))


def test_an_impossible_time_is_refused() -> None:
    """A clock before 2000 or after 2100 is a reject, not a date."""
    body = {"serial": "S", "timestamp": 12, "in": 1, "out": 0}
    assert "2000 and 2100" in reason("axis", body)
    assert "2000 and 2100" in reason("axis", {**body, "timestamp": 1e300})


def test_a_device_zone_overrules_the_shops() -> None:
    """Local digits are read on the device's clock where it has its own; an unknown zone is named."""
    body = {"serial": "S", "timestamp": "20170503112756", "in": 1, "out": 0}
    assert only("axis", body, timezone="Asia/Shanghai").at == utc(2017, 5, 3, 3, 27, 56)
    assert "Mars/Olympus" in reason("axis", body, timezone="Mars/Olympus")


def test_terabee_push_and_queue_units() -> None:
    """Terabee's push is a running total."""
    said = only("terabee", {"count_in": 120, "count_out": 80, "timestamp": 1720000560})
    assert (said.entered, said.left, said.counting) == (120, 80, "total")


def test_a_bound_adapter_keeps_its_devices_memory_and_its_shops_clock() -> None:
    """What ingest is given reads local times on the shop's clock and remembers between messages."""
    bound = finder([shop("Asia/Shanghai")])("axis")
    body = b'{"serial":"S","name":"d","timestamp":"20170503112756","in":1,"out":0}'
    (said,) = bound.decode(body, "t", device("axis"), NOW)
    assert isinstance(said, Footfall)
    assert said.at == utc(2017, 5, 3, 3, 27, 56)
    frigate = find("frigate")
    who = b'"id":"1","camera":"c","label":"person"'
    entered = b'{"type":"new","after":{%b,"frame_time":1700000000,"current_zones":["y"]}}' % who
    ended = b'{"type":"end","after":{%b,"end_time":1700000060,"current_zones":[]}}' % who
    of = device("frigate", zone="promo")
    assert frigate.decode(entered, "frigate/events", of, NOW) == []
    (visit,) = frigate.decode(ended, "frigate/events", of, NOW)
    assert isinstance(visit, Dwell)
    assert visit.dwell_s == 60.0
    with pytest.raises(KeyError, match="there are"):
        find("nobody")
