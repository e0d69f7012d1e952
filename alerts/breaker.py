"""Whether an endpoint is worth a try now: one that fails again and again is left alone, but for one try at a time.

Without it, whatever waits behind an endpoint that takes connections and never answers would wait a timeout each.
"""

from dataclasses import dataclass

TRIPS = 3
"""Failures in a row after which an endpoint counts as down."""

LONGEST_S = 15.0
"""Between two tries of an endpoint that is down: it is back in use this soon after it works again."""


@dataclass
class Breaker:
    """Counts an endpoint's failures in a row. Pure; ``now`` is in monotonic seconds.

    >>> breaker = Breaker()
    >>> [breaker.admits(0.0) for _ in range(4)]
    [True, True, True, True]
    >>> [breaker.failed(0.0, 2.0) for _ in range(TRIPS)], breaker.admits(1.0)
    ([False, False, True], False)
    >>> breaker.admits(2.0)  # one of the first tries is still on its way
    False
    >>> breaker.failed(2.0, 2.0), breaker.admits(4.0), breaker.admits(4.0)  # one try at a time
    (False, True, False)
    >>> breaker.answered(), breaker.admits(4.0)
    (True, True)
    """

    failures: int = 0
    until: float = 0.0
    under_way: int = 0

    @property
    def down(self) -> bool:
        """Whether it has failed too often in a row."""
        return self.failures >= TRIPS

    def admits(self, now: float) -> bool:
        """Whether to try now. A yes counts as a try under way until its result, or ``given_back``."""
        if self.down and (self.under_way or now < self.until):
            return False
        self.under_way += 1
        return True

    def given_back(self) -> None:
        """A try that was admitted is not made after all."""
        self.under_way -= 1

    def failed(self, now: float, pause_s: float) -> bool:
        """Count a failure; whether it is this one that makes the endpoint count as down."""
        self.failures += 1
        self.under_way -= 1
        self.until = now + min(pause_s, LONGEST_S)
        return self.failures == TRIPS

    def answered(self) -> bool:
        """It took or refused something, so it lives; whether it had counted as down."""
        was_down, self.failures = self.down, 0
        self.under_way -= 1
        return was_down

    def next_look(self, now: float) -> float:
        """When to ask again after a no."""
        return self.until if self.until > now else now + 1.0
