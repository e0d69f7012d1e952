"""``floorcast audit`` on a real log."""

import json
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from floorcast.main import run
from sensors.clock import SystemClock
from sensors.corrections import parse_setting
from sensors.event_log import Batch, append
from sensors.events import Command, Footfall
from sensors.keyspace import partition_of
from sensors.stream_source import connect
from tests.ingest_process import logged
from tests.servers import RedisServer

pytestmark = pytest.mark.servers


def test_a_hand_count_becomes_a_correction_in_the_log(
    redis_server: RedisServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A large difference is told and, when asked, kept in the log; a small one is not; a reset takes it back."""
    now = SystemClock().now()
    begin = now - timedelta(minutes=6)
    client = connect(redis_server.url)
    events = [
        Footfall(
            at=begin + timedelta(seconds=n), store="shop", source="s", id=str(n), door="main",
            entered=1, left=n % 2,
        )
        for n in range(200)
    ]  # fmt: skip
    lines = msgspec.json.Encoder().encode_lines(events)[:-1]
    append(client, [Batch(partition_of("shop", 16), lines, now)])
    config = tmp_path / "config.toml"
    config.write_text(
        f'[sensors.redis]\nurl = "{redis_server.url}"\n[sensors.broker]\nhost = "127.0.0.1"\n'
        '[[sensors.stores]]\nid = "shop"\nname = {en = "Shop", zh = "店"}\ntimezone = "UTC"\n'
        'capacity = 9\nhours = []\ndoors = [{id = "main", name = {en = "Main", zh = "正门"}}]\n'
    )

    def audit(*words: str) -> int:
        since = ["--from", begin.isoformat()]
        return run(["--config", str(config), "audit", *words, *since])

    def kept() -> list[object]:
        return [parse_setting(e) for e in logged(client) if isinstance(e, Command)]

    assert audit("main", "--in", "300", "--out", "104") == 1
    said = capsys.readouterr().out
    assert "300 by hand, 200 by sensor; factor 1.50" in said
    assert "104 by hand, 100 by sensor; factor 1.04" in said
    assert "may be chance" in said
    assert kept() == []
    assert audit("main", "--in", "300", "--by", "chen", "--apply") == 0
    ((door, way, correction),) = kept()  # type: ignore[misc]
    assert (door, way, correction.factor, correction.by_sensor) == ("main", "in", 1.5, 200)
    assert audit("main", "--in", "0", "--reset") == 0
    assert [json.loads(e.note)["factor"] for e in logged(client) if isinstance(e, Command)] == [
        1.5,
        1,
    ]
    assert audit("side", "--in", "30") == 2
    assert audit("main") == 2
    assert "it has main" in capsys.readouterr().err
