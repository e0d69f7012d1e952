"""From a queue on the floor to a push on a phone, and from the tap there to every wall: the whole house, live."""

from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.living import STORE, Live, living
from tests.browser.pushes import Receiver
from tests.browser.sites import PASSWORD
from tests.ingest_process import wait_for
from tests.servers import RedisServer

pytestmark = [pytest.mark.browser, pytest.mark.servers, pytest.mark.slow]
CLICK = """([tag, action]) => self.registration.getNotifications({tag}).then(([notification]) => new Promise((done) => {
  self.clients.openWindow = (url) => { done(url); return Promise.resolve(null); };  // headless has no window to open
  self.dispatchEvent(new NotificationEvent('notificationclick', {notification, action}));
  if (action) done('');
}))"""
WATCH = """() => {
  window.takenAt = {};
  new MutationObserver(() => document.querySelectorAll('[data-id].taken').forEach(
    (card) => { window.takenAt[card.dataset.id] ??= Date.now(); }
  )).observe(document.body, {subtree: true, childList: true, attributes: true});
}"""


@pytest.fixture
def house(redis_server: RedisServer, tmp_path: Path) -> Iterator[Live]:
    """The house, lived in."""
    with living(redis_server, tmp_path) as live:
        yield live


class Pocket:
    """Mia's phone: what its push service hands over, the notifications it shows, and taps on them."""

    def __init__(self, chromium: Browser, house: Live) -> None:
        self.house = house
        self.context = chromium.new_context(
            viewport={"width": 360, "height": 740}, permissions=["notifications"]
        )
        self.page = self.context.new_page()
        self.receiver = subscribed(self.page, house)
        self.pushes = house.endpoints.seen["push/mia"]

    def pushed(self, n: int) -> dict[str, Any]:
        """The ``n``-th push, as only this phone can read it, shown."""
        wait_for(lambda: len(self.pushes) > n, within_s=120, what="the push")
        said = self.pushes[n].said
        self.receiver.receive(said)
        assert said["tag"] in [x["tag"] for x in self.receiver.shown()]
        return said

    def tap(self, tag: str, button: str = "") -> str:
        """Tap a notification or one of its buttons; the page it opens, empty where it opens none."""
        opened: str = self.receiver.worker.evaluate(CLICK, [tag, button])
        return opened


@pytest.mark.timeout(900)  # three dataflows, a screen and a browser start for it
def test_a_push_is_received_and_taken(house: Live, chromium: Browser) -> None:
    """Encrypted for her phone, shown once there, tapped, taken: wall and colleagues see it too."""
    wall, phone, colleague = (
        walled(chromium, house),
        Pocket(chromium, house),
        at_work(chromium, house),
    )
    took = []
    for n, till in enumerate(("1", "2", "3")):
        house.queue(till, 12)
        said = phone.pushed(n)
        if n == 0:  # the push service repeats itself: nothing new is to be heard
            phone.receiver.receive(said)
            assert [x["silent"] for x in phone.receiver.shown()] == [True]
        url = phone.tap(said["tag"])
        assert url == said["url"]
        phone.page.goto(url)
        assert "Mia" in phone.page.inner_text("h1")
        assert phone.page.get_attribute("html", "lang") == "en-GB"  # as she reads, not the screens
        tapped = phone.page.evaluate("Date.now()")
        with phone.page.expect_navigation():
            phone.page.click("button.primary")
        assert "You have it" in phone.page.inner_text("h1")
        took += [taken_at(screen, incident_of(said)) - tapped for screen in (wall, colleague)]
        phone.page.goto(f"{house.root}/staff?lang=en")
    assert median(took) < 30_000, took
    house.queue("4", 12)
    said = phone.pushed(3)
    shows = phone.receiver.shows()
    assert phone.tap(said["tag"], "0") == ""  # its first button says: I've got it
    taken_at(wall, incident_of(said))
    wait_for(lambda: phone.receiver.shows() > shows, what="it says so in place")
    assert "\u2713 I've got it" in [x["body"] for x in phone.receiver.shown()]
    assert house.endpoints.complaints == []
    for page in (wall, colleague, phone.page):
        page.context.close()


def incident_of(said: dict[str, Any]) -> str:
    """What a push was first about; its tag is the id of its notice, which begins with that."""
    return str(said["tag"]).partition("#")[0]


def walled(chromium: Browser, house: Live) -> Page:
    """A wall that notes when each of its cards is taken."""
    wall = chromium.new_context(viewport={"width": 1920, "height": 1080}).new_page()
    wall.goto(f"{house.root}/wall/{STORE}?lang=en&k={house.token}")
    wall.evaluate(WATCH)
    return wall


def at_work(chromium: Browser, house: Live) -> Page:
    """A colleague's staff page that notes when each card says that Mia has it."""
    page = chromium.new_context(viewport={"width": 360, "height": 740}).new_page()
    page.goto(f"{house.root}/staff?lang=en")
    page.fill("[name=who]", "lw")
    page.fill("[name=password]", PASSWORD)
    page.click("button.primary")
    page.wait_for_selector("#cards")
    page.evaluate(WATCH.replace("'[data-id].taken'", "'[data-id]:has(.who)'"))
    return page


def taken_at(wall: Page, incident: str) -> float:
    """When a wall or a staff page showed that somebody has it, in epoch milliseconds."""
    wait_for(lambda: incident in wall.evaluate("window.takenAt"), what="the wall")
    when: float = wall.evaluate("id => window.takenAt[id]", incident)
    return when


def subscribed(phone: Page, house: Live) -> Receiver:
    """Mia logs in on her phone, whose subscription goes to our push service; its service worker."""
    receiver = Receiver(phone, house.root)
    phone.goto(f"{house.root}/staff?lang=en")
    phone.fill("[name=who]", "mia")
    phone.fill("[name=password]", PASSWORD)
    phone.click("button.primary")
    receiver.ready()
    status = phone.evaluate(
        """subscription => fetch('/push/subscription', {method: 'PUT', body: subscription, headers: {
          'X-CSRF': JSON.parse(document.getElementById('frame').textContent).csrf}}).then(a => a.status)""",
        house.endpoints.phone("mia").subscription,
    )
    assert status == 204
    return receiver
