"""From a tap on the staff page to an encrypted push at the phone's push service, over the real server and Redis."""

import http.client
import json
import multiprocessing
import stat
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from alerts.channels import Channel, Context, Delivery, RefusedError, build
from alerts.incident import Notice
from alerts.keyspace import push_key
from alerts.phones import StoredPhones
from alerts.settings import ChannelSettings, Person
from dashboard import serve
from dashboard.doors.house import House
from dashboard.doors.people import People
from dashboard.push import vapid_file
from sensors.settings import Broker
from tests.endpoint import Endpoint, endpoint
from tests.endpoints import Phone
from tests.floor_facts import Floor, clock_time, demo_shops
from tests.servers import RedisServer

__all__ = ["endpoint"]
pytestmark = pytest.mark.servers
PASSWORD = "correct horse battery"


@pytest.fixture
def page(redis_server: RedisServer, tmp_path: Path) -> Iterator[http.client.HTTPConnection]:
    """A connection to the staff page's server."""
    person = Person(id="mia", stores=["riverside"])
    People([person], tmp_path).set_password("mia", PASSWORD)
    shops, listener = demo_shops(screens=8), serve.listen("127.0.0.1", 0)
    house = House(tmp_path, (person,), push=True)
    process = multiprocessing.get_context("fork").Process(
        target=serve.run,
        args=(redis_server.url, shops, 16, shops["riverside"].settings, [listener], house),
    )
    process.start()
    connection = http.client.HTTPConnection("127.0.0.1", listener.getsockname()[1], timeout=120)
    listener.close()
    yield connection
    connection.close()
    process.terminate()
    process.join(30)


def log_in(page: http.client.HTTPConnection) -> tuple[str, dict[str, str]]:
    """Mia's cookie, and what her page was given."""
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    page.request("POST", "/login", urlencode({"who": "mia", "password": PASSWORD}), form)
    answer = page.getresponse()
    answer.read()
    cookie = (answer.getheader("Set-Cookie") or "").partition(";")[0]
    page.request("GET", "/staff", headers={"Cookie": cookie})
    document = page.getresponse().read().decode()
    frame = json.loads(document.partition('id="frame">')[2].partition("</script>")[0])
    return cookie, frame


def channel_of(redis_server: RedisServer, folder: Path) -> Channel:
    """Web push with the page's own key."""
    key = vapid_file(folder)
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    settings = ChannelSettings(
        kind="webpush", secret_file=str(key), subject="mailto:it@example.com"
    )
    return build(settings, Context(Broker(), StoredPhones(redis_server.client())))


def queue_alert(redis_server: RedisServer) -> Delivery:
    """A message to Mia."""
    shop = demo_shops()["riverside"]
    floor = Floor(redis_server.client(), shop, clock_time(16, 22, shop))
    notice = Notice(
        id="n", store="riverside", at=floor.at, kind="firing", incidents=[floor.incidents()[0]]
    )
    return Delivery(
        key="k", notice=notice, title="排队过长", body="2 号收银台", tag="i-1", person="mia"
    )


def test_a_phone_is_told(
    page: http.client.HTTPConnection, redis_server: RedisServer, tmp_path: Path, endpoint: Endpoint
) -> None:
    """A phone that subscribed gets a push that only it can read; one that is gone is forgotten for good."""
    cookie, frame = log_in(page)
    phone = Phone(f"{endpoint.url}/push/1")
    useless = json.dumps({"endpoint": phone.endpoint, "keys": {"p256dh": "é", "auth": "a"}})
    for subscription, token, status in (
        (phone.subscription, "", 403),
        (phone.subscription, frame["csrf"], 204),
        (useless, frame["csrf"], 400),
    ):
        page.request("PUT", "/push/subscription", subscription, {"Cookie": cookie, "X-CSRF": token})
        answer = page.getresponse()
        assert (answer.status, b"keys" in answer.read()) == (status, status == 400)
    assert len(frame["push_key"]) == 87
    channel, delivery = channel_of(redis_server, tmp_path), queue_alert(redis_server)
    channel.send(delivery)
    (got,) = endpoint.got
    plain = phone.read(got.body)
    assert (plain["title"], plain["tag"], plain["urgent"]) == ("排队过长", "i-1", True)
    assert got.headers["authorization"].startswith("vapid ")
    assert _text_of_key(got.headers["authorization"]) == frame["push_key"]
    endpoint.answers.append(410)
    with pytest.raises(RefusedError, match="no phone"):
        channel.send(delivery)
    assert redis_server.client().hlen(push_key("mia")) == 0


def _text_of_key(header: str) -> str:
    """The ``k`` of a VAPID header (RFC 8292)."""
    fields = dict(part.strip().split("=", 1) for part in header.removeprefix("vapid ").split(","))
    return fields["k"].rstrip("=")
