"""Axis and Xovis: the forms they document beside the samples, and the traps in them."""

from typing import Any

import msgspec

from sensors.adapters import guessed
from sensors.events import Footfall, Queue, Status
from tests.unit.adapters.reading import events, only, utc


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


def test_a_queue_never_reads_unknown_as_zero() -> None:
    """A queue statistic without a wait has an unknown wait."""
    said = only(
        "xovis",
        xovis_sums("XLT_QUEUE_STATISTICS", [{"name": "queue-length", "value": 2}]),
        till="1",
    )
    assert isinstance(said, Queue)
    assert (said.length, said.wait_s) == (2, None)
