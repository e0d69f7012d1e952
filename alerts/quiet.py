"""How long a silence must last to mean something: longer than a source is usually silent. Pure.

A till that sells a loaf every ten minutes is often silent for a quarter of an hour; a counter with a heartbeat is not.
Each source's longest silence of every open day is kept. A new one means something once it is ``usual_silence`` times
the second longest of the last ``DAYS`` days: one outage among them teaches nothing, and as a rank it holds whatever
the distribution of the gaps. Opening hours alone count.
"""

from datetime import datetime

from msgspec import Struct

DAYS = 28
HEARD = 10  # times, before a source's silence can be judged at all


class Quiet(Struct, kw_only=True, omit_defaults=True):
    """What is known of one source's silences, in seconds of opening time.

    Attributes:
        heard_at: event time of the newest word; ``heard``: how many there were, up to ``HEARD``.
        longest_s: the longest finished silence since opening; ``days``: those of earlier days, the newest last.
    """

    heard_at: datetime | None = None
    heard: int = 0
    longest_s: float = 0.0
    days: list[float] = []

    def hear(self, at: datetime, opened: datetime | None) -> None:
        """A word of event time ``at``; a silence before it counts from the opening at the earliest."""
        before = self.heard_at
        if before is not None and at <= before:
            return
        self.heard_at, self.heard = at, min(HEARD, self.heard + 1)
        if opened is not None and at > opened and before is not None:
            self.longest_s = max(self.longest_s, (at - max(before, opened)).total_seconds())

    def close(self, opened: datetime, closed: datetime) -> None:
        """A day is over; the silence up to its end counts. A day without a word was no day of this source."""
        if self.heard_at is None or self.heard_at < opened:
            self.longest_s = 0.0
            return
        rest_s = max(0.0, (closed - self.heard_at).total_seconds())
        self.days = [*self.days, max(self.longest_s, rest_s)][-DAYS:]
        self.longest_s = 0.0

    def usual_s(self) -> float | None:
        """The longest silence that is not unusual, in seconds; ``None`` while too little was heard.

        >>> Quiet(heard=10, days=[600.0, 900.0, 30_000.0]).usual_s()
        900.0
        >>> Quiet(heard=3).usual_s() is None
        True
        """
        if self.heard < HEARD:
            return None
        days = sorted(self.days)
        known = days[-2] if len(days) > 1 else days[-1] if days else 0.0
        return max(known, self.longest_s)
