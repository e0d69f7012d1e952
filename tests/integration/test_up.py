"""``floorcast up`` as a newcomer runs it: on screen, moving, and gone when told to."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar
from urllib.request import urlopen

import msgspec
import pytest
import redis

from floorcast.running import effective_config
from floorcast.settings import load_settings
from flows.keyspace import latest_key
from sensors.keyspace import partition_of

T = TypeVar("T")
ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.servers, pytest.mark.slow]


def wait_for(what: Callable[[], T | None], within_s: float) -> T:
    """The first truthy answer; fails when there is none in time."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if found := what():
            return found
        time.sleep(0.1)
    raise AssertionError(f"not within {within_s} s")


def family(marker: str) -> set[int]:
    """Live processes that carry this marker in their environment, zombies left out."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environment = (folder / "environ").read_bytes()
            state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if marker.encode() in environment and state != "Z":
            found.add(int(folder.name))
    return found


class Running:
    """One ``floorcast up`` in a folder of its own."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder, self.marker = folder, f"FLOORCAST_TEST={folder}"
        config = (ROOT / "config.toml").read_text()
        config = config.replace("demo = true", "demo = true\ndemo_days = 2")
        config = config.replace("port = 8050", "port = 0   ")
        (folder / "config.toml").write_text(config)
        self.out = folder / "out"
        with self.out.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "floorcast", "up"],
                cwd=folder, stdout=out, stderr=out, start_new_session=True,
                env=os.environ | {"PYTHONPATH": str(ROOT), "FLOORCAST_TEST": str(folder), **environment},
            )  # fmt: skip

    def said(self, pattern: str) -> str | None:
        """What it has printed, if that matches."""
        text = self.out.read_text()
        assert self.process.poll() is None, text
        found = re.search(pattern, text)
        return found[0] if found else None

    def values(self) -> dict[str, object]:
        """Every newest fact's value of the demo shop as it lies in Redis."""
        config = effective_config(self.folder / ".floorcast")
        assert config
        sensors = load_settings(config).sensors
        with redis.Redis.from_url(sensors.redis.url) as client:
            place = latest_key(partition_of("riverside", sensors.log.partitions), "riverside")
            facts: dict[bytes, bytes] = client.hgetall(place)  # type: ignore[assignment]
        return {key.decode(): msgspec.json.decode(fact)["value"] for key, fact in facts.items()}

    def gone(self) -> bool:
        """Whether no process of it is left."""
        return not family(self.marker)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Starts ``floorcast up``; ends what a failed test left."""
    started: list[Running] = []

    def start(**environment: str) -> Running:
        started.append(Running(tmp_path, **environment))
        return started[-1]

    yield start
    for run in started:
        for number in (signal.SIGTERM, signal.SIGKILL):
            for pid in family(run.marker):
                try:
                    os.kill(pid, number)
                except ProcessLookupError:
                    continue
            time.sleep(0.2)
        run.process.wait(30)


def test_newcomer(running: Callable[..., Running]) -> None:
    """One URL that answers 200, facts that move, a busy port that is told; Ctrl-C leaves nothing within 5 s."""
    with socket.socket() as busy:
        busy.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            busy.bind(("127.0.0.1", 1883))
            busy.listen()
        except OSError:
            pass  # somebody else's broker makes it just as busy
        up = running()
        url = wait_for(lambda: up.said(r"http://127\.0\.0\.1:\d+/wall/riverside\?k=\S+"), 90)
        assert up.said(r"Broker .*\(1883 is taken\)")
        assert up.said(r"Redis +redis-server \d")
        assert up.said(r"Demo .*time zone Etc/GMT\S* where it is 15:")
        with urlopen(url) as page:  # noqa: S310
            assert page.status == 200
        first = up.values()
        assert first["occupancy||now"]
        wait_for(lambda: up.values() != first, 60)
    began = time.monotonic()
    up.process.send_signal(signal.SIGINT)
    assert up.process.wait(30) == 0
    assert time.monotonic() - began < 5
    assert up.gone(), family(up.marker)


def test_killed(running: Callable[..., Running]) -> None:
    """Even kill -9 of it leaves no process behind; a stage that dies is started again before that."""
    up = running()
    wait_for(lambda: up.said("on screen"), 90)
    (floor,) = [
        pid for pid in family(up.marker)
        if (Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[-2]) == b"floor"
    ]  # fmt: skip
    os.kill(floor, signal.SIGKILL)
    wait_for(lambda: up.said("floor ended by SIGKILL, again in 0.5 s"), 10)
    wait_for(lambda: up.said("floor started again"), 10)
    up.process.kill()
    up.process.wait()
    wait_for(up.gone, 10)


def test_second_one_is_refused(running: Callable[..., Running]) -> None:
    """A second ``up`` in the same folder is one line and exit code 2, and harms nothing."""
    up = running()
    wait_for(lambda: up.said("Broker"), 60)
    second = subprocess.run(
        [sys.executable, "-m", "floorcast", "up"], cwd=up.folder, capture_output=True, text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)}, check=False, timeout=60,
    )  # fmt: skip
    assert second.returncode == 2
    assert "already runs here" in second.stderr
    assert len(second.stderr.strip().splitlines()) == 1
    assert up.process.poll() is None
