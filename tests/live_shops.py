"""A day of three shops in two partitions, as a log: backlogs, incidents somebody acknowledged, a setting changed."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, time, timedelta
from operator import attrgetter
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import tomlkit

from alerts.incident import Incident
from floorcast.replay import replay
from floorcast.settings import Settings, load_settings
from sensors.corrections import Correction, target_of
from sensors.events import Command, Footfall
from sensors.keyspace import partition_of
from sensors.settings import Store
from sensors.simulate import simulate_day
from sensors.simulation.delivery import Delivery, held_back
from sensors.simulation.faults import ConversionDrop, Fault, GatewayOffline
from sensors.simulation.log_maker import log_entries
from sensors.streams import Entry, Position
from tests.days import DAY
from tests.stages import DEMO

STORES = ("riverside", "central", "harbour")
PARTITIONS = sorted({partition_of(store, 16) for store in STORES})  # the first two share one
TICK = timedelta(minutes=8)
DROP = ConversionDrop(at=time(12), minutes=150)
_received = attrgetter("received_at")
_incident = msgspec.json.Decoder(Incident).decode


class Lived(NamedTuple):
    """The configuration's file, what it says, and the log."""

    base: Path
    settings: Settings
    entries: list[Entry]


def live_shops(folder: Path) -> Lived:
    """From eight in the morning to three in the afternoon, and the ticks of the night, which make it final."""
    base = three_shops(folder / "shops.toml")
    settings = load_settings(base)
    stores = settings.sensors.stores
    end = datetime.combine(DAY, time(15), stores[0].tz).astimezone(UTC)
    told = [delivery for store in stores for delivery in deliveries(store, settings)]
    told.append(counted_by_hand(end - timedelta(hours=5)))
    begin = end - timedelta(hours=7)
    told = sorted((said for said in told if begin <= said.received_at <= end), key=_received)
    fired = fired_of(incidents(log_entries(told, tick=TICK, end=end), settings))
    seen = [acknowledged(i) for i in fired.values() if i.rule == "low-conversion"]
    assert len({delivery.event.store for delivery in seen}) > 1
    told = sorted([*told, *seen], key=_received)
    return Lived(base, settings, [*log_entries(told, tick=TICK, end=end), *night(end)])


def night(start: datetime) -> Iterator[Entry]:
    """Ticks until one in the morning, half an hour apart."""
    for n in range(1, 21):
        at = start + n * timedelta(minutes=30)
        for partition in PARTITIONS:
            yield Entry(partition, Position(round(at.timestamp() * 1000), 0), at, b"")


def three_shops(path: Path) -> Path:
    """The configuration that comes with the repository, with its shop three times."""
    document: Any = tomlkit.parse(DEMO.read_text(encoding="utf-8"))
    stores, benchmarks = document["sensors"]["stores"], document["flows"]["benchmarks"]
    shop, benchmark = stores[0].unwrap(), benchmarks[STORES[0]].unwrap()
    for store in STORES[1:]:
        stores.append({**shop, "id": store})
        benchmarks[store] = benchmark
    path.write_text(tomlkit.dumps(document), encoding="utf-8")
    return path


def deliveries(store: Store, settings: Settings) -> list[Delivery]:
    """A shop's day with too few buyers; riverside's mall door and harbour's whole gateway are away for a while."""
    away: list[Fault] = [GatewayOffline(at=time(10), minutes=75)] if store.id == "harbour" else []
    day = simulate_day(
        store, settings.sensors.ranges[store.range], DAY, 7, visitors=500, faults=[DROP, *away]
    )
    if store.id != "riverside":
        return day.deliveries
    start = day.day.start + timedelta(hours=11)
    return held_back(
        day.deliveries, start, start + timedelta(hours=2),
        lambda event: isinstance(event, Footfall) and event.door == "mall",
    )  # fmt: skip


def counted_by_hand(at: datetime) -> Delivery:
    """The setting: riverside's main door counts too few."""
    audit = Correction(factor=1.25, low=1.1, high=1.4, by_hand=50, by_sensor=40, minutes=30)
    note = msgspec.json.encode(audit).decode()
    target = target_of("main", "in")
    return Delivery(at, Command(
        at=at, store="riverside", source="commands", id="setting-1", actor="chen", action="setting",
        target=target, note=note,
    ))  # fmt: skip


def acknowledged(incident: Incident) -> Delivery:
    """Somebody saw it two minutes after it fired."""
    at = next(step.at for step in incident.steps if step.kind == "firing") + timedelta(minutes=2)
    return Delivery(at, Command(
        at=at, store=incident.store, source="commands", id=f"ack-{incident.id}", actor="chen", action="ack",
        target=incident.id,
    ))  # fmt: skip


def incidents(entries: Iterable[Entry], settings: Settings) -> list[Incident]:
    """The newest state of each that a log gives."""
    result = replay(entries, settings, keep="none")
    return [_incident(line) for line in result.incident_lines(last=True)]


def fired_of(told: Iterable[Incident]) -> dict[str, Incident]:
    """Those that fired, by id."""
    return {i.id: i for i in told if any(step.kind == "firing" for step in i.steps)}
