"""LoRaWAN counters: the byte layouts their vendors publish, with those vendors' own example frames."""

from base64 import b64encode
from typing import Any

import pytest

from sensors.adapters import guessed
from sensors.events import Footfall, Presence, Status
from tests.unit.adapters.reading import NOW, events, only, reason, utc

JOIN = "FF0101FF166614C39694870000FF090102FF1F8401000103D2BE00000004D23101000005CC00000000"


def test_vs132_totals_and_versions() -> None:
    """VS132: running totals are preferred to the sums beside them; serial and firmware are told."""
    footfall, status = events("milesight-lora", JOIN)
    assert footfall == Footfall(
        at=NOW,
        store="shop",
        source="6614c39694870000",
        door="main",
        entered=190,
        left=305,
        counting="total",
    )
    assert status.firmware == "132.1.0.1"


def test_vs133_lines() -> None:
    """VS133 and VS135: four lines, each with its running totals, by number."""
    frame = "03D24800000004D2C800000006D20000000007D20000000009D2000000000AD2000000000CD2B41400000DD28D1A0000"
    said = events(
        "milesight-lora",
        frame,
        door="",
        doors={"*": "line-*", "1": "a", "2": "b", "3": "c", "4": "d"},
    )
    assert [(e.door, e.entered, e.left) for e in said] == [
        ("a", 72, 200),
        ("b", 0, 0),
        ("c", 0, 0),
        ("d", 5300, 6797),
    ]


def test_vs133_regions_and_dwell() -> None:
    """VS133: people by region, and the mean dwell of each in seconds."""
    levels = events("milesight-lora", "0FE302100709", zones={"*": "*"})
    assert [(e.zone, e.people) for e in levels] == [("1", 2), ("2", 16), ("3", 7), ("4", 9)]
    (dwell,) = events("milesight-lora", "10E40109101121", zone="promo")
    assert dwell.dwell_s == 4105.0


@pytest.mark.parametrize("wanted", ["total", "period"])
def test_vs350_totals_or_sums(wanted: str) -> None:
    """VS350, VS351 and VS360: running totals, or on request the sums since the last report as deltas."""
    said = only("milesight-lora", "04CC1200160005CC13001400", options={"counts": wanted})
    expected = (18, 22, "total") if wanted == "total" else (19, 20, "delta")
    assert (said.entered, said.left, said.counting) == expected


def test_vs350_alarm_and_battery() -> None:
    """An alarm report counts as any other; the battery is a status."""
    said = only("milesight-lora", "84CC011108110185CCE803E90301")
    assert (said.entered, said.left) == (4353, 4360)
    assert only("milesight-lora", "01756403670C01") == Status(
        at=NOW, store="shop", source="t", battery_pct=100
    )


def test_vs360_faults() -> None:
    """Node trouble is a fault with its words."""
    fault = only("milesight-lora", "03F4000103F4000003F4010103F40201")
    assert (fault.state, fault.detail) == ("fault", "devices misaligned")


def test_history_resent_is_counted_by_its_own_time_and_never_on_top_of_totals() -> None:
    """Sums resent after an outage carry their own time; once totals are heard they are the same people."""
    frame = "20CE7B3AF164000B00040020CEFF3DF16401070002001D000800"
    one, two = events("milesight-lora", frame, options={"counts": "period"})
    assert (one.entered, one.left, one.at) == (11, 4, utc(2023, 9, 1, 1, 12, 27))
    assert (two.entered, two.left, two.at) == (7, 2, utc(2023, 9, 1, 1, 27, 27))
    assert one.id != two.id
    memory: dict[str, Any] = {}
    events("milesight-lora", "04CC12001600", memory=memory)
    assert events("milesight-lora", frame, memory=memory) == []


def test_vs121() -> None:
    """VS121: people in the whole picture, by region, and in and out."""
    assert only("milesight-lora", "04C9030800A106CD05") == Presence(
        at=NOW, store="shop", source="t", people=3
    )
    levels = events(
        "milesight-lora",
        "07D5000100000000000308D50100000000000000",
        zones={"2": "b", "8": "h", "9": "i"},
    )
    assert {e.zone: e.people for e in levels} == {"b": 1, "h": 3, "i": 1}
    said = only("milesight-lora", "05CC02000100")
    assert (said.entered, said.left, said.counting) == (2, 1, "delta")


def envelopes() -> dict[str, Any]:
    """One frame as each network server passes it on."""
    raw = bytes.fromhex("04CC12001600")
    text = b64encode(raw).decode()
    when = "2026-01-05T10:00:00Z"
    return {
        "raw bytes": raw,
        "hex": raw.hex(),
        "base64": text,
        "the things stack": {
            "end_device_ids": {"dev_eui": "A1"},
            "uplink_message": {"f_port": 85, "f_cnt": 7, "frm_payload": text, "received_at": when},
        },
        "chirpstack 4": {
            "deviceInfo": {"devEui": "A1"},
            "fPort": 85,
            "fCnt": 7,
            "data": text,
            "time": when,
        },
        "chirpstack 3": {"devEUI": "A1", "fPort": 85, "fCnt": 7, "data": text},
        "actility": {
            "DevEUI_uplink": {"DevEUI": "A1", "FPort": 85, "payload_hex": raw.hex(), "Time": when}
        },
    }


@pytest.mark.parametrize("server", envelopes())
def test_every_network_server_passes_the_same_frame(server: str) -> None:
    """Raw, hexadecimal, base64 or wrapped: one frame, with the server's time and device where it says them."""
    said = only("milesight-lora", envelopes()[server])
    assert (said.entered, said.left) == (18, 22)
    if "stack" in server or server == "actility":
        assert said.source == "A1"


def test_a_frame_cut_short_or_unknown_is_refused_with_its_place() -> None:
    """A lost tail or an unknown channel is a reject, never half a count."""
    assert "ends at byte" in reason("milesight-lora", "04CC1200")
    assert "channel aa type bb" in reason("milesight-lora", "AABB00")


def test_imbuildings_variants() -> None:
    """Variant 5 has sums, 6 running totals beside them, 7 totals only; port 26 has no header."""
    head5, head6, head7 = ("0205" + "11" * 8, "0206" + "11" * 8, "0207" + "11" * 8)
    five = only("imbuildings", head5 + "00" + "0140" + "0003" + "0002" + "00" + "07")
    assert (five.entered, five.left, five.counting, five.source) == (3, 2, "delta", "11" * 8)
    six_body = "00" + "0140" + "0003" + "0002" + "00" + "0102" + "0203" + "07"
    six = only("imbuildings", head6 + six_body)
    assert (six.entered, six.left, six.counting) == (258, 515, "total")
    seven = only("imbuildings", head7 + "00" + "0140" + "00" + "0102" + "0203")
    assert (seven.entered, seven.left) == (258, 515)
    bare = {"fPort": 26, "data": b64encode(bytes.fromhex(six_body)).decode(), "devEUI": "A1"}
    assert only("imbuildings", bare).entered == 258
    assert "bytes after its header" in reason("imbuildings", head6 + "00")


def test_terabee_frames() -> None:
    """Port 1 is two big-endian totals and flags; port 83 people by zone, 255 being no zone."""
    flow = {
        "fPort": 1,
        "data": b64encode(bytes.fromhex("00000012000000ff02")).decode(),
        "devEUI": "T",
    }
    footfall, fault = events("terabee", flow)
    assert (footfall.entered, footfall.left, footfall.counting) == (18, 255, "total")
    assert fault.detail == "counting stuck"
    seen = {"fPort": 83, "data": b64encode(bytes([0, 5, 3, 2, *[255] * 6])).decode()}
    levels = events("terabee", seen, zones={"": "", "0": "promo", "1": "tills", "*": ""})
    assert {e.zone: e.people for e in levels} == {"promo": 3, "tills": 2}


def test_yosensi() -> None:
    """Yosensi's own sample: totals 92 in and 82 out, measured a minute before it was received."""
    frame = (
        "02:7d:00:3c:60:00:11:00:00:00:60:00:11:01:00:00:60:00:13:02:00:00:00:5c:"
        "60:00:13:03:00:00:00:52:60:00:13:04:00:00:00:0a"
    )
    said = only("yosensi", frame)
    assert (said.entered, said.left, said.counting, said.at) == (
        92,
        82,
        "total",
        utc(2026, 11, 22, 11, 59),
    )


def test_hkt_frames() -> None:
    """HKT: totals are preferred to the sums before them, an older counter has sums alone; battery, firmware, fault."""
    (full,) = events("hkt", "686B7400070700780096000000C8000000C9")
    assert (full.entered, full.left, full.counting) == (200, 201, "total")
    (sums,) = events("hkt", "686B7400070700780096000000C8000000C9", options={"counts": "period"})
    assert (sums.entered, sums.left, sums.counting) == (120, 150, "delta")
    (older,) = events("hkt", "686B7400590700330022", invert=True)
    assert (older.entered, older.left, older.counting) == (0x22, 0x33, "delta")
    (status,) = events("hkt", "686B740001 010105 021122334455660364".replace(" ", ""))
    assert (status.firmware, status.battery_pct, status.state) == ("1.5", 100.0, "alive")
    (fault,) = events("hkt", "686B7400088301")
    assert (fault.state, fault.detail) == ("fault", "the infrared beam is broken")
    assert "tag 99 is unknown" in reason("hkt", "686B74000899")
    assert "ends at byte" in reason("hkt", "686B7400070700")
    assert "begins with 68 6b 74" in reason("hkt", "68A7010100070003")
    assert guessed(b"686B7400590700330022", "v3/a/devices/b/up") == "hkt"


def test_pipiot_frames() -> None:
    """PeopleSense: ready bins add up to a delta; alerts and radio tests count nobody; a broken sensor is a fault."""
    said = only("pipiot", "008d00090000400801008001")
    assert (said.entered, said.left, said.counting) == (9, 0, "delta")
    total = only("pipiot", "008d00090000400801008001", options={"counts": "total"})
    assert (total.entered, total.left, total.counting) == (9, 0, "total")
    assert events("pipiot", "008d00090000400801008000") == []  # its bins are not ready
    largest = only("pipiot", "108d0009" + "ff" * 6 + "c1" + "15")
    assert largest.entered == 5 * 1023
    assert events("pipiot", "308d000900050115") == []
    assert only("pipiot", "308d000900050115", options={"counts": "total"}).entered == 9
    assert only("pipiot", "2001").state == "alive"
    assert only("pipiot", "308d000900050215").detail == "the proximity sensor is broken, 7.05 V"
    assert "type 0 has 12 bytes" in reason("pipiot", "008d0009")
    assert "type 8 is unknown" in reason("pipiot", "80")
    callback = {"device": "1D4ABC", "time": "1790000000", "data": "008d00090000400801008001"}
    sigfox = only("pipiot", callback)
    assert (sigfox.source, sigfox.at, sigfox.entered) == ("1D4ABC", utc(2026, 9, 21, 14, 13, 20), 9)
    assert guessed(b"008d00090000400801008001", "sigfox/pipiot/1D4ABC") == "pipiot"


def test_any_other_frame_needs_configuration_not_code() -> None:
    """A counter of any make is read by offsets written in the configuration."""
    options = {
        "format": "bytes",
        "kind": "footfall",
        "fields": {"entered": "4:2:big", "left": "6:2:big"},
        "values": {"counting": "total"},
    }
    said = only("generic", "68A7010100070003", options=options)
    assert (said.entered, said.left, said.counting) == (7, 3, "total")


def test_frames_are_recognised() -> None:
    """A Milesight frame is told by its first channel in any envelope."""
    assert guessed(JOIN.encode(), "application/1/device/2/event/up") == "milesight-lora"
