"""When Redis took the fact batches that are under way, so that fact → incident can be told beside log → incident."""

from collections import OrderedDict
from collections.abc import Iterable

from flows.facts import FactBatch
from sensors.streams import Position

UNDER_WAY = 4_096  # batches; most change no incident and are forgotten unasked


class Arrivals:
    """By store and position the time of Redis, epoch milliseconds, at which the floor's facts were in it.

    >>> arrivals = Arrivals()
    >>> arrivals.note([], Position(5, 0)); arrivals.taken("north", "1-0") is None
    True
    """

    def __init__(self) -> None:
        self._ms: OrderedDict[tuple[str, str], int] = OrderedDict()

    def note(self, batches: Iterable[FactBatch], at: Position) -> None:
        """Batches of one stream entry, whose position Redis gave it by its own clock."""
        for batch in batches:
            self._ms[batch.store, batch.position] = at.ms
        while len(self._ms) > UNDER_WAY:
            self._ms.popitem(last=False)

    def taken(self, store: str, position: str) -> int | None:
        """When a batch was taken; ``None`` if it was long ago."""
        return self._ms.pop((store, position), None)
