"""A broker's connection, buffered both ways (edge).

One ``recv`` brings in many packets, one ``send`` takes out all acknowledgements of a batch. Messages are cut from
what came in; any other packet is offered to paho, one at a time.
"""

import contextlib
import ssl
from typing import Any

from sensors.mqtt_packets import PUBLISH, Published, cut, extent

CHUNK = 262_144
LENGTH = 5  # bytes of a packet's beginning that must hold its length
_LATER = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class BufferedSocket:
    """A non-blocking socket that reads ahead and gathers what is sent until ``flush``.

    Attributes:
        has_ended: whether nothing more will come; paho's next read says so.
    """

    def __init__(self, sock: Any) -> None:  # noqa: ANN401  # paho's plain, TLS and websocket sockets
        self._sock = sock
        self._read, self._at = b"", 0
        self._offered = 0  # what paho may read up to
        self._unsent = bytearray()
        self.has_ended = False

    def fill(self) -> bool:
        """Read what is there; False if nothing is."""
        try:
            came = self._sock.recv(CHUNK)
        except _LATER:
            return False
        except OSError:
            came = b""
        self._read, self._at, self._offered = self._read[self._at :] + came, 0, 0
        self.has_ended = not came
        return bool(came)

    def published(self, most: int, *, is_v5: bool) -> list[Published]:
        """At most ``most`` messages that were read, up to the next packet of another kind."""
        found, self._at = cut(self._read, self._at, most, is_v5=is_v5)
        return found

    @property
    def is_message_next(self) -> bool:
        """Whether the next packet is a message, whole or not."""
        return self.pending() > 0 and self._read[self._at] & 0xF0 == PUBLISH

    def offer(self) -> bool:
        """Let paho read the packet that is next, if all of it is there, or find out that there will be none."""
        _, end = extent(self._read, self._at)
        if end == 0 and self.pending() >= LENGTH:
            end = len(self._read)  # a length that is none: paho refuses it
        if self._at < end <= len(self._read):
            self._offered = end
            return True
        return self.has_ended

    def recv(self, size: int) -> bytes:
        """How paho reads: at most ``size`` bytes of what it was offered."""
        taken = self._read[self._at : min(self._at + size, self._offered)]
        self._at += len(taken)
        if not taken and not self.has_ended:
            raise BlockingIOError
        return taken

    def send(self, packet: bytes) -> int:
        """Take all of it; it goes out with the next ``flush``."""
        self._unsent += packet
        return len(packet)

    def flush(self) -> None:
        """Send what was gathered, as much as fits; raises ``OSError`` if the connection is gone."""
        while self._unsent:
            try:
                sent = self._sock.send(self._unsent)
            except _LATER:
                return
            del self._unsent[:sent]

    def pending(self) -> int:
        """Bytes read ahead."""
        return len(self._read) - self._at

    def fileno(self) -> int:
        """Of the socket below."""
        return int(self._sock.fileno())

    def setblocking(self, flag: bool) -> None:  # noqa: FBT001  # the socket interface
        """As the socket below."""
        self._sock.setblocking(flag)

    def close(self) -> None:
        """Close it after a last attempt to send, so that paho's DISCONNECT gets out."""
        with contextlib.suppress(OSError):  # gone already: nobody to tell
            self.flush()
        self._sock.close()
