"""Many screens at once, without browsers: what they cost the server that they look at."""

import http.client
import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from time import monotonic

from bench.screen_server import STORE, door
from tests.servers import cpu_s


def rss_mb(pid: int) -> float:
    """Resident memory."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


class Listener(threading.Thread):
    """A screen without a browser: reads its stream, or asks as ``dcc.Interval`` does."""

    def __init__(self, port: int, end: threading.Event, *, interval: bool) -> None:
        super().__init__(daemon=True)
        self.port, self.end, self.interval = port, end, interval
        self.sizes: list[int] = []

    def run(self) -> None:
        """Until the end."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        (self._ask if self.interval else self._listen)(connection)

    def _listen(self, connection: http.client.HTTPConnection) -> None:
        connection.request("GET", f"/wall/{STORE}/events", headers=door())
        answer = connection.getresponse()
        while not self.end.is_set() and (line := answer.readline()):
            if line.startswith(b"data: "):
                self.sizes.append(len(line) - 7)

    def _ask(self, connection: http.client.HTTPConnection) -> None:
        body = json.dumps({
            "output": "live.data", "outputs": {"id": "live", "property": "data"},
            "inputs": [{"id": "tick", "property": "n_intervals", "value": 1}],
            "changedPropIds": ["tick.n_intervals"],
        })  # fmt: skip
        while not self.end.wait(1.0):
            connection.request(
                "POST",
                "/wall/_dash-update-component",
                body,
                {"Content-Type": "application/json", **door()},
            )
            self.sizes.append(len(connection.getresponse().read()))


def crowd(
    port: int,
    worker: int,
    publish: Callable[[], object],
    screens: int,
    seconds: float,
    *,
    interval: bool,
) -> tuple[float, float, list[int]]:
    """Share of a core and MB at that many screens and one update a second; message sizes of one screen."""
    end = threading.Event()
    listeners = [Listener(port, end, interval=interval) for _ in range(screens)]
    for listener in listeners:
        listener.start()
    end.wait(3)
    before, began = cpu_s(worker), monotonic()
    while monotonic() - began < seconds:
        publish()
        end.wait(1.0)
    share = (cpu_s(worker) - before) / (monotonic() - began)
    memory = rss_mb(worker)
    end.set()
    return share, memory, listeners[0].sizes
