"""The sensors page in a real browser: the map, the day's minutes, how true the doors count."""

from collections.abc import Iterator
from datetime import timedelta

import msgspec
import pytest
from playwright.sync_api import Browser

from dashboard.managers.past_reader import day_start
from dashboard.opening import business_day, opening
from flows.facts import Evidence, Fact
from sensors.keyspace import dead_key, device_key
from tests.browser.desks import EVERY_SIZE, Desk, at_a_desk
from tests.browser.sites import Site
from tests.floor_facts import Floor

pytestmark = [pytest.mark.browser, pytest.mark.servers]
STATES = {
    "counter-main": ("online", ""), "counter-mall": ("silent", "device"), "camera-women": ("online", ""),
    "camera-fitting": ("late", "backlog"), "pos-1": ("online", ""), "line-1": ("fault", "said_so"),
    "pos-2": ("online", ""), "stock": ("online", ""),
}  # fmt: skip


def troubled(floor: Floor) -> list[Fact]:
    """An afternoon with a door silent since 15:00, another filled in over lunch, and cameras of every kind."""
    health = [
        floor.fact("sensor_health", "now", state, "text", f"device:{device}", reason=why)
        for device, (state, why) in STATES.items()
    ]
    hours = opening(floor.shop.store, business_day(floor.shop.store, floor.at))
    assert hours is not None
    day = {
        "start": day_start(floor.shop.store, business_day(floor.shop.store, floor.at)),
        "end": hours.closes,
    }
    minutes = [
        floor.fact(
            "minutes_covered", "day", covered / 443, "ratio", subject, detail={"strip": strip},
            evidence=Evidence(n=443, k=covered), **day,
        )
        for subject, covered, strip in (
            ("", 331, "c200i30c130m83"), ("door:main", 413, "c200i30c213"), ("door:mall", 360, "c360m83"),
        )
    ]  # fmt: skip
    broken = {"start": hours.opens + timedelta(minutes=300), "end": floor.at}
    outage = floor.fact(
        "device_outage", "day", "fault", "text", "device:line-1", reason="said_so", **broken
    )
    silent = {"start": hours.opens + timedelta(minutes=360), "end": floor.at}
    lost = floor.fact(
        "device_outage", "day", "silent", "text", "device:counter-mall", reason="device", **silent
    )
    corrected = floor.fact(
        "visitors", "day", 611, "people", "door:main",
        detail={"by_counter": 560, "factor": 1.091, "factor_low": 1.03, "factor_high": 1.16}, reason="corrected",
    )  # fmt: skip
    return [
        *health,
        *minutes,
        outage,
        lost,
        corrected,
        floor.fact("exits", "day", 540, subject="door:main"),
    ]


@pytest.fixture
def desk(site: Site, chromium: Browser) -> Iterator[Desk]:
    """A manager, and a shop in trouble."""
    floor = site.floor
    floor.publish(*floor.afternoon(), *troubled(floor))
    row = {
        "store": "riverside", "source": "counter-main", "topic": "floor/v1/riverside/events/counter-main",
        "received_at": floor.at, "since": floor.at, "events": 1841, "rejects": 2, "kinds": ["footfall"],
    }  # fmt: skip
    floor.client.hset(
        device_key(floor.partition), "riverside/counter-main", msgspec.json.encode(row)
    )
    floor.client.xadd(
        dead_key(floor.partition),
        {
            "reason": "expected a whole number", "place": "$[2].entered", "store": "riverside",
            "topic": "floor/v1/riverside/events/counter-main", "source": "counter-main", "raw": '{"entered":"x"}',
        },
    )  # fmt: skip
    with at_a_desk(chromium, site, "ana") as made:
        yield made


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page(desk: Desk, language: str) -> None:
    """Map, minutes and tables stand at every size, complaint-free and accessible, in words of the language."""
    desk.go(f"/sensors?lang={language}", "#rejects .ag-center-cols-container .ag-row")
    desk.page.wait_for_selector(".mark")
    desk.page.wait_for_selector(".strip svg")
    desk.fits(f"sensors-{language}", EVERY_SIZE)
    words = "it alone sends nothing" if language == "en" else "仅此设备无数据"
    desk.page.locator("#devices").scroll_into_view_if_needed()
    desk.page.locator("#devices .ag-center-cols-container", has_text=words).wait_for()
    assert desk.complaints == []


def test_the_map(desk: Desk) -> None:
    """Every device stands at its place with its state's ink and tells its reason to keyboard and pointer."""
    desk.go("/sensors/riverside?lang=en", ".mark")
    tones = {
        mark.get_attribute("aria-label"): mark.get_attribute("class")
        for mark in desk.page.locator(".mark").all()
    }
    assert tones["Mall door · counter-mall · silent · it alone sends nothing"] == "mark tone-act"
    assert (
        tones["Fitting rooms · camera-fitting · late · catching up on old news"]
        == "mark tone-watch"
    )
    assert tones["Main door · counter-main · online"] == "mark tone-ok"
    assert tones["Till 4 · till:4 · never heard"] == "mark tone-none"
    assert desk.page.inner_text("#map-off").strip() == "stock · online"
    desk.page.locator(".mark.tone-watch").focus()
    assert "catching up" in desk.page.inner_text("#map-said")
    floor = desk.site.floor
    floor.publish(floor.fact("sensor_health", "now", "online", "text", "device:counter-mall"))
    desk.page.wait_for_selector(
        "[aria-label='Mall door · counter-mall · online']", state="attached"
    )


def test_the_minutes(desk: Desk) -> None:
    """Each strip tells its holes with their reasons, by the shop's clock, to keys and pointer; widths are minutes."""
    desk.site.stand_still()
    desk.go("/sensors/riverside?lang=en", ".strip svg")
    told = {strip.get_attribute("aria-label") for strip in desk.page.locator(".strip svg").all()}
    assert "Main door; 93.2%; silent, filled in 12:20–12:50" in told
    assert (
        "Mall door; 81.3%; missing 15:00–16:23 (counter-mall: silent · it alone sends nothing)"
        in told
    )
    assert "Till 3; –; not expected 09:00–16:22 (never heard)" in told
    strip = desk.page.get_by_role("img", name="line-1; ")
    strip.focus()
    desk.says("#strips-said", "missing 14:00–16:22 (fault · it says so itself)")
    desk.page.keyboard.press("ArrowRight")
    desk.says("#strips-said", "line-1: covered 09:00–14:00")
    strip.locator("rect.m").hover()
    desk.says("#strips-said", "line-1: missing 14:00–16:22 (fault · it says so itself)")
    widths = desk.page.locator(".strip.main rect").evaluate_all(
        "rects => rects.map(r => [r.getAttribute('class'), r.width.baseVal.value])"
    )
    assert widths == [["c", 200], ["i", 30], ["c", 130], ["m", 83]]


def test_how_true_the_doors_count(desk: Desk) -> None:
    """A door that a hand count corrects shows what its counter said, what is made of it, and how surely."""
    row = "#accuracy .ag-center-cols-container [row-id='door:main/visitors']"
    desk.go("/sensors/riverside?lang=en", row)
    said = desk.cells(row, ["door", "metric", "counter", "value", "factor"])
    assert said == ["Main door", "Visitors", "560", "611", "× 1.09 (1.03–1.16)"]
