"""A number is the same wherever it stands."""

import re

import pytest
from playwright.sync_api import Browser

from tests.browser.desks import Desk, at_a_desk
from tests.browser.sites import Site
from tests.ingest_process import wait_for

pytestmark = [pytest.mark.browser, pytest.mark.servers]
Numbers = tuple[str, ...]

PAGES = {
    "/wall/riverside?lang=en": """() =>
      [...document.querySelectorAll('.tile .value')].slice(0, 4).map(tile => tile.textContent)""",
    "/?lang=en": """() => ['occupancy', 'visitors', 'conversion', 'atv'].map(name => {
      const grid = window.dash_ag_grid && dash_ag_grid.getApi('chain');
      if (grid) grid.ensureColumnVisible(name);
      return document.querySelector(`#chain [row-id=riverside] [col-id=${name}]`)?.textContent || '';
    })""",
    "/wall/_chain?lang=en": """() =>
      [...document.querySelectorAll('#rows tr:first-child td.num')].slice(0, 4).map(cell => cell.textContent)""",
    "/store/riverside?lang=en": """() =>
      ['occupancy||now', 'visitors||day', 'conversion||60m', 'atv||60m'].map(name =>
        document.querySelector(`#facts [row-id='${name}'] [col-id=value]`)?.textContent || '')""",
}
"""Where occupancy, visitors, conversion and the average transaction stand: the store's wall, the chain's page, the
chain's wall, the store's page."""


def said(desk: Desk, page: str) -> Numbers:
    """The four numbers, without their currency's sign, per cent and spaces."""
    found: list[str] = desk.page.evaluate(PAGES[page])
    return tuple(re.sub(r"[¥%\s]", "", text) for text in found)


def test_a_number_is_the_same_on_every_page(site: Site, chromium: Browser) -> None:
    """Wall, chain, its wall and the store page, open side by side, say the same four numbers, also after a change."""
    site.stand_still()
    site.floor.publish(*site.floor.afternoon())
    with at_a_desk(chromium, site, "ana") as desk:
        open_pages = {page: Desk(desk.page.context.new_page(), site) for page in PAGES}

        def all_say(numbers: Numbers) -> None:
            for page, tab in open_pages.items():
                wait_for(
                    lambda page=page, tab=tab: said(tab, page) == numbers,  # type: ignore[misc]
                    within_s=60,
                    what=f"{numbers} on {page}",
                )

        for page, tab in open_pages.items():
            tab.go(page, "body")
        all_say(("144", "523", "23.5", "189"))
        site.floor.publish(*site.floor.store_facts(visitors=1_024, conversion=0.187))
        all_say(("144", "1,024", "18.7", "189"))
        for tab in open_pages.values():
            tab.page.close()
