"""``decode``, ``send`` and ``devices`` against a real broker, a real Redis and the real ingest."""

import json
import tomllib
from pathlib import Path

import msgspec
import pytest
from msgspec import structs

from floorcast.broker_link import linked
from floorcast.main import run
from sensors.clock import SystemClock
from sensors.events import Footfall, Plan
from sensors.keyspace import dead_key, device_key, partition_of
from sensors.settings import Broker, Device, Log, SensorsSettings
from tests.ingest_cases import settings
from tests.ingest_process import Ingest, logged, wait_for
from tests.servers import Mosquitto, RedisServer

P = partition_of("riverside", 16)
STORE = """
[[sensors.stores]]
id = "riverside"
name = { en = "Riverside", zh = "滨江" }
timezone = "Asia/Shanghai"
capacity = 100
doors = [{ id = "main", name = { en = "Main", zh = "正门" } }]
hours = [{ days = ["mon"], opens = 09:00:00, closes = 22:00:00 }]
"""


def config(folder: Path, extra: str = "") -> str:
    """A configuration file of one shop."""
    path = folder / "shop.toml"
    path.write_text(extra + STORE, encoding="utf-8")
    return str(path)


def axis(in_: int) -> bytes:
    """An Axis live sum of this minute, by the shop's own clock."""
    local = SystemClock().now().astimezone(settings().stores[0].tz).strftime("%Y%m%d%H%M%S")
    return json.dumps(
        {"serial": "AX1", "name": "d", "timestamp": local, "in": in_, "out": 1}
    ).encode()


def test_decode_prints_events_and_fails_on_a_reject(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Events are JSON lines, a reject is a line with file, place and reason, and the exit code is 1 for it."""
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_bytes(b'{"serial":"S","name":"d","timestamp":"20260301110000","in":"12","out":3}')
    bad.write_bytes(b'{"serial":"S","name":"d","timestamp":"20260301110000","in":-1,"out":3}')
    shop = config(tmp_path)
    assert run(["--config", shop, "decode", "--door", "main", str(good)]) == 0
    said = capsys.readouterr()
    event = msgspec.json.decode(said.out, type=Footfall)
    assert (event.entered, event.door, event.at.isoformat()) == (
        12,
        "main",
        "2026-03-01T03:00:00+00:00",
    )
    assert said.err == ""
    assert run(["--config", shop, "decode", "--adapter", "axis", str(good), str(bad)]) == 1
    said = capsys.readouterr()
    assert len(said.out.splitlines()) == 1
    assert f"{bad}: $.in: expected a whole number from 0, got -1" in said.err


def test_decode_says_what_it_does_not_know(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An unknown format is a reject; an unknown adapter, store or file is one line saying so."""
    odd = tmp_path / "odd.txt"
    odd.write_text("hello")
    shop = config(tmp_path)
    assert run(["--config", shop, "decode", str(odd)]) == 1
    assert "nobody's format" in capsys.readouterr().err
    assert run(["--config", shop, "decode", "--adapter", "acme", str(odd)]) == 2
    assert "no adapter 'acme'" in capsys.readouterr().err
    assert run(["--config", shop, "decode", "--adapter", "axis", "--store", "moon", str(odd)]) == 2
    assert "no store 'moon'" in capsys.readouterr().err
    assert run(["--config", shop, "decode", str(tmp_path / "none.json")]) == 3


@pytest.mark.servers
def test_a_device_is_heard_listed_and_suggested(
    mosquitto: Mosquitto,
    redis_server: RedisServer,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Vendor bytes sent by ``send`` reach the log through their adapter; ``devices`` lists and suggests."""
    shop: SensorsSettings = structs.replace(
        settings(
            url=redis_server.url,
            folder=str(tmp_path),
            broker=Broker(host="127.0.0.1", port=mosquitto.port),
            log=Log(tick_s=0.1),
        ),
        devices=[Device(match="axis/+/counts", adapter="axis", store="riverside", door="main")],
    )
    file = config(
        tmp_path,
        f'[sensors.broker]\nhost = "127.0.0.1"\nport = {mosquitto.port}\n[sensors.redis]\nurl = "{redis_server.url}"\n',
    )
    payload = tmp_path / "counts.json"
    client = redis_server.client()
    with Ingest(shop, tmp_path) as ingest:
        ingest.connected()
        payload.write_bytes(axis(7))
        assert (
            run(["--config", file, "send", "--file", str(payload), "--topic", "axis/1/counts"]) == 0
        )
        assert (
            run(["--config", file, "send", "footfall", "--source", "gate", "--set", "entered=2"])
            == 0
        )
        told = ["--set", "state=online", "--set", "battery_pct=85", "--set", "firmware=1.5"]
        assert run(["--config", file, "send", "status", "--source", "gate", *told]) == 0
        payload.write_bytes(axis(-7))
        assert (
            run(["--config", file, "send", "--file", str(payload), "--topic", "axis/1/counts"]) == 0
        )
        weather = tmp_path / "weather.csv"
        weather.write_text("date,rain_mm,temperature_c\n2026-11-23,4.5,\n", encoding="utf-8")
        assert run(["--config", file, "weather", str(weather), "--store", "riverside"]) == 0
        wait_for(lambda: any(isinstance(event, Plan) for event in logged(client)))
        wait_for(lambda: client.hlen(device_key(P)) == 4 and client.xlen(dead_key(P)) == 1)
        assert ingest.stop()[0] == 0
    counted = {e.source: e for e in logged(client) if isinstance(e, Footfall)}
    assert (counted["AX1"].entered, counted["AX1"].left, counted["AX1"].counting) == (7, 1, "total")
    assert (counted["gate"].entered, counted["gate"].door) == (2, "main")
    (plan,) = [event for event in logged(client) if isinstance(event, Plan)]
    assert (plan.about, plan.value) == ("weather", 0.45)
    capsys.readouterr()

    assert run(["--config", file, "devices", "--json"]) == 0
    heard = {d["source"]: d for d in map(json.loads, capsys.readouterr().out.splitlines())}
    assert heard["AX1"]["adapter"] == "axis"
    (refused,) = [d for d in heard.values() if d.get("rejects")]
    monkeypatch.setenv("COLUMNS", "250")
    assert run(["--config", file, "devices"]) == 0
    out = capsys.readouterr().out
    for word in ("AX1", "axis", "online 85 % 1.5", refused["reason"][:60], refused["sample"][:60]):
        assert word in out

    assert run(["--config", file, "devices", "suggest", "axis/1/counts"]) == 0
    table = tomllib.loads(capsys.readouterr().out)["sensors"]["devices"][0]
    assert (table["match"], table["adapter"], table["store"]) == (
        "axis/1/counts",
        "axis",
        "riverside",
    )


@pytest.mark.servers
def test_suggest_listens_to_a_topic_nobody_configured(
    mosquitto: Mosquitto, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A retained message of an unknown device is heard on the broker itself; silence is exit code 1."""
    broker = Broker(host="127.0.0.1", port=mosquitto.port)
    with linked(broker) as client:
        body = b'{"occupancy":true,"linkquality":9}'
        client.publish("zigbee2mqtt/fit", body, qos=1, retain=True).wait_for_publish(10)
    to = ["--to", f"mqtt://127.0.0.1:{mosquitto.port}"]
    shop = config(tmp_path)
    assert run(["--config", shop, "devices", "suggest", "zigbee2mqtt/fit", *to]) == 0
    assert 'adapter = "zigbee2mqtt"' in capsys.readouterr().out
    ours = "floor/v1/riverside/events/gate"
    with linked(broker) as client:
        client.publish(ours, b'{"kind":"footfall"}', qos=1, retain=True).wait_for_publish(10)
    assert run(["--config", shop, "devices", "suggest", ours, *to]) == 0
    assert capsys.readouterr().out.startswith("# ")
    assert run(["--config", shop, "devices", "suggest", "nobody/there", *to, "--wait", "0.2"]) == 1


def test_send_refuses_what_is_no_event(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong field, a wrong value or no broker is one line before anything is sent; a dead broker is 3."""
    shop = config(tmp_path)
    assert run(["--config", shop, "send", "footfall", "--set", "enterd=3"]) == 2
    assert "no field enterd" in capsys.readouterr().err
    assert run(["--config", shop, "send", "footfall", "--set", "entered=-3"]) == 2
    assert "$.entered" in capsys.readouterr().err
    assert run(["--config", shop, "send", "footfall"]) == 2
    assert "no broker" in capsys.readouterr().err
    assert run(["--config", shop, "send", "footfall", "--to", "mqtt://127.0.0.1:1"]) == 3
