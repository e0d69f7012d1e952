"""The line at the tills now."""

from collections.abc import Iterator

from flows.measure import Measure, Reading, View
from flows.tallies.queue import LONG_AGO, QueueLevel


def length(view: View) -> Iterator[Reading]:
    """People waiting at each till, and at all of them together."""
    known = {
        till: level for till, level in view.of(QueueLevel).items() if level.length_at > LONG_AGO
    }
    if known:
        yield Reading(sum(level.length for level in known.values()))
        for till, level in known.items():
            yield Reading(level.length, f"till:{till}")


def wait(view: View) -> Iterator[Reading]:
    """Seconds the next customer waits at each till; the store's is the longest, which is what a manager acts on."""
    known = {till: level for till, level in view.of(QueueLevel).items() if level.wait_at > LONG_AGO}
    if known:
        yield Reading(max(level.wait_s for level in known.values()))
        for till, level in known.items():
            yield Reading(level.wait_s, f"till:{till}")


MEASURES = (
    Measure("queue_length", "people", (QueueLevel,), length, ("now",)),
    Measure("queue_wait", "seconds", (QueueLevel,), wait, ("now",)),
)
