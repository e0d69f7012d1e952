"""What a wall goes through: a proxy's 503, a lid closed, a store that is gone. More of it is in ``test_wall``."""

import pytest
from playwright.sync_api import Route

from tests.browser.conftest import Screen

pytestmark = [pytest.mark.browser, pytest.mark.servers]


def live(screen: Screen) -> Screen:
    """A wall that stands."""
    floor = screen.site.floor
    floor.publish(*floor.afternoon())
    return screen.open("en")


def visitors(screen: Screen, number: int) -> None:
    """Publish a number and wait until the wall shows it."""
    floor = screen.site.floor
    floor.publish(*floor.store_facts(visitors=number))
    screen.page.wait_for_function(
        "n => document.querySelectorAll('.tile .value')[1].textContent === n",
        arg=f"{number:,}", timeout=20_000,
    )  # fmt: skip


def test_a_503_from_a_proxy(screen: Screen) -> None:
    """EventSource ends for good at a 503; the wall opens another and shows the next number by itself."""
    live(screen)
    refused: list[str] = []

    def refuse(route: Route) -> None:
        refused.append(route.request.url)
        route.fulfill(status=503, body="upstream unavailable")

    screen.page.route("**/events", refuse)
    screen.site.stop()  # the stream ends, and what the browser opens next meets the 503
    screen.site.start()
    screen.page.wait_for_function("() => window.floorcast.inspect().link.closed()", timeout=15_000)
    for _ in range(100):
        if refused:
            break
        screen.page.wait_for_timeout(100)
    assert refused
    screen.page.unroute("**/events", refuse)
    visitors(screen, 777)


def test_a_lid_closed_overnight(screen: Screen) -> None:
    """After the machine slept, its connection dead, the wall says its data is old and then catches up by itself."""
    live(screen)
    client = screen.page.context.new_cdp_session(screen.page)
    client.send("Network.enable")
    gone = {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}
    client.send("Network.emulateNetworkConditions", gone)
    client.send("Page.enable")
    client.send("Page.setWebLifecycleState", {"state": "frozen"})
    client.send("Page.setWebLifecycleState", {"state": "active"})
    screen.site.stop()
    screen.site.start()
    client.send(
        "Network.emulateNetworkConditions",
        gone | {"offline": False, "downloadThroughput": -1, "uploadThroughput": -1},
    )
    screen.until("live", 20)
    visitors(screen, 778)


def test_a_store_deleted_while_shown(screen: Screen) -> None:
    """A wall whose store is no longer configured says so when it is loaded again, and asks nothing of the server."""
    live(screen)
    site = screen.site
    site.stop()
    kept = site.shops.pop("riverside")
    site.start()
    try:
        screen.page.reload()
        screen.page.wait_for_selector(".gone")
        assert "not configured" in screen.text(".gone")
    finally:
        site.shops["riverside"] = kept
