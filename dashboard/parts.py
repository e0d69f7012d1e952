"""The vocabulary of a view's parts."""

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Literal

Part = dict[str, Any]
Parts = dict[str, Part]
Status = Literal["ok", "watch", "act", ""]
"""An amount of ink. Empty: not judged, for want of evidence or because its source is silent."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def epoch_ms(at: datetime) -> int:
    """Epoch milliseconds, as the browser takes instants."""
    return (at - _EPOCH) // timedelta(milliseconds=1)


def bounded(value: float, low: float = 0.0, high: float = 1.0) -> float:
    """Where a value lies on a bar from ``low`` to ``high``, to a thousandth.

    >>> bounded(0.25), bounded(7.0), bounded(5, 0, 20)
    (0.25, 1.0, 0.25)
    """
    return round(min(1.0, max(0.0, (value - low) / (high - low))), 3) if high > low else 0.0


def local_time(ms: int, zone: tzinfo) -> str:
    """An instant in epoch milliseconds on a shop's clock.

    >>> local_time(0, UTC)
    '1970-01-01 00:00'
    """
    return f"{(_EPOCH + timedelta(milliseconds=ms)).astimezone(zone):%Y-%m-%d %H:%M}"
