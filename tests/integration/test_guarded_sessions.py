"""Log-ins, cookies, sessions and the audit log, on the real server: how long a door stays open, and what is written."""

import http.client
import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest

from alerts.links import Claim, sign
from dashboard.app import Screens
from dashboard.doors.gate import SESSION
from dashboard.keyspace import session_life_key
from tests.guests import (
    CALLBACKS,
    LINK_KEY,
    PEOPLE,
    Answer,
    Guarded,
    Guest,
    app,
    audit,
    guests,
    house,
    rules,
)
from tests.ingest_process import wait_for

__all__ = ["app", "guests", "house"]
pytestmark = pytest.mark.servers


def test_cookies_are_ours_alone(house: Guarded) -> None:
    """No script reads a cookie and no other site sends one; over TLS they stay there; a wall's is for walls alone."""
    for proto, secure in (("http", False), ("https", True)):
        guest = house.nobody()
        answer = guest.log_in("mia")
        said = [answer.headers["Set-Cookie"]]
        body = urlencode({"who": "mia", "password": "correct horse battery"})
        form = {"Content_Type": "application/x-www-form-urlencoded", "X_Forwarded_Proto": proto}
        session = house.nobody().ask("POST", "/login", body, **form).headers["Set-Cookie"]
        wall = house.nobody().ask(
            "GET", f"/wall/riverside?k={house.tokens['kiosk']}", X_Forwarded_Proto=proto
        )
        for cookie, path in ((session, "Path=/"), (wall.headers["Set-Cookie"], "Path=/wall")):
            flags = cookie.split("; ")[1:]
            assert {"HttpOnly", "SameSite=Strict", path} <= set(flags), cookie
            assert ("Secure" in flags) == secure
            assert "Domain" not in cookie
        assert said
    for address in ("/wall/assets/wall.js?k=bogus", "/wall/riverside?k=bogus"):
        assert house.nobody().ask("GET", address).headers["Set-Cookie"] is None


def test_nobody_is_sent_elsewhere(house: Guarded) -> None:
    """Whatever the log-in is told to go to next, it stays on this server."""
    guest = house.nobody()
    for there in (
        "https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example",
        "javascript:alert(1)", "///evil.example", "/\n/evil.example", "http:evil.example", " //evil.example",
    ):  # fmt: skip
        to = guest.log_in("ana", next=there).headers["Location"]
        assert to == "/", (there, to)
    assert (
        guest.log_in("ana", next="/store/riverside?lang=en").headers["Location"]
        == "/store/riverside?lang=en"
    )
    answer = house.guest("ana").ask("GET", f"//evil.example/{quote('%2e')}")
    assert (
        "evil.example"
        not in (answer.headers["Location"] or "").partition("//")[2].partition("/")[0]
    )


def test_guesses_are_slowed_down(house: Guarded) -> None:
    """Tries at once are counted like tries in turn; a name nobody has is treated alike; one line a lock-out."""
    settings = house.shops["riverside"].settings
    for who in ("moe", "nobody-at-all"):
        with ThreadPoolExecutor(settings.login_tries + 6) as pool:
            guesses = [who] * (settings.login_tries + 6)
            said = [
                a.status for a in pool.map(lambda who: house.nobody().log_in(who, "guess"), guesses)
            ]
        assert sorted(said) == [401] * settings.login_tries + [429] * 6
        told = [e.result for e in audit(house, 40) if e.who == who]
        assert (told.count("refused"), told.count("held")) == (settings.login_tries, 1)
    right = house.nobody().log_in("moe")
    assert right.status == 429
    assert 0 < int(right.headers["Retry-After"]) <= settings.login_window_s
    same = house.nobody()
    for _ in range(settings.login_tries):
        assert same.log_in("guess", "guess").status in {401, 429}
    assert same.log_in("mia").status == 429  # the address has to wait, whoever it says to be
    assert house.nobody().log_in("mia").status == 303
    house.redis.delete("login:name:moe")


def test_a_session_ends(house: Guarded) -> None:
    """A session ends when it is left alone, when it is old, with its password, with its person, and by logging out."""
    settings = house.shops["riverside"].settings

    def holds(guest: Guest) -> bool:
        status = guest.ask("GET", "/staff").status
        assert status in {200, 401}
        return status == 200

    idle = house.guest("mia")
    name = house.session_name(idle)
    assert 0 < house.redis.ttl(name) <= settings.session_idle_h * 3600
    house.redis.expire(name, 60)
    assert holds(idle)
    assert house.redis.ttl(name) > 60  # it was used
    house.redis.delete(name)
    assert not holds(idle)
    old = house.guest("mia")
    life = session_life_key(house.session_name(old).removeprefix("session:"))
    assert settings.session_idle_h * 3600 < house.redis.ttl(life) <= settings.session_h * 3600
    house.redis.delete(life)
    assert not holds(old)
    left, again = house.guest("mia"), house.guest("mia")
    assert left.write("POST", "/logout", "").status == 204
    assert (holds(left), holds(again)) == (False, True)
    was = house.people.hash_of("mia")
    house.people.set_password("mia", "another long password")
    assert not holds(again)
    hashes = {p.id: house.people.hash_of(p.id) for p in PEOPLE} | {"mia": was}
    house.people.keep(hashes)
    assert holds(again)  # the same password as before
    house.people.forget("mia")
    assert not holds(again)
    house.people.keep(hashes)


def without(text: str, who: str) -> str:
    """The configuration without a person."""
    return re.sub(rf'\[\[alerts\.people\]\]\nid = "{who}"\n(?:[^\[\n].*\n|\n)*', "", text)


def test_a_person_who_leaves_the_file_is_out_at_once(house: Guarded) -> None:
    """Taken out of the configuration, by hand or on the page, or given less: it holds from the next request on."""
    before = house.config.read_text()
    try:
        moe, link = house.guest("moe"), house.floor("riverside").incidents()[0].id
        token = sign(LINK_KEY, Claim("riverside", link, "moe", 4_000_000_000))
        assert moe.ask("GET", "/incidents").status == 200
        assert house.nobody().ask("GET", f"/staff/confirm?t={token}").status in {200, 409}
        less = re.sub(r'(id = "moe"\n(?:.+\n)*?access = )"manager"', r'\1"staff"', before)
        house.config.write_text(less)
        assert (moe.ask("GET", "/incidents").status, moe.ask("GET", "/staff").status) == (403, 200)
        house.config.write_text(without(before, "moe"))
        assert moe.ask("GET", "/staff").status == 401
        assert house.nobody().log_in("moe").status == 401
        assert house.nobody().ask("GET", f"/staff/confirm?t={token}").status == 410
        house.config.write_text("[[[ no TOML")
        assert house.guest("mia").ask("GET", "/staff").status == 200  # as it was last
    finally:
        house.config.write_text(before)
    elsewhere = sign(LINK_KEY, Claim("riverside", link, "far", 4_000_000_000))
    assert house.nobody().ask("GET", f"/staff/confirm?t={elsewhere}").status == 410


def test_a_stream_ends_with_its_session(house: Guarded) -> None:
    """Who logs out, or is logged out, hears nothing more on a stream that is open."""
    asked = (
        ("moe", "/events"),
        ("moe", "/wall/riverside/events"),
        ("mia", "/staff/riverside/events"),
    )
    streams = []
    for who, path in asked:
        guest = house.guest(who)
        connection = http.client.HTTPConnection("127.0.0.1", house.port, timeout=60)
        connection.request("GET", path, headers={"Cookie": guest.cookie})
        answer = connection.getresponse()
        assert answer.readline().startswith(b"retry:")
        house.redis.delete(house.session_name(guest))
        streams.append((connection, answer))
    for connection, answer in streams:
        while answer.readline():
            pass
        connection.close()


def test_every_write_is_in_the_audit_log(house: Guarded, app: Screens) -> None:
    """Each route that changes something leaves a line with who, what, where and what came of it."""
    ada = house.guest("ada")
    before = house.config.read_text()
    incident = house.floor("riverside").incidents()[0].id
    link = sign(LINK_KEY, Claim("riverside", incident, "lo", 4_000_000_000))
    keys = {"p256dh": "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8",
            "auth": "BTBZMqHH6r4Tts7J_aSIgg"}  # fmt: skip
    phone = {"endpoint": "https://push.example.com/1", "keys": keys}
    version = json.loads(
        re.findall(r'data-version="(\w+)"', ada.ask("GET", "/settings/riverside").text)[0].join(
            '""'
        )
    )
    edit = {"op": "set", "path": ["sensors", "stores", "riverside", "capacity"], "value": 221}
    picture = (Path(__file__).parents[2] / "dashboard" / "static" / "icon-512.png").read_bytes()
    tried: dict[str, tuple[Answer, tuple[str, str, str]]] = {
        "enter": (house.nobody().log_in("ada"), ("ada", "login", "ok")),
        "staff_act": (
            ada.write("POST", "/act", {"store": "riverside", "target": incident, "do": "comment", "note": "x"}),
            ("ada", "comment", "ok"),
        ),
        "staff_linked": (
            house.nobody().ask("POST", f"/staff/act?t={link}&do=snooze"), ("lo", "snooze", "ok"),
        ),
        "push_add": (ada.write("PUT", "/push/subscription", phone), ("ada", "push-on", "ok")),
        "push_remove": (ada.write("DELETE", "/push/subscription", phone), ("ada", "push-off", "ok")),
        "settings_edit": (
            ada.write("POST", "/settings/riverside/edit", {"version": version, "edit": edit}),
            ("ada", "setting", "ok"),
        ),
        "settings_undo": (ada.write("POST", "/settings/riverside/undo", {}), ("ada", "setting", "ok")),
        "settings_plan": (
            ada.ask("POST", f"/settings/riverside/plan?version={version}", picture, X_CSRF=ada.csrf),
            ("ada", "setting", "ok"),
        ),
    }  # fmt: skip
    tried["leave"] = (ada.write("POST", "/logout", ""), ("ada", "logout", "ok"))
    house.config.write_text(before)
    writes = {r[0] for r in rules(app) if r[1] != "GET"} - CALLBACKS
    assert writes == tried.keys()
    lines = [(e.who, e.action, e.result) for e in reversed(audit(house, len(tried)))]
    for name, (answer, line) in tried.items():
        assert answer.status < 400, (name, answer.text)
        assert line in lines, name
    assert all(e.origin.startswith("10.0.") for e in audit(house, len(tried)) if e.origin)
    told = [e.target for e in audit(house, 30) if e.action == "setting" and e.result == "ok"]
    assert "sensors.stores.riverside.capacity" in told
    assert any(target.startswith("undo set sensors.stores.riverside.capacity") for target in told)


def test_what_is_refused_is_in_the_audit_log(house: Guarded) -> None:
    """A change that somebody may not make, and one that no process would start with, leave their lines too."""
    lo = house.guest("lo")
    page = lo.ask("GET", "/settings/riverside").text
    version = re.findall(r'data-version="(\w+)"', page)[0]
    for path, value, result in (
        (["sensors", "stores", "harbour", "capacity"], 9, "forbidden"),
        (["alerts", "people", "lo", "stores"], [], "forbidden"),
        (["sensors", "redis", "url"], "redis://x", "forbidden"),
        (["sensors", "stores", "riverside", "capacity"], -9, "refused"),
    ):
        asked = {"version": version, "edit": {"op": "set", "path": path, "value": value}}
        answer = lo.write("POST", "/settings/riverside/edit", asked)
        newest = audit(house, 1)[0]
        assert (answer.status, newest.who, newest.target, newest.result) == (
            403 if result == "forbidden" else 422, "lo", ".".join(path), result,
        )  # fmt: skip


def test_a_wall_goes_dark_with_its_token(house: Guarded) -> None:
    """A revoked token opens nothing from the next request on, and its stream ends."""
    token = house.kiosks.issue("spare", "riverside")
    wall = Guest(house.port, "10.9.9.9", f"floorcast_kiosk={token}")
    assert wall.ask("GET", "/wall/riverside/state").status == 200
    house.kiosks.revoke("spare")
    wait_for(
        lambda: wall.ask("GET", "/wall/riverside/state").status == 401, what="the door to shut"
    )
    assert SESSION not in wall.cookie
