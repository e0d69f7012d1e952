"""Counters and cameras: the forms their vendors document beside the samples, and the traps in them."""

from typing import Any

import msgspec
import pytest

from sensors.adapters import find, finder, guessed
from sensors.events import Dwell, Footfall, Presence, Queue, Status
from sensors.reject import Reject
from tests.unit.adapters.reading import NOW, device, events, only, outcomes, reason, shop, utc

HIK = """<?xml version="1.0" encoding="UTF-8"?>
<EventNotificationAlert version="2.0"{ns}>
<macAddress>00:11:22:33:44:55</macAddress><channelID>{channel}</channelID>
<dateTime>2026-03-01T10:00:00+08:00</dateTime><eventType>PeopleCounting</eventType>
<peopleCounting><statisticalMethods>{how}</statisticalMethods>{when}
<enter>{enter}</enter><exit>4</exit><pass>2</pass></peopleCounting>
</EventNotificationAlert>"""
RANGE = (
    "<TimeRange><startTime>2026-03-01T09:00:00+08:00</startTime>"
    "<endTime>2026-03-01T09:59:59+08:00</endTime></TimeRange>"
)


def hik(
    ns: str = "", how: str = "realTime", when: str = "", enter: object = 7, channel: int = 1
) -> str:
    """A Hikvision alert."""
    return HIK.format(ns=ns and f' xmlns="{ns}"', how=how, when=when, enter=enter, channel=channel)


@pytest.mark.parametrize(
    "ns",
    [
        "",
        "urn:psialliance-org",
        "http://www.hikvision.com/ver20/XMLSchema",
        "http://www.isapi.org/ver20/XMLSchema",
    ],
)
@pytest.mark.parametrize("frame", ["plain", "bom", "crlf", "multipart"])
def test_hikvision_is_read_in_every_namespace_and_wrapping(ns: str, frame: str) -> None:
    """Three namespaces or none, a byte-order mark, CRLF or a multipart part: the same counts."""
    body = hik(ns).encode()
    if frame == "bom":
        body = b"\xef\xbb\xbf" + body
    elif frame == "crlf":
        body = body.replace(b"\n", b"\r\n")
    elif frame == "multipart":
        body = b"--b\r\nContent-Type: application/xml\r\n\r\n" + body + b"\r\n--b--\r\n"
    said = only("hikvision", body)
    assert (said.entered, said.left, said.counting, said.at) == (7, 4, "total", utc(2026, 3, 1, 2))


def test_hikvision_time_range_is_an_interval_and_told_once() -> None:
    """A closed hour (09:00:00 to 09:59:59) is 3600 s; real time and ranges of one camera are one count."""
    said = only("hikvision", hik(how="timeRange", when=RANGE))
    assert (said.counting, said.interval_s, said.at) == ("interval", 3600.0, utc(2026, 3, 1, 2))
    memory: dict[str, Any] = {}
    assert len(events("hikvision", hik(), memory=memory)) == 1
    assert events("hikvision", hik(how="timeRange", when=RANGE), memory=memory) == []
    chosen = {"options": {"counts": "timeRange"}}
    assert events("hikvision", hik(), memory={}, **chosen) == []


def test_hikvision_channels_are_sources_and_json_is_the_same() -> None:
    """Two channels of one recorder never share running totals; the JSON form says what the XML says."""
    assert only("hikvision", hik(channel=2)).source == "00:11:22:33:44:55/2"
    body = {
        "macAddress": "00:11:22:33:44:55",
        "channelID": 1,
        "dateTime": "2026-03-01T10:00:00+08:00",
        "eventType": "PeopleCounting",
        "peopleCounting": {"statisticalMethods": "realTime", "enter": "7", "exit": 4},
    }
    assert only("hikvision", body) == only("hikvision", hik())


def test_hikvision_refuses_what_counts_nobody() -> None:
    """Another alarm, a negative or a broken number is a reject that says which."""
    assert "VMD" in reason(
        "hikvision", hik().replace("PeopleCounting</eventType>", "VMD</eventType>")
    )
    assert "whole number" in reason("hikvision", hik(enter=-3))
    assert "number" in reason("hikvision", hik(enter="many"))


ENTITIES = [
    '<!DOCTYPE x [<!ENTITY a "{}">]><EventNotificationAlert>&a;</EventNotificationAlert>'.format(
        "x" * 99
    ),
    '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><POSLog>&e;</POSLog>',
    '<!DOCTYPE POSLog SYSTEM "http://127.0.0.1:9/x.dtd"><POSLog/>',
]


@pytest.mark.parametrize("name", ["hikvision", "poslog", "generic"])
@pytest.mark.parametrize("bomb", ENTITIES)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_are_refused_unread(name: str, bomb: str, encoding: str) -> None:
    """Entity bombs, external entities and external document types are refused in any encoding."""
    options: dict[str, Any] = {}
    if name == "generic":
        options["options"] = {
            "format": "xml",
            "kind": "footfall",
            "fields": {"entered": "string(.)"},
        }
    why = reason(name, bomb.encode(encoding), **options)
    assert "refused" in why or "not JSON" in why


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


def test_axis_occupancy_in_area() -> None:
    """An Object Analytics area without a beginning of counting is a level."""
    body = {
        "topic": "axis:CameraApplicationPlatform/ObjectAnalytics/Device1Scenario3",
        "timestamp": 1670518346712,
        "serial": "S",
        "message": {"data": {"total": "3", "totalHuman": "2"}},
    }
    assert only("axis", body, zones={"Device1Scenario3": "promo"}).people == 2


def test_axis_retail_data() -> None:
    """3D retail data is an interval by its UTC ends, whatever its local times say."""
    body = {
        "apiName": "Axis Retail Data",
        "apiVersion": "0.4",
        "utcSent": "2025-05-22T08:15:38Z",
        "data": {
            "measurements": [
                {
                    "kind": "people-counts",
                    "utcFrom": "2025-05-22T08:14:00Z",
                    "utcTo": "2025-05-22T08:15:00Z",
                    "localTo": "2025-05-22T10:15:00",
                    "items": [{"direction": "in", "count": 1}, {"direction": "out", "count": 2}],
                }
            ]
        },
        "sensor": {"serial": "B8A44F", "name": "Door"},
    }
    assert only("axis", body) == Footfall(
        at=utc(2025, 5, 22, 8, 15),
        store="shop",
        source="B8A44F",
        door="main",
        entered=1,
        left=2,
        counting="interval",
        interval_s=60.0,
    )


def test_axis_scene_metadata() -> None:
    """A consolidated track is a visit, a frame a level of people; cars are neither."""
    track = {
        "id": "t1",
        "start_time": "2026-01-05T10:00:00Z",
        "end_time": "2026-01-05T10:01:30Z",
        "classes": [{"type": "Human", "score": 0.8}, {"type": "Car", "score": 0.1}],
    }
    assert only("axis", track, zone="promo").dwell_s == 90.0
    frame = {
        "frame": {
            "timestamp": "2026-01-05T10:00:00Z",
            "observations": [
                {"track_id": "1", "class": {"type": "Human"}},
                {"track_id": "1", "class": {"type": "Human"}},
                {"track_id": "2", "class": {"type": "Car"}},
            ],
        }
    }
    assert only("axis", frame, zone="promo").people == 1


def xovis_sums(info: str, counts: list[dict[str, object]], samples: int = 1) -> dict[str, Any]:
    """A V5 logics push of one minute."""
    return {
        "logics_data": {
            "sensor_info": {"serial_number": "S"},
            "logics": [
                {
                    "id": 1,
                    "name": "L",
                    "info": info,
                    "geometries": [{"id": 2, "type": "LINE", "name": "Line 0"}],
                    "records": [
                        {
                            "from": 1720000500000,
                            "to": 1720000560000,
                            "samples": samples,
                            "samples_expected": 1,
                            "counts": counts,
                        }
                    ],
                }
            ],
        }
    }


def test_xovis_sums_levels_and_missing_samples() -> None:
    """A V5 sum is an interval; an interval without samples is a fault, never a zero."""
    both = [{"name": "fw", "value": 5}, {"name": "bw", "value": 2}]
    said = only(
        "xovis", xovis_sums("XLT_LINE_IN_OUT_COUNT", both), doors={"Line 0": "main"}, door=""
    )
    assert (said.entered, said.left, said.counting, said.interval_s) == (5, 2, "interval", 60.0)
    level = only(
        "xovis", xovis_sums("XLT_ZONE_OCCUPANCY_COUNT", [{"name": "balance", "value": 4}]), zone="z"
    )
    assert level.people == 4
    none = only("xovis", xovis_sums("XLT_LINE_IN_OUT_COUNT", both, samples=0))
    assert isinstance(none, Status)
    assert none.state == "fault"


def test_xovis_tells_each_person_once() -> None:
    """Scene events and sums of the same sensor are the same people: the first form heard is kept to."""
    memory: dict[str, Any] = {}
    live = {
        "live_data": {
            "sensor_info": {"serial_number": "S"},
            "frames": [
                {
                    "time": 1720000500000,
                    "tracked_objects": [{"track_id": 1, "type": "PERSON"}],
                    "events": [
                        {
                            "type": "LINE_CROSS_FORWARD",
                            "attributes": {
                                "track_id": 1,
                                "geometry_id": 2,
                                "geometry_name": "Line 0",
                            },
                        }
                    ],
                }
            ],
        }
    }
    assert len(events("xovis", live, memory=memory)) == 1
    sums = xovis_sums("XLT_LINE_IN_OUT_COUNT", [{"name": "fw", "value": 1}])
    assert events("xovis", sums, memory=memory) == []
    assert len(events("xovis", sums, memory=memory, options={"counts": "sums"})) == 1


def test_xovis_zone_dwell_and_v4() -> None:
    """Entry and exit of a zone are a visit; V4's hyphenated push is an interval in the sensor's offset."""
    memory: dict[str, Any] = {}

    def frame(kind: str, at: int) -> dict[str, Any]:
        said = {
            "type": kind,
            "attributes": {"track_id": 9, "geometry_id": 3, "geometry_name": "Zone"},
        }
        return {"live_data": {"frames": [{"time": at, "events": [said]}]}}

    assert events("xovis", frame("ZONE_ENTRY", 1720000500000), memory=memory, zone="promo") == []
    visit = only("xovis", frame("ZONE_EXIT", 1720000545500), memory=memory, zone="promo")
    assert (visit.zone, visit.dwell_s, visit.track) == ("promo", 45.5, "9")

    v4 = {
        "sensor-info": {"serial-number": "V4"},
        "sensor-time": {"timezone": "Europe/Zurich", "time": "2018-03-05T10:16:00+01:00"},
        "content": {
            "element": [
                {
                    "element-id": 0,
                    "element-name": "Line 1",
                    "data-type": "LINE",
                    "measurement": [
                        {
                            "from": "2018-03-05T10:15:00+01:00",
                            "to": "2018-03-05T10:16:00+01:00",
                            "value": [{"value": 3, "label": "fw"}, {"value": 1, "label": "bw"}],
                        }
                    ],
                }
            ]
        },
    }
    said = only("xovis", v4)
    assert (said.entered, said.left, said.at, said.source) == (3, 1, utc(2018, 3, 5, 9, 16), "V4")
    assert guessed(msgspec.json.encode(v4), "t") == "xovis"


def test_lines_to_one_door_are_summed() -> None:
    """Two lines of one sensor to one door are one interval, for a repeat of an interval replaces it."""
    body = {
        "device_info": {"device_sn": "S"},
        "time_info": {
            "start_time": "2026-01-05T10:00:00+08:00",
            "end_time": "2026-01-05T10:01:00+08:00",
        },
        "line_periodic_data": [
            {"line": 1, "total": {"in": 2, "out": 1}},
            {"line": 2, "total": {"in": 3, "out": 0}},
        ],
        "line_total_data": [
            {"line": 1, "total": {"in_counted": 50, "out_counted": 40, "capacity_counted": -2}}
        ],
    }
    said = only("milesight", body)
    assert (said.entered, said.left, said.counting) == (5, 1, "interval")
    total = only("milesight", body, options={"counts": "total"})
    assert (total.entered, total.left, total.counting) == (50, 40, "total")
    assert only("milesight", body) == said  # the same minute reported twice is the same event


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


def test_a_queue_never_reads_unknown_as_zero() -> None:
    """A queue statistic without a wait has an unknown wait."""
    said = only(
        "xovis",
        xovis_sums("XLT_QUEUE_STATISTICS", [{"name": "queue-length", "value": 2}]),
        till="1",
    )
    assert isinstance(said, Queue)
    assert (said.length, said.wait_s) == (2, None)
