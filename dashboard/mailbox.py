"""What a slow screen has not yet taken: bounded, the latest wins."""

from collections import deque
from threading import Condition


class Mailbox:
    """Messages for one screen.

    A screen that lags more than ``limit`` messages loses them all and is owed everything anew: memory is
    bounded, and what it draws next is the newest state, never a replay of old ones.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._waiting: deque[bytes] = deque()
        self._ready = Condition()
        self._owed = False
        self._closed = False

    def put(self, message: bytes) -> None:
        """Add a message; never blocks."""
        with self._ready:
            if self._owed:
                return
            if len(self._waiting) >= self._limit:
                self._waiting.clear()
                self._owed = True
            else:
                self._waiting.append(message)
            self._ready.notify()

    def close(self) -> None:
        """Wake the taker for the last time."""
        with self._ready:
            self._closed = True
            self._ready.notify()

    @property
    def closed(self) -> bool:
        """Whether the screen should end its stream."""
        return self._closed

    def owed(self) -> bool:
        """Whether everything must be sent anew; asking clears the debt."""
        with self._ready:
            owed, self._owed = self._owed, False
            return owed

    def take(self, timeout_s: float) -> bytes | None:
        """The next message; ``None`` after ``timeout_s``, when everything is owed, or when closed."""
        with self._ready:
            self._ready.wait_for(
                lambda: self._waiting or self._owed or self._closed, timeout=timeout_s
            )
            return self._waiting.popleft() if self._waiting else None
