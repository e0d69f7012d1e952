"""A manager's browser, logged in."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page

from tests.browser.conftest import PASSWORD, SCREENS, Site

SIZES = [(1920, 1080), (1366, 768), (390, 844)]


class Desk:
    """One page of a person's; ``complaints`` are what the browser's console said."""

    def __init__(self, page: Page, site: Site) -> None:
        self.page, self.site = page, site
        self.complaints: list[str] = []
        self.asked: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on(
            "console",
            lambda m: self.complaints.append(m.text) if m.type in {"error", "warning"} else None,
        )
        page.on("request", lambda request: self.asked.append(request.url))
        self.root = f"http://127.0.0.1:{site.port}"

    def go(self, path: str, until: str) -> None:
        """Go to an address and wait for an element."""
        self.page.goto(f"{self.root}{path}")
        self.page.wait_for_selector(until)

    def overflows(self) -> bool:
        """Whether the page is wider than its window."""
        wide = self.page.evaluate("document.documentElement.scrollWidth > window.innerWidth + 1")
        return bool(wide)

    def shoot(self, name: str) -> None:
        """Keep a picture."""
        SCREENS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SCREENS / f"{name}.png", animations="disabled")


@contextmanager
def at_a_desk(chromium: Browser, site: Site, who: str) -> Iterator[Desk]:
    """A profile of its own, logged in."""
    context = chromium.new_context(
        viewport={"width": 1920, "height": 1080}, reduced_motion="reduce"
    )
    context.set_default_timeout(30_000)
    desk = Desk(context.new_page(), site)
    try:
        answer = context.request.post(
            f"{desk.root}/login", form={"who": who, "password": PASSWORD}, max_redirects=0
        )
        assert answer.status == 303
        yield desk
    finally:
        context.close()
