"""HKT infrared people counters over LoRaWAN (PC-100, IRC01): tagged values behind the letters "hkt".

    68 6b 74 | reserved, 2 bytes | tag value … , big-endian, a value's length known by its tag

Tag 7 carries people in each direction since the last report, and on the PC-100 the running totals behind them.
Counter A is in, B is out; ``invert`` turns them round.
"""

from collections.abc import Iterable

from sensors.adapters._lines import Uplink, line_events
from sensors.adapters._message import Message
from sensors.adapters._radio import Cursor, frame
from sensors.adapters._unreadable import UnreadableError
from sensors.adapters.milesight_lora import guess_frame
from sensors.events import Event
from sensors.reject import Reject

NAME = "hkt"
COUNTS = ("total", "delta")
REMEMBERS = True

_MARK = b"hkt"
_HEADER = 5
_VERSIONS, _BATTERY, _PEOPLE, _FAULT = 0x01, 0x03, 0x07, 0x83
_PASSED_OVER = {0x02: 6, 0x04: 1, 0x05: 2, 0x06: 2, 0x84: 1, 0x86: 2}
"""Lengths of values that say nothing of people: id, reporting mode, its interval and threshold, mounted, interval."""
_TOTALS = 8  # bytes


def guess(payload: bytes, topic: str) -> float:
    """By the first two of its three letters."""
    return guess_frame(payload, topic, ((_MARK[0], _MARK[1]),))


def read(message: Message) -> Iterable[Event | Reject]:
    """One uplink."""
    uplink = frame(message)
    if not uplink.data.startswith(_MARK):
        raise UnreadableError('not a frame of an HKT counter: it begins with 68 6b 74, "hkt"')
    cursor = Cursor(uplink.data)
    cursor.take(_HEADER)
    said = Uplink()
    while cursor:
        _take(said, cursor)
    return line_events(message, said, uplink.at, message.source(uplink.device))


def _take(said: Uplink, cursor: Cursor) -> None:
    """The next tag's value."""
    place, tag = cursor.at, cursor.big(1)
    if tag == _PEOPLE:
        _people(said, cursor)
    elif tag == _BATTERY:
        said.battery_pct = float(min(cursor.big(1), 100))
    elif tag == _VERSIONS:
        hardware, software = cursor.big(1), cursor.big(1)
        said.firmware = f"{hardware}.{software}"
    elif tag == _FAULT:
        said.fault = "the infrared beam is broken" if cursor.big(1) else None
    elif tag in _PASSED_OVER:
        cursor.take(_PASSED_OVER[tag])
    else:
        raise UnreadableError(f"tag {tag:02x} is unknown", f"$[{place}]")


def _people(said: Uplink, cursor: Cursor) -> None:
    line = said.line("1")
    line.put("period", "in", cursor.big(2))
    line.put("period", "out", cursor.big(2))
    if len(cursor.data) - cursor.at >= _TOTALS:
        line.put("total", "in", cursor.big(4))
        line.put("total", "out", cursor.big(4))
