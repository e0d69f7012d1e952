"""Which entries of a recorded log are handed to the floor, and when."""

from datetime import datetime, timedelta

from flows.profile import instant_of, minute_of
from sensors.clock import SystemClock
from sensors.streams import Entry


class Idle:
    """Ticks that no store of their partition takes: nothing came before them that is not told, and no minute begins.

    The router leaves them out too; a shop's night has 40,000 of them.

    Args:
        publish_s: what came may be told so much later.

    Attributes:
        minutes: how many have begun, each partition's counted.
    """

    def __init__(self, publish_s: float) -> None:
        self._publish = timedelta(seconds=publish_s)
        self._due: dict[int, datetime | None] = {}  # by partition; ``None``: nothing is to be told
        self._turns: dict[int, datetime] = {}  # by partition, when its next minute begins
        self.minutes = 0

    def concerns(self, entry: Entry) -> bool:
        """Whether the floor has to see an entry."""
        partition, at = entry.partition, entry.received_at
        if not entry.is_tick:
            self._due[partition] = at + self._publish
            return True
        if partition not in self._due:
            self._due[partition] = at + self._publish
        due, turns = self._due[partition], self._turns.get(partition)
        if turns is None or at >= turns:
            self._turns[partition] = instant_of(minute_of(at) + 1)
            self.minutes += 1
        elif due is None:
            return False
        if due is not None and at >= due:
            self._due[partition] = None
        return True


class Pace:
    """When each entry of a log is due if the first is due now."""

    LONGEST = timedelta(seconds=0.2)  # between two looks at ``stop``

    def __init__(self, speed: float) -> None:
        self._clock, self._speed = SystemClock(), speed
        self._first: tuple[datetime, datetime] | None = None

    def due(self, received_at: datetime) -> datetime | None:
        """When to look again; ``None`` if the entry is due."""
        now = self._clock.now()
        self._first = self._first or (received_at, now)
        at = self._first[1] + (received_at - self._first[0]) / self._speed
        return None if at <= now else min(at, now + self.LONGEST)
