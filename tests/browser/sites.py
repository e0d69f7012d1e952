"""The shop's screens on loopback, with a Redis of their own, for browsers to look at."""

import contextlib
import threading
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import redis
import tomlkit
from playwright.sync_api import BrowserContext
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
from tests.servers import RedisServer

CONFIG = Path(__file__).parents[2] / "config.toml"
PASSWORD = "correct horse battery"
PEOPLE = (
    Person(id="mia", name="Mia", role="associate", stores=["riverside"]),
    Person(id="lw", name="LW", role="associate", stores=["riverside"]),
    Person(id="ana", name="Ana", role="store-manager", access="manager"),
    Person(id="far", name="Far", stores=["harbour"]),
    Person(id="ada", name="Ada", role="store-manager", access="admin"),
)


def _shipped() -> str:
    """The configuration file as it is shipped, and our people in it."""
    document = tomlkit.parse(CONFIG.read_text(encoding="utf-8"))
    rows: Any = document["alerts"]
    rows["people"] = tomlkit.aot()
    for person in PEOPLE:
        table = tomlkit.table()
        table.update({k: v for k, v in msgspec.to_builtins(person).items() if v})
        rows["people"].append(table)
    return tomlkit.dumps(document)


SHIPPED = _shipped()


def house_of(folder: Path) -> House:
    """People with passwords; hashing is slow on purpose, so all have the same one."""
    people = People(PEOPLE, folder)
    people.set_password("mia", PASSWORD)
    hashes = {p.id: people.hash_of("mia") for p in PEOPLE}
    people.keep(hashes)
    config = folder.parent / "config.toml"
    config.write_text(SHIPPED)
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
        config.write_text(SHIPPED)
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
