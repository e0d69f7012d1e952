"""Laws every discovered adapter keeps: total, bounded in time and memory, inside the contract, repeatable."""

import copy
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sensors.adapters import Adapter, adapters, guessed
from sensors.events import AnyEvent, Event
from sensors.reject import Reject
from sensors.settings import Device

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
NAMES = sorted(adapters())
MAPPINGS: dict[str, dict[str, Any]] = {
    "generic": {
        "options": {
            "format": "json",
            "kind": "pos",
            "each": "events || @",
            "fields": {"at": "at", "net_minor": "amount", "transaction": "id", "lines": "lines"},
        }
    }
}
TOPICS = {
    "sparkplug": "spBv1.0/g/DDATA/node/dev",
    "meraki": "/merakimv/Q/0",
    "frigate": "frigate/yard/person",
    "zigbee2mqtt": "zigbee2mqtt/x/availability",
    "home-assistant": "homeassistant/sensor/x/state",
    "onvif": "c/onvif-ej/RuleEngine/CountAggregation/Counter/&1/In",
}
WORDS = (
    "live_data frames time events attributes type data object payment message timestamp serial in out occupancy "
    "Human after before id current_zones line_items lines amount at counts person device_info line_total_data total "
    "logics_data logics records from to sourceInfo properties receipts payments elements lineItems order refund "
    "state UtcTime Data Source SimpleItem uplink_message frm_payload frame content"
)
"""Names that adapters look for, apart by blanks."""
SEEDS: list[bytes] = [
    (
        b'{"live_data":{"frames":[{"time":1645780665470,"tracked_objects":[{"track_id":1,"type":"PERSON"}],"events":'
        b'[{"type":"LINE_CROSS_FORWARD","attributes":{"track_id":1,"geometry_name":"L"}}]}]}}'
    ),
    (
        b'{"logics_data":{"logics":[{"name":"L","info":"XLT","records":[{"from":1720000500000,"to":1720000560000,'
        b'"counts":[{"name":"fw","value":3}]}]}]}}'
    ),
    b'{"serial":"S","name":"d","timestamp":"20170503112756","in":12,"out":318}',
    (
        b"<EventNotificationAlert><eventType>PeopleCounting</eventType><dateTime>2026-03-01T10:00:00Z</dateTime>"
        b"<peopleCounting><enter>1</enter></peopleCounting></EventNotificationAlert>"
    ),
    (
        b"<POSLog><Transaction><WorkstationID>1</WorkstationID><EndDateTime>2026-03-01T10:00:00Z</EndDateTime>"
        b"<RetailTransaction><LineItem><Sale><ItemID>A</ItemID><ExtendedAmount>9.00</ExtendedAmount></Sale></LineItem>"
        b"</RetailTransaction></Transaction></POSLog>"
    ),
    (
        b'{"merchant_id":"M","type":"payment.updated","event_id":"E","data":{"object":{"payment":{"id":"P","created_at":'
        b'"2026-03-01T10:00:00Z","amount_money":{"amount":500,"currency":"USD"},"status":"COMPLETED"}}}}'
    ),
    (
        b'{"id":5,"created_at":"2026-03-01T10:00:00Z","currency":"EUR","financial_status":"paid","subtotal_price":"9",'
        b'"line_items":[{"sku":"A","quantity":2,"price":"59.50"}]}'
    ),
    (
        b'{"type":"update","before":{"current_zones":[]},"after":{"id":"1","camera":"c","label":"person",'
        b'"frame_time":1607123962.08,"current_zones":["y"]}}'
    ),
    b'{"receipt_number":"1","receipt_type":"SALE","receipt_date":"2026-03-01T10:00:00Z","total_money":1.25}',
    (
        b'{"events":[{"type":"personCountEvent","properties":{"personCount":2},"zone":"z"}],"sourceInfo":{"timestamp":'
        b'"2020-08-24T06:16:25.402Z"}}'
    ),
    b"03D24800000004D2C8000000",
    b"20CE7B3AF164000B000400",
    b"686B7400070700780096000000C8000000C9",
    b"008d00090000400801008001",
    b"027d003c6000110000006000110100006000130200000 05c",
    b"\x08\xe8\x07\x12\x07\x0a\x03abc\x10\x05\x18\x01",
    b'{"counts":{"person":1},"ts":1551824620463}',
    b'{"UtcTime":"2026-01-05T10:00:00Z","Source":{"Rule":"In"},"Data":{"Count":"17"}}',
]
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(
        ["20260301100000", "1e400", "-1", "person", "fw", "2026-03-01T10:00:00Z", 10**30, 1.7e9]
    ),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(WORDS.split()) | st.text(max_size=6),
            inner,
            max_size=5,
        )
    ),
    max_leaves=24,
)


def _decode(one: Adapter, raw: bytes, memory: dict[str, Any]) -> list[Event | Reject]:
    of = Device(
        match="#",
        adapter=one.name,
        store="s",
        door="d",
        zone="z",
        doors={"*": "*", "y": "main"},
        **MAPPINGS.get(one.name, {}),
    )
    return one.decode(raw, TOPICS.get(one.name, "t"), of, NOW, memory=memory)


def _lawful(raw: bytes, memories: dict[str, dict[str, Any]] | None = None) -> None:
    for name in NAMES:
        one = adapters()[name]
        memory = {} if memories is None else memories.setdefault(name, {})
        again = copy.deepcopy(memory)
        begun = time.process_time()
        said = _decode(one, raw, memory)
        spent = time.process_time() - begun
        assert spent <= 0.050 * max(1.0, len(raw) / 1024) + 0.25, (
            name,
            spent,
        )  # slack for a busy machine
        for outcome in said:
            if isinstance(outcome, Reject):
                assert outcome.reason
                assert outcome.raw == raw
            else:
                wire = msgspec.json.encode(outcome)
                assert msgspec.json.encode(msgspec.json.decode(wire, type=AnyEvent)) == wire
        assert _decode(one, raw, again) == said, f"{name} does not repeat itself"
        assert one.remembers or not memory, f"{name} remembers and does not say so"
        assert 0.0 <= one.guess(raw, "t") <= 1.0


LAWS = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@LAWS
@given(st.binary(max_size=400))
def test_any_bytes(raw: bytes) -> None:
    """Whatever the bytes, every adapter answers with events of the contract or rejects, and never raises."""
    _lawful(raw)


@LAWS
@given(JSON)
def test_any_json(tree: object) -> None:
    """Whatever JSON made of the vendors' own names, every adapter answers and never raises."""
    _lawful(msgspec.json.encode(tree))


@LAWS
@given(st.data(), st.sampled_from(SEEDS))
def test_mutated_messages(data: st.DataObject, seed: bytes) -> None:
    """Real messages cut, spliced and flipped are answered too, with memory kept between them."""
    memories: dict[str, dict[str, Any]] = {}
    _lawful(seed, memories)
    raw = bytearray(seed)
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, max(0, len(raw) - 1)))
        raw[at : at + data.draw(st.integers(0, 4))] = data.draw(
            st.binary(max_size=3)
            | st.sampled_from([b"null", b"[]", b"{}", b"-1", b"1e999", b'""', b"9" * 25])
        )
    _lawful(bytes(raw), memories)


@pytest.mark.data
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_mutated_samples(data: st.DataObject, real_data: Path) -> None:
    """Whatever one value of a real message is replaced with, every adapter answers."""
    files = sorted((real_data / "payloads").glob("*/*"))
    raw = bytearray(data.draw(st.sampled_from(files)).read_bytes())
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at : at + data.draw(st.integers(0, 30))] = data.draw(
        st.binary(max_size=8)
        | st.sampled_from([b"null", b"[[]]", b'{"a":{}}', b"-1", b"1e999", b"<x/>"])
    )
    _lawful(bytes(raw))


HOSTILE = {
    "deep json": b"[" * 200_000,
    "deep objects": b'{"live_data":' * 20_000 + b"1" + b"}" * 20_000,
    "deep xml": b"<EventNotificationAlert>" * 5_000 + b"</EventNotificationAlert>" * 5_000,
    "wide json": b'{"live_data":{"frames":['
    + b",".join([b'{"time":1,"events":[]}'] * 5_000)
    + b"]}}",
    "long number": b'{"serial":"S","timestamp":' + b"9" * 100_000 + b',"in":1,"out":2}',
    "long text": b'{"serial":"'
    + b"S" * 500_000
    + b'","name":"d","timestamp":"20170503112756","in":1,"out":2}',
    "many regions": b"{" + b",".join(b'"region_%d_count":1' % i for i in range(20_000)) + b"}",
    "many tickets": b"<POSLog>"
    + b"<Transaction><RetailTransaction/></Transaction>" * 8_000
    + b"</POSLog>",
    "many line items": b"<POSLog><Transaction><RetailTransaction>"
    + b"<LineItem><Sale><ItemID>A</ItemID></Sale><SequenceNumber>1</SequenceNumber></LineItem>"
    * 5_000
    + b"</RetailTransaction></Transaction></POSLog>",
    "zones": b'{"type":"update","after":{"id":"1","label":"person","frame_time":1700000000,"current_zones":['
    + b",".join(b'"z%d"' % i for i in range(20_000))
    + b"]}}",
    "surrogate": b'{"serial":"\\ud800","name":"\\udfff","timestamp":"20170503112756","in":1,"out":2}',
    "nul": b'{"serial":"\\u0000","name":"a","timestamp":"20170503112756","in":1,"out":2}',
    "billion laughs": b'<!DOCTYPE l [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    b'<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><POSLog>&c;</POSLog>',
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_messages(kind: str) -> None:
    """Depth, width, length and entity bombs cost no more than 50 ms a kilobyte and are answered."""
    _lawful(HOSTILE[kind])


def test_memory_is_bounded() -> None:
    """However many objects, sources and orders a device speaks of, what is kept stays small."""
    frigate, square, xovis = (adapters()[n] for n in ("frigate", "square", "xovis"))
    memories: list[dict[str, Any]] = [{}, {}, {}]
    for i in range(4_500):
        seen = {
            "id": str(i),
            "camera": "c",
            "label": "person",
            "frame_time": 1.7e9,
            "current_zones": ["y"],
        }
        _decode(frigate, msgspec.json.encode({"type": "new", "after": seen}), memories[0])
        paid = {"id": str(i), "created_at": "2026-03-01T10:00:00Z", "status": "COMPLETED"}
        notice = {"type": "payment.updated", "data": {"object": {"payment": paid}}}
        _decode(square, msgspec.json.encode(notice), memories[1])
        crossed = {"time": 1.7e9, "events": [{"type": "LINE_CROSS_FORWARD", "attributes": {}}]}
        live = {"sensor_info": {"serial_number": str(i)}, "frames": [crossed]}
        _decode(xovis, msgspec.json.encode({"live_data": live}), memories[2])
    assert min(map(len, memories[:2])) > 4000  # it did keep what it must
    assert max(map(len, memories)) <= 4097
    assert min(map(len, memories)) > 4000


def test_names_are_the_files_and_every_meaning_is_known() -> None:
    """Every adapter file is found by a name of its own, and its guesses never claim an empty message."""
    assert len(NAMES) >= 25
    assert guessed(b"", "t") is None
    assert guessed(b"nothing anybody sends", "t") is None
