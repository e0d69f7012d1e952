"""Bytes to events or rejects."""

from datetime import UTC, datetime, timedelta

import pytest

from sensors.events import Command, Footfall, Plan, Pos, Staff, Status
from sensors.reject import Reject
from tests.ingest_cases import NOW, TOPIC, decode

GOOD = b'{"kind":"footfall","at":"2026-11-22T08:59:00Z","door":"main","entered":2}'
OTHER = b'{"kind":"footfall","at":"2026-11-22T08:59:30Z","door":"main","left":1}'


def one(payload: bytes, topic: str = TOPIC) -> object:
    """The only outcome."""
    (outcome,) = decode(payload, topic)
    return outcome


def footfall(**fields: object) -> bytes:
    """GOOD with fields replaced."""
    import json

    return json.dumps({**json.loads(GOOD), **fields}).encode()


def test_fills_store_and_source_from_the_topic() -> None:
    """An event without store and source gets the topic's; its own source is kept."""
    event = one(GOOD)
    assert isinstance(event, Footfall)
    assert (event.store, event.source, event.entered) == ("riverside", "door-1", 2)
    kept = one(footfall(source="lens-2"))
    assert isinstance(kept, Footfall)
    assert kept.source == "lens-2"


@pytest.mark.parametrize(
    "payload",
    [
        GOOD + b"\n" + OTHER,
        GOOD + b"\r\n" + OTHER + b"\r\n\r\n",
        b"[" + GOOD + b"," + OTHER + b"]",
        b" [\n" + GOOD + b" ,\n\t" + OTHER + b"\n] ",
        b"\xef\xbb\xbf" + GOOD + b"\n" + OTHER,
    ],
)
def test_batches(payload: bytes) -> None:
    """Lines and arrays carry the same events, with any white space and a byte-order mark."""
    first, second = decode(payload)
    assert isinstance(first, Footfall)
    assert isinstance(second, Footfall)
    assert (first.entered, second.left) == (2, 1)


def test_one_event_over_several_lines() -> None:
    """An event printed for people to read is one event."""
    event = one(GOOD.replace(b",", b",\n  "))
    assert isinstance(event, Footfall)
    assert event.entered == 2


DEEP = b'{"kind":"footfall","x":' + b"[" * 10_000 + b"]" * 10_000 + b"}"

BAD = {
    "malformed": (b'{"kind":"footfall",', "", "truncated"),
    "not json": (b"hello", "", "malformed"),
    "wrong type": (footfall(entered="two"), ".entered", "Expected `int`"),
    "negative": (footfall(entered=-1), ".entered", "Expected `int` >= 0"),
    "huge": (footfall(entered=10**30), ".entered", "Expected"),
    "unknown kind": (footfall(kind="gossip"), ".kind", "gossip"),
    "no kind": (b'{"at":"2026-11-22T08:59:00Z"}', "", "kind"),
    "no time": (b'{"kind":"footfall","door":"main"}', "", "at"),
    "no zone": (footfall(at="2026-11-22T08:59:00"), ".at", "timezone"),
    "epoch number": (footfall(at=1_795_000_000), ".at", "datetime"),
    "1970": (footfall(at="1970-01-01T00:00:00Z"), ".at", "older than 30 days"),
    "2099": (footfall(at="2099-01-01T00:00:00Z"), ".at", "clock is not set"),
    "year 1": (footfall(at="0001-01-01T00:00:00+14:00"), ".at", "older"),
    "year 9999": (footfall(at="9999-12-31T23:59:59-12:00"), ".at", "clock is not set"),
    "nul escaped": (footfall(door="ma\0in"), "", "NUL"),
    "nul byte": (GOOD.replace(b"main", b"ma\0in"), "", "malformed"),
    "not utf-8": (GOOD.replace(b"main", b"\xff\xfe"), "", "UTF-8"),
    "too deep": (DEEP, "", "nested too deep"),
    "unclosed deep": (b"[" * 10_000, "", ""),
    "other store": (footfall(store="hillside"), ".store", "on a topic of riverside"),
    "a command": (
        b'{"kind":"command","at":"2026-11-22T08:59:00Z","actor":"x","action":"ack","target":"i"}',
        ".kind",
        "does not belong",
    ),
    "future version": (footfall(v=2), ".v", "2"),
    "number": (b"7", "", "object"),
    "null": (b"null", "", "object"),
}


@pytest.mark.parametrize("name", BAD)
def test_each_bad_event_is_one_reject_with_place_and_reason(name: str) -> None:
    """A bad event alone is one reject that says where and what, with its bytes."""
    payload, place, reason = BAD[name]
    reject = one(payload)
    assert isinstance(reject, Reject)
    assert reject.place.removeprefix("$[0]").removeprefix("$") == place
    assert reason in reject.reason
    assert (reject.store, reject.source) == ("riverside", "door-1")
    assert (reject.topic, reject.raw) == (TOPIC, payload if name != "unclosed deep" else reject.raw)


@pytest.mark.parametrize("name", [n for n in BAD if n not in {"malformed", "unclosed deep"}])
@pytest.mark.parametrize("shape", ["lines", "array"])
def test_neighbours_of_a_bad_event_are_taken(name: str, shape: str) -> None:
    """A bad event among good ones is one reject at its own place; the good ones are taken."""
    bad = BAD[name][0]
    parts = [GOOD, bad, OTHER]
    payload = b"\n".join(parts) if shape == "lines" else b"[" + b",".join(parts) + b"]"
    first, reject, last = decode(payload)
    assert isinstance(first, Footfall)
    assert isinstance(last, Footfall)
    assert isinstance(reject, Reject)
    assert (first.entered, last.left) == (2, 1)
    assert reject.place == "$[1]" + BAD[name][1]
    assert reject.raw == bad


def test_lines_after_a_torn_one_are_taken() -> None:
    """A torn line costs itself alone."""
    first, reject, last = decode(GOOD + b'\n{"kind":"footf\n' + OTHER)
    assert isinstance(first, Footfall)
    assert isinstance(reject, Reject)
    assert isinstance(last, Footfall)


def test_too_large() -> None:
    """A payload of 10 MB is one reject."""
    reject = one(b"[" + b" " * 10_000_000 + GOOD + b"]")
    assert isinstance(reject, Reject)
    assert reject.reason == f"{10_000_002 + len(GOOD)} bytes, at most 1048576 are taken"


def test_unknown_store() -> None:
    """A store that is not configured is one reject, whatever the message holds."""
    reject = one(GOOD + b"\n" + OTHER, "floor/v1/nowhere/events/door-1")
    assert isinstance(reject, Reject)
    assert reject.reason == "unknown store nowhere"
    assert reject.store == ""


@pytest.mark.parametrize("payload", [b"", b"\n", b"[]", b"  "])
def test_an_empty_message_says_nothing(payload: bytes) -> None:
    """Zero bytes delete a retained message: neither an event nor a reject."""
    assert decode(payload) == []


def test_unknown_fields_are_tolerated_and_dropped() -> None:
    """A field that is not in the contract changes nothing."""
    assert one(footfall(colour="red", nested={"a": [1]})) == one(GOOD)


def test_clamps_a_clock_that_runs_ahead() -> None:
    """Ahead by more than the limit: the time received and by how much it was off; within it: untouched."""
    ahead = one(footfall(at=(NOW + timedelta(seconds=61)).isoformat()))
    within = one(footfall(at=(NOW + timedelta(seconds=60)).isoformat()))
    assert isinstance(ahead, Footfall)
    assert isinstance(within, Footfall)
    assert (ahead.at, ahead.skew_s) == (NOW, 61)
    assert (within.at, within.skew_s) == (NOW + timedelta(seconds=60), None)


def test_instants_become_utc() -> None:
    """A local time with its offset is the same instant in UTC."""
    event = one(footfall(at="2026-11-22T16:59:00+08:00"))
    assert isinstance(event, Footfall)
    assert event.at == datetime(2026, 11, 22, 8, 59, tzinfo=UTC)
    assert event.at.tzinfo is UTC


def test_derived_ids_tell_events_apart_and_repeats_together() -> None:
    """The same event has the same id in any batch and at any time of receipt; another event has another."""
    alone = one(GOOD)
    assert isinstance(alone, Footfall)
    ids = [e.id for e in decode(b"[" + OTHER + b"," + GOOD + b"]", at=NOW + timedelta(hours=3))]  # type: ignore[union-attr]
    assert ids[1] == alone.id != ids[0]
    assert decode(GOOD, "floor/v1/riverside/events/door-2")[0].id != alone.id  # type: ignore[union-attr]


def test_a_clamped_repeat_keeps_its_id() -> None:
    """The id comes from the device's own time, so a redelivery of a clamped event is still a repeat."""
    payload = footfall(at=(NOW + timedelta(hours=2)).isoformat())
    first, again = decode(payload), decode(payload, at=NOW + timedelta(seconds=9))
    assert first[0].id == again[0].id  # type: ignore[union-attr]


def test_people_become_keyed_hashes() -> None:
    """Neither member nor associate is kept; the same person stays the same, members and associates apart."""
    ticket = (
        b'{"kind":"pos","at":"2026-11-22T08:59:00Z","till":"1","transaction":"%d",'
        b'"member":"zz-7","associate":"zz-7"}'
    )
    first, second = decode(ticket % 1 + b"\n" + ticket % 2)
    shift = one(b'{"kind":"staff","at":"2026-11-22T08:59:00Z","associate":"zz-7","action":"on"}')
    assert isinstance(first, Pos)
    assert isinstance(second, Pos)
    assert isinstance(shift, Staff)
    assert first.member == second.member != first.associate == shift.associate
    assert "zz-7" not in f"{first}{shift}"


@pytest.mark.parametrize(
    ("payload", "state"),
    [
        (b"online", "online"),
        (b"offline", "offline"),
        (b'{"state":"fault","battery_pct":9}', "fault"),
    ],
)
def test_a_last_will_without_a_time_happened_when_received(payload: bytes, state: str) -> None:
    """A bare word or a will without a time is a status of the time received."""
    status = one(payload, "floor/v1/riverside/status/door-1")
    assert isinstance(status, Status)
    assert (status.state, status.at, status.source) == (state, NOW, "door-1")


def test_plans_and_commands_have_rooms_of_their_own() -> None:
    """A plan is taken on plan, a command on commands, with the room as source."""
    plan = one(
        b'{"kind":"plan","at":"2026-11-22T08:59:00Z","about":"weather",'
        b'"starts_at":"2026-11-23T00:00:00Z","ends_at":"2026-11-24T00:00:00Z"}',
        "floor/v1/riverside/plan",
    )
    command = one(BAD["a command"][0], "floor/v1/riverside/commands")
    assert isinstance(plan, Plan)
    assert isinstance(command, Command)
    assert (plan.source, command.source) == ("plan", "commands")


@pytest.mark.parametrize("starts_at", ["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00"])
def test_a_plan_for_a_day_no_calendar_reaches(starts_at: str) -> None:
    """An instant that cannot be turned into every zone is refused where it stands."""
    reject = one(
        b'{"kind":"plan","at":"2026-11-22T08:59:00Z","about":"weather",'
        b'"starts_at":"%s","ends_at":"2026-11-24T00:00:00Z"}' % starts_at.encode(),
        "floor/v1/riverside/plan",
    )
    assert isinstance(reject, Reject)
    assert reject.place == "$.starts_at"
