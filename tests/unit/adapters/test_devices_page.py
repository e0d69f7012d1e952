"""The devices page: every adapter is on it, and every example on it works as pasted."""

import re
import tomllib
from pathlib import Path

import msgspec

from sensors.adapters import adapter, adapters
from sensors.adapters.generic import Rules
from sensors.settings import Device

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
