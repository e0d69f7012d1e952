"""MQTT to the durable log through a real broker and a real Redis."""

import json
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from sensors.clock import SystemClock
from sensors.device_table import parse_device
from sensors.event_log import read
from sensors.keyspace import device_key, partition_of
from sensors.settings import Broker, Log
from tests.ingest_cases import TOPIC, settings
from tests.ingest_process import Amqtt, Gateway, Ingest, logged, wait_for
from tests.servers import Mosquitto, RedisServer

pytestmark = pytest.mark.servers
P = partition_of("riverside", 16)


def footfall(name: object, **more: object) -> bytes:
    """A person in, just now."""
    at = SystemClock().now().isoformat()
    event = {"kind": "footfall", "at": at, "door": "main", "entered": 1, "id": str(name)}
    return json.dumps(event | more).encode()


@pytest.mark.parametrize("protocol", ["3.1.1", "5"])
def test_events_rejects_ticks_and_devices(
    mosquitto: Mosquitto, redis_server: RedisServer, tmp_path: Path, protocol: str
) -> None:
    """Each event is in the log once, each bad one in the dead letters, ticks everywhere, devices known."""
    broker = Broker(host="127.0.0.1", port=mosquitto.port, protocol=protocol)  # type: ignore[arg-type]
    shop = settings(url=redis_server.url, folder=str(tmp_path), broker=broker, log=Log(tick_s=0.1))
    client = redis_server.client()
    bad = footfall("bad", entered=-1)
    with Ingest(shop, tmp_path) as ingest, Gateway(mosquitto.port) as gateway:
        ingest.connected()
        gateway.send([(TOPIC, footfall(i)) for i in range(300)])
        gateway.send([(TOPIC, b"\n".join([footfall("a"), bad, footfall("b")]))])
        gateway.send([("floor/v1/nowhere/events/x", b"\0\xff"), (TOPIC, b"x" * 2_000_000)])
        gateway.send([("floor/v1/hillside/status/lens", b"offline"), (TOPIC, b"")])
        wait_for(lambda: client.xlen("dead:{0}") == 1 and client.xlen(f"dead:{{{P}}}") == 2)
        wait_for(lambda: client.hlen(device_key(P)) == 1 and client.hlen(device_key(5)) == 1)
        assert ingest.stop()[0] == 0
    taken = Counter(event.id for event in logged(client) if event.store == "riverside")
    assert taken == Counter([*map(str, range(300)), "a", "b"])
    letters = [fields for _, fields in client.xrange(f"dead:{{{P}}}")]  # type: ignore[union-attr]
    assert [letter[b"raw"] for letter in letters] == [bad, b"x" * 4096]
    assert letters[0][b"place"] == b"$[1].entered"
    assert letters[1][b"bytes"] == b"2000000"
    seen = parse_device(client.hget(device_key(P), "riverside/door-1"))  # type: ignore[arg-type]
    assert (seen.events, seen.rejects, seen.topic) == (302, 2, TOPIC)
    for partition in range(16):
        stamps = [entry.received_at for entry in read(client, partition)]
        assert stamps == sorted(stamps)
        assert sum(entry.is_tick for entry in read(client, partition)) >= 2


def test_nothing_is_lost_when_everything_falls(
    mosquitto: Mosquitto, redis_server: RedisServer, tmp_path: Path
) -> None:
    """Broker restart, Redis kill -9, ingest kill -9 while publishing: every acknowledged message is in the log."""
    shop = settings(port=mosquitto.port, url=redis_server.url, folder=str(tmp_path))
    total = 6_000
    messages = [(TOPIC, footfall(i)) for i in range(total)]
    with Ingest(shop, tmp_path) as ingest, Gateway(mosquitto.port) as gateway:
        ingest.connected()
        gateway.send(messages[:2000])
        wait_for(lambda: gateway.acknowledged > 500)
        mosquitto.stop()
        mosquitto.start()
        gateway.send(messages[2000:4000])
        wait_for(lambda: gateway.acknowledged > 2500)
        redis_server.stop(kill=True)
        redis_server.start()
        gateway.send(messages[4000:])
        wait_for(lambda: gateway.acknowledged > 4500)
        ingest.kill()
        ingest.start()
        wait_for(lambda: gateway.acknowledged == total)
        client = redis_server.client()
        wait_for(lambda: len({event.id for event in logged(client)}) == total, what="all logged")
        assert ingest.stop()[0] == 0
    assert {event.id for event in logged(client)} == set(map(str, range(total)))


def test_full_redis_stops_acknowledgements_until_there_is_room(
    mosquitto: Mosquitto, redis_server: RedisServer, tmp_path: Path
) -> None:
    """While Redis is full nothing is acknowledged and it is said once; with room again all arrives."""
    shop = settings(port=mosquitto.port, url=redis_server.url, folder=str(tmp_path))
    client = redis_server.client()
    total = 3_000
    with Ingest(shop, tmp_path) as ingest, Gateway(mosquitto.port) as gateway:
        ingest.connected()
        used = client.info("memory")["used_memory"]  # type: ignore[index]
        client.config_set("maxmemory", used + 300_000)
        gateway.send([(TOPIC, footfall(i, colour="x" * 300)) for i in range(total)])
        wait_for(lambda: "log-blocked" in ingest.said)
        wait_for(lambda: gateway.acknowledged == total)
        assert len(logged(client)) < total
        ingest.kill()  # what it held in memory is gone: only what it did not acknowledge can come again
        assert len(logged(client)) < total
        ingest.start().connected(2)
        wait_for(lambda: ingest.said.count("log-blocked") == 2)
        client.config_set("maxmemory", 0)
        wait_for(lambda: len({event.id for event in logged(client)}) == total)
        wait_for(lambda: "log-takes-again" in ingest.said)
        assert ingest.stop()[0] == 0
    assert ingest.said.count("log-blocked") == 2
    assert "reason=full" in ingest.said


@pytest.mark.parametrize("absent", ["nothing", "redis", "broker"])
def test_ends_when_told(
    mosquitto: Mosquitto, redis_server: RedisServer, tmp_path: Path, absent: str
) -> None:
    """SIGTERM ends it with code 0, soon, also with Redis or the broker gone."""
    shop = settings(port=mosquitto.port, url=redis_server.url, folder=str(tmp_path))
    with Ingest(shop, tmp_path) as ingest, Gateway(mosquitto.port) as gateway:
        ingest.connected()
        if absent == "redis":
            redis_server.stop()
            gateway.send([(TOPIC, footfall("last"))])
            wait_for(lambda: "log-blocked" in ingest.said)
        elif absent == "broker":
            mosquitto.stop()
            wait_for(lambda: "mqtt-unreachable" in ingest.said)
        code, took_s = ingest.stop()
    assert code == 0
    assert took_s < 10  # a fraction of a second, on a machine that has it


def test_what_was_held_at_the_end_is_delivered_to_the_next(
    mosquitto: Mosquitto, redis_server: RedisServer, tmp_path: Path
) -> None:
    """A message that came while Redis was away, left at a clean end, is in the log after the next start."""
    shop = settings(port=mosquitto.port, url=redis_server.url, folder=str(tmp_path))
    with Ingest(shop, tmp_path) as ingest, Gateway(mosquitto.port) as gateway:
        ingest.connected()
        redis_server.stop()
        gateway.send([(TOPIC, footfall("held"))])
        wait_for(lambda: "log-blocked" in ingest.said)
        wait_for(lambda: gateway.acknowledged == 1)
        assert ingest.stop()[0] == 0
        redis_server.start()
        ingest.start()
        client = redis_server.client()
        wait_for(lambda: [event.id for event in logged(client)] == ["held"])


def test_embedded_broker(redis_server: RedisServer, tmp_path: Path) -> None:
    """On the embedded broker every message is in the log once, before and after the ingest is killed."""
    client = redis_server.client()
    with Amqtt(tmp_path) as broker:
        shop = settings(port=broker.port, url=redis_server.url, folder=str(tmp_path))
        with Ingest(shop, tmp_path) as ingest, Gateway(broker.port) as gateway:
            ingest.connected()
            gateway.send([(TOPIC, footfall(i)) for i in range(200)])
            wait_for(lambda: len({event.id for event in logged(client)}) == 200)
            ingest.kill()
            ingest.start().connected(2)
            gateway.send([(TOPIC, footfall(i)) for i in range(200, 400)])
            wait_for(lambda: len({event.id for event in logged(client)}) == 400)
            assert ingest.stop()[0] == 0


def test_key_file(tmp_path: Path) -> None:
    """A key that is too short is refused with its path; a missing one is made, readable by its owner alone."""
    from sensors.pseudonym import KeyFileError, load_key

    (tmp_path / "short").write_bytes(b"abc")
    with pytest.raises(KeyFileError, match="short: needs 32 bytes, has 3"):
        load_key(tmp_path / "short")
    key = load_key(tmp_path / "new" / "people.key")
    assert load_key(tmp_path / "new" / "people.key") == key
    assert (tmp_path / "new" / "people.key").stat().st_mode & 0o777 == 0o600


def test_tls_and_password(redis_server: RedisServer, tmp_path: Path) -> None:
    """Over TLS with a client certificate and a password it takes messages; a wrong password is said."""
    from tests.certificates import make_certificates

    certificates = make_certificates(tmp_path)
    (tmp_path / "right").write_text("door\n")
    (tmp_path / "wrong").write_text("window\n")
    passwords = tmp_path / "passwords"
    subprocess.run(["mosquitto_passwd", "-b", "-c", str(passwords), "ingest", "door"], check=True)

    class Guarded(Mosquitto):
        def command(self) -> list[str]:
            config = self.folder / "guarded.conf"
            config.write_text(
                f"listener {self.port} 127.0.0.1\nallow_anonymous false\npassword_file {passwords}\n"
                f"cafile {certificates.ca}\ncertfile {certificates.server}\n"
                f"keyfile {certificates.server_key}\nrequire_certificate true\nuser root\n"
            )
            return [self.program, "-c", str(config)]

    with Guarded(tmp_path) as server:
        for word in ("wrong", "right"):
            broker = Broker(
                host="127.0.0.1",
                port=server.port,
                username="ingest",
                password_file=str(tmp_path / word),
                tls_ca=str(certificates.ca),
                tls_cert=str(certificates.client),
                tls_key=str(certificates.client_key),
            )
            shop = settings(url=redis_server.url, folder=str(tmp_path), broker=broker)
            with Ingest(shop, tmp_path, word) as ingest:
                wanted = "mqtt-refused" if word == "wrong" else "mqtt-connected"
                wait_for(lambda ingest=ingest, wanted=wanted: wanted in ingest.said)  # type: ignore[misc]
                assert ingest.stop()[0] == 0
