"""Pipiot PeopleSense over Sigfox or LoRaWAN: 12-byte reports, 8-byte alerts, big-endian.

    type (low half of the first four bits) | volts ÷ 0.05 | people, 16 bits | …
    0: six bins of 10 bits, 4 flags          1: five bins of 10 bits, 6 flags, °C
    3: alert's count, 16 bits, flags, °C      2: radio test

The bins are the people of equal parts of the time since the last report, so their sum is what passed in it: a delta.
Whether the 16-bit number begins anew with each report is not published; option ``counts`` = ``total`` takes it for
the running total it is named after, from every message. A beam knows no direction: everybody counts as having come in.
"""

from collections.abc import Iterable

from sensors.adapters._lines import Uplink, line_events
from sensors.adapters._message import Message
from sensors.adapters._radio import frame
from sensors.adapters._unreadable import UnreadableError
from sensors.adapters.milesight_lora import guess_frame
from sensors.events import Event
from sensors.reject import Reject

NAME = "pipiot"
COUNTS = ("delta", "total")
REMEMBERS = True

_BINS = {0: 6, 1: 5, 3: 0}
_LENGTHS = {0: 12, 1: 12, 3: 8}
_FLAGS_AT = {0: 11, 1: 10, 3: 6}
_RADIO_TEST = 2
_READY, _FAULT = 0x01, 0x02
_BIN = 10  # bits
_BEGIN = 32  # the first bin's bit


def guess(payload: bytes, topic: str) -> float:
    """The layout has no mark of its own; the topic decides."""
    heads = tuple((kind << 4, volts) for kind in _BINS for volts in range(256))
    return 0.6 if "pipiot" in topic.lower() and guess_frame(payload, topic, heads) else 0.0


def read(message: Message) -> Iterable[Event | Reject]:
    """One uplink; a radio test says only that the device is alive."""
    uplink = frame(message)
    data, source = uplink.data, message.source(uplink.device)
    kind = data[0] >> 4
    if kind == _RADIO_TEST:
        return [message.status("alive", at=uplink.at, source=source)]
    if kind not in _LENGTHS:
        raise UnreadableError(f"a message of type {kind} is unknown", "$[0]")
    if len(data) != _LENGTHS[kind]:
        raise UnreadableError(f"type {kind} has {_LENGTHS[kind]} bytes, not {len(data)}")
    return line_events(message, _report(kind, data, message), uplink.at, source)


def _report(kind: int, data: bytes, message: Message) -> Uplink:
    said, line = Uplink(), "1"
    flags = data[_FLAGS_AT[kind]]
    if message.option("counts", "period") == "total":
        said.line(line).put("total", "in", int.from_bytes(data[2:4], "big"))
        said.line(line).put("total", "out", 0)
    elif _BINS[kind] and flags & _READY:
        said.line(line).put("period", "in", sum(_bins(data, _BINS[kind])))
    volts = data[1] * 0.05
    said.fault = f"the proximity sensor is broken, {volts:.2f} V" if flags & _FAULT else None
    return said


def _bins(data: bytes, count: int) -> Iterable[int]:
    """People of each part of the time since the last report, at most 1,023."""
    bits, length = int.from_bytes(data, "big"), len(data) * 8
    for number in range(1, count + 1):
        yield bits >> (length - _BEGIN - number * _BIN) & (1 << _BIN) - 1
