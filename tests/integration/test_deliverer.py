"""The deliverer on a real Redis: retries, the next channel, dead letters, and what a kill leaves behind."""

import threading
from typing import Any

import msgspec
import pytest

from alerts.attempts import Attempt
from alerts.channels import RefusedError, UnreachableError
from alerts.keyspace import sent_key
from alerts.outbox import Outbox
from alerts.settings import ChannelSettings, Contact, Route, Rung
from tests.outbox import BOTH, Recorder, acked, courier_on, people, put_notices, turn_until
from tests.servers import RedisServer

pytestmark = pytest.mark.servers


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
