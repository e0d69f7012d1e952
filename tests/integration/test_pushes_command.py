"""``floorcast pushes`` as people and scripts run it."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from alerts.attempts import Attempt
from alerts.keyspace import outbox_key, sent_key
from alerts.settings import AlertsSettings, ChannelSettings, Contact, Person, Route, Rule, Rung
from floorcast.running import write_effective
from tests.endpoints import Endpoints
from tests.ingest_process import ROOT
from tests.integration.test_delivery_outage import delivering, down, finished, until
from tests.scenario import Story
from tests.servers import RedisServer, free_port
from tests.stages import DEMO

pytestmark = pytest.mark.servers


def run(config: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """The command line, its outputs in pipes."""
    return subprocess.run(
        [sys.executable, "-m", "floorcast", "--config", str(config), "pushes", *arguments],
        capture_output=True, text=True, check=False, timeout=60, cwd=ROOT,
    )  # fmt: skip


def settings(endpoints: Endpoints, broken: ChannelSettings) -> AlertsSettings:
    """Chen can be reached, Mia cannot."""
    return AlertsSettings(
        rules=[Rule(name="low-conversion", metric="conversion", hold_s=0)],
        routes={"floor": Route(channels=[], ladder=[Rung(role="associate")])},
        people=[
            Person(id="chen", contacts=[Contact(channel="ntfy", to="chen")]),
            Person(id="mia", contacts=[Contact(channel="down", to="mia")]),
        ],
        channels={"ntfy": ChannelSettings(kind="ntfy", url=endpoints.url), "down": broken},
        board=[],
    )


def test_dead_letters_are_shown_and_sent_again(redis_server: RedisServer, tmp_path: Path) -> None:
    """What reached nobody is listed with its tries and why; sent again, it goes to those alone who missed it."""
    client = redis_server.client()
    config = write_effective(DEMO, tmp_path, {"sensors": {"redis": {"url": redis_server.url}}})
    with Endpoints(tmp_path) as endpoints:
        chosen = settings(endpoints, down(f"http://127.0.0.1:{free_port()}", attempts=2))
        (notice,) = Story(chosen).at("10:00").rate(30, 400).notices
        client.xadd(outbox_key(0), {"n": msgspec.json.encode(notice)})
        unreadable = Attempt(channel="", n=0, state="dead", why="unreadable")
        client.hset(sent_key(0), "entry 5-0", msgspec.json.encode([unreadable]))
        waiting = run(config)
        assert (waiting.returncode, "waiting" in waiting.stdout) == (0, True)
        with delivering(redis_server, chosen):
            until(lambda: finished(client))
        listed = run(config, "--dead")
        assert listed.returncode == 1
        assert "down 1 failed, down 2 failed" in listed.stdout
        assert "@chen" not in listed.stdout
        told = [msgspec.json.decode(line) for line in run(config, "--json").stdout.splitlines()]
        wanted = {"@chen": "sent", "@mia": "dead", "": "unreadable"}
        assert {p["to"]: p["state"] for p in told} == wanted
        assert all(p["attempts"][0].get("at_ms") for p in told if p["to"])
        answered = run(config, "--dead", "--again")
        assert (answered.returncode, answered.stderr.strip()) == (0, "1 will be sent again")
        mended = settings(endpoints, ChannelSettings(kind="ntfy", url=endpoints.url))
        with delivering(redis_server, mended):
            until(lambda: len(endpoints.seen["ntfy"]) == 2)
            until(lambda: finished(client))
        assert [a.said["topic"] for a in endpoints.seen["ntfy"]] == ["chen", "mia"]


def test_mistakes_are_one_line(redis_server: RedisServer, tmp_path: Path) -> None:
    """Sending all again, or asking a Redis that is down, says what to do in one line."""
    config = write_effective(DEMO, tmp_path, {"sensors": {"redis": {"url": redis_server.url}}})
    refused = run(config, "--again")
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    redis_server.stop()
    away = run(config)
    assert (away.returncode, away.stderr.count("\n")) == (3, 1)
