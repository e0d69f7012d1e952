"""The same log gives the same bytes."""

import hashlib

import pytest

from floorcast.replayed import Replayed
from sensors.simulation.delivery import duplicated
from sensors.simulation.faults import NAMED
from tests.days import demo_day, replayed


def digest(result: Replayed) -> str:
    """Of every fact and incident line in order."""
    sha = hashlib.sha256()
    for lines in (result.fact_lines(last=False), result.incident_lines(last=False)):
        for line in lines:
            sha.update(line + b"\n")
    return sha.hexdigest()


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_a_replay_gives_the_same_bytes_with_any_number_of_workers(workers: int) -> None:
    """Facts and incidents of a log are the same bytes twice, and with one, two and four workers."""
    day = demo_day(visitors=400, faults=[NAMED["conversion-drop"], NAMED["till-queue"]])
    deliveries = duplicated(day.deliveries, 1)[:4_000]
    once = digest(replayed(deliveries, keep="all"))
    assert digest(replayed(deliveries, workers=workers, keep="all")) == once
