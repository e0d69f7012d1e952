"""``floorcast roster`` on a real Redis that holds a week's need."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from floorcast.main import run
from flows.facts import Fact
from flows.keyspace import clock_key, series_key
from sensors.keyspace import partition_of
from tests.servers import RedisServer

NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)  # 23:00 in the shop
STAFF = """
[[flows.staff.riverside]]
name = "Chen"
hours = 40
[[flows.staff.riverside]]
name = "Li"
hours = 8
days = ["sat"]
"""


def _configured(folder: Path, url: str, staff: str) -> str:
    text = (Path(__file__).parents[2] / "config.toml").read_text(encoding="utf-8")
    path = folder / "config.toml"
    path.write_text(text.replace('url = ""', f'url = "{url}"', 1) + staff, encoding="utf-8")
    return str(path)


@pytest.mark.servers
def test_a_week_is_proposed_within_contract_hours(
    tmp_path: Path, redis_server: RedisServer, capsys: pytest.CaptureFixture[str]
) -> None:
    """The need in Redis becomes shifts within hours and days stated; what nobody can cover is told."""
    client, partition = redis_server.client(), partition_of("riverside", 16)
    config = _configured(tmp_path, redis_server.url, STAFF)
    assert run(["--config", config, "roster"]) == 2
    assert "told nothing yet" in capsys.readouterr().err
    client.hset(clock_key(partition, "riverside"), "at", NOW.isoformat())
    first = datetime(2026, 11, 21, 1, tzinfo=UTC)  # 09:00 in the shop, a Saturday
    for hour in range(7 * 24):
        start = first + timedelta(hours=hour)
        local = start + timedelta(hours=8)
        if 9 <= local.hour < 21:
            fact = Fact(
                store="riverside", metric="associates_forecast", window="hour", start=start,
                end=start + timedelta(hours=1), value=2 if local.weekday() == 5 else 1, unit="associates", as_of=NOW,
            )  # fmt: skip
            key = series_key(partition, "riverside", local.date())
            client.hset(
                key, f"associates_forecast||hour|{start.isoformat()}", msgspec.json.encode(fact)
            )
    assert run(["--config", config, "roster", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["first"], told["needed_h"]) == ("2026-11-21", 96)
    hours = {
        who: sum(s["ends"] - s["begins"] for s in shifts) for who, shifts in told["shifts"].items()
    }
    assert hours["Chen"] <= 40
    assert hours["Li"] == 8
    assert {shift["day"] for shift in told["shifts"]["Li"]} == {"sat"}
    assert told["short_h"] == 96 - sum(hours.values())
    assert run(["--config", config, "roster"]) == 0
    assert "stay uncovered" in capsys.readouterr().out


@pytest.mark.servers
def test_without_staff_it_says_what_to_do(
    tmp_path: Path, redis_server: RedisServer, capsys: pytest.CaptureFixture[str]
) -> None:
    """An unknown store and nobody to roster are one line each."""
    config = _configured(tmp_path, redis_server.url, "")
    assert run(["--config", config, "roster", "nowhere"]) == 2
    assert "no store nowhere" in capsys.readouterr().err
