"""Running the floor dataflow over made-up logs, for tests: events to entries, entries to facts."""

import random
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, time, timedelta

import msgspec
from bytewax.dataflow import Dataflow
from bytewax.testing import TestingSink, TestingSource, cluster_main, run_main

from flows.facts import Fact, FactBatch, FactKey
from flows.measure import measures
from flows.settings import FlowsSettings
from flows.topology import live
from sensors.events import Dwell, Event, Footfall, Line, Pos, Queue, Stock, Tender
from sensors.keyspace import partition_of
from sensors.settings import Door, Hours, SensorsSettings, Store, Text, Zone
from sensors.streams import Entry, Position

START = datetime(2026, 3, 2, 21, 0, tzinfo=UTC)
_encode = msgspec.json.Encoder().encode
_EVERY_DAY = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def shop(name: str, timezone: str = "UTC", day_starts: time = time(0)) -> Store:
    """A shop with two doors and two zones, open around the clock but for a minute."""
    text = Text(en=name, zh=name)
    return Store(
        id=name, name=text, timezone=timezone, day_starts=day_starts, capacity=100, country="XX"[:2],
        doors=[Door(id="a", name=text, counts_passers=True), Door(id="b", name=text)],
        zones=[Zone(id=zone, name=text) for zone in ("x", "y")],
        hours=[Hours(days=_EVERY_DAY, opens=time(0), closes=time(23, 59))],  # type: ignore[arg-type]
    )  # fmt: skip


SENSORS = SensorsSettings(stores=[shop("north"), shop("south"), shop("west")])
FLOWS = FlowsSettings()


def random_events(
    seed: int, count: int, span_s: int = 5400, stores: Sequence[str] = ("north",)
) -> list[Event]:
    """Events of every counted kind, in time order, each with an id; about half with sequence numbers."""
    draw = random.Random(seed)
    numbers: dict[str, int] = {}
    times = sorted(draw.uniform(0, span_s) for _ in range(count))
    events: list[Event] = []
    for index, offset in enumerate(times):
        at = START + timedelta(seconds=round(offset, 3))
        store = draw.choice(stores)
        event = _random_event(draw, index, at, store)
        if event.source.endswith("1"):
            key = store + event.source
            event.seq = numbers[key] = numbers.get(key, 0) + 1
        events.append(event)
    return events


def _random_event(draw: random.Random, index: int, at: datetime, store: str) -> Event:
    common = {"at": at, "store": store, "id": f"e{index}"}
    kind = draw.random()
    if kind < 0.5:
        return Footfall(
            **common, source=f"cam{draw.randint(0, 1)}", door=draw.choice("ab"), entered=draw.randint(0, 3),
            left=draw.randint(0, 3), passed=draw.randint(0, 2), children=draw.choice([None, 0]),
            staff=draw.random() < 0.1,
        )  # fmt: skip
    if kind < 0.75:
        ticket = draw.randint(0, 40)
        return Pos(
            **common, source="till0", till=draw.choice("12"), transaction=f"t{ticket}",
            nature="return" if ticket % 7 == 0 else "sale",
            state=draw.choice(["open", "completed", "completed", "voided"]),
            net_minor=draw.randint(100, 900),
            lines=[Line(sku=draw.choice("pqr"), units=draw.randint(1, 3), category="abc"[index % 3]), Line(sku="s")],
            associate=f"a{ticket % 3}", member=f"m{ticket % 5}", tenders=[Tender(means="card", amount_minor=100)],
        )  # fmt: skip
    if kind < 0.9:
        dwell_s, visits = draw.expovariate(1 / 90), draw.randint(1, 2)
        return Dwell(
            **common,
            source="cam1",
            zone=draw.choice("xy"),
            dwell_s=dwell_s,
            visits=visits,
            track=f"t{index % 9}",
        )
    if kind < 0.95:
        return Queue(**common, source="cam0", till="1", length=draw.randint(0, 9), served=1)
    return Stock(**common, source="stock0", sku=draw.choice("pqr"), on_hand=draw.randint(0, 50))


def entries_of(
    arrivals: Iterable[tuple[datetime, Event]], *, until: datetime | None = None, batch: int = 7, partitions: int = 16
) -> list[Entry]:  # fmt: skip
    """A log: events by the time they arrive, a tick of every partition each 10 s until ``until``."""
    arrived = sorted(arrivals, key=lambda arrival: arrival[0])
    end = until or START + timedelta(hours=4)
    entries: list[Entry] = []
    index, tick = 0, START
    known = {partition_of(event.store, partitions) for _, event in arrived}
    while tick <= end:
        pending: dict[int, list[Event]] = {}
        while index < len(arrived) and arrived[index][0] <= tick:
            event = arrived[index][1]
            pending.setdefault(partition_of(event.store, partitions), []).append(event)
            index += 1
        ms = round(tick.timestamp() * 1000)
        for partition in sorted(known):
            events = pending.get(partition, [])
            for number in range(0, len(events), batch):
                lines = b"\n".join(_encode(event) for event in events[number : number + batch])
                entries.append(Entry(partition, Position(ms, number), tick, lines))
            entries.append(Entry(partition, Position(ms, 10**9), tick, b""))
        tick += timedelta(seconds=10 if index < len(arrived) else 60)
    return entries


def floor_batches(
    entries: Sequence[Entry], settings: FlowsSettings = FLOWS, sensors: SensorsSettings = SENSORS,
    *, batch_size: int = 20, workers: int = 1,
) -> list[FactBatch]:  # fmt: skip
    """The real dataflow over a log, in this process."""
    out: list[tuple[str, FactBatch]] = []
    source = TestingSource(entries, batch_size=batch_size)
    flow: Dataflow = live(settings, sensors, source, TestingSink(out), TestingSink([]))
    run: Callable[[], None] = (
        (lambda: run_main(flow)) if workers == 1 else (lambda: cluster_main(flow, [], 0, worker_count_per_proc=workers))
    )  # fmt: skip
    run()
    return [batch for _, batch in out]


def newest(batches: Iterable[FactBatch]) -> dict[FactKey, Fact]:
    """The fact that holds under each key."""
    return {fact.key: fact for batch in batches for fact in batch.facts}


def aligned(batches: Iterable[FactBatch]) -> dict[FactKey, Fact]:
    """What holds of the aligned windows, without when it was published and how often it was revised."""
    return {
        key: msgspec.structs.replace(fact, as_of=START, revision=0, detail={})
        for key, fact in newest(batches).items()
        if fact.window in ("quarter", "day") and fact.state == "final"
    }


def counted(batches: Iterable[FactBatch]) -> dict[FactKey, Fact]:
    """What holds of the aligned windows and is a sum of its window, for logs in which words came in another order.

    What a memory has learned is none: a ticket voided after its quarter was learned stays learned.
    """
    learned = {measure.metric for measure in measures() if measure.memory and not measure.reads}
    return {key: fact for key, fact in aligned(batches).items() if fact.metric not in learned}
