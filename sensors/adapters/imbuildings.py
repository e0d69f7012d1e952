"""IMBuildings people counters over LoRaWAN: payload type 2, variants 5, 6 and 7; ports 26 and 27 without header.

Counter A is in, B is out. Variants 6 and 7 carry 16-bit running totals (rollover at 65,536), which are
preferred to the sums since the last report. Numbers are big-endian.
"""

from collections.abc import Iterable

from sensors.adapters._lines import Uplink, line_events
from sensors.adapters._message import Message
from sensors.adapters._radio import Cursor, frame
from sensors.adapters._unreadable import UnreadableError
from sensors.adapters.milesight_lora import guess_frame
from sensors.events import Event
from sensors.reject import Reject

NAME = "imbuildings"
COUNTS = ("total", "delta")
REMEMBERS = True

_BY_PORT = {26: 6, 27: 7}
_HEADER = 10  # type, variant, eight bytes of device id
_LENGTHS = {5: 19, 6: 23, 7: 18}  # with the header


def guess(payload: bytes, topic: str) -> float:
    """By type 2 and its LoRaWAN variants."""
    return guess_frame(payload, topic, ((2, 5), (2, 6), (2, 7)))


def read(message: Message) -> Iterable[Event | Reject]:
    """One uplink."""
    uplink = frame(message)
    data, device = uplink.data, uplink.device
    variant = _BY_PORT.get(uplink.port or 0)
    if variant is None:
        if len(data) < _HEADER or data[0] != 2:
            raise UnreadableError("not a people counter's payload: its first byte is 2")
        variant, device = data[1], data[2:10].hex()
        data = data[_HEADER:]
    if variant not in _LENGTHS:
        raise UnreadableError(f"people counter variant {variant} is unknown", "$[1]")
    if len(data) != (wanted := _LENGTHS[variant] - _HEADER):
        raise UnreadableError(
            f"variant {variant} has {wanted} bytes after its header, not {len(data)}"
        )
    return line_events(message, _report(variant, Cursor(data)), uplink.at, message.source(device))


def _report(variant: int, cursor: Cursor) -> Uplink:
    said = Uplink()
    line = said.line("1")
    cursor.take(1)  # device status
    volts = cursor.big(2) / 100
    if variant in (5, 6):
        line.put("period", "in", cursor.big(2))
        line.put("period", "out", cursor.big(2))
    sensor = cursor.big(1)
    if variant in (6, 7):
        line.put("total", "in", cursor.big(2))
        line.put("total", "out", cursor.big(2))
    said.fault = f"sensor status {sensor:#04x}, {volts:.2f} V" if sensor else None
    return said
