"""The files under deploy/ are taken by the programs they are for, and keep the doors they promise."""

import hashlib
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
import redis
import typer
import yaml
from paho.mqtt.enums import CallbackAPIVersion

from floorcast.main import build_app
from tests.servers import Mosquitto, RedisServer, Server

DEPLOY = Path(__file__).parents[2] / "deploy"
COMMANDS = set(typer.main.get_command(build_app()).commands)  # type: ignore[attr-defined]


class DeployedMosquitto(Server):
    """mosquitto on deploy/mosquitto.conf, its paths moved to a folder and TLS left out."""

    program = "mosquitto"

    def command(self) -> list[str]:
        words = (DEPLOY / "mosquitto.conf").read_text()
        words = re.sub(r"(?m)^(cafile|certfile|keyfile|tls_version) .*\n", "", words)
        words = words.replace("listener 8883", f"listener {self.port} 127.0.0.1\nuser root")
        words = words.replace("/etc/floorcast/", f"{self.folder}/")
        words = words.replace("/var/lib/mosquitto/", f"{self.folder}/")
        config = self.folder / "mosquitto.conf"
        config.write_text(words)
        (self.folder / "mqtt.acl").write_text((DEPLOY / "mqtt.acl").read_text())
        return [self.program, "-c", str(config)]


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[DeployedMosquitto]:
    """The deployed broker with a password for each user of its access list."""
    if reason := Mosquitto.missing():
        pytest.skip(reason)
    users = re.findall(r"(?m)^user (\S+)$", (DEPLOY / "mqtt.acl").read_text())
    passwords = tmp_path / "mqtt.passwd"
    passwords.write_text("".join(f"{user}:secret-{user}\n" for user in users))
    subprocess.run(["mosquitto_passwd", "-U", str(passwords)], check=True)
    passwords.chmod(0o600)
    with DeployedMosquitto(tmp_path) as server:
        yield server


def client(port: int, user: str, password: str = "") -> tuple[mqtt.Client, list[str], list[str]]:
    """A connected client, the answers to its connect and the topics it was given."""
    told: list[str] = []
    given: list[str] = []
    made = mqtt.Client(CallbackAPIVersion.VERSION2)
    made.username_pw_set(user, password or f"secret-{user}")
    made.on_connect = lambda _c, _u, _f, reason, _p: told.append(str(reason))
    made.on_subscribe = lambda *_: told.append("subscribed")
    made.on_message = lambda _c, _u, message: given.append(message.topic)
    made.connect("127.0.0.1", port)
    turn(made, lambda: bool(told))
    return made, told, given


def turn(made: mqtt.Client, until: Callable[[], bool]) -> bool:
    """Let a client work until something is true, at most 3 s; whether it became so."""
    for _ in range(60):
        if until():
            return True
        made.loop(0.05)
    return until()


def test_strangers_stay_outside(broker: DeployedMosquitto) -> None:
    """A wrong password is refused."""
    _, told, _ = client(broker.port, "ingest", "wrong")
    assert told == ["Not authorized"]


def test_nobody_crosses_into_another_store(broker: DeployedMosquitto) -> None:
    """A gateway reaches its own store's topics and no other's; a phone reads its own alerts and nothing else."""
    ingest, told, given = client(broker.port, "ingest")
    ingest.subscribe("floor/v1/#", 1)
    assert turn(ingest, lambda: "subscribed" in told)
    for topic in (
        "floor/v1/harbour/events/x",
        "floor/v1/riverside/alerts",
        "floor/v1/riverside/events/x",
    ):
        gateway, _, _ = client(broker.port, "gateway-riverside")
        sent = gateway.publish(topic, b"{}", 1)
        assert turn(gateway, sent.is_published), topic
    assert turn(ingest, lambda: bool(given))
    assert given == ["floor/v1/riverside/events/x"]

    phone, told, given = client(broker.port, "phone-riverside")
    phone.subscribe([("floor/v1/+/alerts", 1), ("floor/v1/riverside/events/#", 1)])
    assert turn(phone, lambda: "subscribed" in told)
    deliver, _, _ = client(broker.port, "deliver")
    sent = gateway.publish("floor/v1/riverside/events/x", b"{}", 1)
    assert turn(gateway, sent.is_published)
    for topic in ("floor/v1/harbour/alerts", "floor/v1/riverside/alerts"):
        sent = deliver.publish(topic, b"{}", 1)
        assert turn(deliver, sent.is_published)
    assert turn(phone, lambda: bool(given))
    assert given == ["floor/v1/riverside/alerts"]


class DeployedRedis(RedisServer):
    """redis-server on deploy/redis.conf, its paths moved to a folder and TLS left out."""

    def command(self) -> list[str]:
        words = (DEPLOY / "redis.conf").read_text()
        words = re.sub(r"(?m)^(tls-.*|port 0|bind .*)\n", "", words)
        words = words.replace("/etc/floorcast/", f"{self.folder}/")
        words = words.replace("/var/lib/redis", str(self.folder))
        secret = hashlib.sha256(b"secret").hexdigest()
        users = (DEPLOY / "redis.acl").read_text().replace("0" * 64, secret)
        (self.folder / "redis.acl").write_text(users)
        config = self.folder / "redis.conf"
        config.write_text(f"{words}\nport {self.port}\nbind 127.0.0.1\n")
        return [self.program, str(config)]


def test_redis_users(tmp_path: Path) -> None:
    """Nobody comes in without a name; ingest writes the log, reads no facts and can flush nothing."""
    if reason := RedisServer.missing():
        pytest.skip(reason)
    with DeployedRedis(tmp_path) as server:
        with pytest.raises(redis.AuthenticationError):
            redis.Redis(port=server.port).ping()
        ingest = redis.Redis(port=server.port, username="ingest", password="secret")
        assert ingest.xadd("log:{3}", {"t": 1})
        assert ingest.hvals("committed:log:{3}") == []
        with pytest.raises(redis.exceptions.NoPermissionError):
            ingest.hgetall("latest:{3}:riverside")
        with pytest.raises(redis.exceptions.NoPermissionError):
            ingest.flushall()
        stages = redis.Redis(port=server.port, username="floorcast", password="secret")
        assert stages.info()["maxmemory_policy"] == "noeviction"  # type: ignore[index]
        assert stages.info()["aof_enabled"] == 1  # type: ignore[index]
        assert stages.publish("changed:{3}", "riverside") == 0


def test_compose_runs_every_stage() -> None:
    """The compose file is YAML and each of its stages is a command there is."""
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    stages = {name: s for name, s in services.items() if name not in {"broker", "redis"}}
    assert set(stages) == {"ingest", "floor", "alert", "deliver", "webhook", "screen", "history", "chain"}
    for stage in stages.values():
        assert stage["command"][0] in COMMANDS


def test_kubernetes_owns_every_partition_once() -> None:
    """Each stage is a command there is, and floor and alert pods divide the 16 partitions without overlap."""
    owned: dict[str, list[int]] = {"floor": [], "alert": []}
    for document in yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text()):
        if document["kind"] != "StatefulSet":
            continue
        (container,) = document["spec"]["template"]["spec"]["containers"]
        command, *rest = container["args"]
        assert command in COMMANDS
        if command in owned:
            first, last = map(int, rest[1].split("-"))
            owned[command] += range(first, last + 1)
    assert sorted(owned["floor"]) == sorted(owned["alert"]) == list(range(16))


def test_systemd_names_a_command() -> None:
    """The unit template runs the command its instance is named for."""
    unit = (DEPLOY / "systemd" / "floorcast@.service").read_text()
    assert re.search(r"(?m)^ExecStart=\S+/floorcast --config \S+ %i$", unit)
    stages = re.findall(r"floorcast@(\w+)", unit.splitlines()[0])
    assert set(stages) <= COMMANDS
