"""Webhooks over real HTTP to a real broker."""

import base64
import hmac
import json
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import structlog
import urllib3
from msgspec.structs import replace
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion
from prometheus_client import REGISTRY

from sensors.settings import Device, SensorsSettings, Webhook
from sensors.webhook import WebhookError, hooks, server
from tests.ingest_cases import settings
from tests.ingest_process import wait_for
from tests.servers import Mosquitto, free_port

pytestmark = pytest.mark.servers
KEY = b"key-of-the-till"
BODY = json.dumps({"event_id": "e-1", "customer": {"name": "Chen Wei"}}).encode()


class Shop(NamedTuple):
    """A webhook server, its broker, and what an ingest would be given."""

    url: str
    broker: Mosquitto
    given: list[tuple[str, bytes]]
    settings: SensorsSettings

    def post(
        self, path: str, body: bytes | Iterator[bytes] = BODY, **headers: str
    ) -> urllib3.BaseHTTPResponse:
        """Post to /hook/…, without trying again."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return POOL.request(
            "POST", f"{self.url}/hook/{path}", body=body, headers=named, retries=False, timeout=20
        )

    def square(self, body: bytes = BODY, key: bytes = KEY) -> urllib3.BaseHTTPResponse:
        """As Square would."""
        signed = b"https://hooks.example.com/hook/square/1" + body
        word = base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
        return self.post("square/1", body, x_square_hmacsha256_signature=word)

    def stripe(self, at: int) -> urllib3.BaseHTTPResponse:
        """As Stripe would, at some time."""
        word = hmac.new(KEY, b"%d." % at + BODY, "sha256").hexdigest()
        return self.post("stripe", stripe_signature=f"t={at},v1={word}")


POOL = urllib3.PoolManager(maxsize=8)


def configured(folder: Path, port: int, own: Webhook) -> SensorsSettings:
    """Three webhooks of one shop."""
    (folder / "key").write_bytes(KEY)
    devices = [
        Device(match=match, adapter=adapter, store="riverside", secret_file=str(folder / "key"))
        for match, adapter in (("/square/1", "square"), ("/stripe", "stripe"), ("/xovis", "xovis"))
    ]
    return replace(settings(port=port), devices=devices, webhook=own)


def subscriber(port: int, given: list[tuple[str, bytes]]) -> Client:
    """A persistent session, as ingest's."""
    ready = threading.Event()
    made = Client(CallbackAPIVersion.VERSION2, client_id="ingest", clean_session=False)
    made.on_connect = lambda c, *_: c.subscribe("floor/v1/+/hook/#", 1)
    made.on_subscribe = lambda *_: ready.set()
    made.on_message = lambda _c, _u, m: given.append((m.topic, bytes(m.payload)))
    made.reconnect_delay_set(1, 1)
    made.connect("127.0.0.1", port)
    made.loop_start()
    assert ready.wait(30)
    return made


@pytest.fixture
def shop(mosquitto: Mosquitto, tmp_path: Path) -> Iterator[Shop]:
    """A webhook server on a thread, with an ingest's session behind the broker."""
    given: list[tuple[str, bytes]] = []
    listener = subscriber(mosquitto.port, given)
    port = free_port()
    own = Webhook(port=port, public_url="https://hooks.example.com", burst=30, puback_s=2)
    made_settings = configured(tmp_path, mosquitto.port, own)
    made = server(made_settings)
    thread = threading.Thread(target=made.run)
    thread.start()
    wait_for(lambda: made.started)
    url = f"http://127.0.0.1:{port}"
    wait_for(lambda: POOL.request("GET", f"{url}/healthz", retries=False).status == 200)
    yield Shop(url, mosquitto, given, made_settings)
    made.should_exit = True
    thread.join(10)
    listener.disconnect()
    listener.loop_stop()


def counted(path: str, outcome: str) -> float:
    """Calls counted so far."""
    labels = {"path": path, "outcome": outcome}
    return REGISTRY.get_sample_value("floorcast_webhook_calls_total", labels) or 0.0


def test_a_signed_call_is_taken_once(shop: Shop) -> None:
    """A signed body is at the broker byte for byte when 200 is said; its repeat is absorbed with 200."""
    taken, repeated = counted("/square/1", "taken"), counted("/square/1", "repeated")
    assert [shop.square().status for _ in range(3)] == [200, 200, 200]
    assert shop.square(BODY.replace(b"e-1", b"e-2")).status == 200
    wait_for(lambda: len(shop.given) >= 2)
    assert shop.given == [
        ("floor/v1/riverside/hook/square/1", BODY),
        ("floor/v1/riverside/hook/square/1", BODY.replace(b"e-1", b"e-2")),
    ]
    assert counted("/square/1", "taken") - taken == 2
    assert counted("/square/1", "repeated") - repeated == 2


def test_wrong_calls_are_refused_counted_and_told_without_their_contents(shop: Shop) -> None:
    """A wrong signature, an old time, no token, an unknown path: each its answer, nothing at the broker."""
    refused = counted("/square/1", "refused")
    with structlog.testing.capture_logs() as logs:
        assert shop.square(key=b"wrong").status == 401
        assert shop.post("square/1").status == 401
        assert shop.stripe(1_700_000_000).status == 401
        assert shop.post("xovis", authorization="Bearer guess").status == 401
        assert shop.post("nowhere").status == 404
    assert counted("/square/1", "refused") - refused == 2
    assert shop.post("xovis", b"{}", authorization=f"Bearer {KEY.decode()}").status == 200
    wait_for(lambda: bool(shop.given))
    assert shop.given == [("floor/v1/riverside/hook/xovis", b"{}")]
    assert {line["event"] for line in logs} == {"webhook-refused", "webhook-unknown"}
    assert not any(word in str(logs) for word in ("Chen", KEY.decode(), "guess"))


def test_a_large_body_is_refused_at_once(shop: Shop) -> None:
    """50 MB are answered 413 and not read, whether their size is told or not."""
    size = 50_000_000
    with socket.create_connection(("127.0.0.1", int(shop.url.rpartition(":")[2])), 10) as line:
        line.sendall(b"POST /hook/xovis HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % size)
        assert line.recv(1000).startswith(b"HTTP/1.1 413")  # nothing of the body was sent
    sent = 0

    with socket.create_connection(("127.0.0.1", int(shop.url.rpartition(":")[2])), 10) as line:
        line.sendall(b"POST /hook/xovis HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        try:
            while sent < size:
                line.sendall(b"10000\r\n" + b"x" * 65_536 + b"\r\n")
                sent += 65_536
        except (ConnectionResetError, BrokenPipeError):
            pass
        else:
            assert line.recv(1000).startswith(b"HTTP/1.1 413")
    assert sent < size
    assert counted("/xovis", "too-large") >= 2
    assert shop.given == []


def test_too_many_calls_wait(shop: Shop) -> None:
    """Beyond the burst a caller is told how long to wait; another path of the same caller is not touched."""
    too_many = counted("/xovis", "too-many")
    answers = [shop.post("xovis", b"{}", authorization="Bearer no") for _ in range(60)]
    statuses = [answer.status for answer in answers]
    assert statuses[:30] == [401] * 30
    assert statuses.count(429) == counted("/xovis", "too-many") - too_many > 0
    assert next(a for a in answers if a.status == 429).headers["retry-after"] == "1"
    assert shop.square().status == 200


def test_without_a_broker_nothing_is_lost(shop: Shop) -> None:
    """While the broker is away the answer is 503; the vendor's retry is taken and arrives."""
    shop.broker.stop()
    bodies = [BODY.replace(b"e-1", b"down-%d" % n) for n in range(5)]
    assert {shop.square(body).status for body in bodies} == {503}
    shop.broker.start()
    for body in bodies:
        wait_for(lambda body=body: shop.square(body).status == 200, what="taken")  # type: ignore[misc]
    wait_for(lambda: {payload for _, payload in shop.given} >= set(bodies))


def test_every_200_is_at_the_broker_across_a_kill(shop: Shop) -> None:
    """Whatever was answered 200 around a restart of the broker reaches the subscriber."""
    taken: list[bytes] = []

    def till(share: int) -> None:
        for number in range(10):
            body = BODY.replace(b"e-1", b"kill-%d-%d" % (share, number))
            wait_for(lambda body=body: shop.square(body).status == 200)  # type: ignore[misc]
            taken.append(body)

    first = threading.Thread(target=till, args=(1,))
    first.start()
    wait_for(lambda: len(taken) > 2)
    shop.broker.stop()
    shop.broker.start()
    first.join(60)
    assert len(taken) == 10
    wait_for(lambda: {payload for _, payload in shop.given} >= set(taken), what="all given")


def test_what_cannot_be_set_up_is_refused(tmp_path: Path) -> None:
    """No secret, an unreadable or empty one, Square without its URL, a misspelt scheme: one line each."""
    good = configured(tmp_path, 1, Webhook(public_url="https://x"))
    (tmp_path / "empty").write_text("\n")
    lens = good.devices[2]
    for wrong, words in (
        (replace(good, devices=[replace(lens, secret_file="")]), "anybody could speak for it"),
        (replace(good, devices=[replace(lens, secret_file="/nowhere")]), "No such file"),
        (replace(good, devices=[replace(lens, secret_file=str(tmp_path / "empty"))]), "is empty"),
        (replace(good, devices=[replace(lens, scheme="sqare")]), "no webhook scheme 'sqare'"),
        (replace(good, webhook=Webhook()), "public_url"),
    ):
        with pytest.raises(WebhookError, match=words):
            hooks(wrong)


def test_the_command_serves_and_ends(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """``floorcast webhook`` takes calls and ends with 0 on SIGTERM."""
    port = free_port()
    (tmp_path / "key").write_bytes(KEY)
    config = tmp_path / "config.toml"
    config.write_text(
        f'[sensors.broker]\nhost = "127.0.0.1"\nport = {mosquitto.port}\n'
        f'[sensors.redis]\nurl = "redis://127.0.0.1:1/0"\n[sensors.webhook]\nport = {port}\n'
        f'[[sensors.devices]]\nmatch = "/xovis"\nadapter = "xovis"\nstore = "riverside"\n'
        f'secret_file = "{tmp_path / "key"}"\n'
    )
    command = [sys.executable, "-m", "floorcast", "--config", str(config), "webhook"]
    with (tmp_path / "out").open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out)

    def is_up() -> bool:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                return False
        return POOL.request("GET", f"http://127.0.0.1:{port}/healthz", retries=False).status == 200

    try:
        wait_for(is_up)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0, (tmp_path / "out").read_text()
    finally:
        process.kill()
        process.wait()
