"""What ``floorcast doctor`` says of a floor that is behind its log."""

import pytest

from floorcast.doctor import floor_lag
from sensors.streams import Position

NEWEST = {0: Position(1_000_000, 0), 1: Position(990_000, 2)}


@pytest.mark.parametrize(
    ("done", "level", "says"),
    [
        ({0: None, 1: None}, "note", "nothing"),
        ({0: Position(998_000, 0), 1: None}, "ok", "than 2 s"),
        ({0: Position(1_000_000, 0), 1: Position(100_000, 0)}, "wrong", "than 890 s"),
    ],
)
def test_the_slowest_partition_is_told(
    done: dict[int, Position | None], level: str, says: str
) -> None:
    """A floor is as late as its latest partition; one that never committed is no floor that keeps up."""
    found = floor_lag(NEWEST, done)
    assert found.level == level
    assert says in found.found
