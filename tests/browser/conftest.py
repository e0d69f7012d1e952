"""A real wall in headless Chromium: the app on loopback, a Redis of its own, and a shop to write into."""

import contextlib
import logging
import os
import shutil
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from werkzeug.serving import BaseWSGIServer, make_server

from alerts.settings import Person
from dashboard.app import Screens, create_app
from dashboard.doors.house import House
from dashboard.doors.kiosks import Kiosks
from dashboard.doors.people import People
from dashboard.reader import Reader
from dashboard.shop import Shops
from floorcast.settings import parse_settings
from tests.floor_facts import Floor, clock_time, demo_shops
from tests.servers import RedisServer, free_port

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox", "--headless=new", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
SCREENS = Path(os.environ.get("FLOORCAST_SCREENS", Path(__file__).parents[2] / "build" / "screens"))


CONFIG = Path(__file__).parents[2] / "config.toml"
PASSWORD = "correct horse battery"
PEOPLE = (
    Person(id="mia", name="Mia", role="associate", stores=["riverside"]),
    Person(id="lw", name="LW", role="associate", stores=["riverside"]),
    Person(id="ana", name="Ana", role="store-manager", access="manager"),
    Person(id="far", name="Far", stores=["harbour"]),
    Person(id="ada", name="Ada", role="store-manager", access="admin"),
)


def house_of(folder: Path) -> House:
    """People with passwords; hashing is slow on purpose, so all have the same one."""
    people = People(PEOPLE, folder)
    people.set_password("mia", PASSWORD)
    hashes = {p.id: people.hash_of("mia") for p in PEOPLE}
    people.keep(hashes)
    config = folder.parent / "config.toml"
    shutil.copy(CONFIG, config)
    return House(folder, PEOPLE, b"k" * 32, push=True, config=config, check=parse_settings)


class Site:
    """The screens served on a port that stays the same over restarts; one for all tests of a process."""

    def __init__(self, server: RedisServer, port: int) -> None:
        self.redis, self.port = server, port
        self.house = house_of(server.folder / "screen")
        self.token = Kiosks(self.house.folder).issue("wall", "riverside")
        self.profiles: dict[str, BrowserContext] = {}
        self._quiet, self._ended = threading.Event(), threading.Event()
        self._writing = threading.Lock()
        self._usual = demo_shops(reread_s=0.5)
        self._serves: Shops | None = None
        self.app: Screens
        self._server: BaseWSGIServer
        self._at_first()
        self._ticker = threading.Thread(target=self._tick, daemon=True)
        self._ticker.start()

    def _at_first(self) -> None:
        """The demo shop at 16:22, nothing written yet, nobody logged in, settings as they are shipped."""
        config = self.house.config
        assert config
        shutil.copy(CONFIG, config)
        (self.house.folder / "settings-past.json").unlink(missing_ok=True)
        self.shops = Shops(self._usual)
        shop = self.shops["riverside"]
        with self._writing:
            self.redis.client().flushall()
            self.floor = Floor(self.redis.client(), shop, clock_time(16, 22, shop))
            self._stands_still = False
            self._began, self._base = time.monotonic(), self.floor.at
            self._quiet.clear()

    def anew(self) -> None:
        """As a test finds it: whatever the one before it did is undone."""
        if self.redis.process is None:
            self.redis.start()
        served = self._serves
        self._at_first()
        if served != self._usual:
            if served is not None:
                self.stop()
            self.start()

    def now(self) -> datetime:
        """The data store's time: it runs as real time does, from the afternoon of the test, unless it stands still."""
        passed = 0.0 if self._stands_still else time.monotonic() - self._began
        return self._base + timedelta(seconds=passed)

    def stand_still(self) -> None:
        """Time stays what it is, for pictures that are to be the same each time."""
        self._stands_still = True

    def _tick(self) -> None:
        """The log's clock, as the floor dataflow writes it every second."""
        while not self._ended.wait(0.4):
            with self._writing, contextlib.suppress(redis.ConnectionError):
                self.floor.at = self.now()
                if not self._quiet.is_set() and self.known:
                    self.floor.publish()

    @property
    def known(self) -> bool:
        """Whether the shop was ever heard of."""
        return self.floor.published

    def fall_silent(self, seconds: float) -> None:
        """Nothing is published from now on, and that has been so for some seconds."""
        self._quiet.set()
        self._base += timedelta(seconds=seconds)

    def pass_time(self, seconds: float) -> None:
        """So much later at once, for the data store and the log."""
        self._base += timedelta(seconds=seconds)

    def start(self) -> None:
        """Serve."""
        client = redis.Redis.from_url(self.redis.url, socket_timeout=2, socket_connect_timeout=2)
        settings = self.floor.shop.settings
        self._serves = Shops(self.shops)
        self.reader = Reader(client, self._serves, 16, now=self.now)
        self.app = create_app(self.reader, self._serves, settings, self.house)
        self._server = make_server("127.0.0.1", self.port, self.app.server, threaded=True)
        self._server.daemon_threads = True  # type: ignore[attr-defined]
        self._server.block_on_close = False  # type: ignore[attr-defined]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        """End every stream and close the port."""
        self.app.hub.close()
        self._server.shutdown()
        self._server.server_close()
        self._serves = None

    def set_time(self, hour: int, minute: int) -> None:
        """Another time of the day."""
        self._began, self._base = time.monotonic(), clock_time(hour, minute, self.floor.shop)
        self.floor.at = self._base

    def end(self) -> None:
        """Stop the clock and the server."""
        self._ended.set()
        self._ticker.join(5)
        if self._serves is not None:
            self.stop()


class Looker:
    """Whoever looks at a page; ``complaints`` are what the browser's console said, ``asked`` what it fetched."""

    def __init__(self, page: Page, site: Site) -> None:
        self.page, self.site = page, site
        self.complaints: list[str] = []
        self.asked: list[str] = []
        self.root = f"http://127.0.0.1:{site.port}"
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self.asked.append(request.url))

    def _said(self, message: Any) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)

    def go(self, path: str, until: str) -> None:
        """Go to an address and wait for an element."""
        self.page.goto(f"{self.root}{path}")
        self.page.wait_for_selector(until)

    def resize(self, width: int, height: int) -> None:
        """Another window."""
        self.page.set_viewport_size({"width": width, "height": height})

    def overflows(self) -> bool:
        """Whether the page is wider than its window."""
        wide = self.page.evaluate("document.documentElement.scrollWidth > window.innerWidth + 1")
        return bool(wide)

    def violations(self) -> list[str]:
        """What axe-core objects to."""
        found: list[dict[str, Any]] = Axe().run(self.page).response["violations"]
        return [f"{v['id']}: {[n['html'][:140] for n in v['nodes'][:3]]}" for v in found]

    def shoot(self, name: str, *, full: bool | None = None) -> Path:
        """Keep a picture: of the window, on a phone of the whole page."""
        SCREENS.mkdir(parents=True, exist_ok=True)
        path = SCREENS / f"{name}.png"
        width = (self.page.viewport_size or {"width": 1920})["width"]
        whole = width < 900 if full is None else full
        self.page.screenshot(path=path, full_page=whole, animations="disabled")
        return path


class Screen(Looker):
    """One page that shows a wall."""

    def open(self, language: str, state: str = "live") -> "Screen":
        """Go to the wall and wait until it stands as expected."""
        self.page.goto(
            f"http://127.0.0.1:{self.site.port}/wall/riverside?lang={language}&k={self.site.token}"
        )
        return self.until(state)

    def until(self, state: str, seconds: float = 15) -> "Screen":
        """Wait until the data stands so: live, delayed, stale, down, waiting."""
        self.page.wait_for_function(
            "name => window.floorcast && window.floorcast.inspect().standing === name",
            arg=state, timeout=seconds * 1000,
        )  # fmt: skip
        return self

    def drawn(self) -> "Screen":
        """Wait for the chart's line and the fonts."""
        self.page.wait_for_selector("#chart .scatterlayer .trace .js-line")
        self.page.evaluate("document.fonts.ready.then(() => true)")
        return self

    def text(self, selector: str) -> str:
        """What stands there."""
        return self.page.locator(selector).inner_text()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The distribution's browser."""
    if shutil.which(CHROMIUM) is None:
        pytest.skip(f"{CHROMIUM} is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def port() -> int:
    """One for all tests, so that the browser keeps what it has loaded."""
    return free_port()


@pytest.fixture(scope="session")
def visitor(chromium: Browser) -> Iterator[BrowserContext]:
    """One browser profile for all tests."""
    context = chromium.new_context(
        viewport={"width": 1920, "height": 1080}, reduced_motion="reduce"
    )
    yield context
    context.close()


@pytest.fixture(scope="session")
def every_site(tmp_path_factory: pytest.TempPathFactory, port: int) -> Iterator[Site]:
    """One Redis and one server for all tests: starting them takes longer than most tests do."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    if reason := RedisServer.missing():
        pytest.skip(reason)
    with RedisServer(tmp_path_factory.mktemp("site")) as server:
        site = Site(server, port)
        yield site
        site.end()


@pytest.fixture
def site(every_site: Site) -> Site:
    """The demo shop's screens at 16:22, with nothing written yet."""
    every_site.anew()
    return every_site


@pytest.fixture
def screen(site: Site, visitor: BrowserContext) -> Iterator[Screen]:
    """A wall at 1920 × 1080."""
    page = visitor.new_page()
    yield Screen(page, site)
    page.close()
