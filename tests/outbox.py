"""An outbox with notices in it, and a deliverer over channels that fail as told."""

import threading
from collections.abc import Callable
from time import monotonic
from typing import Any

import msgspec

from alerts.book import Book
from alerts.channels import Delivery, UnreachableError
from alerts.courier import Courier
from alerts.deliver import Deliverer
from alerts.incident import Notice
from alerts.keyspace import outbox_key
from alerts.settings import AlertsSettings, ChannelSettings, Contact, Person, Route, Rule, Rung
from flows.settings import FlowsSettings
from sensors.settings import SensorsSettings
from tests.scenario import Story, shop
from tests.servers import RedisServer

SENSORS = SensorsSettings(stores=[shop()])
LOW = Rule(name="low-conversion", metric="conversion", action="add-staff")


def turn_until(worker: Deliverer, done: Callable[[], bool], bound_s: float = 60.0) -> None:
    """Let the deliverer go round, each round waiting for its streams, until something holds."""
    began = monotonic()
    while monotonic() - began < bound_s:
        worker.turn()
        if done():
            return
    raise AssertionError("not delivered in time")


def acked(server: RedisServer) -> bool:
    """Nothing is left unfinished in the outbox."""
    info: Any = server.client().xinfo_groups(outbox_key(0))
    return bool(info) and info[0]["pending"] == 0 and info[0]["lag"] == 0


class Recorder:
    """A channel of a test's own that fails as told and keeps what got through, as an endpoint would."""

    shows_board = False
    takes_joined = True

    def __init__(self, failures: list[type[Exception]] | None = None) -> None:
        self.failures = failures or []
        self.got: list[Delivery] = []
        self.tries = 0
        self.gate: threading.Event | None = None

    def send(self, delivery: Delivery) -> None:
        self.tries += 1
        if self.gate and not self.gate.wait(30):
            raise UnreachableError("gate")
        if self.failures:
            raise self.failures.pop(0)("as told")
        self.got.append(delivery)

    def close(self) -> None:
        """Nothing."""


def people(contacts: list[Contact]) -> AlertsSettings:
    """Settings with one associate, and channels a and b without pauses worth the name."""
    quick = ChannelSettings(kind="log", attempts=3, backoff_s=0.001, backoff_max_s=0.002)
    return AlertsSettings(
        rules=[LOW],
        routes={"floor": Route(channels=[], ladder=[Rung(role="associate")])},
        people=[Person(id="chen", language="en", contacts=contacts)],
        channels={"a": quick, "b": quick},
        board=[],
    )


def courier_on(
    server: RedisServer, settings: AlertsSettings, channels: dict[str, Any]
) -> Deliverer:
    """A deliverer over channels of the test's own."""
    courier = Courier(Book(settings, SENSORS, FlowsSettings()), settings, [])
    return Deliverer(server.url, courier, channels, settings, [0])


def put_notices(server: RedisServer, settings: AlertsSettings) -> list[Notice]:
    """One firing and one resolve in the outbox."""
    told = Story(settings).at("10:00").rate(30, 400, minutes=2).rate(60, 400, minutes=3)
    for notice in told.notices:
        server.client().xadd(outbox_key(0), {"n": msgspec.json.encode(notice)})
    return told.notices


BOTH = [Contact(channel="a", to="chen@a"), Contact(channel="b", to="chen@b")]
