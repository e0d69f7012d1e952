"""What one wall costs its browser, and how it comes back: main thread, half a day of updates, outages.

    python -m bench.screen_page [--half-day 43200] [--outages 10,240]

The page is the real one, and beside it the same page driven by ``dcc.Interval``. For the long run either is fed in the
page itself as fast as it draws, each update as its server would send it: what changed, or everything through the store
of a callback (at most 2,400 of these). For the outages the Redis of a served wall is stopped for so many seconds, and a
proxy that answers 503 stands before it. Needs redis-server and Debian's chromium. Prints a table; asserts nothing.
"""

import argparse
import tempfile
from pathlib import Path
from time import monotonic
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page, Route, sync_playwright
from rich.console import Console
from rich.table import Table

from bench.screen_server import CLOCK, STORE, IntervalServer, serving, token, zone
from bench.screen_transport import NO_STREAM, Publisher
from dashboard import serve
from tests.browser.conftest import CHROMIUM, FLAGS
from tests.floor_facts import Floor, demo_shops
from tests.servers import RedisServer

CHUNK = 600  # updates between two looks at the heap
POLLED = 2_400  # updates of a page driven by dcc.Interval: its heap grows too fast for half a day
Kind = type[serve.Server]
STREAM = """window.EventSource = class {
  constructor() { this.readyState = 1; this.on = {}; window.fedStream = this; }
  addEventListener(name, f) { this.on[name] = f; }
  close() {}
};"""
FIRST = """async ([store, interval]) => {
  window.first = await (await fetch(`/wall/${store}/state`)).json();
  window.began = window.first.at = window.first.now;
  if (interval) { window.dash_clientside.set_props('tick', {disabled: true}); return; }
  window.fedStream.on.full({data: JSON.stringify(window.first)});
}"""
FEED = """async ([from, count, interval]) => {
  const all = window.first.set, frame = () => new Promise(done => requestAnimationFrame(done));
  for (let n = from; n < from + count; n += 1) {
    const at = window.began + n * 1000, minute = Math.floor(n / 60);
    const said = {v: window.first.v, seq: window.first.seq + n, now: at, at, newest: at, link: 'ok'};
    const set = {
      'tile:visitors': {...all['tile:visitors'], v: n},
      'tile:occupancy': {...all['tile:occupancy'], v: n % 200},
      'sum': {...all.sum, n},
      ...(n % 60 && !interval ? {} : {chart: {...all.chart, tail: minute % 37, now: window.began + minute * 60000}}),
    };
    if (interval) window.dash_clientside.set_props('live', {data: {...said, parts: {...all, ...set}}});
    else window.fedStream.on.delta({data: JSON.stringify({...said, drop: [], set})});
    await frame();
  }
}"""


def opened(browser: Browser, port: int, kind: Kind, *, fed: bool = False) -> Page:
    """A wall; ``fed``: what it is told comes from us."""
    page = browser.new_page(viewport={"width": 1920, "height": 1080})
    page.set_default_timeout(120_000)
    interval = kind is IntervalServer
    if interval:
        page.add_init_script(NO_STREAM)
    elif fed:
        page.add_init_script(STREAM)
    page.goto(f"http://127.0.0.1:{port}/wall/{STORE}?lang=en&k={token()}")
    if fed:
        ready = "window.floorcast?.inspect?.().live" if interval else "window.fedStream?.on.delta"
        page.wait_for_function(f"() => Boolean({ready})")
        page.evaluate(FIRST, [STORE, interval])
    page.wait_for_function("() => Boolean(window.floorcast?.inspect?.().live)")
    page.wait_for_selector("#chart .seen", state="attached")
    return page


def figures(devtools: CDPSession) -> dict[str, float]:
    """Heap after a collection, nodes, and seconds of the main thread so far."""
    devtools.send("HeapProfiler.collectGarbage")
    found: list[dict[str, Any]] = devtools.send("Performance.getMetrics")["metrics"]
    return {one["name"]: one["value"] for one in found}


def half_a_day(browser: Browser, port: int, kind: Kind, updates: int) -> list[str]:
    """Updates as fast as they are drawn: main thread each, heap and nodes from the first tenth on."""
    page = opened(browser, port, kind, fed=True)
    devtools = page.context.new_cdp_session(page)
    devtools.send("Performance.enable")
    done, before, busy = 1, None, 0.0
    while done < updates:
        count = min(CHUNK, updates - done)
        began = figures(devtools)["TaskDuration"]
        page.evaluate(FEED, [done, count, kind is IntervalServer])
        now = figures(devtools)
        busy, done = busy + now["TaskDuration"] - began, done + count
        if before is None and done >= updates / 10:
            before = now
    assert before is not None
    grown = (now["JSHeapUsedSize"] - before["JSHeapUsedSize"]) / 1e6
    nodes = now["Nodes"] / before["Nodes"] - 1
    page.close()
    return [
        f"{1000 * busy / (updates - 1):.1f} ms",
        f"{grown:+.2f} MB over {updates:,}",
        f"{nodes:+.1%}",
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


def refused(page: Page, publisher: Publisher, kind: Kind) -> float:
    """Seconds to recover after a proxy answered 503 to whatever the page asks."""

    def say_no(route: Route) -> None:
        route.fulfill(status=503, body="upstream unavailable")

    paths = ("**/_dash-update-component",) if kind is IntervalServer else ("**/events", "**/state")
    for path in paths:
        page.route(path, say_no)
    if kind is not IntervalServer:
        page.reload()
        page.wait_for_function("() => window.floorcast?.inspect?.().link?.closed()")
    page.wait_for_timeout(5000)
    for path in paths:
        page.unroute(path, say_no)
    return back(page, publisher, monotonic())


REACHED = (
    ("main thread an update", "≤ 50 ms"),
    ("heap over half a day, after collection", "≤ 5 MB"),
    ("nodes over it", "± 5 %"),
)


def figures_of(
    kind: Kind, browser: Browser, server: RedisServer, publisher: Publisher, updates: int, outages: list[float]
) -> list[str]:  # fmt: skip
    """One column of the table."""
    with serving(kind, server.url, 8) as (port, _):
        told = half_a_day(browser, port, kind, updates)
        publisher.publish()
        page = opened(browser, port, kind)
        took = [outage(page, server, publisher, seconds) for seconds in outages]
        took.append(refused(page, publisher, kind))
        page.close()
    return told + [f"{seconds:.2f} s" for seconds in took]


def table(updates: int, outages: str) -> Table:
    """Each figure beside what is to be reached, and beside the same page driven by ``dcc.Interval``."""
    made = Table(
        "figure",
        "to reach",
        "server-sent events",
        "dcc.Interval 1 s",
        title="One wall in its browser",
    )
    seconds = [float(s) for s in outages.split(",")]
    rows = [
        *REACHED,
        *((f"recovery after {s:g} s without the data store", "≤ 3 s") for s in seconds),
    ]
    rows.append(("recovery after a 503", "≤ 3 s"))
    with (
        tempfile.TemporaryDirectory() as folder,
        RedisServer(Path(folder)) as server,
        sync_playwright() as playwright,
    ):
        floor = Floor(server.client(), demo_shops(zone())[STORE], CLOCK.now())
        floor.publish(*floor.afternoon(), incidents=floor.incidents())
        publisher = Publisher(floor)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        columns = [
            figures_of(kind, browser, server, publisher, count, seconds)
            for kind, count in ((serve.Server, updates), (IntervalServer, min(updates, POLLED)))
        ]
        browser.close()
    for row, *cells in zip(rows, *columns, strict=True):
        made.add_row(*row, *cells)
    return made


def options(parser: argparse.ArgumentParser) -> None:
    """How much of it."""
    parser.add_argument(
        "--half-day",
        type=int,
        default=43_200,
        metavar="UPDATES",
        help="updates over which the browser's main thread, heap and nodes are read (%(default)s)",
    )
    parser.add_argument(
        "--outages",
        default="10,240",
        metavar="SECONDS,…",
        help="how long the data store is away, once each (%(default)s)",
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    options(parser)
    wanted = parser.parse_args()
    Console(width=120).print(table(wanted.half_day, wanted.outages))


if __name__ == "__main__":
    main()
