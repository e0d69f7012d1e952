"""Milesight LoRaWAN counters as bytes: VS121, VS132, VS133, VS135, VS350, VS351, VS360.

A frame is a row of (channel, type, value). The same channel means different things to different models, so
option ``model`` names it; without it the VS132/133/135 family is told by its ``d2`` totals and the rest by
their channel and type. Numbers are little-endian.
"""

from collections.abc import Iterable
from datetime import UTC, datetime

from sensors.adapters._lines import Uplink, line_events
from sensors.adapters._message import Message
from sensors.adapters._radio import Cursor, Frame, frame
from sensors.adapters._unreadable import UnreadableError
from sensors.events import Event
from sensors.reject import Reject

NAME = "milesight-lora"
COUNTS = ("total", "delta", "level")
REMEMBERS = True

_TOTAL_IN, _TOTAL_OUT = (0x03, 0x06, 0x09, 0x0C), (0x04, 0x07, 0x0A, 0x0D)
_PERIOD = (0x05, 0x08, 0x0B, 0x0E)
_CHILD_D2 = {c for base in (0x11, 0x12) for c in range(base, base + 10, 3)}
_CHILD_CC = set(range(0x13, 0x1D, 3))
_SKIP = {  # (channel, type) → bytes of a value that counts nobody
    (0xFF, 0x01): 1, (0xFF, 0x09): 2, (0xFF, 0xFF): 2, (0xFF, 0x0F): 1, (0xFF, 0xFE): 1, (0xFF, 0x0B): 1,
    (0xFF, 0xCC): 1, (0xFF, 0xAC): 5, (0xFF, 0xAD): 1, (0x02, 0x75): 1, (0x03, 0x67): 2, (0x83, 0x67): 3,
    (0x81, 0xEE): 1, (0x06, 0xCD): 1, (0x1D, 0xE3): 4, (0x1E, 0xE4): 5,
    (0x09, 0xDA): 8, (0x0A, 0xDA): 8, (0x0B, 0xDA): 8, (0x0C, 0xDA): 8,
}  # fmt: skip
_TOTALS = {(0x0D, 0xCC), (0x04, 0xCC)}
_WRONG = {0: "counting anomaly", 1: "node does not respond", 2: "devices misaligned"}


_HEADS = (
    *((0xFF, 0x01), (0x05, 0xCC), (0x04, 0xCC), (0x03, 0xD2), (0x01, 0x75), (0x04, 0xC9)),
    *((0x07, 0xD5), (0x0D, 0xCC), (0x0F, 0xE3), (0x20, 0xCE), (0x10, 0xE4), (0x84, 0xCC)),
)


def guess(payload: bytes, topic: str) -> float:
    """By the channels a frame begins with."""
    return guess_frame(payload, topic, _HEADS)


def guess_frame(payload: bytes, topic: str, heads: tuple[tuple[int, int], ...]) -> float:
    """How sure a short uplink's first two bytes make us."""
    if len(payload) > 65536:
        return 0.0
    try:
        data = frame(_probe(payload, topic)).data
    except UnreadableError:
        return 0.0
    return 0.7 if tuple(data[:2]) in heads else 0.0


def read(message: Message) -> Iterable[Event | Reject]:
    """One uplink, with what it resends from its history."""
    uplink = frame(message)
    report = _report(uplink)
    return line_events(
        message, report, report.at or uplink.at, message.source(report.device_id or uplink.device)
    )


def _report(uplink: Frame) -> Uplink:
    said, cursor = Uplink(), Cursor(uplink.data)
    while cursor:
        key = (cursor.little(1), cursor.little(1))
        if key in _SKIP:
            cursor.take(_SKIP[key])
        elif not (
            _device(said, key, cursor) or _counts(said, key, cursor) or _areas(said, key, cursor)
        ):
            raise UnreadableError(
                f"channel {key[0]:02x} type {key[1]:02x} is unknown", f"$[{cursor.at - 2}]"
            )
    return said


def _device(said: Uplink, key: tuple[int, int], cursor: Cursor) -> bool:
    if key == (0xFF, 0x16):
        said.device_id = cursor.take(8).hex()
    elif key == (0xFF, 0x08):
        said.device_id = cursor.take(6).hex()
    elif key == (0xFF, 0x1F):
        said.firmware = ".".join(str(b) for b in cursor.take(4))
    elif key == (0xFF, 0x0A):
        said.firmware = ".".join(str(b) for b in cursor.take(2))
    elif key == (0x01, 0x75):
        said.battery_pct = min(100, cursor.little(1))
    elif key == (0x03, 0xF4):
        kind, raised = cursor.little(1), cursor.little(1)
        said.fault = _WRONG.get(kind, "fault") if raised else said.fault
    elif key == (0x50, 0xFC):
        cursor.take(2)
        said.fault = "camera covered" if cursor.little(1) else said.fault
    elif key in ((0x0A, 0xEF), (0x0F, 0x85)):
        said.at = _second(cursor.little(4))
    else:
        return False
    return True


def _counts(said: Uplink, key: tuple[int, int], cursor: Cursor) -> bool:
    channel, kind = key
    if kind == 0xD2 and channel in _TOTAL_IN:
        said.line(str(_TOTAL_IN.index(channel) + 1)).put("total", "in", cursor.little(4))
    elif kind == 0xD2 and channel in _TOTAL_OUT:
        said.line(str(_TOTAL_OUT.index(channel) + 1)).put("total", "out", cursor.little(4))
    elif kind == 0xD2 and channel in _CHILD_D2:
        cursor.take(4)
    elif key in _TOTALS:
        _both(said, "1", "total", cursor)
    elif kind == 0xCC and channel in _PERIOD:
        _both(said, str(_PERIOD.index(channel) + 1), "period", cursor)
    elif kind == 0xCC and channel in _CHILD_CC:
        cursor.take(4)
    elif key in ((0x84, 0xCC), (0x85, 0xCC)):
        _both(said, "1", "total" if channel == 0x84 else "period", cursor)
        cursor.take(1)  # which alarm it is
    elif key == (0x10, 0xF7):
        _both(said, "1", "period", cursor)
    elif key == (0x20, 0xCE):
        _history(said, cursor)
    else:
        return False
    return True


def _both(said: Uplink, line: str, what: str, cursor: Cursor) -> None:
    said.line(line).put(what, "in", cursor.little(2))
    said.line(line).put(what, "out", cursor.little(2))


def _areas(said: Uplink, key: tuple[int, int], cursor: Cursor) -> bool:
    if key == (0x04, 0xC9):
        said.levels[""] = cursor.little(1)
        cursor.take(3)  # how many regions, and which of them are occupied
    elif key in ((0x07, 0xD5), (0x08, 0xD5)):
        first = 1 if key[0] == 0x07 else 9
        said.levels.update({str(first + i): n for i, n in enumerate(cursor.take(8))})
    elif key == (0x0F, 0xE3):
        said.levels.update({str(i + 1): n for i, n in enumerate(cursor.take(4))})
    elif key in ((0x10, 0xE4), (0x0E, 0xE4)):
        region = str(cursor.little(1))
        said.dwell[region] = float(cursor.little(2))
        cursor.take(2)  # the longest
    else:
        return False
    return True


def _history(said: Uplink, cursor: Cursor) -> None:
    """A report resent: VS350, VS351 and VS360 (sums, perhaps with totals), VS133 and VS135 by line."""
    earlier = Uplink(at=_second(cursor.little(4)))
    kind = cursor.little(1)
    if kind in (0, 1):
        _both(earlier, "1", "period", cursor)
        if kind:
            _both(earlier, "1", "total", cursor)
    elif kind in _TOTAL_IN or kind in _TOTAL_OUT:
        side, of = ("in", _TOTAL_IN) if kind in _TOTAL_IN else ("out", _TOTAL_OUT)
        earlier.line(str(of.index(kind) + 1)).put("total", side, cursor.little(4))
    elif kind in _PERIOD:
        _both(earlier, str(_PERIOD.index(kind) + 1), "period", cursor)
    else:
        raise UnreadableError(f"history of kind {kind:02x} is unknown", f"$[{cursor.at - 1}]")
    said.history.append(earlier)


def _second(epoch: int) -> datetime:
    return datetime.fromtimestamp(epoch, UTC)


def _probe(payload: bytes, topic: str) -> Message:
    from sensors.settings import Device  # noqa: PLC0415 - only guessing needs one

    return Message(
        payload,
        topic,
        Device(match=topic or "#", adapter=NAME, store="x"),
        _second(0),
        None,
        {},
        [],
    )
