"""What the delivery load runs on: its settings, the two stages as processes, and what stands for the floor."""

import subprocess
import sys
import threading
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from time import perf_counter

import msgspec
import redis

from alerts.settings import (
    AlertsSettings,
    Budget,
    ChannelSettings,
    Contact,
    Flapping,
    Person,
    Route,
    Rule,
    Rung,
)
from flows.facts import Fact, FactBatch
from flows.keyspace import facts_key
from sensors.clock import SystemClock, to_ms
from sensors.keyspace import partition_of
from tests.endpoints import Endpoints
from tests.scenario import EVERY_DAY
from tests.servers import RedisServer, cpu_s

PARTITIONS = 16
ROOT = Path(__file__).parents[1]
ALWAYS = {"days": EVERY_DAY, "opens": "00:00:00", "closes": "00:00:00"}
QUEUE = Rule(
    name="queue-long", metric="queue_length", window="now", subject="till:*", compare="above",
    reference="fixed", level=6, clear_level=5, hold_s=0, clear_hold_s=0, when="always", confidence=0,
    action="open-till",
)  # fmt: skip
WORKER = """
import sys, msgspec
from alerts.settings import AlertsSettings
from flows.settings import FlowsSettings
from sensors.settings import SensorsSettings
from alerts.{module} import run
alerts = msgspec.json.decode(sys.argv[1], type=AlertsSettings)
sensors = msgspec.json.decode(sys.argv[2], type=SensorsSettings)
run(alerts, sensors, FlowsSettings(), url=sys.argv[3])
"""


def settings_of(folder: Path, endpoints: Endpoints, stores: list[str]) -> AlertsSettings:
    """One rule, no budget, three ways out; every store has a person with a phone and one with ntfy."""
    hook = ChannelSettings(
        kind="webhook", url=f"{endpoints.url}/hook", secret_file=str(endpoints.secret_file)
    )
    push = ChannelSettings(
        kind="webpush", secret_file=str(endpoints.vapid_file), subject="mailto:it@example.com"
    )
    people = [
        Person(id=f"{who}-{store}", stores=[store], contacts=[Contact(channel=way, to=to)])
        for store in stores
        for who, way, to in (("mia", "push", ""), ("lw", "ntfy", f"lw-{store}"))
    ]
    return AlertsSettings(
        rules=[QUEUE],
        routes={"floor": Route(channels=["hook"], ladder=[Rung(role="associate")], group_s=0)},
        people=people,
        channels={
            "hook": hook,
            "push": push,
            "ntfy": ChannelSettings(kind="ntfy", url=endpoints.url),
        },
        board=[],
        budget=Budget(pushes=1_000_000),
        flapping=Flapping(fires=1_000_000),
        recovery_dir=str(folder / "recovery"),
    )


@dataclass
class Stage:
    """One of the two processes; killed, it is started again. ``cpu_s`` is what all its lives have used."""

    module: str
    arguments: list[str]
    cpu_s: float = 0.0
    process: subprocess.Popen[bytes] = field(init=False)

    def start(self) -> None:
        """As the command line starts it."""
        script = WORKER.format(module=self.module)
        self.process = subprocess.Popen([sys.executable, "-c", script, *self.arguments], cwd=ROOT)

    def end(self, *, kill: bool) -> None:
        """SIGKILL, or SIGTERM and wait."""
        self.cpu_s += cpu_s(self.process.pid)
        (self.process.kill if kill else self.process.terminate)()
        self.process.wait(60)


class Floor:
    """Stands for the floor dataflow: a batch of facts a store and tick, waiting for Redis while it is away."""

    def __init__(self, server: RedisServer, stores: list[str]) -> None:
        self._client, self._stores = server.client(), stores
        self.said_at: dict[tuple[str, str], float] = {}
        self.waited_s = 0.0

    def tick(self, n: int) -> None:
        """In every store the queue of the last tick is gone and another till has one."""
        at = SystemClock().now()
        for store in self._stores:
            facts = [self._queue(store, at, n, 9.0)]
            if n:
                facts.append(self._queue(store, at, n - 1, 1.0))
            partition = partition_of(store, PARTITIONS)
            position = f"{to_ms(at)}-{self._stores.index(store)}"
            batch = FactBatch(
                store=store, partition=partition, position=position, at=at, facts=facts
            )
            self.said_at[store, f"till:{n}"] = perf_counter()
            self._write(partition, batch)

    def _write(self, partition: int, batch: FactBatch) -> None:
        raw, began = msgspec.json.encode(batch), perf_counter()
        pause = threading.Event()
        while perf_counter() - began < 60:
            try:
                self._client.xadd(facts_key(partition), {"f": raw}, id=batch.position)
            except redis.ConnectionError:
                pause.wait(0.02)
            except redis.ResponseError as error:
                if "equal or smaller" not in str(error):
                    raise
                break  # written, but the answer was lost with the server
            else:
                break
        self.waited_s += perf_counter() - began

    @staticmethod
    def _queue(store: str, at: datetime, n: int, length: float) -> Fact:
        return Fact(
            store=store, metric="queue_length", window="now", start=at, end=at, value=length,
            unit="people", as_of=at, subject=f"till:{n}", newest_at=at, state="live",
        )  # fmt: skip
