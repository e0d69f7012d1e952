"""A number is the same wherever it stands."""

import re

import pytest
from playwright.sync_api import Browser

from tests.browser.desks import Desk, at_a_desk
from tests.browser.sites import Site

pytestmark = [pytest.mark.browser, pytest.mark.servers]
Numbers = tuple[str, ...]


def plain(text: str) -> str:
    """A number without its currency's sign, per cent and spaces."""
    return re.sub(r"[¥%\s]", "", text)


def on_the_wall(desk: Desk) -> Numbers:
    """Occupancy, visitors, conversion, average transaction."""
    desk.go("/wall/riverside?lang=en", ".zone")
    desk.page.wait_for_function("() => window.floorcast.inspect().standing === 'live'")
    return tuple(plain(text) for text in desk.page.locator(".tile .value").all_inner_texts()[:4])


def on_the_chain(desk: Desk) -> Numbers:
    """The same of the managers' chain page."""
    desk.go("/?lang=en", "#chain .ag-center-cols-container .ag-row")
    said = []
    for name in ("occupancy", "visitors", "conversion", "atv"):
        desk.page.evaluate(f"dash_ag_grid.getApi('chain').ensureColumnVisible('{name}')")
        cell = desk.page.locator(f"#chain [row-id=riverside] [col-id={name}]").first
        said.append(plain(cell.inner_text()))
    return tuple(said)


def on_the_chains_wall(desk: Desk) -> Numbers:
    """The same of the chain on a wall."""
    desk.go("/wall/_chain?lang=en", "#rows tr")
    cells = desk.page.locator("#rows tr >> nth=0").locator("td.num").all_inner_texts()
    return tuple(plain(cell) for cell in cells[:4])


def on_its_store(desk: Desk) -> Numbers:
    """The same of the store page's table of every measure."""
    desk.go("/store/riverside?lang=en", "#facts .ag-center-cols-container .ag-row")
    names = ("occupancy||now", "visitors||day", "conversion||60m", "atv||60m")
    return tuple(
        plain(desk.page.locator(f"#facts [row-id='{name}'] [col-id=value]").inner_text())
        for name in names
    )


def test_a_number_is_the_same_on_every_page(site: Site, chromium: Browser) -> None:
    """At one moment the wall, the chain, its wall and the store page say the same four numbers, also after a change."""
    site.stand_still()
    site.floor.publish(*site.floor.afternoon())
    with at_a_desk(chromium, site, "ana") as desk:
        pages = (on_the_wall, on_the_chain, on_the_chains_wall, on_its_store)
        assert {page(desk) for page in pages} == {("144", "523", "23.5", "189")}
        site.floor.publish(*site.floor.store_facts(visitors=1_024, conversion=0.187))
        assert {page(desk) for page in pages} == {("144", "1,024", "18.7", "189")}
