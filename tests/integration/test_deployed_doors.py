"""deploy/'s broker and Redis files as they are, TLS and all: every door that must be shut is tried."""

import contextlib
import hashlib
import re
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, Self

import paho.mqtt.client as mqtt
import pytest
import redis
from paho.mqtt.enums import CallbackAPIVersion
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.certificates import Certificates, make_certificates
from tests.ingest_process import wait_for
from tests.servers import Mosquitto, RedisServer, Server

pytestmark = pytest.mark.servers
AT_ONCE = Retry(NoBackoff(), 0)
DEPLOY = Path(__file__).parents[2] / "deploy"
CROSSINGS = {
    "gateway-riverside": [
        "floor/v1/harbour/events/door-1",
        "floor/v1/harbour/status/door-1",
        "floor/v1/harbour/plan",
        "floor/v1/riverside/alerts",
        "floor/v1/riverside/commands",
        "floor/v1/riverside/hook/square/1",
    ],
    "phone-riverside": [
        "floor/v1/riverside/alerts",
        "floor/v1/riverside/events/door-1",
        "floor/v1/riverside/commands",
    ],
    "webhook": [
        "floor/v1/riverside/events/door-1",
        "floor/v1/riverside/commands",
        "floor/v1/riverside/alerts",
    ],
    "deliver": ["floor/v1/riverside/events/door-1", "floor/v1/riverside/commands"],
    "ingest": [
        "floor/v1/riverside/events/door-1",
        "floor/v1/riverside/commands",
        "spBv1.0/g/DCMD/node/door",
        "spBv1.0/g/NDATA/node",
    ],
}
OPEN = {
    "gateway-riverside": [
        "floor/v1/riverside/events/door-1",
        "floor/v1/riverside/status/door-1",
        "floor/v1/riverside/plan",
    ],
    "webhook": ["floor/v1/riverside/hook/square/1", "floor/v1/harbour/hook/till"],
    "deliver": ["floor/v1/riverside/alerts"],
    "ingest": ["spBv1.0/g/NCMD/node"],
}
DEAF = {  # what each may not read
    "gateway-riverside": ["floor/v1/riverside/events/#", "floor/v1/riverside/alerts", "#"],
    "phone-riverside": ["floor/v1/riverside/events/#", "floor/v1/harbour/alerts", "#"],
    "webhook": ["floor/v1/riverside/hook/#", "#"],
    "deliver": ["floor/v1/riverside/events/#", "#"],
}


class Deployed(NamedTuple):
    """A running server on deploy/'s files, and its certificates."""

    server: Server
    certificates: Certificates


def moved(words: str, folder: Path) -> str:
    """A file of deploy/ with its folders moved; nothing else of it is changed."""
    words = words.replace("/etc/floorcast/tls/", f"{folder}/").replace(
        "/etc/floorcast/", f"{folder}/"
    )
    return re.sub(r"/var/lib/(mosquitto|redis)/?", f"{folder}/", words)


class Broker(Server):
    """mosquitto on deploy/mosquitto.conf, on a free loopback port."""

    program = "mosquitto"

    def command(self) -> list[str]:
        words = moved((DEPLOY / "mosquitto.conf").read_text(), self.folder)
        assert "listener 8883" in words
        words = words.replace("listener 8883", f"listener {self.port} 127.0.0.1")
        config = self.folder / "mosquitto.conf"
        config.write_text(f"{words}\nuser root\n")  # the test's folder is the test's user's
        return [self.program, "-c", str(config)]


class Redis(Server):
    """redis-server on deploy/redis.conf, on a free loopback port."""

    program = "redis-server"

    def command(self) -> list[str]:
        words = moved((DEPLOY / "redis.conf").read_text(), self.folder)
        assert "tls-port 6380" in words
        words = words.replace("tls-port 6380", f"tls-port {self.port}")
        config = self.folder / "redis.conf"
        config.write_text(words.replace("bind 0.0.0.0", "bind 127.0.0.1"))
        return [self.program, str(config)]


def certificates_at(folder: Path, server: str) -> Certificates:
    """A fresh authority; the server's pair under the name that deploy/ gives it."""
    made = make_certificates(folder)
    made.server.rename(folder / f"{server}.crt")
    made.server_key.rename(folder / f"{server}.key")
    return made


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    """The deployed broker, with a password for each user of its access list."""
    if reason := Mosquitto.missing():
        pytest.skip(reason)
    tmp_path = tmp_path_factory.mktemp("deployed")
    certificates = certificates_at(tmp_path, "broker")
    acl = (DEPLOY / "mqtt.acl").read_text()
    (tmp_path / "mqtt.acl").write_text(acl)
    users = re.findall(r"(?m)^user (\S+)$", acl)
    assert set(CROSSINGS) <= set(users)
    passwords = tmp_path / "mqtt.passwd"
    passwords.write_text("".join(f"{user}:secret-{user}\n" for user in users))
    subprocess.run(["mosquitto_passwd", "-U", str(passwords)], check=True)
    for file in ("mqtt.acl", "mqtt.passwd"):
        (tmp_path / file).chmod(0o600)
    with Broker(tmp_path) as server:
        yield Deployed(server, certificates)


class Caller:
    """A client of the broker over TLS, MQTT 5, whose broker says what it refuses."""

    def __init__(self, broker: Deployed, user: str, password: str = "") -> None:
        self.said: list[str] = []
        self.given: list[str] = []
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        self.client.tls_set(str(broker.certificates.ca))
        if user:
            self.client.username_pw_set(user, password or f"secret-{user}")
        self.connected: list[str] = []
        self.client.on_connect = lambda _c, _u, _f, reason, _p: self.connected.append(str(reason))
        self.client.on_publish = lambda _c, _u, _m, reason, _p: self.said.append(str(reason))
        self.client.on_subscribe = lambda _c, _u, _m, reasons, _p: self.said.append(str(reasons[0]))
        self.client.on_message = lambda _c, _u, message: self.given.append(message.topic)
        self.client.reconnect_delay_set(0, 1)  # mosquitto hangs up on who insists
        self.client.connect("127.0.0.1", broker.server.port)
        self.client.loop_start()

    def welcome(self) -> str:
        """The broker's answer to connecting."""
        wait_for(lambda: bool(self.connected), within_s=30)
        return self.connected[0]

    def answer(self) -> str:
        """The broker's next word on what was published or subscribed to."""
        wait_for(lambda: bool(self.said), within_s=30)
        return self.said.pop(0)

    def publish(self, topic: str) -> str:
        self.client.publish(topic, b"{}", 1)
        return self.answer()

    def subscribe(self, topic: str) -> str:
        self.client.subscribe(topic, 1)
        return self.answer()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.disconnect()
        self.client.loop_stop()


def test_nobody_comes_in_without_tls_and_a_password(broker: Deployed) -> None:
    """Plain text gets no MQTT, an unknown authority no trust, no name or a wrong password no session."""
    with socket.create_connection(("127.0.0.1", broker.server.port), 5) as line:
        line.sendall(bytes.fromhex("101000044d5154540402003c000474657374"))
        with contextlib.suppress(ConnectionResetError):
            assert not line.recv(4).startswith(b"\x20")  # no CONNACK
    context = ssl.create_default_context()  # the system's authorities, of which the shop's is none
    with (
        socket.create_connection(("127.0.0.1", broker.server.port), 5) as line,
        pytest.raises(ssl.SSLCertVerificationError),
    ):
        context.wrap_socket(line, server_hostname="127.0.0.1")
    for user, password in (("", ""), ("ingest", "wrong"), ("nobody", "x")):
        with Caller(broker, user, password) as caller:
            assert caller.welcome() == "Not authorized"


def test_no_line_is_crossed(broker: Deployed) -> None:
    """Every user publishes where it may and is refused where it may not; nothing refused reaches anybody."""
    with Caller(broker, "ingest") as ingest:
        assert ingest.welcome() == "Success"
        assert ingest.subscribe("floor/v1/#") == "Granted QoS 1"
        assert ingest.subscribe("spBv1.0/#") == "Granted QoS 1"
        for user, topics in CROSSINGS.items():
            with Caller(broker, user) as caller:
                assert caller.welcome() == "Success"
                refused = {topic: caller.publish(topic) for topic in topics}
                assert set(refused.values()) == {"Not authorized"}, (user, refused)
                taken = {topic: caller.publish(topic) for topic in OPEN.get(user, [])}
                assert set(taken.values()) <= {"Success"}, (user, taken)
        wanted = sorted(topic for topics in OPEN.values() for topic in topics)
        wait_for(lambda: len(ingest.given) >= len(wanted))
        assert sorted(ingest.given) == wanted


def test_a_phone_hears_its_own_alerts_alone(broker: Deployed) -> None:
    """Whatever each subscribes to, it is given nothing that is not its own."""
    heard = {user: Caller(broker, user) for user in DEAF}
    try:
        for user, caller in heard.items():
            assert caller.welcome() == "Success"
            for topic in [*DEAF[user], f"floor/v1/{user.rpartition('-')[2]}/alerts"]:
                caller.subscribe(topic)
        with (
            Caller(broker, "gateway-riverside") as gateway,
            Caller(broker, "webhook") as webhook,
            Caller(broker, "deliver") as deliver,
        ):
            for speaker in (gateway, webhook, deliver):
                assert speaker.welcome() == "Success"
            assert gateway.publish("floor/v1/riverside/events/door-1") == "Success"
            assert webhook.publish("floor/v1/riverside/hook/till") == "Success"
            assert deliver.publish("floor/v1/harbour/alerts") == "Success"
            assert deliver.publish("floor/v1/riverside/alerts") == "Success"
        wait_for(lambda: bool(heard["phone-riverside"].given))
        given = {user: set(caller.given) for user, caller in heard.items()}
        assert given.pop("phone-riverside") == {"floor/v1/riverside/alerts"}
        assert set().union(*given.values()) == set()
    finally:
        for caller in heard.values():
            caller.__exit__()


def test_redis_keeps_its_doors(tmp_path: Path) -> None:
    """Over TLS alone, by name alone: ingest appends and reads nothing of the facts, nobody flushes or configures."""
    if reason := RedisServer.missing():
        pytest.skip(reason)
    certificates = certificates_at(tmp_path, "redis")
    secret = hashlib.sha256(b"secret").hexdigest()
    acl = (DEPLOY / "redis.acl").read_text()
    (tmp_path / "redis.acl").write_text(acl.replace("0" * 64, secret))
    with Redis(tmp_path) as server:

        def named(user: str | None, word: str | None) -> redis.Redis:
            return redis.Redis(
                host="127.0.0.1",
                port=server.port,
                ssl=True,
                ssl_ca_certs=str(certificates.ca),
                username=user,
                password=word,
                retry=AT_ONCE,
            )

        with pytest.raises(redis.ConnectionError):
            redis.Redis(port=server.port, retry=AT_ONCE).ping()
        with pytest.raises(redis.AuthenticationError):
            named(None, None).ping()
        with pytest.raises(redis.AuthenticationError):
            named("ingest", "wrong").ping()
        ingest, stages = named("ingest", "secret"), named("floorcast", "secret")
        assert ingest.xadd("log:{3}", {"t": 1})
        assert ingest.hset("device:{3}", "riverside/door-1", "{}") == 1
        assert ingest.hset("memory:{3}", "frigate/#\tfrigate\tvisit", b"") == 1
        assert ingest.hdel("committed:log:{3}", "gone") == 0
        assert ingest.set("claim:shop", "ingest-1", nx=True, px=1000)
        assert ingest.get("claim:shop") == b"ingest-1"
        assert ingest.pexpire("claim:shop", 1000)
        assert stages.xread({"log:{3}": 0})
        assert stages.publish("changed:{3}", "riverside") == 0
        told = stages.info()
        assert (told["maxmemory_policy"], told["aof_enabled"]) == ("noeviction", 1)  # type: ignore[index]
        for forbidden in (
            lambda: ingest.hgetall("latest:{3}:riverside"),
            lambda: ingest.xread({"facts:{3}": 0}),
            lambda: ingest.set("facts:{3}", "x"),
            ingest.flushall,
            lambda: ingest.config_set("maxmemory", 1),
            lambda: ingest.eval("return 1", 0),
            lambda: ingest.keys("*"),
            stages.flushall,
            lambda: stages.config_set("appendonly", "no"),
            stages.acl_list,
            stages.shutdown,
        ):
            with pytest.raises(redis.exceptions.NoPermissionError):
                forbidden()
