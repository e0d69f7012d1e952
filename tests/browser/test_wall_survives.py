"""What a wall goes through: a proxy's 503, a lid closed, a store that is gone. More of it is in ``test_wall``."""

import pytest
from playwright.sync_api import Route

from tests.browser.lookers import Screen
from tests.ingest_process import wait_for

pytestmark = [pytest.mark.browser, pytest.mark.servers]


def live(screen: Screen) -> Screen:
    """A wall that stands, its chart drawn."""
    floor = screen.site.floor
    floor.publish(*floor.afternoon())
    return screen.open("en").drawn()


def visitors(screen: Screen, number: int) -> None:
    """Publish a number and wait until the wall shows it."""
    floor = screen.site.floor
    floor.publish(*floor.store_facts(visitors=number))
    screen.page.wait_for_function(
        "n => document.querySelectorAll('.tile .value')[1]?.textContent === n",
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
    screen.page.wait_for_function(
        "() => window.floorcast?.inspect?.().link.closed()", timeout=30_000
    )
    wait_for(lambda: bool(screen.page.evaluate("1") and refused), within_s=30, what="the refusal")
    screen.page.unroute("**/events", refuse)
    visitors(screen, 777)


def later(screen: Screen, seconds: int, *, asleep: bool = False) -> None:
    """So much later at once, for shop and page; every timer of the page has run, or, asleep, at most once each."""
    screen.site.pass_time(seconds)
    if asleep:
        screen.page.clock.fast_forward(seconds * 1000)
    else:
        screen.page.clock.run_for(seconds * 1000)


def test_redis_down_for_four_minutes(screen: Screen) -> None:
    """The wall says since when for as long as it lasts, asks now and then and no more, and is live again by itself."""
    site = screen.site
    screen.page.clock.install(time=site.now())
    live(screen)
    site.redis.stop()
    screen.until("down")
    before = len(screen.asked)
    later(screen, 240)
    assert screen.page.evaluate("window.floorcast.inspect().standing") == "down"
    assert "Data store unreachable since 16:22" in screen.text("#banner")
    assert screen.text("#clock") == "16:26"
    assert (
        len(screen.asked) - before <= 2 * 240 / 5
    )  # a poll each five seconds, and the stream tried anew
    site.redis.start()
    screen.until("live")
    visitors(screen, 779)
    assert screen.text("#banner") == ""


def test_a_lid_closed_overnight(screen: Screen) -> None:
    """After twelve hours of sleep, its connection dead, the wall shows the time it is and catches up by itself."""
    site = screen.site
    screen.page.clock.install(time=site.now())
    live(screen)
    client = screen.page.context.new_cdp_session(screen.page)
    client.send("Network.enable")
    gone = {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}
    client.send("Network.emulateNetworkConditions", gone)
    client.send("Page.enable")
    client.send("Page.setWebLifecycleState", {"state": "frozen"})
    site.stop()
    later(screen, 12 * 3600, asleep=True)
    site.start()
    client.send("Page.setWebLifecycleState", {"state": "active"})
    back = gone | {"offline": False, "downloadThroughput": -1, "uploadThroughput": -1}
    client.send("Network.emulateNetworkConditions", back)
    screen.page.clock.resume()
    screen.until("live")
    assert screen.text("#clock").startswith("04:2")
    visitors(screen, 778)


def test_a_new_release(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wall that hears of another release than it was loaded from loads itself anew."""
    live(screen)
    screen.page.evaluate("window.old = true")
    site = screen.site
    site.stop()
    monkeypatch.setattr("dashboard.app.release", lambda: "another")
    site.start()
    screen.page.wait_for_function("() => !window.old && window.floorcast?.inspect?.().live")


def test_a_store_deleted_while_shown(screen: Screen) -> None:
    """A wall whose store is no longer configured finds that out, says so, and asks nothing more of the server."""
    site = screen.site
    screen.page.clock.install(time=site.now())
    live(screen)
    site.stop()
    kept = site.shops.pop("riverside")
    site.start()
    try:
        for _ in range(
            60
        ):  # a poll comes when the stream was silent for a while; its answer takes real time
            if screen.page.locator(".gone").count():
                break
            screen.page.clock.run_for(1000)
        screen.page.wait_for_selector(".gone")
        assert "not configured" in screen.text(".gone")
        screen.asked.clear()
        screen.page.clock.run_for(30_000)
        assert [url for url in screen.asked if url.endswith(("/events", "/state"))] == []
    finally:
        site.shops["riverside"] = kept
