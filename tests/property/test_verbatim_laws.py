"""Laws of messages that go into the log as they came: it must not be possible to tell from what is read."""

import json
from datetime import UTC, datetime, timedelta

import msgspec
from hypothesis import example, given
from hypothesis import strategies as st

from sensors.events import AnyEvent, Event
from sensors.settings import Limits
from sensors.topics import parse_topic
from sensors.verbatim import Gate
from tests.ingest_cases import NOW, TOPIC, decode
from tests.property.test_codec_laws import almost_events, events, json_values

LINES = msgspec.json.Decoder(AnyEvent)
TOPIC_TYPED = parse_topic(TOPIC)
assert TOPIC_TYPED is not None


def passed(payload: bytes, at: datetime = NOW) -> list[Event] | None:
    """What a reader of the log finds of a message that passes; ``None`` if it does not pass."""
    assert TOPIC_TYPED is not None
    said = Gate(Limits()).passed(payload, TOPIC_TYPED, at)
    if said is None:
        return None
    assert said.lines.count(b"\n") == len(said.events) - 1
    assert all(msgspec.json.decode(line) for line in said.lines.split(b"\n"))
    return LINES.decode_lines(said.lines)  # type: ignore[return-value]


def good(**fields: object) -> bytes:
    """One event with everything a gateway should send."""
    event = {"kind": "footfall", "at": "2026-11-22T08:59:00Z", "door": "main", "id": "a"}
    return json.dumps(event | fields, separators=(",", ":")).encode()


@given(
    st.lists(events, min_size=1, max_size=6), st.sampled_from([b"\n", b"\r\n", b"\n\n", b" ", b""])
)
def test_the_log_reads_the_same(said: list[Event], between: bytes) -> None:
    """A message that passes is read from the log as the codec would have written it."""
    payload = between.join(msgspec.json.encode(event) for event in said)
    found = passed(payload)
    assert found is None or found == decode(payload)


@given(st.lists(almost_events | json_values, max_size=4), st.sampled_from(["\n", "", ",", "\n\n"]))
def test_nothing_passes_that_the_codec_would_not_take(values: list[object], between: str) -> None:
    """Whatever is nearly an event passes only if the codec takes every part of it, to the same event."""
    payload = between.join(json.dumps(value) for value in values).encode()
    found = passed(payload)
    assert found is None or found == decode(payload)


@given(st.binary(max_size=120))
@example(b"")
@example(b"[")
@example(b"\xff")
@example(b"[" * 5000)
def test_total(payload: bytes) -> None:
    """No bytes raise."""
    passed(payload)


def test_a_clean_message_passes() -> None:
    """Lines with ids pass, with store and source on all of them or on none."""
    assert passed(good() + b"\n" + good(id="b", seq=7)) == decode(
        good() + b"\n" + good(id="b", seq=7)
    )
    named = good(store="riverside", source="lens")
    assert passed(named + b"\n" + named) == decode(named + b"\n" + named)


@given(st.lists(events, min_size=1, max_size=6), st.booleans())
def test_arrays_and_events_without_ids_are_completed_as_the_codec_does(
    said: list[Event], in_array: bool
) -> None:
    """A message that is encoded again is read as the codec would have written it, ids included."""
    for event in said[::2]:
        event.id = ""
    lines = [msgspec.json.encode(event) for event in said]
    payload = b"[" + b",\n ".join(lines) + b"]" if in_array else b"\n".join(lines)
    found = passed(payload)
    assert found is None or found == decode(payload)


def test_arrays_and_missing_ids_pass() -> None:
    """Clean arrays and clean events without ids take the short way, and a repeat in other clothes has the same id."""
    array = b"[ " + good(id="") + b",\n" + good(id="b", source="lens") + b" ]"
    found = passed(array)
    assert found is not None
    assert found == decode(array)
    alone = passed(good(id=""))
    assert alone is not None
    assert alone[0].id == found[0].id != ""


ODD = {
    "another store": good(store="hillside", source="x"),
    "a source on one only": good() + b"\n" + good(id="b", source="lens"),
    "a local time": good(at="2026-11-22T16:59:00+08:00"),
    "ahead": good(at=(NOW + timedelta(seconds=61)).isoformat()),
    "too old": good(at=(NOW - timedelta(days=31)).isoformat()),
    "a field of nobody's": good(customer="Chen"),
    "something escaped": good(door="ma\\u0000in"),
    "a ticket": good(kind="pos", till="1", transaction="t", member="7"),
    "a shift": good(kind="staff", associate="7"),
    "an array with something of nobody's": b"[" + good() + b"," + good(customer="Chen") + b"]",
    "an array of another store": b"[" + good(store="hillside") + b"]",
    "an array cut short": b"[" + good(),
    "nothing in an array": b"[]",
    "over several lines": good().replace(b",", b",\n"),
    "two on a line": good() + good(id="b"),
    "two on a line, one on two": good() + good(id="b").replace(b",", b",\n", 1),
    "too large": good(door="x" * 2_000_000),
}


def test_what_is_odd_does_not_pass() -> None:
    """Everything that needs completing, correcting, hiding or refusing takes the codec's way."""
    assert {name for name, payload in ODD.items() if passed(payload) is not None} == set()


def test_personal_fields_never_pass() -> None:
    """No name of a person gets into the log by the short way, not even in a field the contract lacks."""
    for field in ("member", "associate", "customer", "email", "name"):
        assert passed(good(**{field: "Chen"})) is None


def test_commands_and_status_topics_do_not_pass() -> None:
    """Only a device's events pass."""
    for room in ("status/door-1", "plan", "commands", "hook/x"):
        topic = parse_topic(f"floor/v1/riverside/{room}")
        assert topic is not None
        assert Gate(Limits()).passed(good(), topic, datetime(2026, 11, 22, 9, tzinfo=UTC)) is None
