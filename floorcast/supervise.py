"""Starts processes, starts them again when they end, and leaves none behind."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from floorcast import reaper, tether
from floorcast.errors import UnavailableError

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
HEALTHY_S = 20.0  # who lived this long starts again at the first pause
STOP_S = 3.0  # then they are killed
STOP_SERVER_S = 1.0  # who the others need ends last
POLL_S = 0.1


@dataclass
class Child:
    """One supervised process, in a process group of its own.

    Attributes:
        log: where all it says goes, begun anew by each supervisor.
        server: the others use it: it ends last.
        pause_s: how long to wait before it is started again when it ends.
        resume_at: monotonic time of that; ``None`` while it runs.
    """

    name: str
    command: Sequence[str]
    log: Path
    process: "subprocess.Popen[bytes] | None" = None
    started_at: float = 0.0
    pause_s: float = FIRST_PAUSE_S
    resume_at: float | None = None
    server: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)

    def last_words(self) -> str:
        """The last line it wrote, for the person who is told that it ended."""
        with self.log.open("rb") as file:
            file.seek(max(0, self.log.stat().st_size - 4096))
            lines = file.read().decode(errors="replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "")


class Supervisor:
    """A set of children that end with it: on ``stop``, on an exception, and when it is killed.

    Three nets: ``stop`` ends every process group; the kernel signals each child when this process dies; a reaper
    outlives it and ends whatever ignores that.

    Args:
        logs: folder for the children's logs.
        say: told in one line when a child ends and when it is started again.
    """

    def __init__(self, logs: Path, say: Callable[[str], None]) -> None:
        self.logs, self.say = logs, say
        self.children: dict[str, Child] = {}
        self._reaper: subprocess.Popen[str] | None = None
        self._stopping = threading.Event()
        logs.mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> Self:
        self._reaper = subprocess.Popen(
            [sys.executable, "-IS", reaper.__file__],
            stdin=subprocess.PIPE,
            text=True,
            start_new_session=True,
            bufsize=1,
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def request_stop(self) -> None:
        """Make ``watch`` return; may be called from a signal handler."""
        self._stopping.set()

    @property
    def stopping(self) -> bool:
        """Whether a stop was asked for."""
        return self._stopping.is_set()

    def start(
        self, name: str, command: Sequence[str], *, server: bool = False, **environment: str
    ) -> Child:
        """Start a child under a name; its log begins anew, the last one is kept as ``.1``."""
        log = self.logs / f"{name}.log"
        if log.exists():
            log.replace(log.with_suffix(".log.1"))
        child = Child(name, command, log, server=server, environment=environment)
        self.children[name] = child
        self._spawn(child)
        return child

    def _spawn(self, child: Child) -> None:
        tied = [sys.executable, "-IS", tether.__file__, str(os.getpid()), *child.command]
        with child.log.open("ab") as log:
            child.process = subprocess.Popen(
                tied,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                process_group=0,
                env=os.environ | child.environment,
            )
        child.started_at, child.resume_at = time.monotonic(), None
        self._tell_reaper("+", child.process.pid)

    def forget(self, name: str) -> None:
        """End a child and do not start it again."""
        child = self.children.pop(name)
        if child.process:
            reaper.signal_group(child.process.pid, signal.SIGKILL)
            child.process.wait()
            self._tell_reaper("-", child.process.pid)

    def _tell_reaper(self, sign: str, group: int) -> None:
        pipe: IO[str] | None = self._reaper.stdin if self._reaper else None
        if pipe:
            pipe.write(f"{sign}{group}\n")

    def wait_until(self, ready: Callable[[], bool], what: str, within_s: float) -> None:
        """Wait for a condition, watching the children meanwhile.

        Raises:
            UnavailableError: it did not come true in time, or a child ended while we waited.
        """
        deadline = time.monotonic() + within_s
        while not ready():
            if self._stopping.wait(POLL_S):
                raise KeyboardInterrupt
            for child in self.children.values():
                if child.process and child.process.poll() is not None:
                    raise UnavailableError(
                        f"{child.name} ended while starting: {child.last_words()}"
                    )
            if time.monotonic() > deadline:
                raise UnavailableError(f"{what} took longer than {within_s:.0f} s; see {self.logs}")

    def watch(self) -> None:
        """Keep every child running until a stop is asked for."""
        while not self._stopping.wait(POLL_S):
            for child in self.children.values():
                self.look_after(child, time.monotonic())

    def look_after(self, child: Child, now: float) -> None:
        """Note that a child has ended, or start it again when its pause is over."""
        if child.resume_at is not None:
            if now >= child.resume_at:
                self._spawn(child)
                self.say(f"{child.name} started again")
            return
        if child.process is None or (code := child.process.poll()) is None:
            return
        self._tell_reaper("-", child.process.pid)
        reaper.signal_group(child.process.pid, signal.SIGKILL)  # what it may have left behind
        if now - child.started_at >= HEALTHY_S:
            child.pause_s = FIRST_PAUSE_S
        child.resume_at = now + child.pause_s
        how = f"by {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"
        self.say(f"{child.name} ended {how}, again in {child.pause_s:g} s: {child.last_words()}")
        child.pause_s = min(LONGEST_PAUSE_S, child.pause_s * 2)

    def stop(self) -> None:
        """End every child: first those that use the servers, then the servers, each within its time."""
        for servers, within_s in ((False, STOP_S), (True, STOP_SERVER_S)):
            self._end([c for c in self.children.values() if c.server is servers], within_s)
        if self._reaper and self._reaper.stdin:
            self._reaper.stdin.close()
            self._reaper.wait()
            self._reaper = None
        self.children.clear()

    def _end(self, children: list[Child], within_s: float) -> None:
        """Ask, wait, then make them."""
        running = [(child, child.process) for child in children if child.process]
        for _, process in running:
            reaper.signal_group(process.pid, signal.SIGTERM)
        deadline = time.monotonic() + within_s
        while self._any_left(running) and time.monotonic() < deadline:
            time.sleep(POLL_S / 4)
        for child, process in running:
            if process.poll() is None:
                self.say(f"{child.name} did not end within {within_s:g} s: killed")
            reaper.signal_group(process.pid, signal.SIGKILL)
            process.wait()
            self._tell_reaper("-", process.pid)

    @staticmethod
    def _any_left(running: "list[tuple[Child, subprocess.Popen[bytes]]]") -> bool:
        for _, process in running:
            process.poll()  # reap it, or its group would seem alive
        return any(reaper.group_lives(process.pid) for _, process in running)
