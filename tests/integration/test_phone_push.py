"""From a tap on the staff page to an encrypted push at the phone's push service, over the real server and Redis."""

import base64
import http.client
import json
import multiprocessing
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import http_ece  # type: ignore[import-untyped]
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from alerts.channels import Context, Delivery, RefusedError, build
from alerts.incident import Notice
from alerts.keyspace import push_key
from alerts.phones import StoredPhones
from alerts.settings import ChannelSettings, Person
from dashboard import serve
from dashboard.doors.house import House
from dashboard.doors.people import People
from dashboard.push import vapid_file
from sensors.settings import Broker
from tests.floor_facts import Floor, clock_time, demo_shops
from tests.integration.test_alert_channels import Endpoint, endpoint
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
    connection = http.client.HTTPConnection("127.0.0.1", listener.getsockname()[1], timeout=20)
    listener.close()
    yield connection
    connection.close()
    process.terminate()
    process.join(30)


def test_a_phone_is_told(
    page: http.client.HTTPConnection, redis_server: RedisServer, tmp_path: Path, endpoint: Endpoint
) -> None:
    """A phone that subscribed gets a push that only it can read; one that is gone is forgotten for good."""
    page.request("POST", "/login", urlencode({"who": "mia", "password": PASSWORD}), {
        "Content-Type": "application/x-www-form-urlencoded",
    })  # fmt: skip
    answer = page.getresponse()
    answer.read()
    cookie = (answer.getheader("Set-Cookie") or "").partition(";")[0]
    page.request("GET", "/staff", headers={"Cookie": cookie})
    document = page.getresponse().read().decode()
    frame = json.loads(document.partition('id="frame">')[2].partition("</script>")[0])
    phone, secret = ec.generate_private_key(ec.SECP256R1()), os.urandom(16)
    point = phone.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )
    keys = {"p256dh": _text(point), "auth": _text(secret)}
    subscription = json.dumps({"endpoint": f"{endpoint.url}/push/1", "keys": keys})
    for token, status in (("", 403), (frame["csrf"], 204)):
        page.request("PUT", "/push/subscription", subscription, {"Cookie": cookie, "X-CSRF": token})
        answer = page.getresponse()
        answer.read()
        assert answer.status == status
    useless = json.dumps(
        {"endpoint": f"{endpoint.url}/push/2", "keys": {"p256dh": "é", "auth": "a"}}
    )
    page.request("PUT", "/push/subscription", useless, {"Cookie": cookie, "X-CSRF": frame["csrf"]})
    answer = page.getresponse()
    assert (answer.status, b"keys" in answer.read()) == (400, True)
    key = vapid_file(tmp_path)
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert len(frame["push_key"]) == 87

    client = redis_server.client()
    settings = ChannelSettings(
        kind="webpush", secret_file=str(key), subject="mailto:it@example.com"
    )
    channel = build(settings, Context(Broker(), StoredPhones(client)))
    shop = demo_shops()["riverside"]
    floor = Floor(client, shop, clock_time(16, 22, shop))
    notice = Notice(
        id="n", store="riverside", at=floor.at, kind="firing", incidents=[floor.incidents()[0]]
    )
    delivery = Delivery(
        key="k", notice=notice, title="排队过长", body="2 号收银台", tag="i-1", person="mia"
    )
    channel.send(delivery)
    (got,) = endpoint.got
    plain = json.loads(http_ece.decrypt(got.body, private_key=phone, auth_secret=secret))
    assert (plain["title"], plain["tag"], plain["urgent"]) == ("排队过长", "i-1", True)
    assert got.headers["authorization"].startswith("vapid ")
    assert _text_of_key(got.headers["authorization"]) == frame["push_key"]
    endpoint.answers.append(410)
    with pytest.raises(RefusedError, match="no phone"):
        channel.send(delivery)
    assert client.hlen(push_key("mia")) == 0


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _text_of_key(header: str) -> str:
    """The ``k`` of a VAPID header (RFC 8292)."""
    fields = dict(part.strip().split("=", 1) for part in header.removeprefix("vapid ").split(","))
    return fields["k"].rstrip("=")
