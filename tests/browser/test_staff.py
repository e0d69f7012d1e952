"""The staff page as colleagues use it: on a phone, with one hand, each with their own browser."""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
from playwright.sync_api import Browser

from alerts.links import Claim, sign
from sensors.events import Command
from sensors.keyspace import log_key
from tests.browser.lookers import Phone
from tests.browser.pushes import Receiver
from tests.browser.sites import Site
from tests.ingest_process import wait_for

pytestmark = [pytest.mark.browser, pytest.mark.servers]
LANGUAGES = ["en", "zh"]
PHONE = {"width": 360, "height": 740}
OVERFLOWING = """() => [...document.querySelectorAll('body, .card, .card *, .top *, .foot *, .sheet *')]
  .filter(n => n.scrollWidth > n.clientWidth + 1)
  .filter(n => getComputedStyle(n).overflowX !== 'hidden' && getComputedStyle(n).display !== 'inline')
  .map(n => n.tagName + '.' + n.className + ': ' + n.textContent.slice(0, 60))"""

ASKED = "Till 2 · 6 min", "Wait at the tills is long · 4:10", "Open a till · ¥1,860 at risk"
Phones = Callable[[], Phone]


@pytest.fixture
def phones(site: Site, chromium: Browser) -> Iterator[Phones]:
    """Phones, each with cookies of its own."""
    contexts = []

    def another() -> Phone:
        context = chromium.new_context(viewport=PHONE, reduced_motion="reduce", has_touch=True)  # type: ignore[arg-type]
        contexts.append(context)
        return Phone(context, site)

    yield another
    for context in contexts:
        context.close()


def commands(site: Site) -> list[Command]:
    """What lies in the log."""
    rows: Any = site.floor.client.xrange(log_key(site.floor.partition))
    return [msgspec.json.decode(fields[b"e"], type=Command) for _, fields in rows if b"e" in fields]


@pytest.mark.parametrize("language", LANGUAGES)
def test_reads_on_every_phone(site: Site, phones: Phones, language: str) -> None:
    """Log-in and cards fit 390 and 360 pixels without overflow, complaint or accessibility violation."""
    floor, phone = site.floor, phones()
    floor.publish(*floor.afternoon(), incidents=floor.incidents())
    phone.page.goto(f"{phone.root}/staff?lang={language}")
    phone.shoot(f"login-{language}")
    assert phone.violations() == []
    phone.log_in("mia", language=language).live()
    for width in (390, 360):
        phone.page.set_viewport_size({"width": width, "height": 740})
        assert (width, phone.page.evaluate(OVERFLOWING)) == (width, [])
        small = phone.page.evaluate(
            "[...document.querySelectorAll('.cards button')].filter(b => b.offsetHeight < 44).length"
        )
        assert small == 0
        phone.shoot(f"staff-{language}-{width}")
    phone.shoot(f"staff-{language}-first", full=False)
    assert phone.violations() == []
    assert phone.complaints == []
    assert phone.page.locator(".card").count() == 4
    assert phone.page.locator(".card.act").count() == 2


def test_wrong_password_is_slowed_down(site: Site, phones: Phones) -> None:
    """A wrong password says so; after eight of them even the right one has to wait."""
    phone = phones()
    for _ in range(8):
        phone.log_in("mia", "not the password")
        phone.page.wait_for_function("() => document.querySelector('.trouble').textContent !== ''")
        assert "not right" in phone.page.inner_text(".trouble")
    phone.log_in("mia")
    phone.page.wait_for_function(
        "() => document.querySelector('.trouble').textContent.startsWith('Too many')"
    )
    assert phone.page.url.startswith(f"{phone.root}/login")


def test_first_one_has_it(site: Site, phones: Phones) -> None:
    """A tap goes into the log as that person's command; when somebody else was first, the card says who."""
    floor = site.floor
    floor.publish(*floor.afternoon(), incidents=floor.incidents())
    mia, lw = phones().log_in("mia").live(), phones().log_in("lw").live()
    # between the first tap and the dataflow's answer both still see the button
    incident = mia.page.get_attribute(".card.act >> nth=0", "data-id")
    mia.page.click(f".card[data-id='{incident}'] [data-do=ack]")
    mia.page.wait_for_selector(f".card[data-id='{incident}'] .note")
    wait_for(lambda: len(commands(site)) == 1, what="the command")  # "Sending …" stands before it
    (command,) = commands(site)
    assert (command.actor, command.action, command.target) == ("mia", "ack", incident)
    assert command.id
    taken = msgspec.structs.replace(
        next(i for i in site.reader.read("riverside").incidents if i.id == incident),
        state="acknowledged", owner="mia",
    )  # fmt: skip
    lw.page.context.set_offline(True)  # LW has not heard of it when the tap comes
    floor.publish(incidents=(taken,))
    mia.page.wait_for_selector(f".card[data-id='{incident}'] [data-do=done]")
    lw.page.context.set_offline(False)
    lw.page.wait_for_function(
        "id => document.querySelector(`.card[data-id='${id}']`).textContent.includes('Mia is on it')",
        arg=incident,
    )
    said = lw.page.evaluate(
        """id => fetch('/act', {
          method: 'POST', headers: {'X-CSRF': JSON.parse(document.getElementById('frame').textContent).csrf},
          body: JSON.stringify({store: 'riverside', target: id, do: 'ack'})}).then(a => a.json())""",
        incident,
    )
    assert (said["verdict"], said["who"]) == ("taken", "mia")
    assert len(commands(site)) == 1
    assert mia.complaints == []
    audit: Any = floor.client.xrange("audit")
    told = [(f[b"who"], f[b"action"], f[b"result"]) for _, f in audit]
    assert (b"mia", b"ack", b"ok") in told
    assert (b"lw", b"ack", b"taken") in told


def test_every_answer_goes_into_the_log(site: Site, phones: Phones) -> None:
    """Later, not a problem and done are commands of the one who taps, about the card tapped; done needs its owner."""
    floor, phone = site.floor, phones()
    first, *others = floor.incidents()
    mine = msgspec.structs.replace(first, state="acknowledged", owner="mia")
    floor.publish(*floor.afternoon(), incidents=(mine, *others))
    phone.log_in("mia").live()
    cards = [i.id for i in (mine, *others)]
    assert phone.page.locator("[data-do=done]").count() == 1
    asked = ((cards[0], "done"), (cards[1], "snooze"), (cards[3], "dismiss"))
    for n, (incident, do) in enumerate(asked):
        phone.page.click(f".card[data-id='{incident}'] [data-do={do}]")
        wait_for(lambda n=n: len(commands(site)) > n, what="the command")  # type: ignore[misc]
    said = commands(site)
    assert [(c.target, c.action, c.actor) for c in said] == [(i, do, "mia") for i, do in asked]
    assert said[1].until
    assert (said[1].until - said[1].at).total_seconds() == site.floor.shop.settings.snooze_s
    rests = msgspec.structs.replace(others[0], snoozed_until=said[1].until)
    floor.publish(incidents=(rests,))
    phone.page.wait_for_function(
        "id => document.querySelector(`.card[data-id='${id}']`).textContent.includes('Rests until')",
        arg=cards[1],
    )
    assert phone.page.locator(".card").last.get_attribute("data-id") == cards[1]
    phone.shoot("staff-answered")
    assert phone.complaints == []


def test_links_ask_before_they_act(site: Site, phones: Phones) -> None:
    """Opening a signed link changes nothing; its button does; a forged, expired or foreign one says so."""
    floor, phone = site.floor, phones()
    floor.publish(*floor.afternoon(), incidents=floor.incidents())
    incident = floor.incidents()[0]
    floor.publish(incidents=(incident,))

    def link(person: str = "mia", expires: int = 4_000_000_000, key: bytes = b"k" * 32) -> str:
        return f"{phone.root}/staff/confirm?lang=en&t=" + sign(
            key, Claim("riverside", incident.id, person, expires)
        )

    for bad in (link(key=b"x" * 32), link(expires=1), link(person="far"), link()[:-3]):
        answer = phone.page.goto(bad)
        assert answer
        assert answer.status == 410
        assert "not valid" in phone.page.inner_text("h1")
    phone.shoot("link-bad")
    phone.page.goto(link())
    assert "Mia" in phone.page.inner_text("h1")
    assert phone.violations() == []
    assert phone.page.evaluate(OVERFLOWING) == []
    card = phone.page.inner_text(".card")
    for said in ASKED:
        assert said in card
    for language in LANGUAGES:
        phone.page.goto(link().replace("lang=en", f"lang={language}"))
        phone.shoot(f"link-confirm-{language}")
    phone.page.goto(link())
    assert commands(site) == []
    with phone.page.expect_navigation():
        phone.page.click("button.primary")
    assert "You have it" in phone.page.inner_text("h1")
    (command,) = commands(site)
    assert (command.actor, command.action, command.target) == ("mia", "ack", incident.id)
    button = phone.context.request.post(
        link().replace("/staff/confirm?", "/staff/act?do=snooze&"),
        headers={"Origin": "https://ntfy.example"},
    )  # a button in a messenger's page
    assert (button.status, button.headers["access-control-allow-origin"]) == (200, "*")
    assert [c.action for c in commands(site)] == ["ack", "snooze"]
    floor.publish(incidents=(msgspec.structs.replace(incident, state="acknowledged", owner="lw"),))
    phone.page.goto(link())
    assert "LW has it already" in phone.page.inner_text("h1")
    floor.publish(incidents=(msgspec.structs.replace(incident, state="resolved"),))
    phone.page.goto(link())
    assert "over already" in phone.page.inner_text("h1")


def test_a_link_for_several_takes_what_nobody_has(site: Site, phones: Phones) -> None:
    """The page behind a push about several incidents names those that are free; one tap takes them all."""
    floor, phone = site.floor, phones()
    first, second, third, *_ = floor.incidents()
    theirs = msgspec.structs.replace(third, state="acknowledged", owner="lw")
    floor.publish(*floor.afternoon(), incidents=(first, second, theirs))
    claim = Claim("riverside", first.id, "mia", 4_000_000_000, (second.id, third.id, "gone"))
    phone.page.goto(f"{phone.root}/staff/confirm?lang=en&t=" + sign(b"k" * 32, claim))
    assert phone.page.locator(".card .besides").count() == 1
    assert phone.violations() == []
    assert phone.page.evaluate(OVERFLOWING) == []
    with phone.page.expect_navigation():
        phone.page.click("button.primary")
    assert "You have it" in phone.page.inner_text("h1")
    assert [(c.action, c.target) for c in commands(site)] == [("ack", first.id), ("ack", second.id)]


def test_writes_need_their_token(site: Site, phones: Phones) -> None:
    """Without the session's token, from another origin, at another store or as a wall nothing is written."""
    floor, phone = site.floor, phones()
    floor.publish(*floor.afternoon(), incidents=floor.incidents())
    phone.log_in("mia").live()
    body = msgspec.json.encode(
        {"store": "riverside", "target": floor.incidents()[0].id, "do": "ack"}
    ).decode()
    csrf = phone.page.evaluate("JSON.parse(document.getElementById('frame').textContent).csrf")
    post = phone.context.request.post
    assert post(f"{phone.root}/act", data=body).status == 403
    foreign = {"X-CSRF": csrf, "Origin": "https://evil.example"}
    assert post(f"{phone.root}/act", data=body, headers=foreign).status == 403
    assert phone.context.request.get(f"{phone.root}/incidents").status == 403
    silence = body.replace('"ack"', '"silence"')
    assert post(f"{phone.root}/act", data=silence, headers={"X-CSRF": csrf}).status == 403
    wall = phones()
    wall.page.goto(f"{wall.root}/wall/riverside?k={site.token}")
    assert wall.context.request.post(f"{wall.root}/act", data=body).status == 401
    assert wall.context.request.get(f"{wall.root}/staff/riverside/state").status == 401
    assert commands(site) == []
    cookies = {c["name"]: c for c in (*phone.context.cookies(), *wall.context.cookies())}
    assert all(c["httpOnly"] and c["sameSite"] == "Strict" for c in cookies.values())
    assert len(cookies) == 2


def test_nothing_inline(site: Site, phones: Phones) -> None:
    """Staff page, links and log-in run and look as our own files say: no inline style or script is let in."""
    floor, phone = site.floor, phones()
    floor.publish(*floor.afternoon(), incidents=floor.incidents())
    phone.log_in("mia").live()
    for path in ("/staff", "/staff/confirm?t=x", "/login"):
        policy = phone.context.request.get(f"{phone.root}{path}").headers["content-security-policy"]
        assert "unsafe-inline" not in policy
        assert "default-src 'self'" in policy
    colour = "getComputedStyle(document.body).color"
    phone.page.evaluate("document.body.setAttribute('style', 'color: rgb(1, 2, 3)')")
    assert phone.page.evaluate(colour) != "rgb(1, 2, 3)"
    assert any("Content Security Policy" in said for said in phone.complaints)


def test_installable(site: Site, phones: Phones) -> None:
    """The manifest and the service worker are there, and a push shows a notification with its incident's tag."""
    floor, phone = site.floor, phones()
    floor.publish(*floor.afternoon(), incidents=floor.incidents())
    phone.context.grant_permissions(["notifications"])
    receiver = Receiver(phone.page, phone.root)
    phone.log_in("mia").live()
    receiver.ready()
    manifest = phone.context.request.get(f"{phone.root}/staff/app.webmanifest?lang=zh").json()
    assert (manifest["display"], manifest["scope"]) == ("standalone", "/staff")
    said = {
        "title": "Queue is long",
        "body": "Till 2",
        "tag": "i-1",
        "urgent": True,
        "url": "/staff/confirm?t=x",
    }
    receiver.receive(said)
    (note,) = receiver.shown()
    assert {key: note[key] for key in ("title", "body", "tag", "url")} == {
        key: said[key] for key in ("title", "body", "tag", "url")
    }
