"""Real servers on free loopback ports, for tests; each is one process that the test owns."""

import contextlib
import getpass
import os
import shutil
import socket
import subprocess
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Self

import redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry

_PORTS = range(18_000, 32_000)  # below those the system gives to whoever asks for any
_offsets = count(os.getpid() * 101)  # other test processes begin elsewhere


def free_port(ports: int = 1) -> int:
    """The first of so many loopback ports in a row that nothing listens on now; asked again, it gives others."""
    while True:
        first = _PORTS[next(_offsets) * ports % (len(_PORTS) - ports)]
        if all(_is_free(port) for port in range(first, first + ports)):
            return first


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def cpu_s(pid: int) -> float:
    """User and system seconds of a process's living threads so far, to the nanosecond."""
    threads = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(thread.read_text(encoding="ascii").split()[0]) for thread in threads) / 1e9


class Server:
    """A child process that listens on ``port`` once ``start`` has returned; it can be killed and started again."""

    program: str

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @classmethod
    def missing(cls) -> str | None:
        """Why it cannot run here, or ``None``."""
        return None if shutil.which(cls.program) else f"{cls.program} is not installed"

    def command(self) -> list[str]:
        """The command line to run."""
        raise NotImplementedError

    def start(self) -> Self:
        """Start it and wait, at most 10 s, until it accepts connections."""
        with (self.folder / f"{self.program}.log").open("ab") as log:
            self.process = subprocess.Popen(self.command(), stdout=log, stderr=log)
        for _ in range(200):
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.program} ended: see {self.folder}")
            with socket.socket() as probe:
                probe.settimeout(0.05)
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return self
            try:
                self.process.wait(0.05)
            except subprocess.TimeoutExpired:
                continue
        raise RuntimeError(f"{self.program} does not listen on {self.port}")

    def stop(self, *, kill: bool = False) -> None:
        """End it, politely unless ``kill``; what it had not written is then lost."""
        if self.process is None:
            return
        (self.process.kill if kill else self.process.terminate)()
        self.process.wait(30)
        self.process = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


class RedisServer(Server):
    """redis-server with an append-only file; ``fsync`` as in ``sensors.redis.fsync``."""

    program = "redis-server"

    def __init__(self, folder: Path, *, fsync: str = "everysec", maxmemory: str = "0") -> None:
        super().__init__(folder)
        self.fsync, self.maxmemory = fsync, maxmemory

    def command(self) -> list[str]:
        return [
            self.program, "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder),
            "--appendonly", "yes", "--appendfsync", self.fsync, "--save", "",
            "--maxmemory", self.maxmemory, "--maxmemory-policy", "noeviction",
        ]  # fmt: skip

    def start(self) -> Self:
        """Start it and wait until it has read its file back: it listens before that."""
        super().start()
        retry = Retry(ConstantBackoff(0.05), 400)
        waiting = redis.Redis.from_url(
            self.url, retry=retry, retry_on_error=[redis.exceptions.BusyLoadingError]
        )
        with contextlib.suppress(redis.AuthenticationError):  # it asks for a name: it is there
            waiting.ping()
        waiting.close()
        return self

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"redis://127.0.0.1:{self.port}/0"

    def client(self) -> "redis.Redis":
        """A new connection."""
        return redis.Redis.from_url(self.url)


class Mosquitto(Server):
    """mosquitto, persistent and without queue limits, anonymous on loopback."""

    program = "mosquitto"

    def command(self) -> list[str]:
        config = self.folder / "mosquitto.conf"
        config.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence true\n"
            f"persistence_location {self.folder}/\nautosave_interval 1\n"
            f"user {getpass.getuser()}\n"  # started by root it would drop to one that cannot write here
            "max_queued_messages 0\nmax_queued_bytes 1000000000\nmax_inflight_messages 0\n"
        )
        return [self.program, "-c", str(config)]
