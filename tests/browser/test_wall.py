"""The wall as people see it, in a real browser on a real Redis."""

from datetime import timedelta

import pytest

from sensors.keyspace import device_key, log_key
from tests.browser.lookers import Screen
from tests.browser.sites import Site

pytestmark = [pytest.mark.browser, pytest.mark.servers]
SIZES = [(1920, 1080), (1366, 768), (3840, 2160), (390, 844)]
LANGUAGES = ["en", "zh"]

OVERFLOWING = """() => {
  const wide = document.documentElement.scrollWidth > window.innerWidth + 1;
  const cut = [...document.querySelectorAll(
    '.tile .label, .tile .context, .tile .figure, .panel-head h2, .empty li, .chip, .what, .todo, '
    + '.table td, .brand, .right')]
    .filter(node => node.scrollWidth > node.clientWidth + 1)
    .map(node => node.className + ': ' + node.textContent);
  return (wide ? ['page'] : []).concat(cut);
}"""


def fits(screen: Screen) -> None:
    """Nothing is cut or wider than the window, once what follows the window's size has followed it."""
    for _ in range(300):
        cut = screen.page.evaluate(OVERFLOWING)
        if not cut:
            return
        screen.page.wait_for_timeout(100)
    pytest.fail(f"cut at {screen.page.viewport_size}: {cut}")


@pytest.mark.parametrize("language", LANGUAGES)
def test_fresh(site: Site, screen: Screen, language: str) -> None:
    """A busy afternoon reads at every size without overflow, complaint or accessibility violation."""
    floor = site.floor
    floor.publish(*floor.afternoon(), incidents=floor.incidents())
    screen.open(language).drawn()
    floor.publish(*floor.store_facts())
    screen.page.wait_for_function("() => window.floorcast?.inspect?.().glass > 0")
    for width, height in SIZES:
        screen.resize(width, height)
        fits(screen.drawn())
        if width != 390:
            screen.page.wait_for_function(
                "() => document.documentElement.scrollHeight <= window.innerHeight"
            )
        screen.shoot(f"wall-{language}-{width}x{height}")
    screen.resize(1920, 1080)
    assert screen.violations() == []
    assert screen.complaints == []
    assert screen.page.locator("a").count() == 0  # a kiosk leads nowhere
    assert screen.page.locator(".card").count() == 4
    assert "523" in screen.text(".tile:nth-child(2)")


def test_far_from_its_target(site: Site, screen: Screen) -> None:
    """Ten points and more from the target stand whole beside it, at every size."""
    floor = site.floor
    floor.publish(*floor.afternoon(), floor.fact("conversion", "60m", 0.36, "ratio"))
    screen.open("zh").drawn()
    screen.page.wait_for_function(
        "() => document.querySelectorAll('.tile')[2]?.textContent.includes('百分点')"
    )
    for width, height in SIZES:
        screen.resize(width, height)
        fits(screen.drawn())
    assert "+10 百分点" in screen.text(".tile:nth-child(3)")


def test_change_reaches_the_glass(site: Site, screen: Screen) -> None:
    """A new fact is on screen at once, in the same node: nothing around it is drawn anew."""
    floor = site.floor
    floor.publish(*floor.afternoon(), incidents=floor.incidents())
    screen.open("en")
    screen.page.evaluate("window.kept = document.querySelectorAll('.tile')[1]")
    floor.publish(floor.fact("visitors", "day", 524))
    screen.page.wait_for_function(
        "() => document.querySelectorAll('.tile .value')[1]?.textContent === '524'", timeout=20_000
    )
    assert screen.page.evaluate("window.kept === document.querySelectorAll('.tile')[1]")
    assert screen.complaints == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_stale(site: Site, screen: Screen, language: str) -> None:
    """Half a minute without news dims the values, says since when and turns every status colour grey."""
    floor = site.floor
    floor.publish(*floor.afternoon(), incidents=floor.incidents())
    screen.open(language).drawn()
    site.fall_silent(8)
    screen.until("delayed")
    screen.page.locator("#fresh", has_text="Delayed" if language == "en" else "延迟").wait_for()
    site.fall_silent(24)
    screen.until("stale")
    assert "16:22" in screen.text("#banner")
    colours = screen.page.evaluate(
        "[...document.querySelectorAll('.chip.act, .ico.ok, .card.act::before')]"
        ".map(node => getComputedStyle(node).backgroundColor)"
    )
    assert set(colours) == {"rgb(125, 135, 156)"}
    assert screen.violations() == []
    assert screen.complaints == []
    screen.shoot(f"wall-{language}-stale")


@pytest.mark.parametrize("language", LANGUAGES)
def test_first_run(site: Site, screen: Screen, language: str) -> None:
    """A shop that was never heard of says which stage is missing, with the command that starts it, as they come up."""
    screen.open(language, "waiting")
    steps = screen.page.locator("#empty li code")
    steps.nth(2).wait_for()
    send = "floorcast send footfall --store riverside"
    assert steps.all_inner_texts() == ["floorcast ingest", send, "floorcast doctor"]
    for width, height in SIZES:
        screen.resize(width, height)
        fits(screen)
    screen.resize(1920, 1080)
    assert screen.violations() == []
    screen.shoot(f"wall-{language}-empty")
    floor = site.floor
    ms = int(site.now().timestamp() * 1000)
    floor.client.xadd(log_key(floor.partition), {"t": ms}, id=f"{ms}-0")
    screen.page.locator("#empty", has_not_text="floorcast ingest").wait_for()
    floor.client.hset(device_key(floor.partition), "riverside/counter-main", "{}")
    screen.page.locator("#empty", has_text="floorcast floor").wait_for()
    assert steps.all_inner_texts() == ["floorcast floor", "floorcast doctor"]
    assert screen.complaints == []


def test_redis_down_and_back(site: Site, screen: Screen) -> None:
    """A data store that goes away is a drawn state, and the wall is live again by itself after its return."""
    floor = site.floor
    floor.publish(*floor.afternoon(), incidents=floor.incidents())
    screen.open("en").drawn()
    site.redis.stop()
    screen.until("down")
    assert "Data store unreachable since 16:22" in screen.text("#banner")
    assert "523" in screen.text(".tile:nth-child(2)")
    screen.shoot("wall-en-redis-down")
    site.redis.start()
    screen.until("live")
    floor.publish(floor.fact("visitors", "day", 525))
    screen.page.wait_for_function(
        "() => document.querySelectorAll('.tile .value')[1]?.textContent === '525'"
    )
    assert screen.text("#banner") == ""
    assert screen.complaints == []


def test_redis_down_from_the_start(site: Site, screen: Screen) -> None:
    """A wall opened while the data store is away says so and fills itself when it comes."""
    site.redis.stop()
    screen.open("zh", "down")
    assert "数据存储无响应" in screen.text("#banner")
    site.redis.start()
    floor = site.floor
    floor.publish(*floor.afternoon())
    screen.until("live")
    assert screen.complaints == []


@pytest.mark.parametrize(
    ("hour", "minute", "says"), [(8, 10, "doors open 09:00"), (22, 30, "opens 09:00")]
)
def test_outside_hours(site: Site, screen: Screen, hour: int, minute: int, says: str) -> None:
    """Before opening and after closing the wall says so and judges nothing."""
    floor = site.floor
    site.set_time(hour, minute)
    floor.publish(*floor.store_facts(), *floor.zone_facts(), *floor.curve())
    screen.open("en").drawn()
    screen.page.wait_for_function("() => document.getElementById('banner').textContent !== ''")
    assert says in screen.text("#banner")
    assert screen.page.locator(".tile .chip").count() == 0
    assert "All clear" in screen.text("#cards")
    fits(screen)
    screen.shoot(f"wall-en-{'before' if hour < 9 else 'closed'}")
    assert screen.complaints == []


def test_silent_sources(site: Site, screen: Screen) -> None:
    """When every till is silent the sales tiles are on hold; when a door is, its name is said."""
    floor = site.floor
    silent = [
        floor.fact("sensor_health", "now", "silent", "text", f"device:till-{till.id}")
        for till in floor.shop.store.tills
    ]
    floor.publish(*floor.afternoon(), *silent)
    screen.open("en").drawn()
    assert "Tills silent" in screen.text("#banner")
    assert screen.page.locator(".tile.off").count() == 3
    assert "on hold" in screen.text(".tile.off >> nth=0")
    fits(screen)
    screen.shoot("wall-en-tills-silent")
    heard = [
        f.__class__(**{k: getattr(f, k) for k in f.__struct_fields__} | {"value": "online"})
        for f in silent
    ]
    door = floor.fact("sensor_health", "now", "offline", "text", "device:door-mall")
    floor.publish(*heard, door)
    screen.page.wait_for_function(
        "() => document.getElementById('banner').textContent.startsWith('Mall door silent')"
    )
    assert screen.page.locator(".tile.off").count() == 0
    assert screen.complaints == []


def test_wrong_client_clock(site: Site, screen: Screen) -> None:
    """A screen whose own clock is two days off shows the shop's time and judges age rightly."""
    floor = site.floor
    floor.publish(*floor.afternoon())
    screen.page.clock.install(time=floor.at - timedelta(days=2))
    screen.open("en")
    assert screen.text("#clock") == "16:22"
    assert "Live" in screen.text("#fresh")


def test_server_restart(site: Site, screen: Screen) -> None:
    """A wall finds its server again by itself when it returns, and draws what happened meanwhile."""
    floor = site.floor
    floor.publish(*floor.afternoon())
    screen.open("en")
    site.stop()
    screen.page.wait_for_function(
        "() => window.floorcast?.inspect?.().link.closed()", timeout=30_000
    )
    floor.publish(floor.fact("visitors", "day", 600))
    site.start()
    screen.page.wait_for_function(
        "() => document.querySelectorAll('.tile .value')[1]?.textContent === '600'", timeout=20_000
    )


def test_text_is_never_markup(site: Site, screen: Screen) -> None:
    """Words that came from outside are shown as they are, and never run."""
    floor = site.floor
    evil = "<img src=x onerror=\"document.title='owned'\">"
    incident = floor.incident(
        "low-conversion", "", "act", 3, title=evil, owner=evil, state="acknowledged"
    )
    floor.publish(*floor.store_facts(), incidents=(incident,))
    screen.open("en")
    screen.page.wait_for_selector(".card")
    assert evil in screen.text(".card")
    assert screen.page.locator(".card img").count() == 0
    assert screen.page.title() != "owned"


def test_ten_thousand_incidents(site: Site, screen: Screen) -> None:
    """However many incidents are open, the dearest four are drawn and the rest counted."""
    floor = site.floor
    many = tuple(
        floor.incident("low-conversion", f"zone:{n}", "watch", 5, at_risk_minor=n)
        for n in range(10_000)
    )
    floor.publish(*floor.store_facts(), incidents=many)
    screen.open("en")
    screen.page.wait_for_selector(".card")
    assert screen.page.locator(".card").count() == 4
    assert "+9,996 more open" in screen.text("#cards")
    assert "¥100" in screen.text(".card >> nth=0")


def test_all_clear(site: Site, screen: Screen) -> None:
    """Nothing to do is said in words, not left blank."""
    floor = site.floor
    floor.publish(*floor.afternoon())
    screen.open("zh").drawn()
    assert "一切正常" in screen.text("#cards")
    screen.shoot("wall-zh-clear")
    assert screen.violations() == []


def test_nothing_from_elsewhere(site: Site, screen: Screen) -> None:
    """The page asks no other host for anything, and its policy forbids eval and inline scripts."""
    site.floor.publish(*site.floor.afternoon())
    screen.open("en").drawn()
    answer = screen.page.request.get(f"http://127.0.0.1:{site.port}/wall/riverside")
    policy = answer.headers["content-security-policy"]
    assert "unsafe-eval" not in policy
    assert "'unsafe-inline'" not in policy.split("script-src")[1].split(";")[0]
    assert {url.split("/")[2] for url in screen.asked if url.startswith("http")} == {
        f"127.0.0.1:{site.port}"
    }
