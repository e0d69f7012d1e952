"""Cameras that speak XML: what their vendors document beside the samples, and the traps in it."""

from typing import Any

import pytest

from tests.unit.adapters.reading import events, only, reason, utc

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
