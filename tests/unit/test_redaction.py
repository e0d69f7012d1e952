"""What is kept of refused payloads names nobody."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensors.adapters import guessed
from sensors.device_table import DeviceTable
from sensors.redaction import HIDDEN, redacted
from sensors.reject import Reject
from tests.ingest_cases import NOW, TOPIC

PEOPLE = {
    "ours": b'{"kind":"pos","member":"zz-7","associate" : "zz-7","till":"1"}',
    "nested": b'{"customer":{"name":"zz-7","tags":["zz-7",{"a":"zz-7"}]},"till":"1"}',
    "a number": b'{"member_id":777123,"till":"1"}'.replace(b"777123", b"7712345"),
    "torn": b'{"till":"1","customer":{"first":"zz-7","last":"zz-',
    "torn in a string": b'{"till":"1","email":"zz-7',
    "escaped quotes": b'{"till":"1","cashier":"a\\"zz-7\\"b"}',
    "in a string": b'{"till":"1","payload":"{\\"member\\":\\"zz-7\\",\\"x\\":1}"}',
    "lines": b'{"till":"1"}\n{"associate":"zz-7"}\n',
    "xml": b"<p:Sale><p:Customer><Name>zz-7</Name></p:Customer><till>1</till></p:Sale>",
    "xml torn": b"<Sale till='1'><OperatorID>zz-7",
    "xml attribute": b'<Sale till="1" OperatorName="zz-7"/>',
    "form": b"till=1&customer=zz-7&x=2",
    "form first": b"customer=zz-7&till=1",
    "mail": b"till,1,zz-7@example.com",
    "telephone": b"till,1,+86 139 zz".replace(b"zz", b"1234 5678"),
}
WORDS = (b"zz-7", b"7712345", b"1234 5678")


@pytest.mark.parametrize("name", PEOPLE)
def test_no_person_is_kept(name: str) -> None:
    """Whatever the format, whole or torn, who it was about is gone and the rest is there."""
    kept = redacted(PEOPLE[name], 4096)
    assert HIDDEN.encode() in kept
    assert b"till" in kept
    assert not any(word in kept for word in WORDS)


@given(st.dictionaries(st.sampled_from(["a", "customer", "email"]), st.text() | st.integers()))
def test_json_stays_json(said: dict[str, object]) -> None:
    """What was JSON is JSON after it, its other fields untouched but for mail addresses and telephone numbers."""
    kept = json.loads(redacted(json.dumps(said).encode(), 10_000))
    assert kept.keys() == said.keys()
    assert {kept[name] for name in ("customer", "email") if name in kept} <= {HIDDEN}


@given(st.binary(max_size=300))
def test_total(raw: bytes) -> None:
    """No bytes raise, and no more than asked is kept."""
    assert len(redacted(raw, 100)) <= 100


@pytest.mark.parametrize(
    "piece", [b'"customer":{', b"<a ", b"<email>", b"x.x", b'\\"', b"+1 ", b'{"member":"', b"a="]
)
def test_hostile_text_takes_no_time(piece: bytes) -> None:
    """Sixteen kilobytes of whatever is worst for a pattern are done in a fraction of a second."""
    began = time.process_time()
    redacted(piece * (16_384 // len(piece)), 4096)
    assert time.process_time() - began < 0.5


def test_the_adapter_is_still_guessed() -> None:
    """A till's payload is recognised by its form after the people in it are hidden."""
    raw = json.dumps(
        {
            "type": "payment.created",
            "merchant_id": "M",
            "event_id": "e",
            "created_at": "2026-11-22T08:00:00Z",
            "data": {"type": "payment", "object": {"payment": {"customer_id": "zz-7"}}},
        }
    ).encode()
    assert guessed(redacted(raw, 4096), "/x") == guessed(raw, "/x") == "square"


def test_a_sample_names_nobody() -> None:
    """The sample in the device table is redacted."""
    table = DeviceTable()
    table.heard([Reject("no", "$", TOPIC, PEOPLE["ours"], "d", "riverside")], TOPIC, "", NOW)
    (seen,) = table.changed()
    assert "zz-7" not in seen.sample
    assert '"till":"1"' in seen.sample
