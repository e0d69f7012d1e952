"""The managers' pages in a real browser: chain, store, incidents, sensors."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from sensors.events import Command
from sensors.keyspace import dead_key, device_key, log_key
from tests.browser.conftest import PASSWORD, SCREENS, Site

pytestmark = [pytest.mark.browser, pytest.mark.servers]
SIZES = [(1920, 1080), (1366, 768), (390, 844)]
PAGES = {
    "chain": "/",
    "incidents": "/incidents",
    "store": "/store/riverside",
    "sensors": "/sensors",
}


class Desk:
    """A manager's browser."""

    def __init__(self, page: Page, site: Site) -> None:
        self.page, self.site, self.complaints, self.asked = page, site, [], []  # type: ignore[var-annotated]
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on(
            "console",
            lambda m: self.complaints.append(m.text) if m.type in {"error", "warning"} else None,
        )
        page.on("request", lambda request: self.asked.append(request.url))
        self.root = f"http://127.0.0.1:{site.port}"

    def open(self, name: str, language: str) -> None:
        """Go to a page and wait for its first row."""
        self.page.goto(f"{self.root}{PAGES[name]}?lang={language}")
        self.page.wait_for_selector(".ag-row")

    def shoot(self, name: str) -> None:
        """Keep a picture."""
        SCREENS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SCREENS / f"{name}.png", animations="disabled")


@pytest.fixture
def desk(site: Site, chromium: Browser) -> Iterator[Desk]:
    """A manager who is logged in, and a shop with a busy afternoon."""
    floor = site.floor
    floor.publish(*floor.afternoon(), incidents=floor.incidents())
    row = {
        "store": "riverside", "source": "door-main", "topic": "floor/v1/riverside/events/door-main",
        "received_at": floor.at, "since": floor.at, "events": 1841, "rejects": 2, "kinds": ["footfall"],
    }  # fmt: skip
    floor.client.hset(device_key(floor.partition), "riverside/door-main", msgspec.json.encode(row))
    floor.client.xadd(
        dead_key(floor.partition),
        {
            "reason": "expected a whole number", "place": "$[2].entered", "store": "riverside",
            "topic": "floor/v1/riverside/events/door-main", "source": "door-main", "raw": '{"entered":"x"}',
        },
    )  # fmt: skip
    context = chromium.new_context(
        viewport={"width": 1920, "height": 1080}, reduced_motion="reduce"
    )
    context.set_default_timeout(12_000)
    desk = Desk(context.new_page(), site)
    desk.page.goto(f"{desk.root}/login?lang=en")
    desk.page.fill("[name=who]", "ana")
    desk.page.fill("[name=password]", PASSWORD)
    desk.page.click("button.primary")
    desk.page.wait_for_selector(".ag-row")
    yield desk
    context.close()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_page(desk: Desk, language: str) -> None:
    """Every page stands at every size without overflow, complaint or accessibility violation."""
    for name in PAGES:
        desk.open(name, language)
        for width, height in SIZES:
            desk.page.set_viewport_size({"width": width, "height": height})
            wide = desk.page.evaluate(
                "document.documentElement.scrollWidth > window.innerWidth + 1"
            )
            assert (name, width, wide) == (name, width, False)
            desk.shoot(f"{name}-{language}-{width}")
        desk.page.set_viewport_size({"width": 1920, "height": 1080})
        found: list[dict[str, Any]] = Axe().run(desk.page).response["violations"]
        said = [f"{v['id']}: {[n['html'][:140] for n in v['nodes'][:3]]}" for v in found]
        assert (name, said) == (name, [])
    assert desk.complaints == []
    assert {u.split("/")[2] for u in desk.asked if u.startswith("http")} == {
        f"127.0.0.1:{desk.site.port}"
    }


def test_life_of_an_incident(desk: Desk) -> None:
    """A chosen incident shows its steps; comment, silence and its end go into the log as the manager's."""
    desk.open("incidents", "en")
    desk.page.click(".ag-row >> nth=0")
    desk.page.wait_for_selector(".steps li")
    desk.shoot("incidents-en-life")
    desk.page.fill("#note", "looked at it")
    desk.page.click("[data-do=comment]")
    desk.page.wait_for_function("() => document.getElementById('trouble').textContent === 'Sent'")
    desk.page.click("[data-do=silence]")
    desk.page.wait_for_selector("[data-do=unsilence]")
    floor = desk.site.floor
    rows: Any = floor.client.xrange(log_key(floor.partition))
    written = [msgspec.json.decode(f[b"e"], type=Command) for _, f in rows if b"e" in f]
    assert [(c.actor, c.action, c.note) for c in written] == [
        ("ana", "comment", "looked at it"), ("ana", "silence", ""),
    ]  # fmt: skip
    assert written[1].until
    desk.page.click("[data-do=unsilence]")
    desk.page.wait_for_function("() => !document.querySelector('[data-do=unsilence]')")
    assert desk.complaints == []


def test_why_is_this_number(desk: Desk) -> None:
    """From the chain to a number's window and evidence in two clicks, and it follows the facts by itself."""
    desk.page.click(".store-link")
    desk.page.wait_for_selector("#facts .ag-row")
    desk.page.click("#facts [row-id='conversion||60m'] >> nth=0")
    desk.page.wait_for_selector(".why dd")
    assert "40 / 170" in desk.page.inner_text(".why")
    desk.shoot("store-en-why")
    floor = desk.site.floor
    floor.publish(*floor.store_facts(conversion=0.251))
    desk.page.wait_for_function(
        "() => document.querySelector('.why').textContent.includes('25.1%')"
    )
    assert desk.complaints == []


def test_walls_load_nothing_of_it(desk: Desk) -> None:
    """A wall asks for no script or style of the managers' pages."""
    desk.asked.clear()
    desk.page.goto(f"{desk.root}/wall/riverside")
    desk.page.wait_for_selector(".tile")
    heavy = [u for u in desk.asked if "mantine" in u or "ag_grid" in u or "/assets/managers" in u]
    assert heavy == []
