"""The stream of a wall's changes: the real web server on loopback, and a real Redis behind it."""

import http.client
import json
import multiprocessing
import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from dashboard import serve
from dashboard.doors.gate import KIOSK
from dashboard.doors.house import House
from dashboard.doors.kiosks import Kiosks
from dashboard.parts import epoch_ms
from flows.keyspace import through_key
from tests.floor_facts import Floor, clock_time, demo_shops
from tests.servers import RedisServer

pytestmark = pytest.mark.servers
SETTINGS: dict[str, Any] = {"screens": 8, "comment_s": 0.5, "reread_s": 30.0, "queue": 2}


class Server(NamedTuple):
    """A running web server, and what a wall shows at its door."""

    port: int
    process: Any
    kiosks: Kiosks
    pass_: dict[str, str]


class Wall:
    """One screen's connection, read message by message."""

    def __init__(self, server: "Server", path: str = "/wall/riverside/events") -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        self.connection.request("GET", path, headers=server.pass_)
        self.answer = self.connection.getresponse()

    def blocks(self) -> Iterator[list[str]]:
        """What stands between two blank lines."""
        block: list[str] = []
        while line := self.answer.readline():
            if line == b"\n":
                yield block
                block = []
            else:
                block.append(line.decode().rstrip("\n"))

    def messages(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Events with their data; comments are passed over."""
        for block in self.blocks():
            if block and block[0].startswith("event: "):
                yield block[0].removeprefix("event: "), json.loads(block[1].removeprefix("data: "))

    def close(self) -> None:
        """Leave."""
        self.answer.close()
        self.connection.close()


@pytest.fixture
def floor(redis_server: RedisServer) -> Floor:
    """The demo shop, with an afternoon's facts."""
    shop = demo_shops(**SETTINGS)["riverside"]
    floor = Floor(redis_server.client(), shop, clock_time(16, 22, shop))
    floor.publish(*floor.afternoon(), incidents=floor.incidents())
    return floor


@pytest.fixture
def server(redis_server: RedisServer, tmp_path: Path) -> Iterator[Server]:
    """The web server as ``floorcast screen`` runs it."""
    kiosks = Kiosks(tmp_path)
    token = kiosks.issue("lobby", "riverside")
    shops = demo_shops(**SETTINGS)
    listener = serve.listen("127.0.0.1", 0)
    process = multiprocessing.get_context("fork").Process(
        target=serve.run,
        args=(
            redis_server.url,
            shops,
            16,
            shops["riverside"].settings,
            [listener],
            House(tmp_path),
        ),
    )
    process.start()
    port = listener.getsockname()[1]
    listener.close()
    yield Server(port, process, kiosks, {"Cookie": f"{KIOSK}={token}"})
    if process.is_alive():
        process.terminate()
        process.join(30)


def test_everything_then_changes(floor: Floor, server: Server) -> None:
    """A screen gets everything once, then only what changed, numbered without a gap."""
    wall = Wall(server)
    messages = wall.messages()
    name, full = next(messages)
    assert name == "full"
    assert full["full"]
    assert full["link"] == "ok"
    assert full["set"]["tile:visitors"]["v"] == 523
    assert len(json.dumps(full, ensure_ascii=False, separators=(",", ":")).encode()) <= 8 * 1024
    seq, parts = full["seq"], full["set"]
    floor.advance()
    floor.publish(floor.fact("visitors", "day", 524))
    while parts["tile:visitors"]["v"] != 524:
        name, delta = next(messages)
        assert name == "delta"
        assert delta["seq"] == seq + 1
        assert len(json.dumps(delta).encode()) <= 1024
        seq, parts = delta["seq"], parts | delta["set"]
    assert set(delta["set"]) <= {"tile:visitors", "sum"}
    wall.close()


def test_silence_is_commented(floor: Floor, server: Server) -> None:
    """A stream without news says that it lives, so that no proxy takes it for dead."""
    wall = Wall(server)
    kinds = (block[0].partition(":")[0] for block in wall.blocks() if block)
    assert next(kind for kind in kinds if kind not in {"retry", "event"}) == ""
    wall.close()


def test_polling_says_the_same(floor: Floor, server: Server) -> None:
    """The fallback gives what the stream gives."""
    wall = Wall(server)
    _, full = next(wall.messages())
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.request("GET", "/wall/riverside/state", headers=server.pass_)
    polled = json.loads(connection.getresponse().read())
    assert polled["set"] == full["set"]
    assert polled["v"] == full["v"]
    connection.close()
    wall.close()


def test_a_quiet_store_stays_live(floor: Floor, server: Server, redis_server: RedisServer) -> None:
    """Without news of a store its wall still hears, in order and without a part, until when what it shows holds."""
    wall = Wall(server)
    messages = wall.messages()
    _, full = next(messages)
    client, seq, at = redis_server.client(), full["seq"], full["at"]
    for _ in range(2):
        through = floor.advance(5)
        client.set(through_key(floor.partition), through.isoformat())
        while at < epoch_ms(through):
            _, delta = next(messages)
            assert (delta["seq"], delta["set"], delta["drop"]) == (seq + 1, {}, [])
            seq, at = delta["seq"], delta["at"]
    assert delta["newest"] == full["newest"]
    wall.close()


def test_unknown_store(floor: Floor, server: Server) -> None:
    """A wall's token opens its own store, and no other, whether it exists or not."""
    for path in ("/wall/nowhere/events", "/wall/nowhere/state"):
        wall = Wall(server, path)
        assert wall.answer.status == 403
        wall.close()


def test_a_revoked_wall_goes_dark(floor: Floor, server: Server) -> None:
    """Revoking a token ends the stream that it opened, and opens none any more."""
    wall = Wall(server)
    messages = wall.messages()
    next(messages)
    assert server.kiosks.revoke("lobby")
    floor.advance()
    floor.publish(floor.fact("visitors", "day", 524))
    assert all(name == "delta" for name, _ in messages)
    again = Wall(server)
    assert again.answer.status == 401
    for each in (wall, again):
        each.close()


def test_a_full_house_is_served_too(floor: Floor, server: Server) -> None:
    """A screen beyond the configured number gets everything and is told to come again, never an error."""
    walls = [Wall(server) for _ in range(SETTINGS["screens"])]
    for wall in walls:
        next(wall.messages())
    late = Wall(server)
    blocks = list(late.blocks())
    assert blocks[0] == ["retry: 15000"]
    assert [b[0] for b in blocks[1:]] == ["event: full"]
    assert late.answer.status == 200
    for wall in (*walls, late):
        wall.close()


def test_redis_away_is_a_state(floor: Floor, server: Server, redis_server: RedisServer) -> None:
    """While the data store is away the stream stays open and says so; afterwards it goes on."""
    wall = Wall(server)
    messages = wall.messages()
    next(messages)
    redis_server.stop()
    while next(messages)[1]["link"] != "down":
        continue
    late = Wall(server)
    _, full = next(late.messages())
    assert (late.answer.status, full["link"]) == (200, "down")
    assert full["set"]["tile:visitors"]["v"] == 523
    redis_server.start()
    while next(messages)[1]["link"] != "ok":
        continue
    wall.close()
    late.close()


def test_stops_cleanly_with_screens_connected(floor: Floor, server: Server) -> None:
    """SIGTERM ends every stream and the process within seconds, with exit code 0."""
    process = server.process
    wall = Wall(server)
    messages = wall.messages()
    next(messages)
    began = time.monotonic()
    os.kill(process.pid, signal.SIGTERM)
    process.join(30)
    assert process.exitcode == 0
    assert time.monotonic() - began < 5
    assert all(name == "delta" for name, _ in messages)
    wall.close()


def test_a_taken_port_is_said_at_once() -> None:
    """Asking for a port that something listens on raises, so that the command line can choose another."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(OSError, match="in use"):
            serve.listen("127.0.0.1", other.getsockname()[1])
