"""What the way to ingest does to events: late, shuffled, repeated, held back. Pure and seeded."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import NamedTuple

from sensors.events import AnyEvent


class Delivery(NamedTuple):
    """An event and when ingest received it, never before it happened."""

    received_at: datetime
    event: AnyEvent


def on_time(events: Iterable[AnyEvent]) -> list[Delivery]:
    """Every event received as it happened, in order."""
    return _in_order(Delivery(event.at, event) for event in events)


def shuffled(deliveries: Iterable[Delivery], seed: int, within: timedelta) -> list[Delivery]:
    """Every delivery late by up to ``within``, so that events overtake each other."""
    rng = Random(seed)
    return _in_order(Delivery(at + within * rng.random(), event) for at, event in deliveries)


def duplicated(
    deliveries: Sequence[Delivery],
    seed: int,
    share: float = 0.05,
    within: timedelta = timedelta(minutes=5),
) -> list[Delivery]:
    """A ``share`` of the deliveries arrives a second time, up to ``within`` later."""
    rng = Random(seed)
    again = [
        Delivery(at + within * rng.random(), e) for at, e in deliveries if rng.random() < share
    ]
    return _in_order([*deliveries, *again])


def held_back(
    deliveries: Iterable[Delivery],
    start: datetime,
    end: datetime,
    affected: Callable[[AnyEvent], bool],
    backlog: timedelta = timedelta(seconds=30),
) -> list[Delivery]:
    """What the affected devices said within [start, end) arrives as a backlog during ``backlog`` after it.

    The backlog keeps its order and comes between what the devices say by then, as a gateway's does.
    """
    given: list[Delivery] = []
    kept: list[Delivery] = []
    for delivery in deliveries:
        held = start <= delivery.received_at < end and affected(delivery.event)
        (kept if held else given).append(delivery)
    each = backlog / max(1, len(kept))
    return _in_order([*given, *(Delivery(end + each * n, d.event) for n, d in enumerate(kept))])


def _in_order(deliveries: Iterable[Delivery]) -> list[Delivery]:
    """By time received; a stable sort, so that ties keep the order in which they were given."""
    return sorted(deliveries, key=lambda delivery: delivery.received_at)
