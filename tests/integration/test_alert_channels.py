"""Each way out speaks its protocol to a real endpoint on loopback."""

import dataclasses
import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from apprise import Apprise
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from alerts.book import Book
from alerts.channels import Channel, Context, Delivery, RefusedError, UnreachableError, build, kinds
from alerts.links import Links, read
from alerts.message import message
from alerts.settings import AlertsSettings, ChannelSettings, Rule
from dashboard.push import vapid_file
from flows.settings import FlowsSettings
from sensors.clock import SystemClock
from sensors.settings import Broker, SensorsSettings
from tests.endpoint import Endpoint, endpoint
from tests.endpoints import Phone, verified
from tests.scenario import Story, shop
from tests.servers import free_port

__all__ = ["endpoint"]
CONTEXT = Context(Broker())
KEY = b"0123456789abcdef0123456789abcdef"


@pytest.fixture
def delivery() -> Delivery:
    """The message of a queue alert for Chen, with links."""
    settings = AlertsSettings(
        rules=[Rule(name="low-conversion", metric="conversion", action="add-staff")]
    )
    story = Story(settings).at("10:00").rate(30, 400, minutes=2)
    book = Book(settings, SensorsSettings(stores=[shop()]), FlowsSettings()).of("s1")
    links = Links("https://floor.example", KEY, timedelta(hours=4))
    return message(story.notices[0], book, "en", key="k1", person="chen", to="topic", links=links)


def test_message_says_what_where_how_long_money_and_action(delivery: Delivery) -> None:
    """A message reads what → where → figures → how long → ¥ → what to do."""
    assert delivery.title == "Conversion is low"
    assert delivery.body == "Shop · 7.5% against 15.0% · 1 min · ¥3,075.00 · Add staff to the floor"


def test_links_are_for_one_person_one_incident_and_a_time(delivery: Delivery) -> None:
    """A link's token names its person and incident, expires, and does not survive a changed byte."""
    token = delivery.link.partition("?t=")[2]
    at = delivery.notice.at
    claim = read(KEY, token, at)
    assert claim is not None
    assert (claim.person, claim.incident) == ("chen", delivery.notice.incidents[0].id)
    assert read(KEY, token, at + timedelta(hours=5)) is None
    assert read(b"x" * 32, token, at) is None
    forged = ("B" if token[0] == "A" else "A") + token[1:]
    assert read(KEY, forged, at) is None
    assert read(KEY, "nonsense", at) is None
    assert read(KEY, "é.é", at) is None


def test_every_kind_is_found_and_keeps_the_protocol(tmp_path: Path) -> None:
    """Each file under ``channels`` builds something that sends, closes and says whether it shows the board."""
    secret_file = vapid_file(tmp_path)  # a webhook would take anything
    assert {"log", "mqtt", "webhook", "ntfy", "apprise", "webpush"} <= set(kinds())
    for kind in kinds():
        settings = ChannelSettings(
            kind=kind, url="", secret_file=str(secret_file), subject="mailto:x@example.com"
        )
        channel = build(settings, CONTEXT)
        assert isinstance(channel.shows_board, bool)
        assert callable(channel.send)
        channel.close()
    with pytest.raises(ValueError, match="no channel kind"):
        build(ChannelSettings(kind="pigeon"), CONTEXT)
    secret_file.write_text("not a key")
    with pytest.raises(ValueError, match="no VAPID private key"):
        build(msgspec.structs.replace(settings, kind="webpush"), CONTEXT)


def test_webhook_is_signed_and_keyed(
    endpoint: Endpoint, delivery: Delivery, tmp_path: Path
) -> None:
    """A receiver with the secret verifies body and time, and sees the same key at every try."""
    (tmp_path / "secret").write_text("s3cret")
    settings = ChannelSettings(
        kind="webhook", url=endpoint.url, secret_file=str(tmp_path / "secret")
    )
    channel = build(settings, CONTEXT)
    endpoint.answers = [503]
    shared = Delivery(key="k1", notice=delivery.notice, title="t", body="b", tag="g")
    with pytest.raises(UnreachableError, match="503"):
        channel.send(shared)
    channel.send(shared)
    channel.close()
    first, again = endpoint.got
    assert first.headers["idempotency-key"] == again.headers["idempotency-key"] == "k1"
    assert first.body == again.body
    stamp, _, mac = again.headers["x-floorcast-signature"].partition(",v1=")
    signed = stamp.removeprefix("t=").encode() + b"." + again.body
    assert hmac.new(b"s3cret", signed, hashlib.sha256).hexdigest() == mac
    assert json.loads(again.body)["notice"]["kind"] == "firing"


@pytest.mark.parametrize(
    ("status", "error"), [(400, RefusedError), (404, RefusedError), (429, UnreachableError)]
)
def test_refusals_are_told_from_hiccups(
    endpoint: Endpoint, delivery: Delivery, status: int, error: type[Exception]
) -> None:
    """What will never be taken is refused, what may be later is tried again."""
    channel = build(ChannelSettings(kind="ntfy", url=endpoint.url), CONTEXT)
    endpoint.answers = [status]
    with pytest.raises(error):
        channel.send(delivery)
    channel.close()


def test_nobody_listens(delivery: Delivery) -> None:
    """An endpoint that is down is unreachable, not an error of ours."""
    channel = build(
        ChannelSettings(kind="ntfy", url=f"http://127.0.0.1:{free_port()}", timeout_s=1), CONTEXT
    )
    with pytest.raises(UnreachableError):
        channel.send(delivery)
    channel.close()


def test_ntfy_json_with_buttons(endpoint: Endpoint, delivery: Delivery, tmp_path: Path) -> None:
    """Ntfy gets JSON at its root with topic, priority, click and buttons that POST; a repeat replaces the first."""
    (tmp_path / "token").write_text("tk_1\n")
    settings = ChannelSettings(kind="ntfy", url=endpoint.url, secret_file=str(tmp_path / "token"))
    channel = build(settings, CONTEXT)
    channel.send(delivery)
    channel.send(delivery)
    channel.close()
    sent, again = (json.loads(request.body) for request in endpoint.got)
    assert endpoint.got[0].path == "/"
    assert endpoint.got[0].headers["authorization"] == "Bearer tk_1"
    assert (sent["topic"], sent["priority"], sent["title"]) == ("topic", 4, "Conversion is low")
    assert sent["click"] == delivery.link
    assert [a["label"] for a in sent["actions"]] == ["I've got it", "Not a problem", "Later"]
    assert {(a["action"], a["method"]) for a in sent["actions"]} == {("http", "POST")}
    assert sent["sequence_id"] == again["sequence_id"]


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # apprise's own
def test_apprise_reaches_a_json_endpoint(endpoint: Endpoint, delivery: Delivery) -> None:
    """Through apprise the message and its link arrive; an address it does not know is refused."""
    channel = build(
        ChannelSettings(kind="apprise", url=endpoint.url.replace("http", "json")), CONTEXT
    )
    channel.send(Delivery(key="k", notice=delivery.notice, title="T", body="B", tag="g", link="L"))
    got = json.loads(endpoint.got[0].body)
    assert (got["title"], got["message"]) == ("T", "B\nL")
    with pytest.raises(RefusedError):
        channel.send(delivery)


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # apprise's own
@pytest.mark.parametrize(
    ("address", "path", "text"),
    [
        ("gotify://{at}/abcdefghijklmno", "/message", "message"),
        ("mmost://{at}/3ccdd113474722377935511fc85d3dd4", "/hooks/", "text"),
        ("bark://{at}/devkey", "/push", "body"),
        ("json://{at}/tasks", "/tasks", "message"),
    ],
)
def test_services_through_apprise(
    endpoint: Endpoint, delivery: Delivery, address: str, path: str, text: str
) -> None:
    """Each service is spoken to in its own form, at the person's own address, with the link to answer by."""
    channel = build(ChannelSettings(kind="apprise"), CONTEXT)
    endpoint.answers = [200]
    channel.send(dataclasses.replace(delivery, to=address.format(at=endpoint.url[7:])))
    (got,) = endpoint.got
    said = json.loads(got.body)[text]
    assert got.path.startswith(path)
    assert delivery.link in said
    assert "Add staff to the floor" in said
    endpoint.answers = [503]
    with pytest.raises(UnreachableError):
        channel.send(dataclasses.replace(delivery, to=address.format(at=endpoint.url[7:])))


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # apprise's own
@pytest.mark.parametrize(
    "address",
    [
        "wecombot://botkey0123456789012345678901234567/",
        "dingtalk://0123456789abcdef0123456789abcdef",
        "feishu://0123456789abcdef",
        "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/",
        "workflows://example.com:443/workflow/signature",
        "mailto://user:pass@example.com",
    ],
)
def test_addresses_of_the_services_that_shops_use(address: str) -> None:
    """WeCom, DingTalk, Feishu, Slack, Teams and e-mail addresses are understood."""
    assert Apprise().add(address)


@pytest.fixture
def pushing(tmp_path: Path) -> Iterator[tuple[Channel, ec.EllipticCurvePublicKey]]:
    """A web push channel with a key of its own, and the public half of that key."""
    ours = ec.generate_private_key(ec.SECP256R1())
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    key_file = tmp_path / "vapid.pem"
    key_file.write_bytes(ours.private_bytes(pem, pkcs8, serialization.NoEncryption()))
    settings = ChannelSettings(
        kind="webpush", secret_file=str(key_file), subject="mailto:ops@example.com"
    )
    channel = build(settings, CONTEXT)
    yield channel, ours.public_key()
    channel.close()


def test_web_push_is_encrypted_for_the_browser_and_signed(
    endpoint: Endpoint, delivery: Delivery, pushing: tuple[Channel, ec.EllipticCurvePublicKey]
) -> None:
    """The browser's key decrypts the push (RFC 8291) and the push service verifies our signature (RFC 8292)."""
    channel, ours = pushing
    phone = Phone(f"{endpoint.url}/push/abc")
    to_phone = dataclasses.replace(delivery, title="排队过长", to=phone.subscription)
    channel.send(to_phone)
    channel.send(to_phone)
    got, again = endpoint.got
    assert phone.read(got.body)["title"] == "排队过长"
    assert got.headers["urgency"] == "high"
    claims = verified(got.headers["authorization"], ours)
    assert (claims["sub"], claims["aud"]) == ("mailto:ops@example.com", endpoint.url)
    assert 0 < claims["exp"] - SystemClock().now().timestamp() <= 86_400  # RFC 8292: a day at most
    assert again.headers["topic"] == got.headers["topic"]
    assert len(got.headers["topic"]) == 32


def test_web_push_tells_a_lost_browser_from_a_hiccup(
    endpoint: Endpoint, delivery: Delivery, pushing: tuple[Channel, ec.EllipticCurvePublicKey]
) -> None:
    """A subscription that is gone or cannot be used is refused; a push service that stumbles is tried again."""
    channel, _ = pushing
    to_phone = dataclasses.replace(delivery, to=Phone(f"{endpoint.url}/push/abc").subscription)
    endpoint.answers = [410, 502]
    with pytest.raises(RefusedError, match="410"):
        channel.send(to_phone)
    with pytest.raises(UnreachableError, match="502"):
        channel.send(to_phone)
    broken = json.dumps({"endpoint": endpoint.url, "keys": {"p256dh": "é", "auth": "a"}})
    with pytest.raises(RefusedError, match="cannot be used"):
        channel.send(dataclasses.replace(to_phone, to=broken))
