"""Simulated store-days through the floor and two rule books in one process: the shipped rules and a naive threshold.

    events ─▶ ledger ─▶ the measures that rules read ─┬─▶ shipped rules
                                                      └─▶ naive: no evidence, no hold, no hysteresis, no damping

A shop lives through warm-up days first, so that forecasts, benchmarks and usual silences are learned as they would be.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cache
from itertools import groupby
from math import ceil
from pathlib import Path

from msgspec.structs import replace

from alerts.book import Book
from alerts.memory import Memory
from alerts.pipeline import run
from alerts.settings import AlertsSettings, Flapping, Rule
from bench.alerts_stock import RULE, Score, Told, score
from floorcast.settings import Settings, load_settings
from flows import snapshot
from flows.facts import FactBatch
from flows.ledger import Ledger
from flows.measure import Measure
from flows.profile import Profile, Profiles
from flows.publish import Publisher
from sensors.events import AnyEvent, Queue
from sensors.settings import Product, Store, Till
from sensors.simulate import simulate_day
from sensors.simulation.faults import Fault

STORE = "riverside"
USUAL_DAY = 1_400.0  # visitors of the demonstration shop's mean day …
USUAL_HOUR = 56.0  # … and of its hour from three o'clock
FIRST = date(2026, 3, 2)
SIDES = ("shipped", "naive")


@dataclass
class Found:
    """What one day's rules said.

    Attributes:
        act, watch: when each incident fired, by rule, on either side.
        nine_at: when a line first held nine people.
        stock: how each side's word on what sells out met what did.
    """

    act: dict[str, dict[str, list[datetime]]]
    watch: dict[str, dict[str, list[datetime]]]
    nine_at: datetime | None = None
    stock: dict[str, Score] = field(default_factory=dict)


@cache
def configured(size: float = 1.0) -> Settings:
    """The repository's configuration, with tills and room for a shop ``size`` times as busy."""
    settings = load_settings(Path(__file__).parents[1] / "config.toml")
    stores = [scaled(s, size) for s in settings.sensors.stores if s.id == STORE]
    return replace(settings, sensors=replace(settings.sensors, stores=stores))


def scaled(store: Store, size: float) -> Store:
    """The shop with as many tills and as much room as its visitors need."""
    tills = ceil(len(store.tills) * size)
    more = [Till(id=str(n + 1), name=store.tills[0].name) for n in range(tills)]
    return replace(store, tills=more, capacity=ceil(store.capacity * size))


def stocked(products: Sequence[Product], size: float) -> list[Product]:
    """The range with shelves as full as its visitors need; else a busy shop would sell out within the hour."""
    return [
        replace(p, shelf=ceil((p.shelf or 24) * size), pack=ceil(p.pack * size)) for p in products
    ]


def naive(settings: AlertsSettings) -> AlertsSettings:
    """The same levels as plain thresholds."""
    rules = [_plain(rule) for rule in settings.rules]
    return replace(settings, rules=rules, flapping=Flapping(fires=10_000, factor=1))


def _plain(rule: Rule) -> Rule:
    back = rule.fire_pct - 0.001
    changes = {
        "confidence": 0, "hold_s": 0, "clear_hold_s": 0, "min_n": 0, "min_coverage": 0, "usual_silence": 0,
        "after_open_s": 0, "where": [],
    }  # fmt: skip
    return replace(rule, **changes, clear_pct=back, clear_level=rule.level)


class Listening(Publisher):
    """A publisher that reads only the measures some rule, price or condition looks at."""

    def __init__(self, ledger: Ledger, wanted: frozenset[str]) -> None:
        super().__init__(ledger)
        self.wanted = wanted

    def _news(self, measure: Measure, *rest: object, **more: object) -> object:  # type: ignore[override]
        if measure.metric in self.wanted:
            return super()._news(measure, *rest, **more)  # type: ignore[arg-type]
        return ()


@dataclass
class Shop:
    """One shop with its floor and both rule books, of all rules or of some; it lives day after day."""

    size: float = 1.0
    tick_s: int = 60
    rules: tuple[str, ...] = ()
    memories: dict[str, Memory] = field(default_factory=lambda: {side: Memory() for side in SIDES})

    def __post_init__(self) -> None:
        settings = configured(self.size)
        chosen = [r for r in settings.alerts.rules if not self.rules or r.name in self.rules]
        shipped = replace(settings.alerts, rules=chosen)
        rules = {"shipped": shipped, "naive": naive(shipped)}
        self.books = {
            side: Book(rules[side], settings.sensors, settings.flows).of(STORE) for side in SIDES
        }
        self.wanted = frozenset(metric for metric, _ in self.books["shipped"].kept)
        self.publisher: Publisher = Listening(Ledger(self._profile()), self.wanted)

    def _profile(self) -> Profile:
        settings = configured(self.size)
        return Profiles(settings.flows, settings.sensors).of(STORE)

    def state(self) -> tuple[bytes, dict[str, bytes]]:
        """Everything it has learned, to begin other days from."""
        return snapshot.dump(self.publisher), {s: m.encode() for s, m in self.memories.items()}

    def resume(self, state: tuple[bytes, dict[str, bytes]]) -> "Shop":
        """Take a state back."""
        block, memories = state
        known = snapshot.load(block, lambda _store: self._profile())
        self.publisher = Listening(known.ledger, self.wanted)
        self.publisher.memories |= known.memories
        self.memories = {side: Memory.decode(raw) for side, raw in memories.items()}
        return self

    def day(
        self, number: int, seed: int, faults: Sequence[Fault] = (), until: datetime | None = None
    ) -> Found:
        """Live through day ``number`` of the calendar, or through it ``until`` then; what fired in it."""
        settings = configured(self.size)
        store = settings.sensors.stores[0]
        products = stocked(settings.sensors.ranges[store.range], self.size)
        day = simulate_day(
            store, products, FIRST + timedelta(days=number), seed, faults=faults,
            visitors=USUAL_DAY * self.size,
        )  # fmt: skip
        found = Found(
            act={side: defaultdict(list) for side in SIDES},
            watch={side: defaultdict(list) for side in SIDES},
        )
        told: dict[str, list[Told]] = {side: [] for side in SIDES}
        for batch in self._batches(day.events, day.day.end):
            if until and batch.at > until:
                break
            for side in SIDES:
                self._judge(batch, side, found, told[side])
        closes = day.day.at(day.day.closes_s)
        found.stock = {side: score(day.events, closes, told[side]) for side in SIDES}
        lines = (e for e in day.events if isinstance(e, Queue) and (e.length or 0) >= 9)
        found.nine_at = next((e.at for e in lines), None)
        for kept in (found.act, found.watch):
            kept.update({side: dict(fired) for side, fired in kept.items()})
        return found

    def _judge(self, batch: FactBatch, side: str, found: Found, sold_out: list[Told]) -> None:
        made = run(self.memories[side], batch, self.books[side])
        for incident in made.incidents if made else ():
            newest = incident.steps[-1]
            if newest.kind == "firing" and newest.at == batch.at:
                kept = found.act if incident.severity == "act" else found.watch
                kept[side][incident.rule].append(batch.at)
                if incident.rule == RULE:
                    sold_out.append(Told(incident.subject.removeprefix("sku:"), batch.at))

    def _batches(self, events: list[AnyEvent], end: datetime) -> Iterator[FactBatch]:
        """The day as the floor publishes it, a tick each ``tick_s`` from before the first event to the day's end."""
        every = timedelta(seconds=self.tick_s)
        start = events[0].at.replace(minute=0, second=0, microsecond=0)
        at = start
        for number, group in groupby(events, key=lambda e: (e.at - start) // every):
            due = start + (number + 1) * every
            while at + every < due:  # quiet ticks before it
                at += every
                yield self._batch(at)
            self.publisher.ledger.take(list(group), due)
            at = due
            yield self._batch(at)
        while at + every < end:
            at += 10 * every if at + 10 * every < end else every
            yield self._batch(at)

    def _batch(self, at: datetime) -> FactBatch:
        facts = self.publisher.tick(at)
        position = f"{int(at.timestamp() * 1000)}-0"
        return FactBatch(store=STORE, partition=0, position=position, at=at, facts=facts)


def warmed(
    size: float, days: int, seed: int, tick_s: int, rules: tuple[str, ...]
) -> tuple[bytes, dict[str, bytes]]:
    """The state of a shop that has lived through so many ordinary days, looked at by some rules."""
    shop = Shop(size, tick_s, rules)
    for number in range(days):
        shop.day(number, seed + number)
    return shop.state()


def instant(number: int, at: time) -> datetime:
    """A local time of day ``number``."""
    tz = configured().sensors.stores[0].tz
    return datetime.combine(FIRST + timedelta(days=number), at, tz)
