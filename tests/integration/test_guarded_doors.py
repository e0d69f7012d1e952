"""Every route of the screens, asked by everybody, on the real server: who comes in, who may write, what is kept."""

import http.client
import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote, urlencode

import pytest
import redis
from argon2 import PasswordHasher
from dash import Dash
from werkzeug.routing import Rule

from alerts.links import Claim, sign
from dashboard.app import Screens, create_app
from dashboard.doors import people
from dashboard.doors.audit import Audit, Entry
from dashboard.doors.gate import SESSION
from dashboard.doors.people import RANK, Role
from dashboard.keyspace import session_life_key
from dashboard.reader import Reader
from flows.facts import Evidence
from tests.guests import KIOSKS, LINK_KEY, PEOPLE, STORES, Answer, Guarded, Guest
from tests.ingest_process import wait_for
from tests.servers import RedisServer

pytestmark = pytest.mark.servers
WHO = {p.id: (p.access, tuple(p.stores) or STORES) for p in PEOPLE}
ANYBODY = frozenset({
    "static", "_wall_dash_assets.static", "_dash_assets.static", "login", "enter", "healthz", "staff_worker",
    "staff_manifest", "staff_confirm", "staff_linked", "/wall/_favicon.ico", "/_favicon.ico",
    "/wall/_dash-component-suites/<string:package_name>/<path:fingerprinted_path>",
    "/_dash-component-suites/<string:package_name>/<path:fingerprinted_path>",
})  # fmt: skip
"""Routes that need nobody: files of ours, the log-in, and signed links, which are the permission themselves."""

CALLBACKS = frozenset({"/wall/_dash-update-component", "/_dash-update-component"})
SECRET = 987_654
"""Visitors of the second store: a number that stands nowhere else."""

PAGES: dict[str, Role] = {
    "/wall/{}": "kiosk", "/wall/{}/state": "kiosk", "/wall/{}/events": "kiosk", "/staff?store={}": "staff",
    "/staff/{}/state": "staff", "/staff/{}/events": "staff", "/store/{}": "manager", "/forecast/{}": "manager",
    "/forecast/{}.csv": "manager", "/sensors/{}": "manager", "/weekly/{}": "manager", "/settings/{}": "admin",
}  # fmt: skip
"""Everything that is one store's, and the least role that it needs."""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    """Two stores with facts and incidents, served to everybody."""
    if reason := RedisServer.missing():
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("guarded")
    cheap = partial(PasswordHasher, time_cost=1, memory_cost=64)
    with RedisServer(folder) as server, pytest.MonkeyPatch.context() as patch:
        patch.setattr(people, "PasswordHasher", cheap)  # or most of the time would go into hashing
        made = Guarded(server, folder)
        for store in STORES:
            floor = made.floor(store)
            floor.publish(*floor.afternoon(), incidents=floor.incidents())
        harbour = made.floor("harbour")
        harbour.publish(harbour.fact("visitors", "day", SECRET, evidence=Evidence(n=1)))
        with made.served() as serving:
            yield serving


@pytest.fixture(scope="module")
def app(house: Guarded) -> Screens:
    """The app as it is served, here to be asked for its routes."""
    settings = house.shops["riverside"].settings
    reader = Reader(redis.Redis(port=1), house.shops, 16)
    return create_app(reader, house.shops, settings, house.house)


@pytest.fixture(scope="module")
def guests(house: Guarded) -> dict[str, Guest]:
    """Everybody, at the door."""
    return {who: house.guest(who) for who in (*WHO, *KIOSKS)}


def rules(app: Screens) -> list[tuple[str, str, str]]:
    """Every route: its endpoint, a method, and an address."""
    made = []
    for rule in cast("Iterator[Rule]", app.server.url_map.iter_rules()):
        address = re.sub(r"<(?:\w+:)?store>", "riverside", rule.rule)
        address = re.sub(r"<[^>]+>", "x", address)
        made += [
            (rule.endpoint, method, address)
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        ]
    return sorted(set(made))


def audit(house: Guarded, count: int = 50) -> list[Entry]:
    """The newest of the audit log."""
    return Audit(house.redis, 1000).newest(count)


def test_nobody_comes_in_without_a_name(house: Guarded, app: Screens) -> None:
    """Each route but those for anybody asks who is there; a page sends to the log-in, anything else is refused."""
    nobody = house.nobody()
    for endpoint, method, address in rules(app):
        if endpoint == "enter":
            continue  # the log-in itself
        answer = nobody.ask(method, address)
        assert (answer.status == 401) == (endpoint not in ANYBODY), (endpoint, answer.status)
    page = nobody.ask("GET", "/incidents?lang=en", Accept="text/html")
    assert (page.status, page.headers["Location"]) == (
        302,
        "/login?lang=en&next=%2Fincidents%3Flang%3Den",
    )


def test_every_write_needs_its_session_s_token(
    house: Guarded, app: Screens, guests: dict[str, Guest]
) -> None:
    """No write is taken without the session's own token or from another site, whoever asks; a wall never writes."""
    writes = [r for r in rules(app) if r[1] != "GET" and r[0] not in {*ANYBODY, *CALLBACKS}]
    assert {r[0] for r in writes} == {
        "leave", "staff_act", "settings_edit", "settings_undo", "settings_plan", "push_add", "push_remove",
    }  # fmt: skip
    other = house.guest("ada")
    for who, guest in guests.items():
        for endpoint, method, address in writes:
            tokens = ("", "x", "é", other.csrf if other.csrf != guest.csrf else "y")
            said = {
                guest.ask(method, address, X_CSRF=token.encode().decode("latin-1")).status
                for token in tokens
            }
            assert said == ({401} if who in KIOSKS else {403}), (who, endpoint)
            for foreign in (
                {"Origin": "https://evil.example"},
                {"Sec_Fetch_Site": "cross-site"},
                {"Origin": "null"},
            ):
                answer = guest.ask(method, address, X_CSRF=guest.csrf, **foreign)
                assert answer.status == 403, (who, endpoint)
    for guest in guests.values():
        assert guest.ask("POST", "/login", Origin="https://evil.example").status == 403
    wall = guests["kiosk"]
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        assert wall.ask(method, "/wall/riverside").status == 403
        assert wall.ask(method, "/wall/riverside/state", X_CSRF="").status == 403


@pytest.mark.parametrize("store", STORES)
def test_everybody_sees_their_own_stores_alone(
    house: Guarded, guests: dict[str, Guest], store: str
) -> None:
    """Each page, stream, export and interface of a store opens for its own people of enough rank and nobody else."""
    for who, guest in guests.items():
        for page, least in PAGES.items():
            answer = guest.ask("GET", page.format(store))
            if who in KIOSKS:
                own = page.startswith("/wall/")
                expected = (200 if KIOSKS[who] in {store, "*"} else 403) if own else 401
            else:
                role, theirs = WHO[who]
                expected = 200 if store in theirs and RANK[role] >= RANK[least] else 403
            assert answer.status == expected, (who, page, answer.status)
            hidden = store == "harbour" and answer.status != 200
            assert not (hidden and str(SECRET) in answer.text)


def test_nobody_acts_at_another_s_store(house: Guarded, guests: dict[str, Guest]) -> None:
    """An incident is answered, and settings are changed, by that store's own people of enough rank."""
    incidents = {store: house.floor(store).incidents()[0].id for store in STORES}
    for who, (role, theirs) in WHO.items():
        for store in STORES:
            for do, least in (("comment", "staff"), ("silence", "manager")):
                target = incidents[store] if do == "comment" else "queue-*"
                wish = {"store": store, "target": target, "do": do, "note": who}
                may = store in theirs and RANK[role] >= RANK[cast("Role", least)]
                answer = guests[who].write("POST", "/act", wish)
                assert answer.status == (202 if may else 403), (who, store, do, answer.text)
            path = ["sensors", "stores", store, "capacity"]
            asked = {"version": "old", "edit": {"op": "set", "path": path, "value": 99}}
            for page in STORES:  # the address says one store, the edit may say another
                answer = guests[who].write("POST", f"/settings/{page}/edit", asked)
                may = {store, page} <= set(theirs) and role == "admin"
                assert answer.status == (409 if may else 403), (who, store, page)


def callbacks(app: Dash) -> Iterator[dict[str, Any]]:
    """Each callback that the server answers, as a browser asks it, with places for the address and what is chosen."""
    for told in app._callback_list:
        if told["clientside_function"]:
            continue
        parts = re.findall(r"[^.]+\.[^.]+", told["output"].strip("."))
        outputs = [dict(zip(("id", "property"), p.rsplit(".", 1), strict=True)) for p in parts]
        many = told["output"].startswith("..")
        if many:
            split = told["output"][2:-2].split("...")
            outputs = [dict(zip(("id", "property"), p.rsplit(".", 1), strict=True)) for p in split]
        yield {
            "output": told["output"], "outputs": outputs if many else outputs[0],
            "inputs": told["inputs"], "state": told["state"],
            "changedPropIds": [f"{i['id']}.{i['property']}" for i in told["inputs"]],
        }  # fmt: skip


def asked_of(callback: dict[str, Any], page: str, store: str) -> bytes:
    """A callback's request, from a page of a store."""
    values = {
        "pathname": f"/{page}/{store}", "search": "?lang=en", "day": "2026-11-21", "fc-target": "visitors",
        "changed": 1,
    }  # fmt: skip

    def filled(part: dict[str, str]) -> dict[str, Any]:
        chosen = {"store": store, "id": "visitors||day"} if "chosen" in part["id"] else None
        value = values.get(part["property"], values.get(part["id"], chosen))
        return {**part, "value": value}

    both = {name: [filled(p) for p in callback[name]] for name in ("inputs", "state")}
    return json.dumps({**callback, **both}).encode()


def test_no_callback_tells_of_another_store(app: Screens, guests: dict[str, Guest]) -> None:
    """Whatever a callback is asked with, it says of a store only what its own managers may see."""
    told: dict[str, list[str]] = {"moe": [], "ana": []}
    asked = 0
    for callback in callbacks(app.managers):
        for page in ("store", "forecast", "sensors", ""):
            body = asked_of(callback, page, "harbour")
            for who, said in told.items():
                answer = guests[who].ask(
                    "POST", "/_dash-update-component", body, Content_Type="application/json"
                )
                assert answer.status in {200, 204}, (who, callback["output"], answer.text[:500])
                said.append(answer.text)
            asked += 1
            for refused in ("mia", "kiosk"):
                answer = guests[refused].ask(
                    "POST", "/_dash-update-component", body, Content_Type="application/json"
                )
                assert answer.status == (401 if refused == "kiosk" else 403)
    assert asked > 30
    assert any(str(SECRET) in text for text in told["ana"])
    for text in told["moe"]:
        assert str(SECRET) not in text
        assert "Harbour" not in text


def test_no_page_lets_anything_inline_in(
    app: Screens, guests: dict[str, Guest], house: Guarded
) -> None:
    """Every answer of every route, and every refusal, has a policy without anything unsafe or another host."""
    answers: dict[str, Answer] = {}
    for endpoint, method, address in rules(app):
        if method == "GET":
            answers[endpoint] = guests["ada"].ask("GET", address)
    answers |= {page: guests["ada"].ask("GET", page.format("riverside")) for page in PAGES}
    answers |= {
        "refused": guests["mia"].ask("GET", "/incidents"),
        "unknown": house.nobody().ask("GET", "/"),
        "wrong method": guests["ada"].ask("GET", "/act"),
        "no such thing": guests["ada"].ask("GET", "/wall/riverside/plan/x"),
        "too much": guests["ada"].ask("POST", "/act", b"x" * 1_100_000, X_CSRF=guests["ada"].csrf),
        "wrong password": house.nobody().log_in("mia", "not the password"),
        "dead link": house.nobody().ask("GET", "/staff/confirm?t=x"),
    }
    assert answers["too much"].status == 413
    for name, answer in answers.items():
        policy = answer.headers["Content-Security-Policy"]
        assert policy, (name, answer.status)
        assert "unsafe" not in policy, name
        assert not re.search(r"https?:|\*", policy), name
        parts = {part.split()[0]: part.split()[1:] for part in policy.split(";") if part.strip()}
        assert parts["default-src"] == ["'self'"], name
        assert {"object-src", "base-uri", "form-action", "frame-ancestors"} <= parts.keys(), name
        assert answer.headers["X-Content-Type-Options"] == "nosniff", name
        assert answer.headers["Referrer-Policy"] == "same-origin", name
        if "html" in (answer.headers["Content-Type"] or ""):
            assert not re.search(r"\son\w+=|\sstyle=|javascript:", answer.text), name


def test_a_refusal_is_read_in_one_s_language(house: Guarded, guests: dict[str, Guest]) -> None:
    """Whoever opens a page that is not theirs, or none, reads so in their language; a program reads one plain line."""
    cases = (
        ("mia", "/incidents", 403),
        ("ada", "/settings/nowhere", 404),
        ("ada", "/weekly/nowhere", 404),
    )
    for who, path, status in cases:
        for language, said in (
            ("en", {403: "not yours", 404: "no such page"}),
            ("zh", {403: "无权", 404: "不存在"}),
        ):
            page = guests[who].ask("GET", f"{path}?lang={language}", Accept="text/html")
            assert (page.status, said[status] in page.text) == (status, True), page.text
        program = guests[who].ask("GET", path)
        assert (program.status, program.headers["Content-Type"]) == (
            status,
            "text/plain; charset=utf-8",
        )
        assert program.text.count("\n") == 1


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
