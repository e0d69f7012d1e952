"""Milesight people counters as JSON: VS125/VS133/VS135 HTTP and MQTT push, and decoded VS1xx/VS3xx uplinks.

A push may carry a line's sum of the interval (``line_periodic_data``), each crossing
(``line_trigger_data``) and its running total (``line_total_data``): the same people, so one is taken
(option ``counts`` = ``periodic``, ``trigger`` or ``total``; else the first heard, in that order). Of a
decoded LoRaWAN uplink the running total is preferred, for radio messages get lost.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from sensors.adapters._json import count, each, maybe_count, parse_object, real, sub, text
from sensors.adapters._lines import Uplink, line_events
from sensors.adapters._message import Message
from sensors.adapters._times import instant, span
from sensors.adapters._unreadable import UnreadableError
from sensors.events import Counting, Event
from sensors.reject import Reject

NAME = "milesight"
COUNTS = ("interval", "delta", "total", "level")
REMEMBERS = True

_PUSH = (
    "line_periodic_data",
    "line_total_data",
    "line_trigger_data",
    "region_data",
    "region_trigger_data",
)
_DECODED = re.compile(
    r"^(region_\d+_count|people_(in|out|total_in|total_out|count_all)|total_(in|out)|period_(in|out)"
    r"|(total|periodic)_counter_(in|out)|line_(\d+)_(child_)?(total|period)_(in|out)|line_(in|out))$"
)


def guess(payload: bytes, _topic: str) -> float:
    """By the push's blocks, else by the decoder's field names."""
    head = payload[:65536]
    if b'"device_info"' in head and any(f'"{k}"'.encode() in head for k in _PUSH):
        return 0.95
    if (
        b'"region_1_count"' in head
        or b'"line_1_total_in"' in head
        or b'"periodic_counter_in"' in head
    ):
        return 0.85
    return 0.6 if b'"people_total_in"' in head or b'"people_in"' in head else 0.0


def read(message: Message) -> Iterable[Event | Reject]:
    """Sums, crossings, levels, dwell."""
    tree = parse_object(message.payload)
    if any(key in tree for key in _PUSH):
        return _push(message, tree)
    if any(_DECODED.match(key) for key in tree):
        return _decoded(message, tree)
    raise UnreadableError("no line, region or people counts in it")


def _push(message: Message, tree: dict[str, Any]) -> Iterator[Event | Reject]:
    info, when = sub(tree, "device_info"), sub(tree, "time_info")
    source = message.source(info.get("device_sn") or info.get("device_mac"))
    if "end_time" in when and "start_time" in when:
        at, seconds = span(
            when["start_time"], when["end_time"], message.tz, message.received_at, "$.time_info"
        )
    else:
        stamp = when.get("trigger_time", when.get("time"))
        at = (
            instant(stamp, message.tz, message.received_at, "$.time_info")
            if stamp
            else message.received_at
        )
        seconds = 0.0
    forms: tuple[tuple[str, str, Counting], ...] = (
        ("periodic", "line_periodic_data", "interval"),
        ("trigger", "line_trigger_data", "delta"),
        ("total", "line_total_data", "total"),
    )
    for form, key, counting in forms:
        if (
            not tree.get(key)
            or (counting == "interval" and not seconds)
            or not message.takes("counts", form, source)
        ):
            continue
        for place, line in each(tree, key):
            yield from _line(message, line, place, at, counting, seconds, source)
    yield from _regions(message, sub(tree, "region_data"), at, source)
    if firmware := text(info.get("firmware_version")):
        yield message.status("alive", at=at, source=source, firmware=firmware)


def _line(
    message: Message,
    line: dict[str, Any],
    place: str,
    at: datetime,
    counting: Counting,
    seconds: float,
    source: str,
) -> Iterator[Event | Reject]:
    total, group = sub(line, "total", place), sub(line, "group", place)
    ending = "_counted" if counting == "total" else ""
    side = "out" if message.device.invert else "in"
    yield from message.footfall(
        _names(line, "line"),
        at=at,
        counting=counting,
        interval_s=seconds if counting == "interval" else None,
        entered=maybe_count(total.get(f"in{ending}"), place) or 0,
        left=maybe_count(total.get(f"out{ending}"), place) or 0,
        groups=maybe_count(group.get(f"{side}{ending}"), place),
        children=maybe_count(sub(line, "children", place).get(f"{side}{ending}"), place),
        source=source,
    )


def _regions(
    message: Message, regions: dict[str, Any], at: datetime, source: str
) -> Iterator[Event | Reject]:
    for place, region in each(regions, "region_count_data", "$.region_data"):
        now = sub(region, "total", place).get("current_total")
        if now is not None:
            yield from message.presence(
                _names(region, "region"), at=at, people=count(now, place), source=source
            )
    for place, region in each(regions, "dwell_time_data", "$.region_data"):
        mean = region.get("avg_dwell_time")
        if mean:
            scale = {"s": 1.0, "min": 60.0}.get(message.device.unit, 0.001)
            yield from message.dwell(
                _names(region, "region"), at=at, dwell_s=real(mean, place) * scale, source=source
            )


def _names(tree: dict[str, Any], what: str) -> tuple[str, ...]:
    return tuple(text(tree.get(key)) for key in (what, f"{what}_uuid", f"{what}_name"))


def _decoded(message: Message, tree: dict[str, Any]) -> Iterator[Event | Reject]:
    """A LoRaWAN uplink that the network server has already run through the vendor's decoder."""
    uplink = Uplink()
    for key, value in tree.items():
        if value is None:
            continue
        if match := re.fullmatch(r"region_(\d+)_count", key):
            uplink.levels[match[1]] = count(value, f"$.{key}")
        elif match := re.fullmatch(r"line_(\d+)_(total|period)_(in|out)", key):
            uplink.line(match[1]).put(match[2], match[3], count(value, f"$.{key}"))
        elif match := re.fullmatch(
            r"(?:people_)?(total|period|periodic_counter|total_counter)_(in|out)", key
        ):
            uplink.line("1").put(match[1].split("_")[0][:6], match[2], count(value, f"$.{key}"))
        elif match := re.fullmatch(r"(?:people|line)_(in|out)", key):
            uplink.line("1").put("period", match[1], count(value, f"$.{key}"))
    if "people_count_all" in tree:
        uplink.levels.setdefault("", count(tree["people_count_all"], "$.people_count_all"))
    battery = tree.get("battery")
    uplink.battery_pct = None if battery is None else real(battery, "$.battery")
    stamp = tree.get("timestamp")
    at = (
        instant(stamp, message.tz, message.received_at, "$.timestamp")
        if stamp
        else message.received_at
    )
    yield from line_events(message, uplink, at, message.source(tree.get("sn")))
