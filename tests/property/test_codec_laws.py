"""Laws of the codec that hold for whatever comes."""

import json
from datetime import datetime, timedelta

import msgspec
from hypothesis import example, given
from hypothesis import strategies as st

from sensors.events import Dwell, Event, Footfall, Line, Pos, Queue
from sensors.reject import Reject
from tests.ingest_cases import NOW, decode

names = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=20)
instants = st.integers(0, 20 * 86_400_000).map(lambda ms: NOW - timedelta(milliseconds=ms))
counts = st.integers(0, 2**53)
common = {"at": instants, "source": names, "id": names, "seq": st.none() | counts}
events: st.SearchStrategy[Event] = st.one_of(
    st.builds(Footfall, **common, door=names, entered=counts, left=counts, staff=st.booleans()),
    st.builds(Dwell, **common, zone=names, dwell_s=st.floats(0, 172_800)),
    st.builds(Queue, **common, till=names, length=st.none() | st.integers(0, 1_000_000)),
    st.builds(
        Pos,
        **common,
        till=names,
        transaction=names,
        net_minor=st.integers(-(2**53), 2**53),
        lines=st.lists(st.builds(Line, sku=names, net_minor=counts), max_size=3),
    ),
)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)  # JSON has neither
    | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4)
    ),
    max_leaves=12,
)
almost_events = st.fixed_dictionaries(
    {"kind": st.sampled_from(["footfall", "dwell", "pos", "plan", "status", "gossip"])},
    optional={
        "at": st.datetimes(timezones=st.timezones() | st.none()).map(datetime.isoformat)
        | json_values,
        "door": names | json_values,
        "zone": names | json_values,
        "dwell_s": st.floats(allow_nan=False, allow_infinity=False) | json_values,
        "entered": st.integers() | json_values,
        "store": names | json_values,
    },
)


@given(st.binary(max_size=200), st.sampled_from(["events/a", "status/a", "plan", "commands"]))
@example(b"[" * 5000, "events/a")
@example(b'["\\', "events/a")
@example(b'{"at', "status/a")
def test_total_on_any_bytes(payload: bytes, room: str) -> None:
    """No bytes whatever raise; each outcome is an event or a reject with a reason."""
    for outcome in decode(payload, f"floor/v1/riverside/{room}"):
        assert isinstance(outcome, Event) or outcome.reason


@given(st.lists(almost_events | json_values, max_size=6), st.booleans())
def test_total_on_any_json_and_one_outcome_each(values: list[object], as_array: bool) -> None:
    """Each element of an array, and each line that is an object, is exactly one outcome, whatever it holds."""
    if not as_array:
        values = [value for value in values if isinstance(value, dict)]
    parts = [json.dumps(value) for value in values]
    payload = f"[{','.join(parts)}]" if as_array else "\n".join(parts)
    outcomes = decode(payload.encode())
    assert len(outcomes) == len(parts)


@given(st.lists(events, min_size=1, max_size=8), st.integers(0, 8), st.binary(max_size=30))
def test_junk_harms_no_neighbour(said: list[Event], place: int, junk: bytes) -> None:
    """Whatever stands on a line of its own among events, every event is taken as it was said."""
    lines = [msgspec.json.encode(event) for event in said]
    lines.insert(place, junk.replace(b"\n", b"").replace(b"\r", b""))
    taken = [e for e in decode(b"\n".join(lines)) if isinstance(e, Event)]
    assert [event.id for event in taken] == [event.id for event in said]


@given(events)
def test_round_trip(event: Event) -> None:
    """An event written and read is the same event, but for the store its topic names and hidden people."""
    (taken,) = decode(msgspec.json.encode(event))
    event.store = "riverside"
    assert taken == event


@given(
    st.lists(events, min_size=1, max_size=6),
    st.randoms(use_true_random=False),
    st.integers(0, 90_000),
)
def test_derived_ids_are_stable(said: list[Event], random: object, later_s: int) -> None:
    """Without an id of its own an event has the same one alone, in a batch of any order, and received later."""
    for event in said:
        event.id = ""
    lines = [msgspec.json.encode(event) for event in said]
    alone = {line: decode(line)[0].id for line in lines}  # type: ignore[union-attr]
    random.shuffle(lines)  # type: ignore[attr-defined]
    batch = decode(b"[" + b",".join(lines) + b"]", at=NOW + timedelta(seconds=later_s))
    assert [event.id for event in batch] == [alone[line] for line in lines]  # type: ignore[union-attr]
    assert len(set(alone.values())) == len({msgspec.json.encode(e) for e in said})


@given(st.lists(almost_events, min_size=1, max_size=5))
def test_what_is_taken_can_be_read_by_the_next_room(values: list[object]) -> None:
    """Every event that is taken decodes again from the bytes that go into the log."""
    from sensors.events import AnyEvent

    for outcome in decode(json.dumps(values).encode()):
        if not isinstance(outcome, Reject):
            line = msgspec.json.encode(outcome)
            assert b"\n" not in line
            assert msgspec.json.decode(line, type=AnyEvent) == outcome
