"""One store's facts tick by tick, straight from its ledger and measures, for tests that ask when something was said."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby

from flows.facts import Fact
from flows.ledger import Ledger
from flows.profile import Profiles
from flows.publish import Publisher
from sensors.simulation.delivery import Delivery
from tests.days import demo_settings, demo_store


def demo_publisher() -> Publisher:
    """The demo store's, empty."""
    settings = demo_settings()
    return Publisher(Ledger(Profiles(settings.flows, settings.sensors).of(demo_store().id)))


def told(
    deliveries: Sequence[Delivery],
    tick: timedelta = timedelta(minutes=5),
    publisher: Publisher | None = None,
) -> Iterator[tuple[datetime, list[Fact]]]:
    """Every tick's facts, with what was received before it, from the first delivery on."""
    publisher = publisher or demo_publisher()
    start = deliveries[0].received_at.replace(minute=0, second=0, microsecond=0)
    at = start
    for number, group in groupby(deliveries, key=lambda d: (d.received_at - start) // tick):
        due = start + (number + 1) * tick
        while at + tick < due:
            at += tick
            yield at, publisher.tick(at)
        publisher.ledger.take([delivery.event for delivery in group], due)
        at = due
        yield at, publisher.tick(at)
