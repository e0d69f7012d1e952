"""A house of two stores behind the real web server, and guests of every role at its doors."""

import http.client
import json
import multiprocessing
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, cast
from urllib.parse import urlencode

import pytest
import redis
import tomlkit
from argon2 import PasswordHasher
from msgspec import structs, to_builtins
from werkzeug.routing import Rule

from alerts.settings import Person
from dashboard import serve
from dashboard.app import Screens, create_app
from dashboard.doors import people
from dashboard.doors.audit import Audit, Entry
from dashboard.doors.gate import KIOSK, SESSION
from dashboard.doors.house import House
from dashboard.doors.kiosks import Kiosks, digest
from dashboard.doors.people import People
from dashboard.keyspace import session_key
from dashboard.reader import Reader
from dashboard.shop import Shops
from floorcast.settings import parse_settings
from flows.facts import Evidence
from sensors.settings import Text
from tests.floor_facts import ROOT, Floor, clock_time, demo_shops
from tests.servers import RedisServer

PASSWORD = "correct horse battery"
LINK_KEY = b"k" * 32
STORES = ("riverside", "harbour")
PEOPLE = (
    Person(id="mia", stores=["riverside"]),
    Person(id="far", stores=["harbour"]),
    Person(id="moe", access="manager", stores=["riverside"]),
    Person(id="lo", access="admin", stores=["riverside"]),
    Person(id="ana", access="manager"),
    Person(id="ada", access="admin"),
)
KIOSKS = {"kiosk": "riverside", "lobby": "*"}


class Answer(NamedTuple):
    """What the server said; ``text`` is empty of a stream."""

    status: int
    headers: http.client.HTTPMessage
    text: str


class Guest:
    """Somebody at the door, each from an address of their own, as a proxy tells it."""

    def __init__(self, port: int, address: str, cookie: str = "", csrf: str = "") -> None:
        self.port, self.address, self.cookie, self.csrf = port, address, cookie, csrf

    def ask(self, method: str, path: str, body: str | bytes = b"", **headers: str) -> Answer:
        """One request, with this guest's cookie; header names with ``_`` for ``-``."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        sent = {"Cookie": self.cookie, "X-Forwarded-For": self.address}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            connection.request(method, path, body, {k: v for k, v in sent.items() if v})
            answer = connection.getresponse()
            streams = "event-stream" in (answer.getheader("Content-Type") or "")
            return Answer(
                answer.status, answer.msg, "" if streams else answer.read().decode(errors="replace")
            )
        finally:
            connection.close()

    def write(self, method: str, path: str, value: object, **headers: str) -> Answer:
        """A write as our pages send it, with the session's token."""
        return self.ask(method, path, json.dumps(value), X_CSRF=self.csrf, **headers)

    def log_in(self, who: str, password: str = PASSWORD, **more: str) -> Answer:
        """Through the form; ``more`` goes into the address."""
        return self.ask(
            "POST", "/login?" + urlencode({"lang": "en", **more}),
            urlencode({"who": who, "password": password}),
            Content_Type="application/x-www-form-urlencoded",
        )  # fmt: skip


class Guarded:
    """The screens of two stores with people of every role, served by gunicorn in a process of its own."""

    def __init__(self, server: RedisServer, folder: Path) -> None:
        self.redis, self.folder = server.client(), folder
        self.config = folder / "config.toml"
        self.config.write_text(configuration())
        self.people = People(PEOPLE, folder)
        self.people.set_password("mia", PASSWORD)  # hashing is slow on purpose: all have the same
        self.people.keep({p.id: self.people.hash_of("mia") for p in PEOPLE})
        self.kiosks = Kiosks(folder)
        self.tokens = {name: self.kiosks.issue(name, store) for name, store in KIOSKS.items()}
        self.shops = two_shops()
        self.house = House(
            folder, PEOPLE, LINK_KEY, push=True, config=self.config, check=parse_settings
        )
        self._url, self._addresses = server.url, iter(range(1, 65_000))
        self.port = 0

    @contextmanager
    def served(self) -> "Iterator[Guarded]":
        """Serve until the end of the block."""
        listener = serve.listen("127.0.0.1", 0)
        self.port = listener.getsockname()[1]
        settings = self.shops["riverside"].settings
        process = multiprocessing.get_context("fork").Process(
            target=serve.run, args=(self._url, self.shops, 16, settings, [listener], self.house)
        )
        process.start()
        listener.close()
        try:
            yield self
        finally:
            process.terminate()
            process.join(30)

    def nobody(self) -> Guest:
        """Without a cookie, from an address that nobody else has."""
        n = next(self._addresses)
        return Guest(self.port, f"10.0.{n // 250}.{n % 250 + 1}")

    def guest(self, who: str) -> Guest:
        """Logged in through the door, or a wall with its token."""
        guest = self.nobody()
        if who in self.tokens:
            guest.cookie = f"{KIOSK}={self.tokens[who]}"
            return guest
        answer = guest.log_in(who)
        assert answer.status == 303, answer.text
        guest.cookie = (answer.headers["Set-Cookie"] or "").partition(";")[0]
        guest.csrf = json.loads(self.session(guest))["csrf"]
        return guest

    def session(self, guest: Guest) -> bytes:
        """What the data store keeps of a guest's session; empty once it is over."""
        found: Any = self.redis.get(self.session_name(guest))
        return bytes(found or b"")

    def session_name(self, guest: Guest) -> str:
        """The key of a guest's session."""
        return session_key(digest(guest.cookie.removeprefix(f"{SESSION}=")))

    def floor(self, store: str) -> Floor:
        """Writes a store's facts."""
        shop = self.shops[store]
        return Floor(self.redis, shop, clock_time(16, 22, shop))


def two_shops() -> Shops:
    """The demo shop and another one, behind a proxy on this machine."""
    shops = demo_shops(proxies=["127.0.0.1"], screens=32, comment_s=0.2)
    first = shops["riverside"]
    name = Text(en="Harbour", zh="港口店")
    shops["harbour"] = first._replace(store=structs.replace(first.store, id="harbour", name=name))
    return shops


def configuration() -> str:
    """The shipped file with the second store and the people."""
    document: Any = tomlkit.parse((ROOT / "config.toml").read_text(encoding="utf-8"))
    harbour = tomlkit.parse(tomlkit.dumps(document["sensors"]["stores"][0]))
    harbour["id"] = "harbour"
    harbour["name"] = {"en": "Harbour", "zh": "港口店"}
    table = tomlkit.table()
    table.update(harbour)
    document["sensors"]["stores"].append(table)
    document["alerts"]["people"] = tomlkit.aot()
    for person in PEOPLE:
        table = tomlkit.table()
        table.update({k: v for k, v in to_builtins(person).items() if v})
        document["alerts"]["people"].append(table)
    return tomlkit.dumps(document)


SECRET = 987_654
"""Visitors of the second store: a number that stands nowhere else."""

CALLBACKS = frozenset({"/wall/_dash-update-component", "/_dash-update-component"})


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
    return {who: house.guest(who) for who in (*(p.id for p in PEOPLE), *KIOSKS)}


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
