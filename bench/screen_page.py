"""What one wall costs its browser, and how it comes back: main thread, half a day of updates, outages.

    python -m bench.screen_page [--half-day 43200] [--outages 10,240]

The page is the real one; for the long run its stream is fed in the page itself as fast as it draws, each update as a
server would send it. For the outages the Redis of a served wall is stopped for so many seconds, and a proxy that
answers 503 stands before it. Needs redis-server and Debian's chromium. Prints a table; asserts nothing.
"""

import argparse
import tempfile
from pathlib import Path
from time import monotonic
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page, Route, sync_playwright
from rich.console import Console
from rich.table import Table

from bench.screen_transport import CLOCK, STORE, Publisher, serving, token
from dashboard import serve
from tests.browser.conftest import CHROMIUM, FLAGS
from tests.floor_facts import Floor, demo_shops
from tests.servers import RedisServer

CHUNK = 600  # updates between two looks at the heap
STREAM = """window.EventSource = class {
  constructor() { this.readyState = 1; this.on = {}; window.fedStream = this; }
  addEventListener(name, f) { this.on[name] = f; }
  close() {}
};"""
FEED = """async ([from, count]) => {
  const frame = (n) => new Promise(done => requestAnimationFrame(done));
  for (let n = from; n < from + count; n += 1) {
    const at = window.began + n * 1000;
    window.fedStream.on.delta({data: JSON.stringify({v: window.first.v, seq: window.first.seq + n, now: at, at,
      newest: at, link: 'ok', drop: [], set: {
        'tile:visitors': {...window.first.set['tile:visitors'], v: n},
        'tile:occupancy': {...window.first.set['tile:occupancy'], v: n % 200},
        'sum': {...window.first.set.sum, n},
        ...(n % 60 ? {} : {chart: {...window.first.set.chart, tail: n % 37, now: at}}),
      }})});
    await frame(n);
  }
  return document.querySelectorAll('.tile .value')[1].textContent;
}"""


def opened(browser: Browser, port: int, *, fed: bool = False) -> Page:
    """A wall; ``fed``: its stream is ours."""
    page = browser.new_page(viewport={"width": 1920, "height": 1080})
    page.set_default_timeout(120_000)
    if fed:
        page.add_init_script(STREAM)
    page.goto(f"http://127.0.0.1:{port}/wall/{STORE}?lang=en&k={token()}")
    if fed:
        page.wait_for_function("() => Boolean(window.fedStream?.on.delta)")
        page.evaluate(
            """async store => {
              window.first = await (await fetch(`/wall/${store}/state`)).json();
              window.began = window.first.at = window.first.now;
              window.fedStream.on.full({data: JSON.stringify(window.first)});
            }""",
            STORE,
        )
    page.wait_for_function("() => Boolean(window.floorcast?.inspect().live)")
    page.wait_for_selector("#chart .js-line", state="attached")
    return page


def figures(devtools: CDPSession) -> dict[str, float]:
    """Heap after a collection, nodes, and seconds of the main thread so far."""
    devtools.send("HeapProfiler.collectGarbage")
    found: list[dict[str, Any]] = devtools.send("Performance.getMetrics")["metrics"]
    return {one["name"]: one["value"] for one in found}


def half_a_day(browser: Browser, port: int, updates: int) -> list[tuple[str, str, str]]:
    """Updates as fast as they are drawn; heap and nodes are compared from the first tenth on."""
    page = opened(browser, port, fed=True)
    devtools = page.context.new_cdp_session(page)
    devtools.send("Performance.enable")
    done, before, busy = 1, None, 0.0
    while done < updates:
        count = min(CHUNK, updates - done)
        began = figures(devtools)["TaskDuration"]
        page.evaluate(FEED, [done, count])
        now = figures(devtools)
        busy, done = busy + now["TaskDuration"] - began, done + count
        if before is None and done >= updates / 10:
            before = now
    assert before is not None
    grown = (now["JSHeapUsedSize"] - before["JSHeapUsedSize"]) / 1e6
    nodes = now["Nodes"] / before["Nodes"] - 1
    page.close()
    return [
        ("main thread an update", "≤ 50 ms", f"{1000 * busy / (updates - 1):.1f} ms"),
        (f"heap over {updates:,} updates, after collection", "≤ 5 MB", f"{grown:+.2f} MB"),
        ("nodes over them", "± 5 %", f"{nodes:+.1%}"),
    ]


def back(page: Page, publisher: Publisher, began: float) -> float:
    """Seconds until a number that is published now is on the wall."""
    text, _ = publisher.publish()
    while True:
        shown = page.locator(".tile .value").nth(1).inner_text()
        live = page.evaluate("window.floorcast.inspect().standing") == "live"
        if shown == text and live:
            return monotonic() - began
        if monotonic() - began > 60:
            return float("inf")
        page.wait_for_timeout(20)


def outage(page: Page, server: RedisServer, publisher: Publisher, seconds: float) -> float:
    """Seconds to recover after the data store was away for so long."""
    server.stop()
    page.wait_for_timeout(seconds * 1000)
    server.start()
    return back(page, publisher, monotonic())


def refused(page: Page, publisher: Publisher) -> float:
    """Seconds to recover after a proxy answered 503 to the stream and to the polls."""

    def say_no(route: Route) -> None:
        route.fulfill(status=503, body="upstream unavailable")

    for path in ("**/events", "**/state"):
        page.route(path, say_no)
    page.reload()
    page.wait_for_function("() => window.floorcast?.inspect().link?.closed()")
    page.wait_for_timeout(5000)
    for path in ("**/events", "**/state"):
        page.unroute(path, say_no)
    return back(page, publisher, monotonic())


def table(updates: int, outages: str) -> Table:
    """Each figure beside what is to be reached."""
    made = Table("figure", "to reach", "measured", title="One wall in its browser")
    with (
        tempfile.TemporaryDirectory() as folder,
        RedisServer(Path(folder)) as server,
        sync_playwright() as playwright,
    ):
        floor = Floor(server.client(), demo_shops()[STORE], CLOCK.now())
        floor.publish(*floor.afternoon(), incidents=floor.incidents())
        publisher = Publisher(floor)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        with serving(serve.Server, server.url, 8) as (port, _):
            for row in half_a_day(browser, port, updates):
                made.add_row(*row)
            publisher.publish()
            page = opened(browser, port)
            for seconds in map(float, outages.split(",")):
                took = outage(page, server, publisher, seconds)
                name = f"recovery after {seconds:g} s without the data store"
                made.add_row(name, "≤ 3 s", f"{took:.2f} s")
            made.add_row("recovery after a 503", "≤ 3 s", f"{refused(page, publisher):.2f} s")
        browser.close()
    return made


def options(parser: argparse.ArgumentParser) -> None:
    """How much of it."""
    parser.add_argument("--half-day", type=int, default=43_200, metavar="UPDATES")
    parser.add_argument("--outages", default="10,240", metavar="SECONDS,…")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    options(parser)
    wanted = parser.parse_args()
    Console(width=120).print(table(wanted.half_day, wanted.outages))


if __name__ == "__main__":
    main()
