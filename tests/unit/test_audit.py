"""A hand count beside a sensor's."""

import random
from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensors.audit import counted, factor
from sensors.corrections import Correction, parse_setting, target_of
from sensors.events import Command, Footfall
from tests.ingest_cases import NOW

FIVE = NOW + timedelta(minutes=5)
people = st.integers(1, 2000)


def seen(minute: float, entered: int, **more: object) -> Footfall:
    """Somebody counted so many minutes after the hand count began."""
    at = NOW + timedelta(minutes=minute)
    kind: dict[str, object] = {"door": "main", "source": "s", "id": f"{minute}", **more}
    return Footfall(at=at, entered=entered, **kind)  # type: ignore[arg-type]


@given(people, people)
def test_the_interval_holds_the_factor(by_hand: int, by_sensor: int) -> None:
    """The factor lies within its interval, and hand and sensor changed over give its inverse."""
    found, other = factor(by_hand, by_sensor), factor(by_sensor, by_hand)
    assert found.value is not None
    assert found.high is not None
    assert found.low <= found.value <= found.high
    assert other.high is not None
    assert found.low * other.high == pytest.approx(1)


def test_the_interval_covers_as_it_says() -> None:
    """Of many honest counts by two observers at least 93 in 100 intervals at 95 % hold the true factor."""
    dice = random.Random(7)
    covered = 0
    for _ in range(600):
        by_hand, by_sensor = (
            sum(dice.random() < mean / 2000 for _ in range(2000)) for mean in (60, 48)
        )
        found = factor(by_hand, by_sensor)
        covered += found.high is not None and found.low <= 1.25 <= found.high
    assert covered / 600 > 0.93


def test_nobody() -> None:
    """A sensor that counted nobody has no factor, and nobody at all is refused."""
    assert factor(30, 0).value is None
    assert factor(30, 0).high is None
    assert factor(0, 30).high is not None
    with pytest.raises(ValueError, match="nobody was counted"):
        factor(0, 0)


def test_only_a_difference_beyond_chance_is_certain() -> None:
    """Equal counts and small differences are not, large ones are."""
    assert not factor(40, 40).is_certain
    assert not factor(40, 33).is_certain
    assert factor(200, 100).is_certain
    assert factor(100, 200).is_certain
    assert factor(30, 0).is_certain


def test_counts_the_minutes_alone() -> None:
    """Deltas within the minutes count once each; other doors, staff and repeats do not."""
    events = [
        seen(-0.1, 7),
        seen(0, 3),
        seen(2, 4),
        seen(2, 4),
        seen(3, 9, staff=True),
        seen(3, 9, door="mall"),
        seen(4.9, 2, left=5),
        seen(5, 8),
    ]
    assert counted(events, "main", "in", NOW, FIVE) == 9
    assert counted(events, "main", "out", NOW, FIVE) == 5


def test_intervals_count_by_their_overlap() -> None:
    """An interval half within the minutes counts half."""
    events = [seen(m, 10, counting="interval", interval_s=120) for m in (1, 3, 5, 7)]
    assert counted(events, "main", "in", NOW, FIVE) == 25


def test_running_totals_give_differences() -> None:
    """A total counts by its growth from the last word before; a reset counts from nought."""
    events = [
        seen(m, n, counting="total") for m, n in ((-9, 90), (-1, 100), (1, 104), (3, 2), (5, 9))
    ]
    assert counted(reversed(events), "main", "in", NOW, FIVE) == 6


def test_what_was_written_is_read() -> None:
    """A correction in the log is read back with its door and direction."""
    made = Correction(factor=1.2, low=1.1, high=1.3, by_hand=120, by_sensor=100, minutes=5)
    note = msgspec.json.encode(made).decode()
    said = Command(at=NOW, actor="x", action="setting", target=target_of("main", "in"), note=note)
    assert len(note) < 500
    assert parse_setting(said) == ("main", "in", made)


@given(st.text(max_size=40), st.text(max_size=60))
@pytest.mark.parametrize("action", ["setting", "ack"])
def test_any_other_command_is_none_of_ours(action: str, target: str, note: str) -> None:
    """Whatever a command says, reading it raises nothing and takes no correction from it."""
    for where in (target, target_of("main", "in")):
        said = Command(at=NOW, actor="x", action=action, target=where, note=note)  # type: ignore[arg-type]
        assert parse_setting(said) is None
