"""What the wall costs its server: publish → DOM, bytes, CPU and memory at many screens.

The same page, driven by server-sent events and by ``dcc.Interval``, in one run on one machine:

    python -m bench.screen_transport [--screens 50] [--seconds 20] [--updates 30]

Needs redis-server and Debian's chromium. Prints a table; asserts nothing.
"""

import argparse
import contextlib
import functools
import http.client
import json
import multiprocessing
import os
import platform
import socket
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles
from time import monotonic
from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, dcc
from flask import Flask, g
from playwright.sync_api import Page, sync_playwright
from rich.console import Console
from rich.table import Table

from dashboard import serve
from dashboard.app import Screens
from dashboard.doors.gate import KIOSK, Gate
from dashboard.doors.house import House
from dashboard.doors.kiosks import Kiosks
from dashboard.doors.people import Visitor
from floorcast.demo import afternoon_zone
from sensors.clock import SystemClock
from tests.browser.conftest import CHROMIUM, FLAGS
from tests.floor_facts import Floor, demo_shops
from tests.servers import RedisServer, cpu_s

CLOCK = SystemClock()
KEYS = Path(tempfile.mkdtemp(prefix="floorcast-bench-"))
STORE = "riverside"
WATCH = """() => {
  window.seen = {};
  const value = document.querySelectorAll('.tile .value')[1];
  new MutationObserver(() => { window.seen[value.textContent] ??= performance.timeOrigin + performance.now(); })
    .observe(value, { childList: true, characterData: true, subtree: true });
}"""
NO_STREAM = """window.EventSource = class {
  constructor() { this.readyState = 1; } addEventListener() {} close() {} };
window.dash_clientside = {bench: {draw: (state) => {
  if (state && window.floorcast?.inspect?.().link) window.floorcast.inspect().deliver(state);
  return window.dash_clientside.no_update;
}}};"""


@functools.cache
def zone() -> str:
    """Where it is afternoon as the run begins: a shop that is shut draws no chart."""
    return afternoon_zone(CLOCK.now())


class IntervalServer(serve.Server):
    """The same app, whose state comes by a callback that ``dcc.Interval`` calls every second."""

    def load(self) -> Flask:  # type: ignore[override]
        """Replace the stream by polling; drawing in the browser is the same."""
        super().load()
        screens: Screens = self.screens
        polled = [dcc.Interval(id="tick", interval=1000), dcc.Store(id="live")]
        document = screens.layout
        screens.layout = lambda: [document(), *polled]
        poll(screens, screens)
        server: Flask = screens.server
        hooks = server.before_request_funcs[None]
        hooks[:] = [
            let_in if isinstance(getattr(hook, "__self__", None), Gate) else hook for hook in hooks
        ]
        return server


def let_in() -> None:
    """In place of the gate, which takes no POST from a wall's token."""
    g.visitor = Visitor("bench", "bench", "kiosk", ())


def poll(app: Dash, screens: Screens) -> None:
    """Everything about the store, once a tick."""
    app.clientside_callback(  # type: ignore[no-untyped-call]
        ClientsideFunction("bench", "draw"),
        Output("live", "modified_timestamp"),
        Input("live", "data"),
    )

    @app.callback(Output("live", "data"), Input("tick", "n_intervals"))
    def _state(_: int) -> dict[str, Any]:
        message = screens.hub.state(STORE)
        return {**{k: message[k] for k in ("seq", "at", "newest", "link")}, "parts": message["set"]}


def run_server(
    kind: type[serve.Server], url: str, screens: int, listener: socket.socket, house: House
) -> None:
    """One server process."""
    shops = demo_shops(zone(), screens=screens + 8)
    kind(url, shops, 16, shops[STORE].settings, [listener], house).run()


@contextlib.contextmanager
def serving(kind: type[serve.Server], url: str, screens: int) -> Iterator[tuple[int, int]]:
    """Port and the worker's process id."""
    listener = serve.listen("127.0.0.1", 0)
    process = multiprocessing.get_context("fork").Process(
        target=run_server, args=(kind, url, screens, listener, House(KEYS))
    )
    process.start()
    port: int = listener.getsockname()[1]
    listener.close()
    get(port, f"/wall/{STORE}/state")
    worker = int(Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()[0])
    try:
        yield port, worker
    finally:
        process.terminate()
        process.join(10)


@functools.cache
def token() -> str:
    """Of a wall that may look."""
    return Kiosks(KEYS).issue("bench", STORE)


def door() -> dict[str, str]:
    """What it shows at the door."""
    return {"Cookie": f"{KIOSK}={token()}"}


def get(port: int, path: str) -> bytes:
    """One answer's body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", path, headers=door())
    body = connection.getresponse().read()
    connection.close()
    return body


class Publisher:
    """Changes the shop's visitors and says when."""

    def __init__(self, floor: Floor) -> None:
        self.floor, self.visitors = floor, 1000

    def publish(self) -> tuple[str, float]:
        """The number as the wall writes it, and the epoch milliseconds before it was written."""
        self.visitors += 1
        self.floor.at = CLOCK.now()
        facts = [
            self.floor.fact("visitors", "day", self.visitors),
            self.floor.fact("visitors", "15m", self.visitors % 40),
            self.floor.fact("occupancy", "now", self.visitors % 200),
            self.floor.fact("conversion", "60m", 0.2 + self.visitors % 50 / 1000, "ratio"),
        ]
        said = self.floor.at.timestamp() * 1000
        self.floor.publish(*facts)
        return f"{self.visitors:,}", said


def latency(page: Page, publisher: Publisher, updates: int) -> list[float]:
    """Milliseconds from publish to the changed text node."""
    page.wait_for_function("() => document.querySelectorAll('.tile .value').length > 1")
    page.wait_for_timeout(2000)
    page.evaluate(WATCH)
    said = {}
    for n in range(updates):
        text, at = publisher.publish()
        said[text] = at
        page.wait_for_timeout(700 + 37 * (n % 12))
    page.wait_for_timeout(1500)
    seen: dict[str, float] = page.evaluate("window.seen")
    return [seen[text] - at for text, at in said.items() if text in seen]


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
    port: int, worker: int, publisher: Publisher, screens: int, seconds: float, *, interval: bool
) -> tuple[float, float, list[int]]:
    """Share of a core and MB at that many screens and one update a second; message sizes of one screen."""
    end = threading.Event()
    listeners = [Listener(port, end, interval=interval) for _ in range(screens)]
    for listener in listeners:
        listener.start()
    end.wait(3)
    before, began = cpu_s(worker), monotonic()
    while monotonic() - began < seconds:
        publisher.publish()
        end.wait(1.0)
    share = (cpu_s(worker) - before) / (monotonic() - began)
    memory = rss_mb(worker)
    end.set()
    return share, memory, listeners[0].sizes


def table(screens: int, seconds: float, updates: int) -> Table:
    """Both transports beside each other."""
    made = Table(title=f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores")
    for column in (
        "transport", "publish → DOM p50", "p95 ms", "seen", f"CPU of a core at {screens}",
        "MB", "first message B", "later, median B", "max B",
    ):  # fmt: skip
        made.add_column(column)
    made.add_row("to reach", "", "≤ 100", "", "≤ 2 %", "≤ 200", "≤ 8,192", "≤ 1,024", "")
    with tempfile.TemporaryDirectory() as folder, RedisServer(Path(folder)) as server:
        shop = demo_shops(zone())[STORE]
        floor = Floor(server.client(), shop, CLOCK.now())
        floor.publish(*floor.afternoon(), incidents=floor.incidents())
        for name, kind in (
            ("server-sent events", serve.Server),
            ("dcc.Interval 1 s", IntervalServer),
        ):
            cells = measure(kind, server.url, Publisher(floor), screens, seconds, updates)
            made.add_row(name, *cells)
    return made


def options(parser: argparse.ArgumentParser) -> None:
    """How much of it."""
    parser.add_argument(
        "--screens", type=int, default=50, help="screens that look at once (%(default)s)"
    )
    parser.add_argument(
        "--seconds",
        type=float,
        default=20,
        help="for so long CPU and memory are read at one update a second (%(default)s)",
    )
    parser.add_argument(
        "--updates",
        type=int,
        default=30,
        help="numbers whose way into the page is timed (%(default)s)",
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    options(parser)
    wanted = parser.parse_args()
    Console(width=140).print(table(wanted.screens, wanted.seconds, wanted.updates))


def measure(
    kind: type[serve.Server], url: str, publisher: Publisher, screens: int, seconds: float, updates: int
) -> list[str]:  # fmt: skip
    """One row of the table."""
    interval = kind is IntervalServer
    with serving(kind, url, screens) as (port, worker):
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            page = browser.new_page(viewport={"width": 1920, "height": 1080})
            if interval:
                page.add_init_script(NO_STREAM)
                page.route("**/state", lambda route: route.abort())
            page.goto(f"http://127.0.0.1:{port}/wall/{STORE}?lang=en&k={token()}")
            times = latency(page, publisher, updates)
            browser.close()
        share, memory, sizes = crowd(port, worker, publisher, screens, seconds, interval=interval)
    p95 = quantiles(times, n=20)[-1] if len(times) > 1 else float("nan")
    return [
        f"{median(times):.1f}" if times else "–", f"{p95:.1f}", f"{len(times)}/{updates}",
        f"{share:.2%}", f"{memory:.0f}", str(sizes[0]), f"{median(sizes[1:]):.0f}", str(max(sizes[1:])),
    ]  # fmt: skip


if __name__ == "__main__":
    main()
