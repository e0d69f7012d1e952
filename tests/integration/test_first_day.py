"""The first day: nobody may log in, no store is described; each page says so, and what to do works as it says."""

import io
import json
import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import tomlkit
import typer
from flask.testing import FlaskClient

from dashboard.app import create_app
from dashboard.doors.audit import Audit
from dashboard.doors.house import House
from dashboard.doors.people import People
from dashboard.managers.pages.chain import Page
from dashboard.reader import Reader
from dashboard.settings import DashboardSettings
from dashboard.shop import Shops
from dashboard.snapshot import Arrived, Snapshot
from dashboard.view import view
from floorcast.main import build_app, run
from floorcast.settings import parse_settings
from tests.floor_facts import ROOT, Floor, clock_time, demo_shops
from tests.servers import RedisServer

PASSWORD = "correct horse battery"
GROUP = typer.main.get_command(build_app())


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """The shipped file without its store and without people."""
    document = tomlkit.parse((ROOT / "config.toml").read_text(encoding="utf-8"))
    del document["sensors"]["stores"]  # type: ignore[attr-defined]
    path = tmp_path / "config.toml"
    path.write_text(tomlkit.dumps(document), encoding="utf-8")
    return path


@pytest.fixture
def browser(config: Path, redis_server: RedisServer) -> Iterator[Callable[[], FlaskClient]]:
    """Browsers at a house that has nothing yet; the data store's clock is the afternoon of the tests."""
    folder = config.parent / "screen"
    house = House(
        folder, config=config, check=parse_settings, command="floorcast --config config.toml"
    )
    shop = demo_shops()["riverside"]
    floor = Floor(redis_server.client(), shop, clock_time(16, 22, shop))
    reader = Reader(redis_server.client(), Shops(), 16, now=floor.now)
    app = create_app(reader, Shops(), DashboardSettings(), house)
    yield app.server.test_client
    app.hub.close()


@pytest.mark.servers
def test_from_nothing_to_the_first_store(config: Path, browser: Callable[[], FlaskClient]) -> None:
    """The log-in says how somebody comes in; who came in is led to the first store, and what is added is taken."""
    client = browser()
    for language, said in (("en", "Nobody can log in"), ("zh", "尚无人可登录")):
        page = client.get(f"/login?lang={language}").text
        assert said in page
        (command,) = re.findall("<code>(.*?)</code>", page)
        assert takes(command)
    document = tomlkit.parse(config.read_text(encoding="utf-8"))
    people = tomlkit.aot()
    people.append(tomlkit.item({"id": "admin", "access": "admin"}))
    document["alerts"]["people"] = people  # type: ignore[index]
    config.write_text(tomlkit.dumps(document), encoding="utf-8")
    People([], config.parent / "screen", config).set_password("admin", PASSWORD)
    assert "<code>" not in client.get("/login").text
    answer = client.post("/login", data={"who": "admin", "password": PASSWORD})
    assert (answer.status_code, answer.location) == (303, "/")
    page = client.get("/settings?section=stores&lang=en", follow_redirects=True).text
    version, csrf = (re.findall(rf'data-{name}="([^"]+)"', page)[0] for name in ("version", "csrf"))
    blank = json.loads(re.findall(r"data-blank='([^']+)'", page)[0])
    store = {**blank, "id": "quay", "name": {"en": "Quay", "zh": "码头店"}, "capacity": "90", "timezone": "UTC",
             "currency": "EUR", "country": "DE"}  # fmt: skip
    edit = {"op": "add", "path": ["sensors", "stores"], "value": store}
    added = client.post(
        "/settings/new/edit", json={"version": version, "edit": edit}, headers={"X-CSRF": csrf}
    )
    assert added.status_code == 200, added.text
    assert [s.id for s in parse_settings(config.read_text()).sensors.stores] == ["quay"]
    assert "Quay" in client.get("/settings/quay?lang=en").text


@pytest.mark.servers
def test_who_may_come_in_is_in_the_audit_log(
    tmp_path: Path, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Giving a password or a wall's token, and taking it away, on the command line too, leaves a line."""
    path = tmp_path / "config.toml"
    text = (ROOT / "config.toml").read_text(encoding="utf-8")
    path.write_text(text.replace('url = ""', f'url = "{redis_server.url}"', 1), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    for line in (
        "people add mia --password-stdin", "people kiosk-token lobby --store riverside",
        "people kiosk-token lobby --revoke", "people remove mia",
    ):  # fmt: skip
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
        assert run(["--config", str(path), *shlex.split(line)]) == 0
    lines = reversed(Audit(redis_server.client(), 100).newest())
    assert [(e.action, e.target, e.store, e.origin) for e in lines] == [
        ("person-added", "mia", "", "command line"), ("wall-opened", "lobby", "riverside", "command line"),
        ("wall-revoked", "lobby", "", "command line"), ("person-removed", "mia", "", "command line"),
    ]  # fmt: skip


def test_a_chain_without_stores_says_so() -> None:
    """Where no store is described the first page leads to where one is added, in both languages."""

    class Bare:
        shops = Shops()

    for language, said in (("en", "No store"), ("zh", "尚未配置门店")):
        page = str(Page(Bare()).build("/", language))  # type: ignore[arg-type]
        assert said in page
        assert f"/settings?section=stores&lang={language}" in page


def takes(line: str) -> bool:
    """Whether a command line is one that its command takes; raises ``click``'s own error otherwise."""
    words = shlex.split(line)
    assert words[0] == "floorcast"
    ctx = GROUP.make_context("floorcast", words[1:])
    rest = [*ctx._protected_args, *ctx.args]
    command: object = GROUP
    while rest and rest[0] in getattr(command, "commands", {}):
        name, *rest = rest
        command = command.commands[name]  # type: ignore[attr-defined]
    command.make_context(command.name, list(rest), parent=ctx)  # type: ignore[attr-defined]
    return True


def test_every_command_a_screen_prints_is_taken() -> None:
    """Whatever a wall or a page says to type is a command line that its command takes."""
    shop = demo_shops()["riverside"]._replace(command="floorcast --config 'my shop.toml'")
    waiting = Floor(None, shop, clock_time(16, 22, shop)).at  # type: ignore[arg-type]
    for door in (shop, shop._replace(broker=False)):
        first = view(Snapshot("riverside", waiting, arrived=Arrived(None, spoken=False)), door)[
            "first"
        ]
        assert [takes(line) for line in first["run"].values()] == [True] * 4
    for line in ("floorcast forget --store riverside", "floorcast people add mia"):
        assert takes(line)
