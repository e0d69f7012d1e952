"""What the wall costs its server: publish → DOM, bytes, CPU and memory at many screens.

The same page, driven by server-sent events and by ``dcc.Interval``, in one run on one machine:

    python -m bench.screen_transport [--screens 50] [--seconds 20] [--updates 30]

Needs redis-server and Debian's chromium. Prints a table; asserts nothing.
"""

import argparse
import os
import platform
import tempfile
from pathlib import Path
from statistics import median, quantiles

from playwright.sync_api import Page, sync_playwright
from rich.console import Console
from rich.table import Table

from bench.screen_crowd import crowd
from bench.screen_server import CLOCK, STORE, IntervalServer, serving, token, zone
from dashboard import serve
from tests.browser.conftest import CHROMIUM, FLAGS
from tests.floor_facts import Floor, demo_shops
from tests.servers import RedisServer

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
        share, memory, sizes = crowd(
            port, worker, publisher.publish, screens, seconds, interval=interval
        )
    p95 = quantiles(times, n=20)[-1] if len(times) > 1 else float("nan")
    return [
        f"{median(times):.1f}" if times else "–", f"{p95:.1f}", f"{len(times)}/{updates}",
        f"{share:.2%}", f"{memory:.0f}", str(sizes[0]), f"{median(sizes[1:]):.0f}", str(max(sizes[1:])),
    ]  # fmt: skip


if __name__ == "__main__":
    main()
