"""Facts on a real Redis become incidents, and incidents reach a real broker."""

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import msgspec
import paho.mqtt.client as mqtt
import pytest
from bytewax.recovery import RecoveryConfig, init_db_dir
from bytewax.testing import run_main
from paho.mqtt.enums import CallbackAPIVersion

from alerts.attempts import Attempt
from alerts.book import Book
from alerts.channels import Delivery, RefusedError, UnreachableError
from alerts.courier import Courier
from alerts.deliver import Deliverer, deliverer
from alerts.incident import Incident, Notice
from alerts.keyspace import incidents_key, outbox_key, sent_key
from alerts.outbox import Outbox
from alerts.settings import AlertsSettings, ChannelSettings, Contact, Person, Route, Rule, Rung
from alerts.topology import live
from flows.facts import FactBatch
from flows.keyspace import facts_key
from flows.settings import FlowsSettings
from sensors.settings import Broker, SensorsSettings
from tests.scenario import Story, shop
from tests.servers import Mosquitto, RedisServer

pytestmark = pytest.mark.servers

SENSORS = SensorsSettings(stores=[shop()])
LOW = Rule(name="low-conversion", metric="conversion", action="add-staff")
SETTINGS = AlertsSettings(
    rules=[LOW], channels={"mqtt": ChannelSettings(kind="mqtt", backoff_s=0.01, backoff_max_s=0.05)}
)


def story() -> Story:
    """A morning with one bout of low conversion that resolves."""
    told = Story([LOW]).at("10:00").rate(30, 400, minutes=10)
    return told.rate(60, 400, minutes=5).rate(30, 400, minutes=3)


def write(server: RedisServer, batches: list[FactBatch]) -> None:
    """Put fact batches on the stream as the floor does."""
    pipe = server.client().pipeline()
    for batch in batches:
        pipe.xadd(facts_key(0), {"f": msgspec.json.encode(batch)}, id=batch.position)
    pipe.execute()


def run_alerts(server: RedisServer, recovery: Path | None = None) -> None:
    """Run the alert dataflow to the present end of the facts."""
    flow = live(SETTINGS, SENSORS, FlowsSettings(), url=server.url, partitions=[0], follow=False)
    config = RecoveryConfig(recovery, timedelta(0)) if recovery else None
    run_main(flow, epoch_interval=timedelta(0), recovery_config=config)


def incidents(server: RedisServer) -> dict[str, Incident]:
    """What the screen would read."""
    found: Any = server.client().hgetall(incidents_key(0, "s1"))
    return {k.decode(): msgspec.json.decode(v, type=Incident) for k, v in found.items()}


def outbox(server: RedisServer) -> list[Notice]:
    """What is to be told."""
    rows: Any = server.client().xrange(outbox_key(0))
    return [msgspec.json.decode(f[b"n"], type=Notice) for _, f in rows]


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


def test_facts_to_incidents_as_in_the_story(redis_server: RedisServer) -> None:
    """The live dataflow leaves the very incidents and notices that the pure pipeline made."""
    told = story()
    write(redis_server, told.log)
    run_alerts(redis_server)
    kept = dict(told.memory.incidents)
    assert incidents(redis_server) == kept
    assert outbox(redis_server) == [n for b in told.out for n in b.notices]


def test_restart_repeats_no_notice_of_its_own(redis_server: RedisServer, tmp_path: Path) -> None:
    """Stopped half-way and resumed, it tells the same as in one go, and no notice twice."""
    told = story()
    recovery = tmp_path / "recovery"
    recovery.mkdir()
    init_db_dir(recovery, 1)
    half = len(told.log) // 2
    write(redis_server, told.log[:half])
    run_alerts(redis_server, recovery)
    write(redis_server, told.log[half:])
    run_alerts(redis_server, recovery)
    assert [n.id for n in outbox(redis_server)] == [n.id for b in told.out for n in b.notices]


def test_run_again_from_the_start_changes_nothing(redis_server: RedisServer) -> None:
    """Everything read again without its memory leaves the same incidents, and only notices known by id."""
    told = story()
    write(redis_server, told.log)
    run_alerts(redis_server)
    once = incidents(redis_server)
    run_alerts(redis_server)
    assert incidents(redis_server) == once
    assert len({n.id for n in outbox(redis_server)}) == len(outbox(redis_server)) // 2


def test_board_is_retained_and_cleared(redis_server: RedisServer, mosquitto: Mosquitto) -> None:
    """Who subscribes late sees what is open now; after the resolve there is nothing retained."""
    told = Story([LOW]).at("10:00").rate(30, 400, minutes=2)
    broker = Broker(host="127.0.0.1", port=mosquitto.port)
    worker = deliverer(
        SETTINGS, SENSORS, FlowsSettings(), url=redis_server.url, broker=broker, partitions=[0]
    )
    write(redis_server, told.log)
    run_alerts(redis_server)
    turn_until(worker, lambda: acked(redis_server))
    first = retained(mosquitto)
    assert [i["rule"] for i in first["incidents"]] == ["low-conversion"]
    before = len(told.log)
    told.rate(60, 400, minutes=3)
    write(redis_server, told.log[before:])
    run_alerts(redis_server)
    turn_until(worker, lambda: acked(redis_server))
    assert retained(mosquitto) == {}
    worker.close()


def retained(server: Mosquitto) -> dict[str, Any]:
    """What the broker hands to a new subscriber before it confirms a later marker."""
    got: dict[str, Any] = {}
    ended = threading.Event()

    def heard(client: mqtt.Client, _state: object, message: mqtt.MQTTMessage) -> None:
        if message.topic == "marker":
            ended.set()
        elif message.payload:
            got.update(msgspec.json.decode(message.payload))

    def ready(client: mqtt.Client, *_: object) -> None:
        client.publish("marker", b"x", qos=1)

    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    client.on_message = heard
    client.on_subscribe = ready
    client.connect("127.0.0.1", server.port)
    client.subscribe([("floor/v1/s1/alerts", 1), ("marker", 1)])
    client.loop_start()
    assert ended.wait(30)
    client.disconnect()
    client.loop_stop()
    return got


class Recorder:
    """A channel of a test's own that fails as told and keeps what got through, as an endpoint would."""

    shows_board = False

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


def test_each_step_is_pushed_once_though_the_outbox_repeats(redis_server: RedisServer) -> None:
    """A notice that stands twice in the outbox reaches the person once."""
    settings = people(BOTH)
    notices = put_notices(redis_server, settings)
    put_notices(redis_server, settings)
    a, b = Recorder(), Recorder()
    worker = courier_on(redis_server, settings, {"a": a, "b": b})
    turn_until(worker, lambda: acked(redis_server))
    assert [d.notice.id for d in a.got] == [n.id for n in notices]
    assert b.got == []
    worker.close()


def test_failures_are_retried_then_the_next_channel(redis_server: RedisServer) -> None:
    """A channel that fails is retried; refused or worn out, the person's next one is taken, at its address."""
    settings = people(BOTH)
    put_notices(redis_server, settings)
    a, b = (
        Recorder([UnreachableError, UnreachableError, UnreachableError, RefusedError]),
        Recorder(),
    )
    worker = courier_on(redis_server, settings, {"a": a, "b": b})
    turn_until(worker, lambda: acked(redis_server))
    assert sorted({d.to for d in b.got}) == ["chen@b"]
    assert len(a.got) + len(b.got) == 2
    records: Any = redis_server.client().hgetall(sent_key(0))
    attempts = [msgspec.json.decode(raw, type=list[Attempt]) for raw in records.values()]
    made = [t for tries in attempts for t in tries if t.state != "skipped"]
    assert len(made) == a.tries + b.tries
    assert sum(t.state != "sent" for t in made) >= 3
    assert all(tries[-1].state == "sent" for tries in attempts)
    worker.close()


def test_what_was_sent_is_never_written_over(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A record that says sent never says less again, however late the main loop writes what it knew before."""
    settings = people(BOTH)
    put_notices(redis_server, settings)
    a, b = Recorder([UnreachableError] * 9), Recorder()
    real, client = Outbox.write, redis_server.client()

    def kept() -> set[bytes]:
        rows: Any = client.hgetall(sent_key(0))
        return {k for k, raw in rows.items() if b'"sent"' in raw}

    def late(self: Outbox, *what: Any) -> None:
        threading.Event().wait(0.1)  # what was begun meanwhile has mostly ended
        before = kept()
        real(self, *what)
        assert before <= kept()

    monkeypatch.setattr(Outbox, "write", late)
    worker = courier_on(redis_server, settings, {"a": a, "b": b})
    turn_until(worker, lambda: acked(redis_server))
    assert len(kept()) == len(b.got) == 2
    worker.close()


def test_a_dead_end_is_recorded_and_let_go(redis_server: RedisServer) -> None:
    """Nobody to be reached by any channel: recorded as dead, and the outbox moves on."""
    settings = people(BOTH[:1])
    put_notices(redis_server, settings)
    worker = courier_on(
        redis_server, settings, {"a": Recorder([RefusedError] * 2), "b": Recorder()}
    )
    turn_until(worker, lambda: acked(redis_server))
    records: Any = redis_server.client().hvals(sent_key(0))
    assert {msgspec.json.decode(r, type=list[Attempt])[-1].state for r in records} == {"dead"}
    worker.close()


def test_a_hanging_channel_delays_no_other(redis_server: RedisServer) -> None:
    """While one channel hangs, what goes by another is delivered."""
    quick = people([Contact(channel="b", to="b")])
    settings = msgspec.structs.replace(
        quick, routes={"floor": Route(channels=["a"], ladder=[Rung(role="associate")])}
    )
    put_notices(redis_server, settings)
    a, b = Recorder(), Recorder()
    a.gate = threading.Event()
    worker = courier_on(redis_server, settings, {"a": a, "b": b})
    turn_until(worker, lambda: len(b.got) == 2)
    assert a.got == []
    a.gate.set()
    turn_until(worker, lambda: acked(redis_server))
    assert len(a.got) == 2
    worker.close()


def test_killed_before_recording_it_goes_on(redis_server: RedisServer) -> None:
    """A deliverer that dies with work unfinished leaves it to the next one; what was recorded is not repeated."""
    settings = people(BOTH)
    put_notices(redis_server, settings)
    dead = Recorder([UnreachableError] * 99)
    slow = msgspec.structs.replace(
        settings,
        channels={"a": ChannelSettings(kind="log", backoff_s=60), "b": settings.channels["b"]},
    )
    first = courier_on(redis_server, slow, {"a": dead, "b": Recorder()})
    turn_until(first, lambda: len(redis_server.client().hgetall(sent_key(0))) == 2)  # type: ignore[arg-type]
    a = Recorder()
    second = courier_on(redis_server, settings, {"a": a, "b": Recorder()})
    turn_until(second, lambda: acked(redis_server))
    assert [d.notice.kind for d in a.got] == ["firing", "resolved"]
    third = Recorder()
    last = courier_on(redis_server, settings, {"a": third, "b": Recorder()})
    last.turn()
    assert third.got == []
    first.close()
    second.close()
    last.close()
