"""Laws of messages cut from a broker's connection: however the bytes arrive, the same messages, once, in order."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from sensors.mqtt_packets import Published, cut, extent
from sensors.mqtt_socket import BufferedSocket

PINGRESP = b"\xd0\x00"
messages = st.lists(
    st.builds(
        Published,
        topic=st.text(min_size=1, max_size=20),
        payload=st.binary(max_size=300),
        mid=st.integers(0, 65_535),
    ),
    max_size=8,
)


def integer(value: int) -> bytes:
    """A variable byte integer (MQTT 5, 1.5.5)."""
    said = bytearray()
    while True:
        value, low = divmod(value, 128)
        said.append(low | (128 if value else 0))
        if not value:
            return bytes(said)


def packet(one: Published, *, is_v5: bool, properties: bytes = b"") -> bytes:
    """A PUBLISH as a broker sends it (MQTT 5, 3.3)."""
    name = (one.topic or "").encode()
    body = len(name).to_bytes(2, "big") + name
    if one.mid:
        body += one.mid.to_bytes(2, "big")
    if is_v5:
        body += integer(len(properties)) + properties
    body += one.payload
    return bytes([0x32 if one.mid else 0x31]) + integer(len(body)) + body


class Pipe:
    """The socket below: hands out prepared pieces, then has nothing, or ends."""

    def __init__(self, pieces: list[bytes], *, ends: bool = False) -> None:
        self.pieces, self.ends = pieces, ends

    def recv(self, _size: int) -> bytes:
        """The next piece."""
        if self.pieces:
            return self.pieces.pop(0)
        if self.ends:
            return b""
        raise BlockingIOError


def offered(socket: BufferedSocket) -> Iterator[bytes]:
    """All that may be read, byte by byte; nothing at the end."""
    try:
        while piece := socket.recv(1):
            yield piece
    except BlockingIOError:
        return


def read_all(pipe: Pipe, *, is_v5: bool) -> tuple[list[Published], bytes]:
    """What a poller finds: messages, and what it has to leave to paho."""
    socket, found, left = BufferedSocket(pipe), [], b""
    while True:
        if some := socket.published(3, is_v5=is_v5):
            found += some
        elif socket.offer():
            piece = b"".join(offered(socket))
            if not piece:
                return found, left
            left += piece
        elif not socket.fill():
            if socket.has_ended:
                continue
            return found, left


@given(messages, st.booleans(), st.binary(max_size=150), st.lists(st.integers(1, 400), max_size=9))
def test_however_the_bytes_arrive(
    said: list[Published], is_v5: bool, properties: bytes, sizes: list[int]
) -> None:
    """Pieces of any length give the messages that were sent, and paho every other packet, whole."""
    sent = PINGRESP.join(packet(one, is_v5=is_v5, properties=properties) for one in said)
    pieces, at = [], 0
    for size in [*sizes, len(sent)]:
        if piece := sent[at : at + size]:
            pieces.append(piece)
        at += size
    found, left = read_all(Pipe(pieces), is_v5=is_v5)
    assert found == said
    assert left == PINGRESP * max(0, len(said) - 1)


@given(messages)
def test_paho_reads_the_same(said: list[Published]) -> None:
    """The library itself, fed the same bytes, hands over the same messages."""
    heard: list[Published] = []

    def on_message(_client: Client, _userdata: object, message: MQTTMessage) -> None:
        heard.append(Published(message.topic, message.payload, message.mid))

    sent = b"".join(packet(one, is_v5=False) for one in said)
    rest = bytearray(sent)

    def read(size: int) -> bytes:
        piece = bytes(rest[:size])
        del rest[:size]
        return piece

    client: Any = Client(CallbackAPIVersion.VERSION2, manual_ack=True)
    client.on_message, client._sock_recv = on_message, read
    while rest:
        assert client._packet_read() == 0
    assert cut(sent, 0, 100, is_v5=False) == (heard, len(sent))


@given(st.binary(max_size=60), st.booleans())
def test_any_bytes(data: bytes, is_v5: bool) -> None:
    """No bytes raise, and what is cut never reaches beyond what is there."""
    found, at = cut(data, 0, 5, is_v5=is_v5)
    assert 0 <= at <= len(data)
    assert sum(len(one.payload) for one in found) <= at
    assert extent(data, 0)[1] >= 0
    read_all(Pipe([data] if data else [], ends=True), is_v5=is_v5)


@pytest.mark.parametrize(
    "odd",
    [
        b"\x36\x06\x00\x01t\x00\x01z",  # QoS 3
        b"\x32\x05\x00\x01t\x00\x00",  # QoS 1 without a number
        b"\x32\x04\x00\x09to",  # a topic longer than its packet
        b"\x30\xff\xff\xff\xff\x01",  # a length that is none
    ],
)
def test_what_is_malformed_is_left_to_paho(odd: bytes) -> None:
    """A packet that breaks the protocol is no message; paho is offered it and ends the connection."""
    found, left = read_all(Pipe([odd], ends=True), is_v5=False)
    assert found == []
    assert left == odd
