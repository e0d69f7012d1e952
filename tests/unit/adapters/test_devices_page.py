"""The devices page: every adapter is on it, and every example on it works as pasted."""

import re
import tomllib
from base64 import b64encode
from pathlib import Path

import msgspec

from sensors.adapters import adapter, adapters
from sensors.adapters.generic import Rules
from sensors.events import Footfall
from sensors.settings import Device
from tests.unit.adapters.reading import NOW

PAGE = (Path(__file__).parents[3] / "docs" / "devices.md").read_text(encoding="utf-8")


def test_every_adapter_is_in_the_table_with_what_it_counts() -> None:
    """The page's table names exactly the adapters there are, each with its own meanings of counts."""
    rows = re.findall(r"^\| `([a-z0-9-]+)` \| [^|]+ \| ([^|]+) \|", PAGE, re.MULTILINE)
    told = {name: set(counts.split(", ")) for name, counts in ((n, c.strip()) for n, c in rows)}
    assert told.pop("adapter") == {"counts"}  # the table's head
    told["generic"] = set(adapters()["generic"].counts)  # "any"
    assert told == {name: set(a.counts) for name, a in adapters().items()}


def test_every_example_is_a_valid_device() -> None:
    """Each TOML block loads into the settings and names an adapter; a generic one's options are understood."""
    blocks = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    assert len(blocks) >= 8
    for block in blocks:
        for table in tomllib.loads(block)["sensors"]["devices"]:
            device = msgspec.convert(table, Device)
            assert adapter(device.adapter).name == device.adapter
            if device.adapter == "generic":
                msgspec.convert(device.options, Rules)


def test_the_example_of_a_counter_without_an_adapter_counts() -> None:
    """The page's byte layout, pasted, reads a frame that a network server passes on: a running total in and out."""
    (block,) = [b for b in re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL) if '"bytes"' in b]
    device = msgspec.convert(tomllib.loads(block)["sensors"]["devices"][0], Device)
    frame = bytes.fromhex("00000000010c0103ff")
    uplink = {"deviceInfo": {"devEui": "24e124716b323932"}, "data": b64encode(frame).decode()}
    topic = "application/1/device/24e124716b323932/event/up"
    (said,) = adapter("generic").decode(msgspec.json.encode(uplink), topic, device, NOW)
    assert isinstance(said, Footfall)
    assert (said.door, said.entered, said.left, said.counting) == ("main", 0x10C, 0x103, "total")
    assert said.at == NOW
