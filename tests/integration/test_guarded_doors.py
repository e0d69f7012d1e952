"""Every route of the screens, asked by everybody, on the real server: who comes in, who may write, what is kept."""

import json
import re
from collections.abc import Iterator
from typing import Any, cast

import pytest
from dash import Dash

from dashboard.app import Screens
from dashboard.doors.people import RANK, Role
from tests.guests import (
    CALLBACKS,
    KIOSKS,
    PEOPLE,
    SECRET,
    STORES,
    Answer,
    Guarded,
    Guest,
    app,
    guests,
    house,
    rules,
)

__all__ = ["app", "guests", "house"]
pytestmark = pytest.mark.servers
WHO = {p.id: (p.access, tuple(p.stores) or STORES) for p in PEOPLE}
ANYBODY = frozenset({
    "static", "_wall_dash_assets.static", "_dash_assets.static", "login", "enter", "healthz", "staff_worker",
    "staff_manifest", "staff_confirm", "staff_linked", "/wall/_favicon.ico", "/_favicon.ico",
    "/wall/_dash-component-suites/<string:package_name>/<path:fingerprinted_path>",
    "/_dash-component-suites/<string:package_name>/<path:fingerprinted_path>",
})  # fmt: skip
"""Routes that need nobody: files of ours, the log-in, and signed links, which are the permission themselves."""

PAGES: dict[str, Role] = {
    "/wall/{}": "kiosk", "/wall/{}/state": "kiosk", "/wall/{}/events": "kiosk", "/staff?store={}": "staff",
    "/staff/{}/state": "staff", "/staff/{}/events": "staff", "/store/{}": "manager", "/forecast/{}": "manager",
    "/forecast/{}.csv": "manager", "/sensors/{}": "manager", "/weekly/{}": "manager", "/settings/{}": "admin",
}  # fmt: skip
"""Everything that is one store's, and the least role that it needs."""


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
        assert wall.ask(method, "/wall/_dash-update-component").status == 403


def test_a_wall_s_page_comes_by_get(house: Guarded, guests: dict[str, Guest]) -> None:
    """The layout holds the wall of the address that asks, for whoever may see it; of any other it holds no word."""
    for who, stores in (("kiosk", {"riverside"}), ("lobby", set(STORES)), ("moe", {"riverside"})):
        for store in STORES:
            address = f"http://127.0.0.1:{house.port}/wall/{store}?lang=en&view=zones"
            layout = guests[who].ask("GET", "/wall/_dash-layout", Referer=address)
            assert layout.status == 200
            assert (f'"store":"{store}"' in layout.text) == (store in stores), (who, store)
            assert ("view-zones" in layout.text) == (store in stores)
    assert '"store":' not in guests["lobby"].ask("GET", "/wall/_dash-layout").text


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
