"""Simulated days of the demo shop through one store's ledger and publisher, without a dataflow."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta

from flows.facts import Fact
from flows.ledger import Ledger
from flows.profile import Profile
from flows.publish import Publisher
from sensors.events import AnyEvent
from sensors.simulate import SimulatedDay
from sensors.simulation.faults import Fault
from tests.days import demo_day, demo_settings, demo_store

MINUTE = timedelta(minutes=1)
Key = tuple[str, str, str]  # metric, subject, window


class Shop:
    """One shop's floor; keeps every fact, in order, by metric, subject and window."""

    def __init__(self, profile: Profile | None = None) -> None:
        settings = demo_settings()
        self.publisher = Publisher(
            Ledger(profile or Profile(demo_store(), settings.flows, settings.sensors))
        )
        self.facts: dict[Key, list[Fact]] = defaultdict(list)

    def run(
        self, events: Iterable[tuple[datetime, AnyEvent]], until: datetime, tick: timedelta = MINUTE
    ) -> None:
        """Take events as they arrive, a tick at a time."""
        arriving = sorted(events, key=lambda arrival: arrival[0])
        at, index = arriving[0][0].replace(second=0, microsecond=0), 0
        while at <= until:
            at += tick
            batch = []
            while index < len(arriving) and arriving[index][0] <= at:
                batch.append(arriving[index][1])
                index += 1
            self.publisher.ledger.take(batch, at)
            self.keep(self.publisher.tick(at))

    def keep(self, facts: Iterable[Fact]) -> None:
        """Note facts."""
        for fact in facts:
            self.facts[fact.metric, fact.subject, fact.window].append(fact)

    def day(
        self, day: date, seed: int, *, faults: Sequence[Fault] = (), leave_out: Callable[[AnyEvent], bool] | None = None
    ) -> SimulatedDay:  # fmt: skip
        """Live through a simulated day."""
        simulated = demo_day(seed, day=day, faults=faults)
        events = [e for e in simulated.events if leave_out is None or not leave_out(e)]
        self.run([(event.at, event) for event in events], simulated.day.end)
        return simulated

    def last(self, metric: str, subject: str = "", window: str = "day") -> Fact:
        """The newest fact of a name."""
        return self.facts[metric, subject, window][-1]

    def reasons(self, metric: str, *, since: datetime | None = None) -> dict[str, set[str]]:
        """Every reason given for a metric, by subject."""
        found: dict[str, set[str]] = defaultdict(set)
        for (name, subject, _), facts in self.facts.items():
            if name == metric:
                found[subject] |= {
                    f.reason for f in facts if f.reason and (since is None or f.as_of >= since)
                }
        return found
