"""Moments a person writes on the command line, as instants."""

from datetime import UTC, datetime, time, timedelta, tzinfo

from floorcast.errors import FloorcastError


def moment(text: str, near: datetime, zone: tzinfo) -> datetime:
    """An instant from ``2026-11-22T10:42``, ``2026-11-22`` or ``10:42``; without a zone it is the shop's.

    A time of day alone is the first such time at or after ``near``'s local midnight. Raises ``FloorcastError``.

    >>> moment("10:42", datetime(2026, 11, 22, 3, tzinfo=UTC), UTC).isoformat()
    '2026-11-22T10:42:00+00:00'
    """
    try:
        at = datetime.combine(near.astimezone(zone).date(), time.fromisoformat(text))
    except ValueError:
        try:
            at = datetime.fromisoformat(text)
        except ValueError:
            raise FloorcastError(f"{text!r} is no time: write 2026-11-22T10:42 or 10:42") from None
    return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)


_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def duration(text: str) -> timedelta:
    """A stretch of time such as ``90m``, ``36h``, ``7d``; raises ``FloorcastError``.

    >>> duration("1.5h")
    datetime.timedelta(seconds=5400)
    """
    unit = _UNITS.get(text[-1:])
    try:
        length = timedelta(**{unit: float(text[:-1])}) if unit else timedelta()
    except (ValueError, OverflowError):
        length = timedelta()
    if length <= timedelta():
        raise FloorcastError(f"{text!r} is no stretch of time: write 7d, 36h or 90m")
    return length


def share(text: str) -> float:
    """A share such as ``30%`` or ``0.3``, 0 to 1; raises ``FloorcastError``.

    >>> share("30%"), share("0.3")
    (0.3, 0.3)
    """
    try:
        found = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        found = -1.0
    if not 0 <= found <= 1:
        raise FloorcastError(f"{text!r} is no share: write 30% or 0.3")
    return found
