"""Terabee people counting: LoRaWAN (L-XL, M and Occupancy) and the L-XL's HTTP or MQTT push.

Port 1: two 32-bit big-endian running totals and flags; port 83: people now, whole and by zone. The push is
JSON with ``count_in`` and ``count_out``, also running totals.
"""

from collections.abc import Iterable, Iterator

from sensors.adapters._json import count, maybe_count, parse_object, text
from sensors.adapters._lines import Uplink, line_events
from sensors.adapters._message import Message
from sensors.adapters._radio import Cursor, frame
from sensors.adapters._times import instant
from sensors.adapters._unreadable import UnreadableError
from sensors.events import Event
from sensors.reject import Reject

NAME = "terabee"
COUNTS = ("total", "level")
REMEMBERS = True

_FLAGS = ("counting stopped", "counting stuck", "several devices disagree")
_UNSET = 255


def guess(payload: bytes, topic: str) -> float:
    """By the push's two names; a frame by itself has no mark."""
    if b'"count_in"' in payload[:4096] and b'"count_out"' in payload[:4096]:
        return 0.8
    return 0.1 * ("terabee" in topic.lower())


def read(message: Message) -> Iterable[Event | Reject]:
    """One push or uplink."""
    if b'"count_in"' in message.payload and b"frm_payload" not in message.payload:
        return _push(message)
    uplink = frame(message)
    cursor, said = Cursor(uplink.data), Uplink()
    if uplink.port == 83 or (uplink.port is None and len(uplink.data) == 10):
        flags = cursor.big(1) & ~(1 << 2)
        said.levels[""] = cursor.big(1)
        said.levels.update({str(i): n for i, n in enumerate(cursor.take(8)) if n != _UNSET})
    elif uplink.port in (None, 1) and len(uplink.data) == 9:
        said.line("1").put("total", "in", cursor.big(4))
        said.line("1").put("total", "out", cursor.big(4))
        flags = cursor.big(1) & ~(1 << 3)
    else:
        raise UnreadableError(f"port {uplink.port} with {len(uplink.data)} bytes counts nobody")
    said.fault = ", ".join(name for i, name in enumerate(_FLAGS) if flags >> i & 1) or None
    return line_events(message, said, uplink.at, message.source(uplink.device))


def _push(message: Message) -> Iterator[Event | Reject]:
    tree = parse_object(message.payload)
    stamp = tree.get("timestamp", tree.get("time"))
    at = (
        instant(stamp, message.tz, message.received_at, "$.timestamp")
        if stamp
        else message.received_at
    )
    source = message.source(
        text(tree.get("device_id")) or text(tree.get("mac")) or text(tree.get("id")) or None
    )
    yield from message.footfall(
        (text(tree.get("name")),),
        at=at,
        counting="total",
        entered=count(tree.get("count_in"), "$.count_in"),
        left=count(tree.get("count_out"), "$.count_out"),
        source=source,
    )
    if (people := maybe_count(tree.get("occupancy"), "$.occupancy")) is not None:
        yield from message.presence((), at=at, people=people, source=source)
