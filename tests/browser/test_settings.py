"""The settings pages in a real browser: forms, the plan, refusals, undo."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from PIL import Image
from playwright.sync_api import Browser

from dashboard.doors.audit import Audit
from floorcast.settings import parse_settings
from tests.browser.desks import EVERY_SIZE, Desk, at_a_desk
from tests.browser.sites import Site

pytestmark = [pytest.mark.browser, pytest.mark.servers]
SECTIONS = ["store", "zones", "rules", "people"]


@pytest.fixture
def admin(site: Site, chromium: Browser) -> Iterator[Desk]:
    """An admin who is logged in."""
    site.floor.publish(*site.floor.store_facts())
    with at_a_desk(chromium, site, "ada") as desk:
        yield desk


def config(site: Site) -> Path:
    """The file that the pages edit."""
    assert site.house.config
    return site.house.config


def store(site: Site) -> dict[str, Any]:
    """The store in the file now."""
    found: dict[str, Any] = tomllib.loads(config(site).read_text())["sensors"]["stores"][0]
    return found


def people(site: Site) -> list[dict[str, Any]]:
    """The people in the file now."""
    found: list[dict[str, Any]] = tomllib.loads(config(site).read_text())["alerts"]["people"]
    return found


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_section(admin: Desk, language: str) -> None:
    """Every section stands at every size without overflow, complaint or accessibility violation."""
    for section in SECTIONS:
        admin.go(f"/settings/riverside?section={section}&lang={language}", ".forms")
        admin.fits(f"settings-{section}-{language}", EVERY_SIZE)
    assert admin.complaints == []


def test_a_change_is_written_audited_and_undone(admin: Desk) -> None:
    """A changed field is in the file with its comments, in the audit log and in the shop's log; undo takes it back."""
    site = admin.site
    before = config(site).read_text()
    admin.go("/settings/riverside?section=store&lang=en", ".forms")
    admin.page.fill("[id='sensors.stores.riverside.capacity']", "240")
    admin.page.press("[id='sensors.stores.riverside.capacity']", "Tab")
    admin.page.wait_for_selector("#trouble button")
    assert store(site)["capacity"] == 240
    assert "# ── sensors: what the floor says" in config(site).read_text()
    audit = Audit(site.redis.client(), 100).newest(1)[0]
    assert (audit.who, audit.action, audit.target, audit.result) == (
        "ada", "setting", "sensors.stores.riverside.capacity", "ok",
    )  # fmt: skip
    with admin.page.expect_navigation():
        admin.page.click("#trouble button")
    assert config(site).read_text() == before
    assert admin.complaints == []


def test_a_wrong_value_is_refused_in_its_place(admin: Desk) -> None:
    """What no process would start with is told beside its field, and the file stays as it was."""
    before = config(admin.site).read_text()
    admin.go("/settings/riverside?section=store&lang=en", ".forms")
    admin.page.fill("[id='sensors.stores.riverside.capacity']", "-3")
    admin.page.press("[id='sensors.stores.riverside.capacity']", "Tab")
    admin.page.wait_for_selector(".wrong:not([hidden])")
    assert "capacity" in admin.page.inner_text(".wrong:not([hidden])")
    assert config(admin.site).read_text() == before


def test_the_plan_is_drawn_by_hand_and_by_keys(admin: Desk) -> None:
    """Corners moved, added and removed by keys and by mouse, and a polygon drawn anew, are what the file holds."""
    admin.go("/settings/riverside?section=zones&lang=en", "#plan .corner")
    admin.page.focus("#plan [data-corner='0']")
    admin.page.keyboard.press("ArrowLeft")
    admin.page.click("#save-plan")
    admin.page.wait_for_selector("#trouble button")
    corners = [[0.5, 0.66], [0.69, 0.66], [0.69, 1.0], [0.51, 1.0]]
    assert store(admin.site)["zones"][0]["polygon"] == corners
    admin.page.focus("#plan [data-corner='1']")
    admin.page.keyboard.press("+")
    admin.page.keyboard.press("ArrowLeft")  # the new one has the focus
    by_mouse(admin, "[data-middle='4']", (0.45, 0.8))
    admin.page.locator("#plan [data-corner='0']").dblclick()
    admin.page.click("#save-plan")
    admin.page.wait_for_function("() => document.getElementById('save-plan').disabled")
    left = [[0.69, 0.66], [0.68, 0.83], [0.69, 1.0], [0.51, 1.0], [0.45, 0.8]]
    assert rounded(admin.site) == left
    for count in (4, 3, 3):  # a triangle keeps its corners
        admin.page.focus("#plan [data-corner='0']")
        admin.page.keyboard.press("Delete")
        assert admin.page.locator("#plan .corner").count() == count
    admin.page.click("#draw")
    box = admin.page.locator("#plan").bounding_box()
    assert box
    for x, y in ((0.1, 0.1), (0.3, 0.1), (0.2, 0.4)):
        admin.page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])
    admin.page.click("#draw")
    admin.page.click("#save-plan")
    admin.page.wait_for_function("() => document.getElementById('save-plan').disabled")
    assert rounded(admin.site) == [[0.1, 0.1], [0.3, 0.1], [0.2, 0.4]]


def by_mouse(admin: Desk, handle: str, to: tuple[float, float]) -> None:
    """Drag a handle of the plan to a place in fractions of it."""
    plan, held = (admin.page.locator(f"#plan {part}".strip()) for part in ("", handle))
    box, begin = plan.bounding_box(), held.bounding_box()
    assert box
    assert begin
    mouse = admin.page.mouse
    mouse.move(begin["x"] + begin["width"] / 2, begin["y"] + begin["height"] / 2)
    mouse.down()
    mouse.move(box["x"] + to[0] * box["width"], box["y"] + to[1] * box["height"], steps=3)
    mouse.up()


def rounded(site: Site) -> list[list[float]]:
    """The first zone's corners in the file, as well as a mouse can place them."""
    return [[round(x, 2), round(y, 2)] for x, y in store(site)["zones"][0]["polygon"]]


def test_doors_and_tills_have_a_place(admin: Desk) -> None:
    """A door moved with an arrow key, and one that had no place, stand in the file where they were put."""
    path = config(admin.site)
    path.write_text(path.read_text().replace(", spot = [0.015, 0.52]", ""))
    admin.go("/settings/riverside?section=zones&lang=en", "#plan .spot")
    admin.page.focus("#plan [aria-label='Main door']")
    admin.page.keyboard.press("ArrowUp")
    admin.page.click("#unplaced button")
    admin.page.keyboard.press("ArrowRight")
    admin.page.click("#save-plan")
    admin.page.wait_for_function("() => document.getElementById('save-plan').disabled")
    assert [door["spot"] for door in store(admin.site)["doors"]] == [[0.6, 0.97], [0.51, 0.5]]
    assert admin.complaints == []


def test_a_picture_under_the_plan(admin: Desk, tmp_path: Path) -> None:
    """A picture goes under zones, wall and sensors map by its own address; another kind of file is refused; undo."""
    site, before = admin.site, config(admin.site).read_text()
    (tmp_path / "evil.png").write_bytes(b"<svg onload='alert(1)'/>")
    Image.new("RGB", (1200, 600), "white").save(tmp_path / "floor.png")
    admin.go("/settings/riverside?section=zones&lang=en", "#plan .corner")
    admin.page.set_input_files("#picture-file", tmp_path / "evil.png")
    admin.page.wait_for_selector(".picture-form .wrong:not([hidden])")
    assert "Not a PNG" in admin.page.inner_text(".picture-form .wrong")
    assert config(site).read_text() == before
    with admin.page.expect_navigation():
        admin.page.set_input_files("#picture-file", tmp_path / "floor.png")
    admin.page.wait_for_selector("#plan image")
    name = store(site)["plan"]
    address = f"{admin.root}/wall/riverside/plan/{name}"
    answer = admin.page.request.get(address)
    assert (answer.status, answer.headers["content-type"]) == (200, "image/webp")
    assert admin.page.request.get(address.replace("riverside", "harbour")).status in {403, 404}
    assert admin.page.request.get(f"{address}x").status == 404
    audit = Audit(site.redis.client(), 100).newest(1)[0]
    assert (audit.who, audit.target, audit.result) == (
        "ada", "sensors.stores.riverside.plan", "ok",
    )  # fmt: skip
    shown_under_zones(admin, name)
    admin.go("/settings/riverside?section=past&lang=en", "#undo")
    with admin.page.expect_navigation():
        admin.page.click("#undo")
    assert config(site).read_text() == before
    assert admin.page.request.get(address).status == 200  # redone by hand, it is still there
    assert [said for said in admin.complaints if "422" not in said] == []  # the refused one


def shown_under_zones(admin: Desk, name: str) -> None:
    """A screen that starts with the new file draws it on the wall and on the sensors page."""
    site = admin.site
    shop = site.shops["riverside"]
    site.stop()
    site.shops["riverside"] = shop._replace(store=msgspec.structs.replace(shop.store, plan=name))
    site.start()
    for path, picture in (
        ("/wall/riverside?lang=en", "#plan image"), ("/sensors?lang=en", "#map-drawn image"),
    ):  # fmt: skip
        admin.go(path, picture)
        assert name in str(admin.page.get_attribute(picture, "href"))


def test_a_person_is_added_and_removed(admin: Desk) -> None:
    """A new person stands in the file, gets a shift, and is gone when removed."""
    admin.go("/settings/riverside?section=people&lang=en", "#new")
    admin.page.fill("#new-id", "chen")
    admin.page.fill("#new-name", "Chen")
    with admin.page.expect_navigation():
        admin.page.click("#new .primary")
    admin.page.locator("[data-entry=chen]").evaluate("e => { e.open = true; }")
    with admin.page.expect_navigation():
        admin.page.click("[data-entry=chen] [data-add*=shifts]")
    *_, chen = people(admin.site)
    assert (chen["id"], f"{chen['shifts'][0]['starts']:%H:%M}") == ("chen", "09:00")
    admin.page.locator("[data-entry=chen]").evaluate("e => { e.open = true; }")
    admin.page.click("[data-entry=chen] .danger")
    with admin.page.expect_navigation():
        admin.page.click("[data-entry=chen] .danger")
    assert [person["id"] for person in people(admin.site)] == [
        p.id for p in admin.site.house.people
    ]


def test_a_store_is_added_and_removed(admin: Desk) -> None:
    """A new store leads to its own pages, one that goes leads back; the page says what still shows it and stays."""
    site = admin.site
    before = config(site).read_text()
    admin.go("/settings/riverside?section=stores&lang=en", "#new")
    admin.fits("settings-stores-en", [(1366, 768), (390, 844)])
    for name, given in (
        ("id", "harbour"),
        ("en", "Harbour"),
        ("zh", "港口店"),
        ("capacity", "120"),
    ):
        admin.page.fill(f"#new-{name}", given)
    with admin.page.expect_navigation():
        admin.page.click("#new .primary")
    admin.page.wait_for_url("**/settings/harbour?section=store&lang=en")
    assert admin.page.input_value("[id='sensors.stores.harbour.timezone']") == "Asia/Shanghai"
    added = parse_settings(config(site).read_text()).sensors.stores[1]
    assert (added.id, added.capacity, len(added.hours)) == ("harbour", 120, 1)
    admin.go("/settings/harbour?section=stores&lang=en", "[data-entry=harbour]")
    admin.says("[data-entry=harbour]", "Not served yet")
    gone = "[data-entry=harbour] .danger"
    admin.page.click(gone)
    with admin.page.expect_navigation():
        admin.page.click(gone)
    admin.page.wait_for_selector("#new")
    assert config(site).read_text() == before
    config(site).write_text(before.replace('id = "riverside"\nname', 'id = "quay"\nname'))
    admin.go("/settings?section=stores&lang=zh", "[data-entry=riverside]")
    admin.says("[data-entry=riverside]", "floorcast forget --store riverside")
    assert admin.complaints == []


def test_a_manager_has_no_settings(site: Site, chromium: Browser) -> None:
    """Whoever is no admin sees no such page and no link to it."""
    site.floor.publish(*site.floor.store_facts())
    with at_a_desk(chromium, site, "ana") as desk:
        answer = desk.page.goto(f"{desk.root}/settings/riverside")
        assert answer
        assert answer.status == 403
