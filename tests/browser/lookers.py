"""Whoever looks at the screens, through a real browser."""

import os
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page

from tests.browser.sites import PASSWORD, Site

SCREENS = os.environ.get("FLOORCAST_SCREENS", "")
"""The folder that pictures of a run are kept in; none are where it is not named: drawing them takes long."""

LAY_OUT = """() => document.querySelectorAll('.ag-root-wrapper').forEach(
  table => table.style.setProperty('content-visibility', 'visible'))"""
"""A browser does not draw a table that is below the window: neither a picture of the page nor axe-core would see it."""

LAID_OUT = """() => [...document.querySelectorAll('.ag-root-wrapper')].every(
  table => !table.offsetParent || !table.querySelector('.ag-delay-render'))"""


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

    def violations(self) -> list[str]:
        """What axe-core objects to, and still does when it looks again: tables are built while it looks."""
        said: list[str] = []
        for _ in range(3):
            found: list[dict[str, Any]] = Axe().run(self.page).response["violations"]
            said = [f"{v['id']}: {[n['html'][:140] for n in v['nodes'][:3]]}" for v in found]
            if not said:
                break
        return said

    def lay_out(self) -> None:
        """Have every table drawn, also those below the window."""
        self.page.evaluate(LAY_OUT)
        self.page.wait_for_function(LAID_OUT)

    def shoot(self, name: str, *, full: bool | None = None) -> None:
        """Keep a picture, if pictures are wanted: of the window, on a phone of the whole page."""
        if not SCREENS:
            return
        width = (self.page.viewport_size or {"width": 1920})["width"]
        whole = width < 900 if full is None else full
        if whole:
            self.lay_out()
        path = Path(SCREENS) / f"{name}.png"
        self.page.screenshot(path=path, full_page=whole, animations="disabled")


class Screen(Looker):
    """One page that shows a wall."""

    def open(self, language: str, state: str = "live") -> "Screen":
        """Go to the wall and wait until it stands as expected."""
        self.page.goto(
            f"http://127.0.0.1:{self.site.port}/wall/riverside?lang={language}&k={self.site.token}"
        )
        return self.until(state)

    def until(self, state: str, seconds: float = 30) -> "Screen":
        """Wait until the data stands so: live, delayed, stale, down, waiting."""
        self.page.wait_for_function(
            "name => window.floorcast?.inspect?.().standing === name",
            arg=state, timeout=seconds * 1000,
        )  # fmt: skip
        return self

    def drawn(self) -> "Screen":
        """Wait for the chart's line and the fonts."""
        self.page.wait_for_selector("#chart path")
        self.page.evaluate("document.fonts.ready.then(() => true)")
        return self

    def text(self, selector: str) -> str:
        """What stands there."""
        return self.page.locator(selector).inner_text()


class Phone(Looker):
    """One person's phone."""

    def __init__(self, context: BrowserContext, site: Site) -> None:
        super().__init__(context.new_page(), site)
        self.context = context

    def log_in(self, who: str, password: str = PASSWORD, language: str = "en") -> "Phone":
        """Through the page, as a person does."""
        self.page.goto(f"{self.root}/staff?lang={language}")
        self.page.fill("[name=who]", who)
        self.page.fill("[name=password]", password)
        self.page.click("button.primary")
        return self

    def live(self) -> "Phone":
        """Wait until the cards stand and the stream is live."""
        self.page.wait_for_function("() => window.floorcast?.inspect?.().standing === 'live'")
        self.page.evaluate("document.fonts.ready.then(() => true)")
        return self
