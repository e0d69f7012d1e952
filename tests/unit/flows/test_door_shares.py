"""A door whose share of the visitors changes is named; doors that are merely busy, quiet or uneven are not."""

from datetime import timedelta
from random import Random

import msgspec
import pytest

from flows.inference.shares import Drift, ShareMemory
from flows.ledger import Ledger
from flows.profile import Profiles, minute_of
from flows.publish import Publisher
from sensors.events import Footfall
from tests.floor_runs import FLOWS, SENSORS, START

OPEN = range(9, 21)
SHARE = {hour: 0.75 - 0.02 * (hour - 9) for hour in OPEN}  # the side door is for the evening


def quarter(dice: Random, hour: int, lost: dict[str, float]) -> dict[str, int]:
    """People of one quarter-hour who come in twos at times; ``lost`` is the part that a door's counter misses."""
    seen = {"main": 0, "side": 0}
    for _ in range(dice.randint(8, 24)):
        door = "main" if dice.random() < SHARE[hour] else "side"
        party = 2 if dice.random() < 0.3 else 1
        seen[door] += sum(dice.random() >= lost.get(door, 0.0) for _ in range(party))
    return seen


def live(memory: ShareMemory, seed: int, days: range, lost: dict[str, float]) -> ShareMemory:
    """Some days of it, snapshotted every evening as the floor does."""
    dice = Random(seed)
    for day in days:
        memory.turn(day * 1440)
        for hour in OPEN:
            for part in range(4):
                minute = day * 1440 + hour * 60 + part * 15
                memory.learn(hour, quarter(dice, hour, lost), minute + 15)
        memory = msgspec.convert(
            msgspec.msgpack.decode(msgspec.msgpack.encode(memory)), ShareMemory, strict=False
        )
    return memory


@pytest.mark.parametrize("seed", range(6))
def test_ordinary_weeks_accuse_no_door(seed: int) -> None:
    """Over six weeks of chance and of a share that differs by the hour no door is said to have changed."""
    memory = live(ShareMemory(), seed, range(42), {})
    assert memory.drifts == {}
    assert memory.share("main") == pytest.approx(0.64, abs=0.03)


@pytest.mark.parametrize(("seed", "door"), [(1, "main"), (2, "main"), (3, "side"), (4, "side")])
def test_a_door_that_misses_people_is_named(seed: int, door: str) -> None:
    """A counter that misses half its people from one day on is found within three days, by name, and only once."""
    memory = live(ShareMemory(), seed, range(14), {})
    memory = live(memory, seed + 100, range(14, 17), {door: 0.5})
    assert list(memory.drifts) == [door]
    drift = memory.drifts[door]
    assert drift.minute > 14 * 1440
    assert drift.after < drift.before
    found = msgspec.json.encode(memory.drifts)
    memory = live(memory, seed + 200, range(17, 38), {door: 0.5})
    assert msgspec.json.encode(memory.drifts) == found


def test_both_doors_alike_is_no_drift() -> None:
    """A bad day for the whole shop leaves the shares as they were."""
    memory = live(ShareMemory(), 9, range(14), {})
    assert live(memory, 10, range(14, 20), {"main": 0.4, "side": 0.4}).drifts == {}


def test_the_doors_device_says_so_for_a_day() -> None:
    """The device at a door whose share changed is drifting with that reason, and after a day it is not."""
    profile = Profiles(FLOWS, SENSORS).of("north")
    memory = ShareMemory(drifts={"a": Drift(minute_of(START), 0.7, 0.5)})
    floor = Publisher(Ledger(profile))
    floor.memories["ShareMemory"] = memory
    said = {}
    for hours in (1, 30):
        at = START + timedelta(hours=hours)
        event = Footfall(at=at, store="north", source="cam-a", id=str(hours), door="a", entered=1)
        floor.ledger.take([event], at)
        facts = floor.tick(at + timedelta(minutes=1))
        said[hours] = {
            (f.metric, f.subject): (f.value, f.reason)
            for f in facts
            if f.metric in ("sensor_health", "door_share")
        }
    assert said[1]["sensor_health", "device:cam-a"] == ("drifting", "share_drift")
    assert said[1]["door_share", "door:a"] == (1.0, "share_drift")
    assert said[30]["sensor_health", "device:cam-a"] == ("online", "")
    assert said[30]["door_share", "door:a"] == (1.0, "")
