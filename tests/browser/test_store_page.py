"""One store's page in a real browser: the sales gap, a number down to its raw events, a day beside another."""

from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser

from dashboard.opening import business_day
from flows.facts import Evidence
from sensors.keyspace import log_key
from tests.browser.desks import Desk, at_a_desk
from tests.browser.sites import Site
from tests.floor_facts import DAY
from tests.weeks import past

pytestmark = [pytest.mark.browser, pytest.mark.servers]
LINES = "n => document.querySelectorAll('#day-chart .js-line').length === n"


@pytest.fixture
def desk(site: Site, chromium: Browser) -> Iterator[Desk]:
    """A manager; sales behind the usual, two days kept, and a log with events of doors, tills and another store."""
    floor = site.floor
    effects: dict[str, str | int | float | None] = {
        "visitors": 120_000,
        "conversion": -410_000,
        "atv": 20_000,
    }
    gap = floor.fact(
        "sales_gap", "now", -270_000, "minor", evidence=Evidence(n=2_500_000, k=2_230_000),
        reason="low_conversion", detail=effects,
    )  # fmt: skip
    floor.publish(*floor.afternoon(), gap, *past(floor, 2))
    ms = int(floor.at.timestamp() * 1000) - 60_000
    lines = [
        b'{"kind":"footfall","store":"riverside","source":"door-main","door":"main","entered":3}',
        b'{"kind":"pos","store":"riverside","source":"till-1","till":"1","net_minor":12900}',
        b'{"kind":"queue","store":"riverside","source":"cam","till":"1","length":4}',
        b'{"kind":"footfall","store":"elsewhere","source":"x","door":"main","entered":99}',
    ]
    floor.client.xadd(
        log_key(floor.partition), {"e": b"\n".join(lines), "t": str(ms)}, id=f"{ms}-0"
    )
    with at_a_desk(chromium, site, "ana") as made:
        yield made


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page(desk: Desk, language: str) -> None:
    """It stands at every size, says what the sales lack in words of the language, and is accessible."""
    desk.go(f"/store/riverside?lang={language}", "#gap .factor")
    desk.page.wait_for_selector("#facts .ag-row")
    said = desk.page.inner_text("#gap")
    assert "−¥2,700" in said
    assert ("Lower conversion" if language == "en" else "主要因转化率下降") in said
    desk.fits(f"storepage-{language}")
    assert desk.complaints == []


def test_down_to_the_raw_events(desk: Desk) -> None:
    """A chosen number shows the events of its kinds, its store and its window, and the command for the whole chain."""
    desk.go("/store/riverside?lang=en", "#facts [row-id='conversion||60m']")
    desk.page.locator("#facts [row-id='conversion||60m']").first.click()
    desk.page.wait_for_selector(".raw li")
    raw = desk.page.locator(".raw li").all_inner_texts()
    assert [line.split("\n")[1] for line in raw] == ["pos", "footfall"]
    assert not any("elsewhere" in line for line in raw)
    assert "floorcast explain riverside/conversion//60m" in desk.page.inner_text("#why")
    desk.shoot("storepage-en-raw")
    assert desk.complaints == []


def test_from_a_wall(desk: Desk) -> None:
    """Each tile of a manager's wall is a link to its number's why: window, evidence and raw events, by keys alone."""
    desk.go("/wall/riverside?lang=en", "a.tile")
    tiles = desk.page.locator("a.tile")
    asked = [
        parse_qs(urlsplit(str(tile.get_attribute("href"))).query)["why"][0] for tile in tiles.all()
    ]
    assert len(asked) == 6
    assert desk.violations() == []
    tile = desk.page.get_by_role("link", name="Conversion")
    for _ in range(10):
        desk.page.keyboard.press("Tab")
        if tile.evaluate("node => node === document.activeElement"):
            break
    desk.page.keyboard.press("Enter")
    desk.page.wait_for_selector(".raw li")
    told = desk.page.inner_text("#why")
    assert "40 / 170" in told
    assert "floorcast explain riverside/conversion//60m" in told
    desk.page.wait_for_selector("#facts .ag-row-selected[row-id='conversion||60m']")
    desk.page.wait_for_function(
        """() => { const place = document.querySelector('.panel.life').getBoundingClientRect();
          return place.top >= 0 && place.bottom <= innerHeight + 1; }"""
    )
    row = "id => Boolean(dash_ag_grid.getApi('facts').getRowNode(id))"
    assert [name for name in asked if not desk.page.evaluate(row, name)] == []
    assert desk.complaints == []


def test_a_day_beside_another(desk: Desk) -> None:
    """Another day that is picked stands as a line of its own with its total; cleared, it is gone."""
    desk.go("/store/riverside?lang=en", "#day-chart .js-line")
    before = desk.page.locator("#day-chart .js-line").count()
    assert "2026-11-19" not in desk.page.inner_text("#day-note")
    desk.page.click("#against")
    desk.page.get_by_label("19 November 2026").click()
    desk.page.wait_for_function(
        "() => document.getElementById('day-note').textContent.includes('2026-11-19: ')"
    )
    day = DAY - timedelta(days=1)
    seen = [f for f in past(desk.site.floor, 2) if f.metric == "visitors" and f.window == "quarter"]
    own = sum(f.value for f in seen if business_day(desk.site.floor.shop.store, f.start) == day)
    assert f"2026-11-19: {own:,.0f}" in desk.page.inner_text("#day-note")
    desk.page.wait_for_function(LINES, arg=before + 1)
    desk.shoot("storepage-en-against")
    desk.page.locator("#against ~ * button, .mantine-DatePickerInput-section button").last.click()
    desk.page.wait_for_function(
        "() => !document.getElementById('day-note').textContent.includes('2026-11-19')"
    )
    desk.page.wait_for_function(LINES, arg=before)
    assert desk.complaints == []
