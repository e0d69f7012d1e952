"""Which way a message takes, and what a batch of them comes to."""

from collections.abc import Sequence
from datetime import datetime

import pytest
from msgspec.structs import replace

from sensors.adapter_memory import Kept, Reply
from sensors.codec import Outcome
from sensors.device_table import DEVICES, DeviceTable
from sensors.events import Footfall, Status
from sensors.intake import Adapter, Intake, Message
from sensors.keyspace import partition_of
from sensors.pseudonym import Pseudonym
from sensors.reject import Reject
from sensors.settings import Device
from tests.ingest_cases import NOW, TOPIC, settings

GOOD = b'{"kind":"footfall","at":"2026-11-22T08:59:00Z","door":"main","entered":2}'


class Counter:
    """A vendor whose whole message is a number of people; ``boom`` breaks it."""

    def __init__(self) -> None:
        self.remembers, self.memory, self.replies = False, Kept(), list[Reply]()

    def decode(
        self, payload: bytes, topic: str, device: Device, received_at: datetime
    ) -> Sequence[Outcome]:
        if payload == b"boom":
            raise ZeroDivisionError
        if not payload.isdigit():
            return [Reject("not a number", "$", topic, payload)]
        return [
            Footfall(at=received_at, store=device.store, door=device.door, entered=int(payload))
        ]


def find(name: str) -> Adapter:
    if name != "counter":
        raise LookupError(name)
    return Counter()


def intake(*devices: Device) -> tuple[Intake, DeviceTable]:
    table = DeviceTable()
    shop = replace(settings(), devices=list(devices))
    return Intake(shop, Pseudonym(b"k" * 32), find, table), table


LENS = Device(match="vendor/+/count", adapter="counter", store="riverside", door="main")
TILL = Device(match="/square/1", adapter="counter", store="hillside", source="till-1", door="main")


def test_a_device_topic_goes_through_its_adapter() -> None:
    """A vendor's topic becomes our event, with store and a source of its own."""
    (event,) = intake(LENS)[0].decode(b"7", "vendor/a/count", NOW)
    assert isinstance(event, Footfall)
    assert (event.store, event.source, event.entered) == ("riverside", "vendor/a/count", 7)
    assert event.id


def test_a_webhook_path_comes_by_the_hook_room() -> None:
    """A device matched by path is heard on the hook topic of that path and nowhere else."""
    ours, _ = intake(TILL)
    (event,) = ours.decode(b"7", "floor/v1/hillside/hook/square/1", NOW)
    assert isinstance(event, Footfall)
    assert event.source == "till-1"
    (reject,) = ours.decode(b"7", "floor/v1/hillside/hook/square/2", NOW)
    assert isinstance(reject, Reject)
    assert reject.reason == "unknown topic"


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"x", "not a number"),
        (b"boom", "adapter counter failed on it"),
        (b"1" * 2_000_000, "2000000 bytes, at most 1048576 are taken"),
    ],
)
def test_what_an_adapter_cannot_take_is_one_reject(payload: bytes, reason: str) -> None:
    """Not a payload of any kind stops the intake, not even a broken adapter; the device is named."""
    (outcome,) = intake(LENS)[0].decode(payload, "vendor/a/count", NOW)
    assert isinstance(outcome, Reject)
    assert outcome.reason == reason
    assert (outcome.store, outcome.source) == ("riverside", "vendor/a/count")


@pytest.mark.parametrize("topic", ["gossip", "$SYS/x", "floor/v1/riverside/alerts", None])
def test_unknown_topics_are_rejects(topic: str | None) -> None:
    """What comes by a topic that nobody owns is one reject; an empty message there is nothing."""
    ours, _ = intake(LENS)
    (reject,) = ours.decode(b"1", topic, NOW)
    assert isinstance(reject, Reject)
    assert reject.reason == "unknown topic"
    assert ours.decode(b"", topic, NOW) == []


def test_an_adapter_that_does_not_exist_is_refused() -> None:
    """A misspelt adapter is found at start, not at the first message."""
    with pytest.raises(LookupError, match="counterr"):
        intake(replace(LENS, adapter="counterr"))


def test_a_batch_is_sorted_by_partition() -> None:
    """Events go to their store's partition in order, rejects apart, every QoS 1 message is acknowledged."""
    ours, _ = intake()
    taken = ours.take(
        [
            Message(TOPIC, GOOD, 1, 4),
            Message(TOPIC.replace("riverside", "hillside"), GOOD + b"\n" + GOOD, 2, 4),
            Message(TOPIC, b"junk", 3, 4),
            Message(TOPIC, GOOD, 0, 4),
        ],
        NOW,
    )
    assert {p: lines.count(b"\n") + 1 for p, lines in taken.lines.items()} == {
        partition_of("riverside", 16): 2,
        partition_of("hillside", 16): 2,
    }
    assert taken.events == 4
    assert [reject.raw for reject in taken.rejects] == [b"junk"]
    assert taken.acks == [(1, 4), (2, 4), (3, 4)]


def test_the_device_table_counts_and_hands_out_what_changed() -> None:
    """A device's row counts events and rejects since first heard and is handed out once per change."""
    ours, table = intake()
    ours.decode(GOOD + b"\njunk", TOPIC, NOW)
    (row,) = table.changed()
    assert (row.field, row.events, row.rejects, row.kinds) == (
        "riverside/door-1",
        1,
        1,
        ["footfall"],
    )
    assert row.sample == "junk"
    assert table.changed() == []
    ours.decode(b"offline", TOPIC.replace("events", "status"), NOW)
    (row,) = table.changed()
    assert (row.events, row.state, row.kinds) == (2, "offline", ["footfall", "status"])


def test_the_device_table_is_bounded() -> None:
    """More devices than it remembers push out the longest unheard."""
    table = DeviceTable()
    for number in range(DEVICES + 5):
        status = Status(at=NOW, store="riverside", source=str(number), state="online")
        table.heard([status], "t", "", NOW)
        table.changed()
    status = Status(at=NOW, store="riverside", source="0", state="online")
    table.heard([status], "t", "", NOW)
    assert table.changed()[0].events == 1
