"""Vendors' clocks: seconds, milliseconds or finer since 1970, RFC 3339, and local digits without a zone."""

from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sensors.adapters._unreadable import UnreadableError

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)
_SCALES = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3))
_AHEAD = timedelta(
    minutes=2
)  # how far a device clock may lead before a reading counts as impossible


@lru_cache(maxsize=256)
def zone_named(name: str) -> tzinfo:
    """A time zone by its IANA name; raises ``UnreadableError`` where it is unknown."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UnreadableError(
            f"time zone {name!r} is unknown: use a name such as Europe/Berlin"
        ) from None


def instant(value: object, zone: tzinfo, received_at: datetime, place: str = "$") -> datetime:
    """The UTC instant a vendor means; raises ``UnreadableError``.

    The unit of an epoch follows from its size; 14 digits are local ``YYYYMMDDhhmmss``. A local time that
    an autumn clock change makes ambiguous is the later one that had already happened when it was received.

    >>> from zoneinfo import ZoneInfo
    >>> now = datetime(2026, 1, 1, tzinfo=UTC)
    >>> instant("20170503112756", ZoneInfo("Europe/Stockholm"), now).isoformat()
    '2017-05-03T09:27:56+00:00'
    >>> instant(1645780665470, UTC, now) == instant("1645780665.470", UTC, now)
    True
    """
    if isinstance(value, bool) or value is None:
        raise UnreadableError("the time is missing", place)
    if isinstance(value, str):
        text = value.strip()
        if len(text) == 14 and text.isascii() and text.isdigit():
            return _checked(_local(_digits(text, place), zone, received_at), place)
        number = _number(text)
        return (
            _checked(_text(text, zone, received_at, place), place)
            if number is None
            else _epoch(number, zone, received_at, place)
        )
    if isinstance(value, int | float):
        return _epoch(float(value) if abs(value) < 1e20 else 1e20, zone, received_at, place)
    raise UnreadableError(f"not a time: {str(value)[:40]!r}", place)


def span(
    start: object, end: object, zone: tzinfo, received_at: datetime, place: str = "$"
) -> tuple[datetime, float]:
    """End and length in seconds of the interval a count was taken over; raises ``UnreadableError``.

    Vendors who close their intervals (``12:00:00`` to ``12:59:59``) mean the whole hour.
    """
    begun = instant(start, zone, received_at, place)
    ended = instant(end, zone, received_at, place)
    seconds = (ended - begun).total_seconds()
    if seconds >= 59 and (seconds + 1) % 60 == 0:
        ended, seconds = ended + timedelta(seconds=1), seconds + 1
    if not 0 < seconds <= 172_800:
        raise UnreadableError(
            f"an interval of {seconds:.0f} s: expected more than 0, at most 2 days", place
        )
    return ended, seconds


def _number(text: str) -> float | None:
    if not text or len(text) > 32 or not text.isascii():
        return None
    try:
        return float(text)
    except ValueError:
        return None


def _digits(text: str, place: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y%m%d%H%M%S")  # noqa: DTZ007 - the zone is the device's
    except ValueError:
        raise UnreadableError(f"not a time: {text!r}", place) from None


def _text(text: str, zone: tzinfo, received_at: datetime, place: str) -> datetime:
    try:
        parsed = datetime.fromisoformat(text[:40])
    except ValueError:
        raise UnreadableError(f"not a time: {text[:40]!r}", place) from None
    return parsed if parsed.tzinfo else _local(parsed, zone, received_at)


def _epoch(number: float, zone: tzinfo, received_at: datetime, place: str) -> datetime:
    if 2e13 <= number < 2.1e13:  # YYYYMMDDhhmmss sent as a number
        return _checked(_local(_digits(f"{number:.0f}", place), zone, received_at), place)
    scale = next((by for limit, by in _SCALES if number >= limit), 1.0)
    seconds = number / scale
    if not EARLIEST.timestamp() <= seconds < LATEST.timestamp():
        raise UnreadableError(f"{number:g} is not a time between 2000 and 2100", place)
    # whole microseconds: a float of seconds is exact to a few tenths of one until 2100
    return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=round(seconds * 1e6))


def _local(naive: datetime, zone: tzinfo, received_at: datetime) -> datetime:
    try:
        first, second = (naive.replace(tzinfo=zone, fold=f).astimezone(UTC) for f in (0, 1))
    except OverflowError:
        raise UnreadableError(f"{naive.year} is not a year between 2000 and 2100") from None
    return second if first < second <= received_at + _AHEAD else first


def _checked(at: datetime, place: str) -> datetime:
    try:
        utc = at.astimezone(UTC)
    except OverflowError:
        raise UnreadableError(f"{at.year} is not a year between 2000 and 2100", place) from None
    if not EARLIEST <= utc < LATEST:
        raise UnreadableError(f"{utc.year} is not a year between 2000 and 2100", place)
    return utc
