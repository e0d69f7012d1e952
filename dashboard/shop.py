"""What the screen knows of a shop before any fact arrives: its settings, in one place."""

from typing import NamedTuple, Self

from alerts.catalogue import SEGMENTS
from alerts.settings import AlertsSettings
from dashboard.settings import DashboardSettings
from flows.settings import Benchmark, FlowsSettings
from sensors.settings import Product, SensorsSettings, Store, Text


class Shop(NamedTuple):
    """One store as its screens see it."""

    store: Store
    benchmark: Benchmark
    products: dict[str, Product]
    settings: DashboardSettings
    names: dict[str, Text] = {}  # the shop's own sentences, by catalogue key
    star_target: float = 15.0  # visitors an associate can serve in an hour
    devices: dict[str, str] = {}  # door:main, till:2, zone:… by the device that counts there
    command: str = "floorcast"  # how the command line is called where this runs
    broker: bool = True  # whether one is configured; else `floorcast up` brings its own

    def place(self, subject: str) -> Text | None:
        """The name of a subject such as ``zone:fitting``; ``None`` where the settings have none."""
        kind, _, name = subject.partition(":")
        match kind:
            case "zone":
                found = [z.name for z in self.store.zones if z.id == name]
            case "door":
                found = [d.name for d in self.store.doors if d.id == name]
            case "till":
                found = [t.name for t in self.store.tills if t.id == name]
            case "sku":
                found = [self.products[name].name] if name in self.products else []
            case "segment":
                found = (
                    [Text(en=en, zh=zh) for en, zh in [SEGMENTS[name]]] if name in SEGMENTS else []
                )
            case _:
                found = []
        return found[0] if found else None


class Shops(dict[str, Shop]):
    """Every configured store, by id, in the order of the configuration."""

    @classmethod
    def of(
        cls,
        sensors: SensorsSettings,
        flows: FlowsSettings,
        dashboard: DashboardSettings,
        alerts: AlertsSettings,
    ) -> Self:
        """From the four tables the screen reads."""
        return cls(
            {
                store.id: Shop(
                    store=store,
                    benchmark=flows.benchmark_of(store.id),
                    products={p.sku: p for p in sensors.ranges.get(store.range, [])},
                    settings=dashboard,
                    names=alerts.names,
                    star_target=flows.star_target,
                    devices=_devices(sensors, store.id),
                )
                for store in sensors.stores
            }
        )


def _devices(sensors: SensorsSettings, store: str) -> dict[str, str]:
    """Where each named device of a store counts."""
    places = {}
    for device in sensors.devices:
        if device.store == store and device.source:
            kinds = (("door", device.door), ("till", device.till), ("zone", device.zone))
            where = next((f"{kind}:{name}" for kind, name in kinds if name), None)
            if where:
                places[device.source] = where
    return places
