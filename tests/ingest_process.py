"""The ingest as a process of its own, as it runs in a shop; tests start, stop and kill it.

``python -m tests.ingest_process SETTINGS.json`` runs one.
"""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
import redis
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from sensors.event_log import read
from sensors.events import AnyEvent
from sensors.settings import SensorsSettings
from tests.servers import Server

ROOT = Path(__file__).parents[1]


def wait_for(condition: Callable[[], object], *, within_s: float = 60, what: str = "") -> None:
    """Look every 10 ms until it holds; fails after ``within_s``."""
    until = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < until, f"not within {within_s} s: {what}"
        threading.Event().wait(0.01)


class Ingest:
    """An ingest process; what it says is in ``said``."""

    def __init__(self, settings: SensorsSettings, folder: Path, name: str = "ingest") -> None:
        self._file = folder / f"{name}.json"
        self._file.write_bytes(msgspec.json.encode(settings))
        self._log = folder / f"{name}.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        """Begin; does not wait until it is connected."""
        command = [sys.executable, "-m", "tests.ingest_process", str(self._file)]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd=ROOT)
        return self

    @property
    def said(self) -> str:
        """Everything it has printed, over all its lives."""
        return self._log.read_text(encoding="utf-8")

    def connected(self, times: int = 1) -> Self:
        """Wait until it has connected that often."""
        wait_for(lambda: self.said.count("mqtt-connected") >= times, what=f"connected ×{times}")
        return self

    def stop(self) -> tuple[int, float]:
        """SIGTERM; its exit code and how many seconds it took."""
        assert self._process is not None
        began = time.monotonic()
        self._process.send_signal(signal.SIGTERM)
        code = self._process.wait(30)
        self._process = None
        return code, time.monotonic() - began

    def kill(self) -> None:
        """SIGKILL."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(30)
            self._process = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()


class Gateway:
    """A QoS 1 publisher that keeps trying; ``acknowledged`` counts what the broker has taken."""

    def __init__(self, port: int) -> None:
        self.acknowledged = 0
        self._client = Client(CallbackAPIVersion.VERSION2, client_id="gateway", clean_session=False)
        self._client.reconnect_delay_set(1, 1)
        self._client.max_inflight_messages_set(200)
        self._client.on_publish = self._on_publish
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def _on_publish(self, *_args: object) -> None:
        self.acknowledged += 1

    def send(self, messages: Iterable[tuple[str, bytes]]) -> int:
        """Queue them all; how many."""
        count = 0
        for topic, payload in messages:
            self._client.publish(topic, payload, 1)
            count += 1
        return count

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def logged(client: redis.Redis, partitions: int = 16) -> list[AnyEvent]:
    """Every event in the log, repeats and all."""
    decoder = msgspec.json.Decoder(AnyEvent)
    return [
        event
        for partition in range(partitions)
        for entry in read(client, partition)
        for event in decoder.decode_lines(entry.lines)
    ]


class Amqtt(Server):
    """The embedded broker on a free loopback port."""

    program = "amqtt"

    @classmethod
    def missing(cls) -> str | None:
        return None

    def command(self) -> list[str]:
        config = self.folder / "amqtt.yaml"
        config.write_text(
            f"listeners:\n  default:\n    type: tcp\n    bind: 127.0.0.1:{self.port}\n"
            "plugins:\n  amqtt.plugins.authentication.AnonymousAuthPlugin:\n    allow_anonymous: true\n"
        )
        return [str(Path(sys.executable).with_name("amqtt")), "-c", str(config)]


if __name__ == "__main__":
    from sensors.topology import run

    raw = Path(sys.argv[1]).read_bytes()
    sys.exit(run(msgspec.json.decode(raw, type=SensorsSettings)))
