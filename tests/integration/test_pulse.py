"""What top reads is what the stages wrote."""

import shlex
import threading
from pathlib import Path

import pytest

from floorcast.errors import UnavailableError
from floorcast.main import run
from floorcast.pulse import Reader
from floorcast.relay import to_log
from floorcast.replayed import Totals
from sensors.simulation.faults import NAMED
from sensors.simulation.log_maker import log_entries
from tests.days import TICK, demo_day, fact, replayed
from tests.ingest_process import wait_for
from tests.servers import RedisServer
from tests.stages import Stages, wait_until_at

pytestmark = pytest.mark.servers


def test_the_pulse_of_a_day_is_that_of_its_replay(
    redis_server: RedisServer, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Log length, the store's numbers and its open incidents are those of the day; lag falls to nothing."""
    day = demo_day(visitors=200, faults=[NAMED["till-queue"]])
    entries = list(log_entries(day.deliveries, tick=TICK))
    entries = entries[: len(entries) * 4 // 5]
    while not entries[-1].is_tick:
        entries.pop()
    stages = Stages(tmp_path, redis_server.url)
    try:
        for name in ("floor", "alert"):
            stages.start(name)
        to_log(iter(entries), redis_server.url, Totals(), speed=None, stop=threading.Event())
        wait_until_at(redis_server.client(), "riverside", entries[-1])
        reader = Reader(redis_server.url, ["riverside"], 16)
        wait_for(lambda: reader.read().lag_s == {"floor": 0.0, "alert": 0.0}, what="no lag")
        pulse = reader.read()
        reader.close()
        assert pulse.entries == len(entries)
        assert pulse.newest_at == entries[-1].received_at == pulse.stores[0].at
        result = replayed(day.deliveries)
        assert fact(result, "visitors").value >= (pulse.stores[0].numbers["visitors"] or 0) > 50  # type: ignore[operator]
        assert run(["--config", str(stages.config), *shlex.split("top --once")]) == 0
        assert "riverside" in capfd.readouterr().out
    finally:
        stages.end()


def test_a_redis_that_is_not_there_is_told() -> None:
    """Nothing listens: one line, no traceback of redis."""
    reader = Reader("redis://127.0.0.1:1/0", ["riverside"], 16)
    with pytest.raises(UnavailableError):
        reader.read()
    reader.close()
