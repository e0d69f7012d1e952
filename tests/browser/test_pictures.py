"""Wall, staff page, decision pack and the pages the docs show look as they did, in both languages."""

import io

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

from tests.browser.desks import at_a_desk
from tests.browser.lookers import Looker, Screen
from tests.browser.pictures import differences, same_as_kept, taken
from tests.browser.sites import Site
from tests.browser.test_chain import three_stores
from tests.browser.test_sensors import troubled
from tests.browser.test_weekly import five_weeks

pytestmark = [pytest.mark.browser, pytest.mark.servers]
LANGUAGES = ["en", "zh"]
WALL = [
    ".top",
    ".tile",
    ".tile .value",
    ".tile .context",
    ".panel",
    ".zone .area",
    "#stock-rows tr",
    ".card",
]
STAFF = [".card", ".card button", ".card .what"]
PACK = [".pack-head", ".kpi", ".pack h2", ".pack table", ".pack tr"]
DESK = [".head", ".panel", ".panel h2"]


def frozen(site: Site) -> None:
    """The same busy afternoon, at an instant that does not pass."""
    site.stand_still()
    floor = site.floor
    floor.publish(*floor.afternoon(), incidents=floor.incidents())


def settled(looker: Looker) -> Looker:
    """Fonts are there, and what is drawn in the next frames too."""
    looker.page.evaluate(
        "document.fonts.ready.then(() => new Promise(d => requestAnimationFrame(() => requestAnimationFrame(d))))"
    )
    return looker


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_wall(site: Site, screen: Screen, language: str) -> None:
    """A frozen afternoon is the same picture; one that was changed on purpose is not."""
    frozen(site)
    settled(screen.open(language).drawn())
    kept = same_as_kept(f"wall-{language}", screen.page, WALL)
    screen.page.evaluate(
        "document.querySelector('.tile').style.setProperty('background', '#A05050')"
    )
    assert differences(kept, taken(screen.page, WALL)[0])[0].startswith("picture: ")
    screen.page.evaluate(
        "document.querySelectorAll('.tile .value')[2].style.setProperty('margin-left', '40px')"
    )
    assert any(".tile .value 2" in said for said in differences(kept, taken(screen.page, WALL)[0]))
    screen.page.evaluate("document.getElementById('visitors').remove()")
    assert "parts gone: ['.panel" in differences(kept, taken(screen.page, WALL)[0])[0]


def ink(page: Page, mark: str) -> float:
    """How much a mark differs from the ground it stands on: the sum over its pixels, in grey."""
    image = Image.open(io.BytesIO(page.locator(mark).first.screenshot())).convert("L")
    ground = image.getpixel((0, 0))
    assert isinstance(ground, int)
    return sum(abs(level - ground) * count for level, count in enumerate(image.histogram()))


def test_status_is_an_amount_of_ink(site: Site, screen: Screen) -> None:
    """To any eyes, and in grey, act stands out more than watch and watch more than well."""
    frozen(site)
    screen.open("en").drawn()
    devtools = screen.page.context.new_cdp_session(screen.page)
    for eyes in ("none", "achromatopsia", "deuteranopia", "protanopia", "tritanopia"):
        devtools.send("Emulation.setEmulatedVisionDeficiency", {"type": eyes})
        well, watch, act = (
            ink(screen.page, f".tile .label .{mark}")
            for mark in ("ico.ok", "chip.watch", "chip.act")
        )
        assert well * 2 < watch, (eyes, well, watch)
        assert watch * 1.1 < act, (eyes, watch, act)


def test_the_wall_that_is_stale(site: Site, screen: Screen) -> None:
    """Old numbers are dimmed and hatched, and nothing on them has a colour of its own."""
    frozen(site)
    screen.open("en").drawn()
    site.fall_silent(40)
    settled(screen.until("stale"))
    same_as_kept("wall-en-stale", screen.page, WALL)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_staff_page(site: Site, chromium: Browser, language: str) -> None:
    """What a colleague has to do is the same picture on a phone."""
    frozen(site)
    with at_a_desk(chromium, site, "mia") as phone:
        phone.resize(390, 844)
        phone.go(f"/staff?lang={language}", ".card")
        kept = same_as_kept(f"staff-{language}", settled(phone).page, STAFF)
        phone.page.evaluate(
            "document.querySelector('.card').style.setProperty('margin-top', '60px')"
        )
        assert differences(kept, taken(phone.page, STAFF)[0])


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_decision_pack(site: Site, chromium: Browser, language: str) -> None:
    """A week's pack is the same picture on paper."""
    site.stand_still()
    five_weeks(site.floor)
    with at_a_desk(chromium, site, "ana") as desk:
        desk.resize(1000, 1400)
        desk.page.emulate_media(media="print")
        desk.go(f"/weekly/riverside?lang={language}&week=2026-W46", ".kpi")
        kept = same_as_kept(f"pack-{language}", settled(desk).page, PACK)
        desk.page.evaluate(
            "document.querySelector('.bars').style.setProperty('visibility', 'hidden')"
        )
        assert differences(kept, taken(desk.page, PACK)[0])


PAGES = {
    "chain": (
        "/?lang=en",
        "#chain .ag-row >> nth=2",
        "#transfers .ag-center-cols-container .ag-row",
    ),
    "forecast": (
        "/forecast?lang=en",
        ".head-card",
        "#fc-error .js-line",
        "#fc-curve .js-line",
        "#fc-days .ag-row",
    ),
    "incidents": ("/incidents?lang=en", "#incidents .ag-row", "#ledger .ag-row"),
    "sensors": (
        "/sensors?lang=en",
        ".strip svg",
        "#rejects .ag-root",
        "#accuracy .ag-center-cols-container .ag-row",
    ),
    "settings-plan": ("/settings/riverside?section=zones&lang=en", "#plan .corner", "#plan .spot"),
    "store": ("/store/riverside?lang=en", "#facts .ag-row", "#day-chart .js-line"),
}


STEADY = """() => new Promise(done => {
  let last = '', since = 0;
  const look = () => {
    const parts = [...document.querySelectorAll('.panel, .ag-root-wrapper, .ag-row')];
    const now = JSON.stringify(parts.map(part => [part.offsetTop, part.offsetHeight]));
    if (now !== last) { last = now; since = performance.now(); }
    if (performance.now() - since > 2500) done(); else requestAnimationFrame(look);
  };
  look();
})"""
"""Tables have the height of their rows: nothing has moved for longer than pages wait before they renew themselves."""


@pytest.mark.parametrize("name", PAGES)
def test_what_the_docs_show(site: Site, chromium: Browser, name: str) -> None:
    """A picture in the docs is the page as it is now."""
    site.stand_still()
    if name == "chain":
        three_stores(site)
    else:
        five_weeks(site.floor)
        site.floor.publish(*troubled(site.floor))
    path, *parts = PAGES[name]
    with at_a_desk(chromium, site, "ada") as desk:
        desk.resize(1440, 1000)
        desk.go(path, parts[0])
        for part in parts:
            desk.page.wait_for_selector(part, state="attached")
        if name == "incidents":
            desk.page.locator("#incidents .ag-center-cols-container .ag-row").first.click()
            desk.page.wait_for_selector(".steps li")
        desk.page.evaluate(STEADY)
        same_as_kept(f"page-{name}", settled(desk).page, DESK, whole=False)
