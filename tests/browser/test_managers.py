"""The managers' pages in a real browser: chain, store, incidents, sensors."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from playwright.sync_api import Browser

from sensors.events import Command
from sensors.keyspace import log_key
from tests.browser.desks import EVERY_SIZE, Desk, at_a_desk
from tests.browser.sites import Site

pytestmark = [pytest.mark.browser, pytest.mark.servers]


@pytest.fixture
def desk(site: Site, chromium: Browser) -> Iterator[Desk]:
    """A manager who is logged in, and a shop with a busy afternoon."""
    floor = site.floor
    floor.publish(*floor.afternoon(), incidents=floor.incidents())
    with at_a_desk(chromium, site, "ana") as made:
        yield made


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_incidents_page(desk: Desk, language: str) -> None:
    """It stands at every size without overflow, complaint or accessibility violation, and asks no other host."""
    desk.go(f"/incidents?lang={language}", ".ag-row")
    desk.page.locator("#incidents .ag-center-cols-container .ag-row").first.click()
    desk.page.wait_for_selector(".steps li")
    assert "{" not in desk.page.inner_text("#life")
    desk.fits(f"incidents-{language}", EVERY_SIZE)
    assert desk.complaints == []
    assert {u.split("/")[2] for u in desk.asked if u.startswith("http")} == {
        f"127.0.0.1:{desk.site.port}"
    }


def test_a_phone_that_is_turned(desk: Desk) -> None:
    """Upright a table shows what matters most and says how to see the rest; turned, all of it, the choice as it was."""
    desk.go("/incidents?lang=en", ".ag-row")
    heads, chosen = desk.page.locator("#incidents .ag-header-cell"), "#incidents .ag-row-selected"
    every = [head.get_attribute("col-id") for head in heads.all()]
    desk.resize(390, 844)
    desk.page.wait_for_function(
        "few => document.querySelectorAll('#incidents .ag-header-cell').length === few", arg=4
    )
    assert [head.get_attribute("col-id") for head in heads.all()] == [
        "severity",
        "what",
        "where",
        "since",
    ]
    said = "getComputedStyle(document.getElementById('incidents').parentElement, '::after').content"
    assert desk.page.evaluate(said) == '"Turn the phone for every column"'
    desk.page.locator("#incidents .ag-center-cols-container .ag-row").nth(1).click()
    ident = desk.page.locator(chosen).first.get_attribute("row-id")
    desk.resize(844, 390)
    desk.page.wait_for_function(
        "every => document.querySelectorAll('#incidents .ag-header-cell').length === every",
        arg=len(every),
    )
    assert desk.page.locator(chosen).first.get_attribute("row-id") == ident
    assert desk.page.evaluate(said) == "none"
    assert desk.complaints == []


def test_from_a_card_on_the_wall(desk: Desk) -> None:
    """A card on a manager's wall leads to its incident's life, its row marked in the list."""
    desk.go("/wall/riverside?lang=en", ".card a")
    card = desk.page.locator(".card", has_text="Conversion is low")
    ident = card.get_attribute("data-id")
    card.locator("a").press("Enter")
    desk.page.wait_for_selector(f"#life [data-do=ack][data-target='{ident}']")
    desk.page.wait_for_selector(f"#incidents .ag-row-selected[row-id='{ident}']")
    assert desk.complaints == []


def test_life_of_an_incident(desk: Desk) -> None:
    """A chosen incident shows its steps; comment, silence and its end go into the log as the manager's."""
    desk.go("/incidents?lang=en", ".ag-row")
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


REFRESH = """table => {
  const api = window.dash_ag_grid.getApi(table), rows = [];
  api.forEachNode(node => rows.push(node.data));
  let n = 0;
  const again = () => {
    n += 1;
    window.dash_clientside.set_props(table, {rowData: rows.map(row => ({...row, n, risk: n}))});
    window.refreshed = n;
    setTimeout(again, n % 7);
  };
  again();
}"""
"""The same rows with other numbers, again and again, as fast as the page takes them."""

FOCUSED = """() => document.activeElement.id || document.activeElement.getAttribute('col-id')
  || document.activeElement.textContent"""
FOCUSED_ROW = "() => document.activeElement.closest('[row-id]')?.getAttribute('row-id')"
CHOICES = {
    "facts": (
        "/store/riverside?lang=en",
        lambda row: f"#why code:has-text('{row.replace('|', '/')}')",
    ),
    "incidents": ("/incidents?lang=en", lambda row: f"#life [data-do=ack][data-target='{row}']"),
}
"""Where a table stands, and what stands beside it once a row of it is chosen."""


@pytest.mark.parametrize("table", CHOICES)
def test_a_choice_is_never_lost(desk: Desk, table: str) -> None:
    """The row clicked, or reached by keys, is the one told of and the one marked, though rows arrive all the time."""
    path, told = CHOICES[table]
    rows = f"#{table} .ag-center-cols-container .ag-row"
    desk.go(path, f"{rows} >> nth=3")
    names = [row.get_attribute("row-id") or "" for row in desk.page.locator(rows).all()[:4]]

    def chosen(name: str) -> None:
        desk.page.wait_for_selector(told(name))
        desk.page.wait_for_selector(f"{rows}.ag-row-selected[row-id='{name}']")

    desk.page.evaluate(REFRESH, table)
    for name in names * 2:
        desk.page.click(f"{rows}[row-id='{name}']")
        chosen(name)
    for key, name in ((" ", names[1]), ("Enter", names[2])):
        desk.page.click(f"{rows}[row-id='{names[0]}']")
        chosen(names[0])
        for _ in range(names.index(name)):
            desk.page.keyboard.press("ArrowDown")
        desk.page.keyboard.press(key)
        chosen(name)
    assert desk.page.evaluate("window.refreshed") > len(names)
    assert desk.complaints == []


def test_ten_thousand_incidents(desk: Desk) -> None:
    """Of however many, the first five hundred are listed and the rest counted; the dearest is chosen as ever."""
    floor = desk.site.floor
    many = tuple(
        floor.incident("low-conversion", f"zone:{n}", "watch", 5, at_risk_minor=n)
        for n in range(10_000)
    )
    floor.publish(incidents=many)
    desk.go("/incidents?lang=en", "#incidents .ag-center-cols-container .ag-row")
    desk.says("#listed", "The first 500 of 10,005 are listed")
    desk.page.click("#incidents [col-id=where]:has-text('9999')")
    desk.page.wait_for_selector(".steps li")
    assert desk.complaints == []


def test_why_is_this_number(desk: Desk) -> None:
    """From the chain to a number's window and evidence in two clicks, and it follows the facts by itself."""
    desk.go("/?lang=en", ".store-link")
    desk.page.click(".store-link")
    desk.page.wait_for_selector("#facts .ag-row")
    desk.page.click("#facts [row-id='conversion||60m'] >> nth=0")
    desk.page.wait_for_selector(".why dd")
    assert "40 / 170" in desk.page.inner_text(".why")
    desk.page.fill("#facts-search", "conversion promo")
    desk.page.wait_for_selector("#facts [row-id='visitors||15m']", state="detached")
    desk.page.fill("#facts-search", "")
    desk.page.wait_for_selector("#facts .ag-row-selected[row-id='conversion||60m']")
    desk.shoot("store-en-why")
    floor = desk.site.floor
    floor.publish(*floor.store_facts(conversion=0.251))
    desk.page.wait_for_function(
        "() => document.querySelector('.why').textContent.includes('25.1%')"
    )
    assert desk.complaints == []


def test_by_keys_alone(desk: Desk) -> None:
    """The tab key goes over navigation, filter and table in reading order, visibly; the enter key opens the store."""
    desk.go("/?lang=en", ".store-link")
    seen: list[str] = []
    for _ in range(40):
        desk.page.keyboard.press("Tab")
        seen.append(desk.page.evaluate(FOCUSED))
        if seen[-1] == "name":
            break
        assert desk.page.evaluate("document.activeElement.matches(':focus-visible')"), seen
    order = [
        seen.index(place) for place in ("Chain", "Staff page", "leave", "chain-search", "name")
    ]
    assert order == sorted(order), seen
    desk.page.keyboard.press("ArrowDown")
    assert desk.page.evaluate(FOCUSED_ROW) == "riverside"
    desk.page.keyboard.press("Enter")
    desk.page.wait_for_url("**/store/riverside*")
    desk.page.wait_for_selector("#facts .ag-row")
    assert desk.complaints == []


def test_numbers_that_nothing_renews_are_said_to_be_old(desk: Desk) -> None:
    """While the data store is away the page keeps its numbers and says so; afterwards it goes on by itself."""
    site = desk.site
    desk.go("/?lang=en", "#chain .ag-row")
    site.redis.stop()
    desk.says("#trouble", "what you see may be old")
    assert desk.page.locator("#chain .ag-row").count() > 0
    assert desk.violations() == []
    site.redis.start()
    desk.page.wait_for_function("() => document.getElementById('trouble').textContent === ''")
    site.floor.publish(*site.floor.store_facts(visitors=777))
    desk.page.locator("#chain [col-id=visitors]", has_text="777").wait_for()


def test_a_slow_server_is_heard(desk: Desk) -> None:
    """Answers that take longer than the time between two hints still arrive: the page waits for them."""
    desk.page.add_init_script("""{
      const plain = window.fetch;
      window.slow = 0;
      window.fetch = (...asked) => new Promise(done => setTimeout(() => done(plain(...asked)), window.slow));
    }""")
    desk.go("/?lang=en", "#chain .ag-row")
    desk.page.evaluate("window.slow = 3000")
    desk.site.floor.publish(*desk.site.floor.store_facts(visitors=888))
    desk.page.locator("#chain [col-id=visitors]", has_text="888").wait_for()


def test_walls_load_nothing_of_it(desk: Desk) -> None:
    """A wall asks for no script or style of the managers' pages."""
    desk.asked.clear()
    desk.page.goto(f"{desk.root}/wall/riverside")
    desk.page.wait_for_selector(".tile")
    heavy = [u for u in desk.asked if "mantine" in u or "ag_grid" in u or "/assets/managers" in u]
    assert heavy == []
