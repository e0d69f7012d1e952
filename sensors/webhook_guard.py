"""What a webhook call may do: so many a second, and each delivery once. Pure; time is passed in, in seconds."""

from collections import OrderedDict
from collections.abc import Hashable, Sequence


class RateLimit:
    """A token bucket for each key.

    >>> limit = RateLimit(rate_per_s=1, burst=2, keys=10)
    >>> [limit.wait_s("a", now) for now in (0, 0, 0, 1)]
    [0.0, 0.0, 1.0, 0.0]

    Args:
        rate_per_s: calls a second on average.
        burst: calls at once.
        keys: remembered at most; the longest unheard is forgotten and begins anew with a full bucket.
    """

    def __init__(self, rate_per_s: float, burst: int, keys: int) -> None:
        self._rate, self._burst, self._keys = rate_per_s, burst, keys
        self._buckets: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def wait_s(self, key: Hashable, now: float) -> float:
        """0.0 if the call may go ahead, else how long to wait."""
        held, at = self._buckets.pop(key, (float(self._burst), now))
        held = min(self._burst, held + (now - at) * self._rate)
        allowed = held >= 1
        self._buckets[key] = (held - 1 if allowed else held, now)
        if len(self._buckets) > self._keys:
            self._buckets.popitem(last=False)
        return 0.0 if allowed else (1 - held) / self._rate


class Remembered:
    """Deliveries that the broker has taken, for a horizon of time and up to a number.

    >>> seen = Remembered(horizon_s=10, most=100)
    >>> seen.add(("/square", ["a"]), 0)
    >>> seen.has(("/square", ["a", "b"]), 5), seen.has(("/till", ["a"]), 5), seen.has(("/square", ["a"]), 11)
    (True, False, False)
    """

    def __init__(self, horizon_s: float, most: int) -> None:
        self._horizon_s, self._most = horizon_s, most
        self._at: OrderedDict[tuple[str, str], float] = OrderedDict()

    def has(self, delivery: tuple[str, Sequence[str]], now: float) -> bool:
        """Whether any of a path's ids has been taken."""
        while self._at and next(iter(self._at.values())) < now - self._horizon_s:
            self._at.popitem(last=False)
        path, ids = delivery
        return any((path, name) in self._at for name in ids)

    def add(self, delivery: tuple[str, Sequence[str]], now: float) -> None:
        """Remember a path's ids."""
        path, ids = delivery
        for name in ids:
            self._at[path, name] = now
            self._at.move_to_end((path, name))
        while len(self._at) > self._most:
            self._at.popitem(last=False)
