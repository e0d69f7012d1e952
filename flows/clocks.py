"""Devices whose times are odd: they tell old news, or their clock runs ahead. Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sensors.events import AnyEvent


class Clock(NamedTuple):
    """What is odd about one device's times.

    Attributes:
        late_at: log time at which it last told what had happened longer ago than the declared silence.
        ahead_at: event time, as corrected, of the newest event whose clock was ahead, and by how much.
    """

    late_at: datetime | None = None
    ahead_at: datetime | None = None
    skew_s: float = 0.0


PUNCTUAL = Clock()


class Clocks(dict[str, Clock]):
    """By device; those whose times are in order are not in it."""

    def note(self, event: AnyEvent, received_at: datetime) -> None:
        """Take in an event that is late or was corrected; in any order to the same."""
        clock = self.get(event.source, PUNCTUAL)
        if event.skew_s is None:
            late_at = max(clock.late_at or received_at, received_at)
            self[event.source] = clock._replace(late_at=late_at)
            return
        ahead_at, skew_s = max((clock.ahead_at or event.at, clock.skew_s), (event.at, event.skew_s))
        self[event.source] = clock._replace(ahead_at=ahead_at, skew_s=skew_s)

    def row(self) -> dict[str, list[Any]]:
        """For the snapshot; a copy."""
        return {
            source: [_seconds(clock.late_at), _seconds(clock.ahead_at), clock.skew_s]
            for source, clock in self.items()
        }

    def restore(self, rows: Mapping[str, list[Any]]) -> None:
        """Take a snapshot's rows back."""
        for source, (late_s, ahead_s, skew_s) in rows.items():
            self[source] = Clock(_instant(late_s), _instant(ahead_s), skew_s)


def _seconds(at: datetime | None) -> float | None:
    return None if at is None else at.timestamp()


def _instant(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
