"""Yosensi people counter over LoRaWAN: payload V2, measurements of type "counter".

Addresses 0 and 1 are people in and out since the last report, 2 and 3 the running totals, 4 their balance.
Which address is which is read off the vendor's own sample; option ``addresses`` ("in,out,total in,total
out") changes it.
"""

from collections.abc import Iterable
from datetime import timedelta

from sensors.adapters._lines import Uplink, line_events
from sensors.adapters._message import Message
from sensors.adapters._radio import Cursor, frame
from sensors.adapters._unreadable import UnreadableError
from sensors.adapters.milesight_lora import guess_frame
from sensors.events import Event
from sensors.reject import Reject

NAME = "yosensi"
COUNTS = ("total", "delta")
REMEMBERS = True

_VERSION, _COUNTER = 2, 24
_PLACES = (("period", "in"), ("period", "out"), ("total", "in"), ("total", "out"))


def guess(payload: bytes, topic: str) -> float:
    """A V2 payload has no stronger mark than its first byte; the topic decides."""
    return 0.6 if "yosensi" in topic.lower() and guess_frame(payload, topic, _HEADS) else 0.0


def read(message: Message) -> Iterable[Event | Reject]:
    """One uplink; it says how many seconds ago it was measured."""
    uplink = frame(message)
    cursor = Cursor(uplink.data)
    if cursor.big(1) != _VERSION:
        raise UnreadableError("not payload version 2", "$[0]")
    cursor.take(1)  # payload counter
    at = uplink.at - timedelta(seconds=cursor.big(2))
    said = Uplink()
    places = message.option("addresses", "0,1,2,3").split(",")
    while cursor:
        kind = cursor.big(1)
        cursor.take(1)  # seconds after the first measurement
        sizes = cursor.big(1)
        address = int.from_bytes(cursor.take(sizes >> 4), "big")
        value = cursor.big((sizes & 0x0F) + 1)
        if kind >> 2 == _COUNTER and str(address) in places and kind & 3 == 0:
            what, side = _PLACES[places.index(str(address)) % len(_PLACES)]
            said.line("1").put(what, side, value)
    return line_events(message, said, at, message.source(uplink.device))


_HEADS = tuple((_VERSION, counter) for counter in range(256))
