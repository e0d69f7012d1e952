"""The line at each till: what flowed through it, and how long it is now."""

from datetime import UTC, datetime

from flows.tally import NOW, Part, Tallies, Tally, tally_of
from sensors.events import Queue

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class QueueTally(Tally):
    """Served and abandoned people of one till, and the sums behind mean wait and service (milliseconds)."""

    kind = "queue"

    served: int = 0
    abandoned: int = 0
    waits: int = 0
    wait_ms: int = 0
    services: int = 0
    service_ms: int = 0

    def merge(self, other: "QueueTally", sign: int = 1) -> None:
        """Add or take back, field by field; a level takes the newer word and takes nothing back."""
        self.served += sign * other.served
        self.abandoned += sign * other.abandoned
        self.waits += sign * other.waits
        self.wait_ms += sign * other.wait_ms
        self.services += sign * other.services
        self.service_ms += sign * other.service_ms


class QueueLevel(Tally):
    """The newest word on one till's line: people and seconds, each with the instant it was said.

    Where two messages share an instant the larger number holds, so that their order does not matter.
    """

    kind = "queue_level"
    windows = NOW
    invertible = False

    length_at: datetime = LONG_AGO
    length: int = 0
    wait_at: datetime = LONG_AGO
    wait_s: float = 0.0

    def merge(self, other: "QueueLevel", sign: int = 1) -> None:
        """Add or take back, field by field; a level takes the newer word and takes nothing back."""
        if sign < 0:
            return
        self.length_at, self.length = max(
            (self.length_at, self.length), (other.length_at, other.length)
        )
        self.wait_at, self.wait_s = max((self.wait_at, self.wait_s), (other.wait_at, other.wait_s))


def contribute(pane: Tallies, now: Tallies, event: Queue, sign: int) -> None:
    """Add what a till's sensor says."""
    till = tally_of(pane, QueueTally, event.till)
    till.served += sign * event.served
    till.abandoned += sign * event.abandoned
    if event.wait_s is not None:
        till.waits += sign
        till.wait_ms += sign * round(event.wait_s * 1000)
    if event.service_s is not None:
        till.services += sign
        till.service_ms += sign * round(event.service_s * 1000)
    level = QueueLevel()
    if event.length is not None:
        level.length_at, level.length = event.at, event.length
    if event.wait_s is not None:
        level.wait_at, level.wait_s = event.at, event.wait_s
    tally_of(now, QueueLevel, event.till).merge(level, sign)


PARTS = (Part(Queue, (QueueTally, QueueLevel), contribute),)
