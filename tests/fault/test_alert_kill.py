"""kill -9 of the alert dataflow and of the deliverer loses no page and doubles none."""

import random
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import msgspec
import pytest

from alerts.incident import Incident, Notice
from alerts.keyspace import incidents_key, outbox_key
from alerts.settings import AlertsSettings, ChannelSettings, Route, Rule
from flows.keyspace import facts_key
from sensors.settings import SensorsSettings
from tests.scenario import Story, shop
from tests.servers import RedisServer

pytestmark = pytest.mark.servers

LOW = Rule(name="low-conversion", metric="conversion")
SENSORS = SensorsSettings(stores=[shop()])
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


def start(module: str, settings: AlertsSettings, server: RedisServer) -> subprocess.Popen[bytes]:
    """A process of its own, as the command line starts it."""
    args = [msgspec.json.encode(settings).decode(), msgspec.json.encode(SENSORS).decode()]
    script = WORKER.format(module=module)
    return subprocess.Popen(
        [sys.executable, "-c", script, *args, server.url], cwd=Path(__file__).parents[2]
    )


def until(done: Callable[[], bool], process: subprocess.Popen[bytes], bound_s: float = 30) -> None:
    """Wait for a condition while the process lives."""
    for _ in range(int(bound_s / 0.02)):
        if done():
            return
        try:
            process.wait(0.02)
        except subprocess.TimeoutExpired:
            continue
        raise AssertionError(f"the process ended with {process.returncode}")
    raise AssertionError("not in time")


def morning() -> Story:
    """Four bouts of low conversion, some taken."""
    story = Story([LOW], tick_s=10).at("10:00")
    for n in range(4):
        story.rate(30, 400, minutes=3)
        if n % 2:
            story.ack("low-conversion")
        story.rate(60, 400, minutes=15)
    return story


def test_alert_dataflow_killed_at_random(redis_server: RedisServer, tmp_path: Path) -> None:
    """However often the dataflow is killed, its incidents and the set of its notices are those of one calm run."""
    story = morning()
    settings = AlertsSettings(rules=[LOW], recovery_dir=str(tmp_path / "recovery"), snapshot_s=0.1)
    client, chance = redis_server.client(), random.Random(5)
    wanted = [n for batch in story.out for n in batch.notices]
    shares = _cut(story.log, 3)
    for n, share in enumerate(shares):
        process = start("topology", settings, redis_server)
        for batch in share:
            client.xadd(facts_key(0), {"e": msgspec.json.encode(batch)}, id=batch.position)
        position = share[-1].position
        told = sum(1 for b in story.out if _before(b.position, position) for _ in b.notices)
        goal = told if n == 2 else chance.randrange(max(1, told))
        until(lambda goal=goal: len(_ids(redis_server)) >= goal, process)  # type: ignore[misc]
        if n == 2:
            until(lambda: _incidents(redis_server) == story.memory.incidents, process)
            process.terminate()
            assert process.wait(30) == 0
        else:
            process.kill()
            process.wait(30)
    assert _ids(redis_server) == {notice.id for notice in wanted}
    assert {n.id: n for n in _outbox(redis_server)} == {n.id: n for n in wanted}


def test_deliverer_killed_at_random(redis_server: RedisServer, tmp_path: Path) -> None:
    """However often the deliverer is killed, every notice arrives, and a repeat only under the key it had."""
    (tmp_path / "secret").write_text("s3cret")
    story = morning()
    for notice in story.notices:
        redis_server.client().xadd(outbox_key(0), {"n": msgspec.json.encode(notice)})
    with counting() as (url, got):
        hook = ChannelSettings(
            kind="webhook", url=url, secret_file=str(tmp_path / "secret"), threads=1
        )
        settings = AlertsSettings(
            rules=[LOW],
            routes={"floor": Route(channels=["hook"])},
            channels={"hook": hook},
            board=[],
        )
        everyone = {f"{n.id}|hook" for n in story.notices}
        for goal in (2, 5):
            process = start("deliver", settings, redis_server)
            until(lambda goal=goal: len(got) >= goal, process)  # type: ignore[misc]
            process.kill()
            process.wait(30)
        process = start("deliver", settings, redis_server)
        until(lambda: set(got) == everyone and _acked(redis_server), process)
        process.terminate()
        assert process.wait(30) == 0
    assert set(got) == everyone
    assert sum(got.values()) - len(got) <= 2  # at most the one on its way at each kill


@contextmanager
def counting() -> Iterator[tuple[str, Counter[str]]]:
    """A webhook endpoint that counts each key's arrivals."""
    got: Counter[str] = Counter()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            got[self.headers["Idempotency-Key"]] += 1
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", got
    server.shutdown()
    thread.join()
    server.server_close()


def _cut(log: list[Any], parts: int) -> list[list[Any]]:
    size = -(-len(log) // parts)
    return [log[n : n + size] for n in range(0, len(log), size)]


def _before(position: str, limit: str) -> bool:
    return tuple(map(int, position.split("-"))) <= tuple(map(int, limit.split("-")))


def _outbox(server: RedisServer) -> list[Notice]:
    rows: Any = server.client().xrange(outbox_key(0))
    return [msgspec.json.decode(f[b"n"], type=Notice) for _, f in rows]


def _ids(server: RedisServer) -> set[str]:
    return {n.id for n in _outbox(server)}


def _incidents(server: RedisServer) -> dict[str, Incident]:
    found: Any = server.client().hgetall(incidents_key(0, "s1"))
    return {k.decode(): msgspec.json.decode(v, type=Incident) for k, v in found.items()}


def _acked(server: RedisServer) -> bool:
    info: Any = server.client().xinfo_groups(outbox_key(0))
    return bool(info) and info[0]["pending"] == 0 and info[0]["lag"] == 0
