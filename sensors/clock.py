"""The only place that asks for the time. Everyone else takes "now" from the log.

Ingest's clock is monotone: a received_at never goes backwards, neither when NTP steps the system's clock nor
against what an earlier process has already written in the log.
"""

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Something that says what time it is."""

    def now(self) -> datetime:
        """The present instant, aware, UTC, to the millisecond; never earlier than the last one said."""
        ...


def from_ms(ms: int) -> datetime:
    """An instant from epoch milliseconds.

    >>> from_ms(1_700_000_000_123).isoformat()
    '2023-11-14T22:13:20.123000+00:00'
    """
    return datetime.fromtimestamp(ms // 1000, UTC) + timedelta(milliseconds=ms % 1000)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_ms(at: datetime) -> int:
    """Epoch milliseconds of an aware instant, rounded down.

    >>> to_ms(from_ms(1_700_000_000_123))
    1700000000123
    """
    return (at - _EPOCH) // timedelta(milliseconds=1)


class SystemClock:
    """The system's clock made monotone; it stands still while the system's is behind ``not_before``."""

    def __init__(self, not_before: datetime | None = None) -> None:
        self._last_ms = to_ms(not_before) if not_before else 0

    def now(self) -> datetime:
        """See ``Clock``."""
        self._last_ms = max(self._last_ms, time.time_ns() // 1_000_000)
        return from_ms(self._last_ms)

    @property
    def behind(self) -> timedelta:
        """How far the system's clock lies behind the last instant said; zero when all is well."""
        return timedelta(milliseconds=max(0, self._last_ms - time.time_ns() // 1_000_000))


class FakeClock:
    """A clock that a test sets; moving it back has no effect, as with the real one."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        """See ``Clock``."""
        return self._at

    def set(self, at: datetime) -> None:
        """Move to ``at``, unless that lies in the past."""
        self._at = max(self._at, at)

    def advance(self, by: timedelta) -> None:
        """Move ahead."""
        self.set(self._at + by)


def wake_in(seconds: float) -> datetime:
    """When a source wants to be polled again; for ``next_awake`` alone, never for what a record says."""
    return datetime.now(UTC) + timedelta(seconds=seconds)
