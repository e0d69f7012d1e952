"""PUBLISH packets cut from a connection's bytes, many at once, and the PUBACKs that answer them. Pure.

A general client looks at a packet byte by byte and takes 15 µs for one; a rush hour is nothing but these two kinds
(MQTT 3.1.1 and 5, 3.3 and 3.4). Every other packet is left to the client library.
"""

from collections.abc import Iterable
from typing import NamedTuple

PUBLISH, PUBACK = 0x30, 0x40
_QOS_0, _QOS_1 = 0x00, 0x02  # in the flags; DUP and RETAIN say nothing we would trust
_MORE = 0x80  # of a variable byte integer


class Published(NamedTuple):
    """One message; ``topic`` is ``None`` if it is not UTF-8, ``mid`` 0 at QoS 0."""

    topic: str | None
    payload: bytes
    mid: int


def cut(data: bytes, at: int, most: int, *, is_v5: bool) -> tuple[list[Published], int]:
    """Up to ``most`` messages from ``at`` on, and where they end: at another packet, or at one not yet whole."""
    found: list[Published] = []
    size = len(data)
    while len(found) < most and at < size and data[at] & 0xF0 == PUBLISH:
        qos = data[at] & 0x06
        begin, end = extent(data, at)
        if qos > _QOS_1 or not at < end <= size or begin + 2 > end:
            break
        start = begin + 2 + (data[begin] << 8 | data[begin + 1])
        topic, mid = data[begin + 2 : start], 0
        if qos == _QOS_1 and start + 2 <= end:
            mid = data[start] << 8 | data[start + 1]
            start += 2
        if is_v5 and start < end:
            start, length = _integer(data, start)
            start += length
        if start > end or (qos == _QOS_1) != bool(mid):
            break  # malformed
        found.append(Published(_text(topic), data[start:end], mid))
        at = end
    return found, at


def extent(data: bytes, at: int) -> tuple[int, int]:
    r"""Where the body of the packet at ``at`` begins and ends; the end is 0 while its length is not all there.

    >>> extent(b"\x30\x03abc", 0), extent(b"\x30\x80", 0)
    ((2, 5), (0, 0))
    """
    begin, length = _integer(data, at + 1)
    return (begin, begin + length) if begin else (0, 0)


def pubacks(mids: Iterable[int]) -> bytes:
    """Their acknowledgements, in order.

    >>> pubacks([1, 258]).hex(" ")
    '40 02 00 01 40 02 01 02'
    """
    return b"".join(b"\x40\x02" + mid.to_bytes(2, "big") for mid in mids)


def _integer(data: bytes, at: int) -> tuple[int, int]:
    """Where a variable byte integer ends, and its value; (0, 0) if it is not all there or too long (1.5.5)."""
    value = 0
    for number, byte in enumerate(data[at : at + 4]):
        value |= (byte & ~_MORE) << 7 * number
        if byte < _MORE:
            return at + number + 1, value
    return 0, 0


def _text(raw: bytes) -> str | None:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return None
