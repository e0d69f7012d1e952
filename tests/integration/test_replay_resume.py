"""A replay that was stopped goes on where it stood."""

import threading
from pathlib import Path

import msgspec
import pytest

from floorcast.replay import replay
from floorcast.replayed import Replayed, Totals, name_of
from flows.facts import Fact
from sensors.simulation.faults import NAMED
from sensors.simulation.log_maker import log_entries
from sensors.streams import Entry
from tests.days import TICK, demo_day, demo_settings


@pytest.fixture(scope="module")
def entries() -> list[Entry]:
    """A day with incidents."""
    day = demo_day(visitors=400, faults=[NAMED["conversion-drop"], NAMED["till-queue"]])
    return list(log_entries(day.deliveries, tick=TICK))


@pytest.fixture(scope="module")
def whole(entries: list[Entry]) -> list[list[bytes]]:
    """All that an uninterrupted replay has to say."""
    return lines(replay(entries, demo_settings(), keep="all", forecasts=True))


def lines(result: Replayed) -> list[list[bytes]]:
    """All that a replay has to say."""
    return [
        list(result.fact_lines(last=False)),
        list(result.forecast_lines(last=False)),
        list(result.incident_lines(last=False)),
        list(result.incident_lines(last=True)),
    ]


@pytest.mark.parametrize("workers", [1, 2])
def test_stopped_twice_and_resumed_a_replay_gives_the_same_bytes(
    entries: list[Entry], whole: list[list[bytes]], tmp_path: Path, workers: int
) -> None:
    """Facts, forecasts and incidents of a replay interrupted at two places are those of one in one go."""
    for share in (3, 2):
        stop = threading.Event()

        def watch(
            totals: Totals, at: int = len(entries) // share, stop: threading.Event = stop
        ) -> None:
            if totals.entries > at:
                stop.set()

        part = replay(
            entries, demo_settings(), keep="all", forecasts=True, workers=workers, stop=stop,
            state=tmp_path, on_entry=watch,
        )  # fmt: skip
        assert part.interrupted
        assert part.totals.entries < len(entries)
    rest = replay(
        entries, demo_settings(), keep="all", forecasts=True, workers=workers, state=tmp_path
    )
    assert not rest.interrupted
    assert rest.totals.entries == len(entries)
    assert lines(rest) == whole


def test_the_newest_facts_survive_too(
    entries: list[Entry], whole: list[list[bytes]], tmp_path: Path
) -> None:
    """With only the newest of each name kept, a resumed replay ends with the last of every name."""
    newest = {name_of(msgspec.json.decode(line, type=Fact)): line for line in whole[0]}
    stop = threading.Event()
    replay(entries, demo_settings(), stop=stop, state=tmp_path, on_entry=lambda _: stop.set())
    rest = replay(entries, demo_settings(), state=tmp_path)
    assert list(rest.fact_lines(last=True)) == [newest[name] for name in sorted(newest)]
