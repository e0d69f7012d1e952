"""Walls in turn, in a real browser."""

from collections.abc import Iterator

import msgspec
import pytest
from playwright.sync_api import Browser

from dashboard.doors.kiosks import EVERY, Kiosks
from tests.browser.desks import EVERY_SIZE, Desk, at_a_desk
from tests.browser.sites import Site

pytestmark = [pytest.mark.browser, pytest.mark.servers]


@pytest.fixture
def lobby(site: Site, chromium: Browser) -> Iterator[Desk]:
    """A screen in a lobby: two seconds for each wall, a minute for what needs someone."""
    settings = msgspec.structs.replace(
        site.app.managers_desk.settings,
        playlist=["chain", "riverside", "riverside/zones"], playlist_s=2.0,
    )  # fmt: skip
    site.stop()
    site.shops["riverside"] = site.shops["riverside"]._replace(settings=settings)
    site.floor.shop = site.shops["riverside"]
    site.start()
    site.floor.publish(*site.floor.afternoon())
    with at_a_desk(chromium, site, "ana") as desk:
        yield desk


def shown(desk: Desk, what: str) -> None:
    """Wait until a wall is the one that stands."""
    desk.page.wait_for_function(
        "what => document.getElementById('stage').dataset.shown?.includes(what)", arg=what
    )


def test_walls_come_in_turn(lobby: Desk) -> None:
    """Chain, store and zones follow each other, and never more than two are alive."""
    lobby.page.goto(f"{lobby.root}/wall/_playlist?lang=en")
    for what in ("_chain", "riverside?lang", "view=zones", "_chain"):
        shown(lobby, what)
        assert lobby.page.locator("iframe").count() <= 2
        name = what.strip("_").split("?")[0].replace("=", "-")
        lobby.shoot(f"playlist-{name}")
    assert lobby.complaints == []


def test_an_act_interrupts(lobby: Desk) -> None:
    """An act-incident that nobody has takes the screen within seconds; once it is taken the turn goes on."""
    lobby.page.goto(f"{lobby.root}/wall/_playlist?lang=zh")
    shown(lobby, "_chain")
    floor = lobby.site.floor
    act = floor.incident(
        "queue-wait", "till:2", "act", 0, metric="queue_wait", value=250.0, action="open-till"
    )
    floor.publish(incidents=(act,))
    lobby.page.wait_for_selector("#alert:not(:empty)")
    shown(lobby, "/wall/riverside?lang=zh")
    assert "排队等待过久" in lobby.page.inner_text("#alert")
    lobby.shoot("playlist-act-zh")
    floor.publish(incidents=(msgspec.structs.replace(act, state="acknowledged", owner="mia"),))
    lobby.page.wait_for_selector("#alert:empty", state="attached")
    shown(lobby, "_chain")
    assert lobby.complaints == []


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_chain_on_a_wall(lobby: Desk, language: str) -> None:
    """All stores stand on one wall at every size, with the chain page's own numbers, accessible."""
    lobby.site.floor.publish(incidents=lobby.site.floor.incidents())
    lobby.go(f"/wall/_chain?lang={language}", "#rows tr")
    lobby.fits(f"chainwall-{language}", EVERY_SIZE)
    assert "523" in lobby.page.inner_text("#rows")
    assert lobby.complaints == []


def test_a_lobbys_token(lobby: Desk, chromium: Browser) -> None:
    """With nothing but its token a lobby's screen shows all walls in turn, and opens no other page."""
    site = lobby.site
    token = Kiosks(site.house.folder).issue("lobby", EVERY)
    context = chromium.new_context(viewport={"width": 1920, "height": 1080})
    screen = Desk(context.new_page(), site)
    screen.page.goto(f"{screen.root}/wall/_playlist?lang=en&k={token}")
    for what in ("_chain", "riverside?lang", "view=zones"):
        shown(screen, what)
    assert context.request.get(f"{screen.root}/wall/riverside/state").status == 200
    assert context.request.get(f"{screen.root}/incidents").status == 401
    assert screen.complaints == []
    context.close()
