"""The clock of ingest."""

from datetime import UTC, datetime, timedelta

import pytest

from sensors import clock
from sensors.clock import FakeClock, SystemClock, from_ms, to_ms


def test_never_backwards_when_the_system_clock_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """When the system's clock steps back, ours stands still until it is caught up."""
    steps = iter([5_000, 9_000, 7_000, 8_000, 9_001])
    monkeypatch.setattr(clock.time, "time_ns", lambda: next(steps) * 1_000_000)
    ours = SystemClock()
    assert [to_ms(ours.now()) for _ in range(5)] == [5_000, 9_000, 9_000, 9_000, 9_001]


def test_never_before_what_the_log_holds() -> None:
    """A clock started behind the log's last entry does not fall behind it, and says by how much it lies."""
    ahead = SystemClock().now() + timedelta(hours=1)
    ours = SystemClock(not_before=ahead)
    assert ours.now() == ahead
    assert timedelta(minutes=59) < ours.behind <= timedelta(hours=1)


def test_milliseconds_round_trip() -> None:
    """Epoch milliseconds keep their value through an instant, also before a leap and at a far date."""
    for ms in (0, 1, 999, 1_700_000_000_123, 4_102_444_799_999):
        assert to_ms(from_ms(ms)) == ms


def test_the_tests_clock_is_monotone_too() -> None:
    """Setting the fake clock back has no effect."""
    ours = FakeClock(datetime(2026, 1, 2, tzinfo=UTC))
    ours.set(datetime(2026, 1, 1, tzinfo=UTC))
    ours.advance(timedelta(seconds=1))
    assert ours.now() == datetime(2026, 1, 2, 0, 0, 1, tzinfo=UTC)
