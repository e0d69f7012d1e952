"""Channels that are down: they delay nobody else, and whoever stands behind them is told by another way."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from time import monotonic
from typing import Any

import msgspec
import pytest
import redis

from alerts.attempts import Attempt
from alerts.breaker import TRIPS
from alerts.deliver import Deliverer, deliverer
from alerts.incident import Notice
from alerts.keyspace import outbox_key, push_key, sent_key
from alerts.outbox import Outbox
from alerts.settings import AlertsSettings, ChannelSettings, Contact, Person, Route, Rule, Rung
from flows.settings import FlowsSettings
from sensors.settings import SensorsSettings
from tests.endpoints import Endpoints, Hanging
from tests.scenario import Story, shop
from tests.servers import RedisServer, free_port

pytestmark = pytest.mark.servers
SENSORS = SensorsSettings(stores=[shop()])
LOW = Rule(name="low-conversion", metric="conversion", action="add-staff")
COUNT = 24
THREADS = 2
LONG_S = 60.0  # no call takes so long, on however slow a machine


@pytest.fixture
def endpoints(tmp_path: Path) -> Iterator[Endpoints]:
    """A push service, an ntfy server and a webhook's receiver that work."""
    with Endpoints(tmp_path) as made:
        yield made


def settings(
    endpoints: Endpoints, contacts: dict[str, list[str]], **more: ChannelSettings
) -> AlertsSettings:
    """Two associates and a floor manager, each with ways to be told; ``down`` is a channel that does not work."""
    quick: dict[str, Any] = {
        "timeout_s": LONG_S,
        "backoff_s": 0.02,
        "backoff_max_s": 0.1,
        "threads": THREADS,
    }
    secret = str(endpoints.secret_file)
    channels = {
        "ntfy": ChannelSettings(kind="ntfy", url=endpoints.url, **quick),
        "hook": ChannelSettings(
            kind="webhook", url=f"{endpoints.url}/hook", secret_file=secret, **quick
        ),
        "push": ChannelSettings(
            kind="webpush",
            secret_file=str(endpoints.vapid_file),
            subject="mailto:it@example.com",
            **quick,
        ),
    }
    roles = {"chen": "associate", "mia": "associate", "lw": "floor-manager"}
    return AlertsSettings(
        rules=[LOW],
        routes={"floor": Route(channels=[], ladder=[Rung(role="associate"), Rung(role="floor-manager", after_s=300)])},
        people=[
            Person(id=who, role=roles[who], contacts=[Contact(channel=w, to="" if w == "push" else who) for w in ways])
            for who, ways in contacts.items()
        ],
        channels=channels | more,
        board=[],
    )  # fmt: skip


def down(url: str, **more: Any) -> ChannelSettings:
    """An ntfy server that does not work."""
    told = {"timeout_s": LONG_S, "backoff_s": 0.02, "backoff_max_s": 0.1, "threads": THREADS} | more
    return ChannelSettings(kind="ntfy", url=url, **told)


def fill(client: redis.Redis, chosen: AlertsSettings, count: int = COUNT) -> list[Notice]:
    """So many first pushes of act-incidents in the outbox."""
    first = Story(chosen).at("10:00").rate(30, 400, minutes=2).notices[0]
    made = [msgspec.structs.replace(first, id=f"s1/low-conversion//t{n}#1:firing:0") for n in range(count)]  # fmt: skip
    for notice in made:
        client.xadd(outbox_key(0), {"n": msgspec.json.encode(notice)})
    return made


@contextmanager
def delivering(server: RedisServer, chosen: AlertsSettings) -> Iterator[Deliverer]:
    """The deliverer at work in a thread."""
    worker = deliverer(chosen, SENSORS, FlowsSettings(), url=server.url, partitions=[0])
    stop = threading.Event()
    thread = threading.Thread(target=worker.run, args=(stop,))
    thread.start()
    try:
        yield worker
    finally:
        stop.set()
        thread.join(20)
        assert not thread.is_alive()


def until(done: Callable[[], bool], bound_s: float = LONG_S) -> None:
    """Wait for a condition."""
    began, pause = monotonic(), threading.Event()
    while not done():
        assert monotonic() - began < bound_s, "not in time"
        pause.wait(0.01)


def finished(client: redis.Redis) -> bool:
    """Nothing is left in the outbox."""
    info: Any = client.xinfo_groups(outbox_key(0)) if client.exists(outbox_key(0)) else []
    return bool(info) and info[0]["pending"] == 0 and info[0]["lag"] == 0


def attempts(client: redis.Redis) -> dict[str, list[Attempt]]:
    """What was recorded, by key."""
    rows: Any = client.hgetall(sent_key(0))
    return {k.decode(): msgspec.json.decode(v, type=list[Attempt]) for k, v in rows.items()}


def test_a_server_that_never_answers(redis_server: RedisServer, endpoints: Endpoints) -> None:
    """Others hear while it holds its first callers; when those have failed, all behind it go by their next channel."""
    client = redis_server.client()
    with Hanging() as hanging:
        silent = down(hanging.url, timeout_s=LONG_S)
        chosen = settings(endpoints, {"chen": ["down", "ntfy"], "mia": ["push"]}, down=silent)
        client.hset(push_key("mia"), "phone", endpoints.phone("mia").subscription)
        with delivering(redis_server, chosen):
            fill(client, chosen)
            until(lambda: len(endpoints.seen["push/mia"]) == COUNT)
            assert failures(client) == 0  # not one of its calls has ended
            for calls in range(THREADS, TRIPS + THREADS, THREADS):
                until(lambda calls=calls: hanging.callers >= calls)  # type: ignore[misc]
                hanging.hang_up()
                until(lambda calls=calls: failures(client) >= calls)  # type: ignore[misc]
            until(lambda: hanging.hang_up() or finished(client))  # type: ignore[func-returns-value]
        assert len(endpoints.seen["ntfy"]) == COUNT
        assert hanging.callers < COUNT  # of 72 without it
    for key, tries in attempts(client).items():
        assert tries[-1].state == "sent"
        assert all(t.state in ("failed", "skipped") for t in tries[:-1])
        assert all(t.at_ms for t in tries if t.state != "skipped")
        assert key.endswith("@mia") or tries[0].channel == "down"
    assert endpoints.complaints == []


def failures(client: redis.Redis) -> int:
    """How many tries are on record as failed."""
    return sum(t.state == "failed" for tries in attempts(client).values() for t in tries)


def test_a_server_that_refuses_connections(redis_server: RedisServer, endpoints: Endpoints) -> None:
    """It is tried again with pauses, then the next channel is taken; every try is on record."""
    client = redis_server.client()
    nobody = down(f"http://127.0.0.1:{free_port()}")
    chosen = settings(endpoints, {"chen": ["down", "ntfy"], "mia": ["ntfy"]}, down=nobody)
    with delivering(redis_server, chosen):
        (notice,) = fill(client, chosen, 1)
        until(lambda: finished(client))
    tries = attempts(client)[f"{notice.id}|@chen"]
    assert [(t.channel, t.n, t.state) for t in tries] == [
        ("down", 1, "failed"), ("down", 2, "failed"), ("down", 3, "failed"), ("ntfy", 1, "sent"),
    ]  # fmt: skip
    assert all(t.why for t in tries[:-1])
    pauses = [b.at_ms - a.at_ms for a, b in pairwise(tries)]  # type: ignore[operator]
    assert pauses[0] >= 10
    assert pauses[1] >= 20


def test_nobody_on_the_rung_can_be_reached(redis_server: RedisServer, endpoints: Endpoints) -> None:
    """When every associate is out of reach the floor manager is told at once, and the dead ends are on record."""
    client = redis_server.client()
    nobody = down(f"http://127.0.0.1:{free_port()}", attempts=2)
    contacts = {"chen": ["down"], "mia": ["down"], "lw": ["ntfy"]}
    chosen = settings(endpoints, contacts, down=nobody)
    with delivering(redis_server, chosen):
        fill(client, chosen, 1)
        until(lambda: finished(client))
    told = attempts(client)
    assert {k[-4:]: tries[-1].state for k, tries in told.items()} == {
        "chen": "dead", "@mia": "dead", "|@lw": "sent",
    }  # fmt: skip
    (said,) = endpoints.seen["ntfy"]
    assert said.said["topic"] == "lw"
    assert said.said["title"].startswith("已升级")


def test_one_of_the_rung_is_enough(redis_server: RedisServer, endpoints: Endpoints) -> None:
    """As long as one associate was reached, nobody above is disturbed by another's dead phone."""
    client = redis_server.client()
    nobody = down(f"http://127.0.0.1:{free_port()}", attempts=2)
    contacts = {"chen": ["down"], "mia": ["ntfy"], "lw": ["ntfy"]}
    chosen = settings(endpoints, contacts, down=nobody)
    with delivering(redis_server, chosen):
        fill(client, chosen, 1)
        until(lambda: finished(client))
    assert [a.said["topic"] for a in endpoints.seen["ntfy"]] == ["mia"]


def test_it_works_again(redis_server: RedisServer, endpoints: Endpoints) -> None:
    """What has no other way waits for its server, and is all delivered once when that works again."""
    client = redis_server.client()
    port = free_port()
    chosen = settings(
        endpoints, {"chen": ["down"]}, down=down(f"http://127.0.0.1:{port}", attempts=50)
    )
    with delivering(redis_server, chosen):
        made = fill(client, chosen)
        until(lambda: any(t[-1].state == "failed" for t in attempts(client).values()))
        with Endpoints(endpoints.folder, port=port) as back:
            until(lambda: finished(client))
            assert sorted(a.key for a in back.seen["ntfy"]) == sorted(f"{n.id}|@chen" for n in made)


def test_an_answer_of_redis_that_is_lost(
    redis_server: RedisServer, endpoints: Endpoints, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A notice that was read when the connection broke is read again and delivered once, not left for a restart."""
    client = redis_server.client()
    chosen = settings(endpoints, {"chen": ["ntfy"]})
    cut = threading.Event()
    real = Outbox.records

    def breaks(self: Outbox, asked: list[tuple[int, list[str]]]) -> list[dict[str, list[Attempt]]]:
        if asked and not cut.is_set():
            cut.set()
            raise redis.ConnectionError("cut in the middle")
        return real(self, asked)

    monkeypatch.setattr(Outbox, "records", breaks)
    with delivering(redis_server, chosen):
        made = fill(client, chosen, 3)
        until(lambda: finished(client))
    assert cut.is_set()
    assert sorted(a.key for a in endpoints.seen["ntfy"]) == sorted(f"{n.id}|@chen" for n in made)


def test_a_notice_nobody_can_read(redis_server: RedisServer, endpoints: Endpoints) -> None:
    """It becomes a dead letter with the reason, and what comes after it is delivered."""
    client = redis_server.client()
    chosen = settings(endpoints, {"chen": ["ntfy"]})
    client.xadd(outbox_key(0), {"n": b'{"id": 3}'})
    fill(client, chosen, 1)
    with delivering(redis_server, chosen):
        until(lambda: finished(client))
    assert len(endpoints.seen["ntfy"]) == 1
    (dead,) = [tries for key, tries in attempts(client).items() if key.startswith("entry ")]
    assert (dead[-1].state, dead[-1].why[:11]) == ("dead", "unreadable:")
