"""The decision pack in a real browser, on paper and as a file."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from playwright.sync_api import Browser

from alerts.incident import Step
from tests.browser.desks import EVERY_SIZE, Desk, at_a_desk
from tests.browser.sites import Site
from tests.floor_facts import Floor
from tests.weeks import ahead, order, past, staff, visitors_on

pytestmark = [pytest.mark.browser, pytest.mark.servers]


def five_weeks(floor: Floor) -> None:
    """Five weeks behind and one ahead, and incidents that were taken and measured."""
    taken = []
    for incident in floor.incidents():
        at = incident.opened_at
        steps = [*incident.steps[:1], Step(n=1, at=at, kind="acknowledged", actor="LW")]
        outcome: dict[str, Any] = {
            "before": 0.2, "after": 0.26, "recovered_minor": 42_000, "recovered_low_minor": 9_000,
            "recovered_high_minor": 71_000,
        }  # fmt: skip
        taken.append(msgspec.structs.replace(incident, steps=steps, outcome=outcome))
    plans = (*past(floor, 35), *ahead(floor), order(floor), *staff(floor))
    floor.publish(*floor.afternoon(), *plans, incidents=tuple(taken))


@pytest.fixture
def desk(site: Site, chromium: Browser) -> Iterator[Desk]:
    """A manager of a shop with five weeks behind it."""
    five_weeks(site.floor)
    with at_a_desk(chromium, site, "ana") as made:
        yield made


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_pack(desk: Desk, language: str) -> None:
    """It stands at every size without overflow, complaint or accessibility violation, and prints to A4 pages."""
    desk.go(f"/weekly?lang={language}", ".kpi")
    desk.fits(f"weekly-{language}", EVERY_SIZE)
    desk.page.emulate_media(media="print")
    assert not desk.page.is_visible(".head")
    pdf = desk.page.pdf(prefer_css_page_size=True)
    assert (
        2
        <= pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page ") + pdf.count(b"/Type/Page/")
        <= 4
    )
    desk.resize(800, 1130)
    desk.shoot(f"weekly-{language}-print")
    assert desk.complaints == []


def test_its_numbers(desk: Desk) -> None:
    """This week's visitors are a tenth above the last one's, as planted, and the action that recovered money worked."""
    desk.go("/weekly/riverside?lang=en&week=2026-W46", ".kpi")
    assert "2026-W46" in desk.page.inner_text(".pack-head")
    visitors = desk.page.locator(".kpi", has_text="Visitors").inner_text()
    days = [date.fromisocalendar(2026, 46, n) for n in range(1, 8)]
    this, last = (sum(visitors_on(d - timedelta(days=n)) for d in days) for n in (0, 7))
    assert f"+{this / last - 1:.0%}" in visitors
    assert "Visitors" in desk.page.inner_text(".pack ul")
    desk.go("/weekly/riverside?lang=en", ".kpi")
    assert "worked" in desk.page.inner_text(".pack")
    answer = desk.page.request.get(f"{desk.root}/weekly/riverside?week=soon")
    assert answer.status == 404


def test_the_report_command(desk: Desk, tmp_path: Path) -> None:
    """``floorcast report --week`` writes the same pack as one file that needs nothing else, and as a PDF."""
    config = desk.site.house.config
    assert config
    text = config.read_text().replace('url = ""', f'url = "{desk.site.redis.url}"', 1)
    config.write_text(text)
    page, pdf = tmp_path / "week.html", tmp_path / "week.pdf"
    run = [
        sys.executable,
        "-m",
        "floorcast",
        "--config",
        str(config),
        "report",
        "--week",
        "--of",
        "2026-W46",
    ]
    subprocess.run([*run, "--language", "zh", "--out", str(page)], check=True, timeout=60)
    said = page.read_text()
    assert "每周决策包" in said
    assert "src=" not in said
    assert "href=" not in said
    subprocess.run([*run, "--pdf", "--out", str(pdf)], check=True, timeout=120)
    assert pdf.read_bytes()[:5] == b"%PDF-"
