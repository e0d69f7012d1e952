"""Many incidents a minute from facts to people, on real servers, with kills in the middle; counts what people saw.

    facts ─▶ redis-server ─▶ floorcast alert ─▶ redis-server ─▶ floorcast deliver ─▶ webhook, ntfy, Web Push

The two stages are processes of their own. Each store has one incident at a time, which fires and resolves, and two
people on shift, one with a phone and one with ntfy; the route's webhook hears of everything too.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

import msgspec

from alerts.keyspace import outbox_key, push_key
from sensors.settings import SensorsSettings
from tests.delivery_stages import ALWAYS, PARTITIONS, Floor, Stage, settings_of
from tests.endpoints import Endpoints
from tests.scenario import shop
from tests.servers import RedisServer


class Told(NamedTuple):
    """Something somebody must be told exactly once."""

    way: str
    incident: str
    kind: str


@dataclass
class Report:
    """What a run came to.

    Attributes:
        wanted: what people had to be told; lost: what none of them ever saw.
        doubled: seen again under another key, so that nothing could replace it.
        repeated: requests beyond the first under a key; people see one message.
        latencies_s: from a fact's being written to its push's arrival, by way.
    """

    wanted: int
    lost: list[Told]
    doubled: list[Told]
    repeated: int
    arrivals: int
    complaints: list[str]
    latencies_s: dict[str, list[float]]
    cpu_s: dict[str, float]

    def quantile_s(self, share: float, way: str = "") -> float:
        """A quantile of the latencies of one way, or of all, in seconds."""
        found = [
            s for name, waits in self.latencies_s.items() if name.startswith(way) for s in waits
        ]
        ranked = sorted(found)
        return ranked[int(share * (len(ranked) - 1))] if ranked else float("nan")


class Run:
    """One load. ``stores`` incidents fire a tick; ``fsync`` as Redis is to be run where nothing may be lost."""

    def __init__(self, folder: Path, stores: int, *, tick_s: float = 1.0) -> None:
        self._folder, self._tick_s = folder, tick_s
        self.stores = [f"s{n:02d}" for n in range(stores)]
        self.server = RedisServer(folder, fsync="always")
        self.stages: dict[str, Stage] = {}
        self.endpoints: Endpoints

    def measure(self, ticks: int, kills: Mapping[int, str]) -> Report:
        """Let so many ticks pass, killing ``alert``, ``deliver`` or ``redis`` at some; then wait for the last push."""
        with self.server, Endpoints(self._folder) as self.endpoints:
            settings = settings_of(self._folder, self.endpoints, self.stores)
            sensors = SensorsSettings(
                stores=[shop(id=name, hours=[ALWAYS]) for name in self.stores]
            )
            words = [msgspec.json.encode(table).decode() for table in (settings, sensors)]
            client = self.server.client()
            for store in self.stores:
                phone = self.endpoints.phone(f"mia-{store}")
                client.hset(push_key(f"mia-{store}"), "phone", phone.subscription)
            for name, module in (("alert", "topology"), ("deliver", "deliver")):
                self.stages[name] = Stage(module, [*words, self.server.url])
                self.stages[name].start()
            self._until(lambda: self._groups() == PARTITIONS, "the deliverer reads")
            floor = Floor(self.server, self.stores)
            self._drive(floor, ticks, kills)
            wanted = set(self._wanted(ticks))
            self._until(
                lambda: wanted <= set(self._seen()), "everybody has been told", 120, quiet=True
            )
            self._until(self._idle, "nothing is on its way", quiet=True)
            for stage in self.stages.values():
                stage.end(kill=False)
            return self._report(wanted, floor)

    def _drive(self, floor: Floor, ticks: int, kills: Mapping[int, str]) -> None:
        """Tick by real time; what is killed is started again at once."""
        pause, began = threading.Event(), perf_counter()
        for n in range(ticks):
            if n in kills:
                self._kill(kills[n])
            floor.tick(n)
            pause.wait(max(0.0, began + (n + 1) * self._tick_s - perf_counter()))

    def _kill(self, name: str) -> None:
        if name == "redis":
            self.server.stop(kill=True)
            self.server.start()
        else:
            self.stages[name].end(kill=True)
            self.stages[name].start()

    def _wanted(self, ticks: int) -> Iterator[Told]:
        for store in self.stores:
            for way in ("hook", "ntfy", f"push/mia-{store}"):
                for n in range(ticks):
                    yield Told(way, f"{store}/till:{n}", "firing")
                    if n < ticks - 1:
                        yield Told(way, f"{store}/till:{n}", "resolved")

    def _seen(self) -> dict[Told, Counter[str]]:
        """What reached people: how often under each key."""
        found: dict[Told, Counter[str]] = {}
        for way, arrivals in list(self.endpoints.seen.items()):
            for arrival in list(arrivals):
                incident, _, rest = arrival.key.partition("#")
                store, _, subject, _ = incident.split("/")
                told = Told(way, f"{store}/{subject}", rest.split(":")[1])
                found.setdefault(told, Counter())[arrival.key] += 1
        return found

    def _report(self, wanted: set[Told], floor: Floor) -> Report:
        seen = self._seen()
        arrivals = sum(sum(keys.values()) for keys in seen.values())
        first: dict[Told, float] = {}
        for way, came in self.endpoints.seen.items():
            for arrival in came:
                incident, _, rest = arrival.key.partition("#")
                store, _, subject, _ = incident.split("/")
                told = Told(way, f"{store}/{subject}", rest.split(":")[1])
                first.setdefault(told, arrival.at)
        late: dict[str, list[float]] = {}
        for told, when in first.items():
            if told.kind == "firing":
                store, subject = told.incident.split("/")
                late.setdefault(told.way, []).append(when - floor.said_at[store, subject])
        return Report(
            wanted=len(wanted),
            lost=sorted(wanted - set(seen)),
            doubled=sorted(told for told, keys in seen.items() if len(keys) > 1),
            repeated=arrivals - sum(len(keys) for keys in seen.values()),
            arrivals=arrivals,
            complaints=self.endpoints.complaints,
            latencies_s=late,
            cpu_s={name: stage.cpu_s for name, stage in self.stages.items()},
        )

    def _groups(self) -> int:
        client = self.server.client()
        return sum(1 for p in range(PARTITIONS) if client.exists(outbox_key(p)))

    def _idle(self) -> bool:
        client = self.server.client()
        for partition in range(PARTITIONS):
            info: Any = client.xinfo_groups(outbox_key(partition))
            if not info or info[0]["pending"] or info[0]["lag"]:
                return False
        return True

    def _until(
        self, done: Callable[[], bool], what: str, bound_s: float = 120, *, quiet: bool = False
    ) -> None:
        """Wait for a condition; ``quiet`` leaves it to the report to say what is missing."""
        began, pause = perf_counter(), threading.Event()
        while not done():
            for name, stage in self.stages.items():
                if stage.process.poll() is not None:
                    raise AssertionError(f"{name} ended with {stage.process.returncode}")
            if perf_counter() - began > bound_s:
                if quiet:
                    return
                raise AssertionError(f"not in time: {what}")
            pause.wait(0.05)


def spread(ticks: int, names: tuple[str, ...] = ("alert", "deliver", "redis")) -> dict[int, str]:
    """Each named thing killed once, in the middle parts of a run."""
    gap = ticks // (len(names) + 1)
    return {gap * (n + 1): name for n, name in enumerate(names)}
