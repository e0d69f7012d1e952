"""The chain page with more than one store: the order of attention and why, and goods to bring from one to another."""

import json
from collections.abc import Iterator

import msgspec
import pytest
from playwright.sync_api import Browser

from sensors.settings import Text
from tests.browser.desks import EVERY_SIZE, Desk, at_a_desk
from tests.browser.sites import Site
from tests.floor_facts import Floor

pytestmark = [pytest.mark.browser, pytest.mark.servers]


def open_stores(site: Site, names: list[str]) -> dict[str, Floor]:
    """A screen that starts with these stores beside the first one, all near it."""
    first = site.shops["riverside"]
    site.stop()
    site.shops["riverside"] = first._replace(
        store=msgspec.structs.replace(first.store, neighbours=names)
    )
    for name in names:
        text = Text(en=name.title(), zh=f"{name} 店")
        store = msgspec.structs.replace(first.store, id=name, name=text, neighbours=["riverside"])
        site.shops[name] = first._replace(store=store)
    site.start()
    return {name: Floor(site.redis.client(), site.shops[name], site.floor.at) for name in names}


def three_stores(site: Site) -> None:
    """One has incidents, one loses against the chain, one is well and has goods to spare."""
    floors = open_stores(site, ["harbour", "airport"])
    first = site.floor
    first.publish(*first.store_facts(), *first.curve(), incidents=first.incidents()[2:4])
    harbour, airport = floors["harbour"], floors["airport"]
    lost = {"rank": 1, "stores": 3, "reasons": "conversion_below_chain,sensor_silent"}
    harbour.publish(
        *harbour.store_facts(conversion=0.12), *harbour.curve(),
        harbour.fact("chain_attention", "now", 840_000, "minor", detail=lost),
        harbour.fact("transfer", "now", 18, "units", "sku:W-LIN-M", detail={"airport": 18}),
    )  # fmt: skip
    airport.publish(
        *airport.store_facts(), *airport.curve(), airport.fact("chain_attention", "now", 0, "minor"),
        airport.fact("transfer", "now", -18, "units", "sku:W-LIN-M", detail={"harbour": 18}),
    )  # fmt: skip


@pytest.fixture
def desk(site: Site, chromium: Browser) -> Iterator[Desk]:
    """A manager of three stores."""
    three_stores(site)
    with at_a_desk(chromium, site, "ana") as made:
        yield made


@pytest.mark.parametrize("language", ["en", "zh"])
def test_who_needs_somebody_first(desk: Desk, language: str) -> None:
    """Stores stand by the money at risk and lost, with the chain's reasons in words; what they could move is below."""
    desk.go(f"/?lang={language}", "#transfers .ag-center-cols-container .ag-row")
    named = desk.page.locator("#chain .ag-pinned-left-cols-container .ag-row")
    named.nth(2).wait_for()
    order = {row.get_attribute("row-index"): row.get_attribute("row-id") for row in named.all()}
    assert order == {"0": "harbour", "1": "riverside", "2": "airport"}
    desk.page.locator("#chain").get_by_text(
        "conversion below the chain · sensors silent"
        if language == "en"
        else "转化率低于连锁 · 传感器无数据"
    ).wait_for()
    said = desk.cells("#transfers .ag-center-cols-container .ag-row", ["giver", "taker", "units"])
    airport, harbour = ("Airport", "Harbour") if language == "en" else ("airport 店", "harbour 店")
    assert said == [airport, harbour, "18"]
    assert desk.page.locator("#transfers .ag-center-cols-container .ag-row").count() == 1
    desk.page.wait_for_function("() => document.getElementById('transfers').offsetHeight < 120")
    desk.fits(f"chain3-{language}", EVERY_SIZE)
    assert desk.complaints == []


def test_only_who_needs_something(desk: Desk) -> None:
    """One tap leaves the stores with something open, or those that lose against the chain; another brings all back."""
    rows = "#chain .ag-pinned-left-cols-container .ag-row"
    desk.go("/?lang=en", f"{rows} >> nth=2")
    for label, left in (("Open", {"riverside"}), ("Below chain", {"harbour"}), ("Act", set()),
                        ("All", {"riverside", "harbour", "airport"})):  # fmt: skip
        desk.page.locator("#need label", has_text=label).click()
        desk.page.wait_for_function(
            """([rows, left]) => JSON.stringify(
              [...document.querySelectorAll(rows)].map(r => r.getAttribute('row-id')).sort()) === left""",
            arg=[rows, json.dumps(sorted(left), separators=(",", ":"))],
        )
    assert desk.complaints == []


def test_two_thousand_stores(site: Site, chromium: Browser) -> None:
    """Of two thousand stores only those in sight are drawn; the filter finds the last one by its name."""
    open_stores(site, [f"shop-{n}" for n in range(2_000)])
    site.floor.publish(*site.floor.store_facts())
    with at_a_desk(chromium, site, "ana") as desk:
        desk.go("/?lang=en", "#chain .ag-row")
        desk.page.wait_for_function(
            "() => +document.querySelector('#chain .ag-root').ariaRowCount > 2000"
        )
        assert desk.page.locator("#chain .ag-pinned-left-cols-container .ag-row").count() < 60
        desk.page.fill("#chain-search", "Shop-1999")
        desk.page.locator("#chain .store-link", has_text="Shop-1999").wait_for()
        desk.page.wait_for_function(
            "() => document.querySelectorAll('#chain .ag-pinned-left-cols-container .ag-row').length === 1"
        )
        assert desk.complaints == []
