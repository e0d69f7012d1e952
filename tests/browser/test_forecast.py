"""The forecast page in a real browser."""

import csv
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from flows.facts import Evidence
from tests.browser.desks import EVERY_SIZE, FITS, Desk, at_a_desk
from tests.browser.sites import Site
from tests.weeks import ahead, order, past, staff

pytestmark = [pytest.mark.browser, pytest.mark.servers]


@pytest.fixture
def desk(site: Site, chromium: Browser) -> Iterator[Desk]:
    """A manager, and a shop with five weeks behind it and a week ahead."""
    floor = site.floor
    told = {"champion": "mixture", "challenger": "profile", "error": 0.09, "baseline_error": 0.12}
    more = {"coverage80": 0.79, "low80": 1_200.0, "high80": 1_500.0, "governance": "better_again"}
    band = Evidence(low=1_100, high=1_650, level=0.95)
    day = floor.fact(
        "visitors_forecast",
        "day",
        1_370,
        detail={**told, **more},
        evidence=band,
        reason="better_again",
    )
    hour = floor.fact(
        "visitors_forecast", "next60m", 92, evidence=Evidence(low=70, high=120, level=0.95)
    )
    floor.publish(
        *floor.afternoon(), day, hour, order(floor), *staff(floor), *past(floor, 35), *ahead(floor)
    )
    with at_a_desk(chromium, site, "ana") as made:
        yield made


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page(desk: Desk, language: str) -> None:
    """It stands at every size without overflow, complaint or accessibility violation, every part drawn."""
    desk.go(f"/forecast?lang={language}", ".head-card")
    for part in ("#fc-days .ag-row", "#fc-restock .ag-row", "#fc-staff .ag-row", "#fc-error .js-line",
                 "#fc-curve .js-line"):  # fmt: skip
        desk.page.wait_for_selector(part, state="attached")
    desk.fits(f"forecast-{language}", EVERY_SIZE)
    assert desk.complaints == []


def test_first_seen_on_a_phone(desk: Desk) -> None:
    """Its tables take a phone's columns also where they were never wider: what to order stands within the window."""
    desk.resize(390, 844)
    desk.go("/forecast?lang=en", ".head-card")
    desk.page.wait_for_selector("#fc-restock .ag-row", state="attached")
    for table, columns in (("fc-days", 3), ("fc-restock", 3), ("fc-staff", 2)):
        desk.page.locator(f"#{table}").scroll_into_view_if_needed()
        desk.page.wait_for_function(
            """([table, columns]) => {
              const box = document.getElementById(table), heads = [...box.querySelectorAll('.ag-header-cell')];
              const edge = box.getBoundingClientRect().right + 1;
              return heads.length === columns && heads.every(head => head.getBoundingClientRect().right <= edge);
            }""",
            arg=[table, columns],
        )
    desk.resize(1920, 1080)


def test_a_chart_follows_its_place(desk: Desk) -> None:
    """A chart that was drawn for another width than the window has is drawn anew."""
    desk.go("/forecast?lang=en", ".head-card")
    desk.page.wait_for_selector("#fc-error .js-line", state="attached")
    narrow = """() => {
      const plot = document.querySelector("#fc-error .js-plotly-plot");
      return window.Plotly.relayout(plot, {width: 200}).then(() => { delete plot.layout.width; });
    }"""
    desk.page.evaluate(narrow)
    desk.page.wait_for_function(FITS)
    desk.page.evaluate(
        "document.querySelectorAll('#fc-error .main-svg').forEach(drawn => drawn.setAttribute('width', 200))"
    )  # as when its layout knew the new width before it was drawn
    desk.page.wait_for_function(FITS)


def test_its_figures(desk: Desk) -> None:
    """A forecast planted 5 % too high, on a week that grows by 10 %, reads 5 % against 9 %; the switch is named."""
    desk.go("/forecast/riverside?lang=en", "#fc-switches li")
    desk.page.wait_for_function(
        "() => document.getElementById('fc-quality').textContent.includes('%')"
    )
    assert "missed by 5." in desk.page.inner_text("#fc-quality")
    desk.says("#fc-switches", "weekly profile → mixture of models")
    desk.says("#fc-why", "The mixture of models speaks")


def test_the_export(desk: Desk) -> None:
    """The CSV holds what the page shows, the intervals with it; a manager elsewhere gets none."""
    answer = desk.page.request.get(f"{desk.root}/forecast/riverside.csv")
    rows = list(csv.DictReader(answer.text().lstrip("\ufeff").splitlines()))
    whole = next(r for r in rows if r["window"] == "day" and r["value"] == "1370")
    assert (whole["low95"], whole["high95"], whole["champion"]) == ("1100.0", "1650.0", "mixture")
    assert sum(r["window"] == "day" for r in rows) == 8
    assert desk.page.request.get(f"{desk.root}/forecast/nowhere.csv").status == 404
