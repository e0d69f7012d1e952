"""A real wall in headless Chromium: the app on loopback, a Redis of its own, and a shop to write into."""

import logging
import shutil
from collections.abc import Iterator
from functools import partial

import pytest
from argon2 import PasswordHasher
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from dashboard.doors import people
from tests.browser.lookers import Screen
from tests.browser.sites import Site
from tests.servers import RedisServer, free_port

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox", "--headless=new", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


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
    cheap = partial(PasswordHasher, time_cost=1, memory_cost=64)
    with (
        RedisServer(tmp_path_factory.mktemp("site")) as server,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(people, "PasswordHasher", cheap)  # tests log in a hundred times
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
