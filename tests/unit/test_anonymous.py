"""A recording without people still counts the same."""

import shlex
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from floorcast.anonymous import Anonymous
from floorcast.main import run
from floorcast.recording import RecordingWriter, read_recording
from floorcast.replay import replay
from sensors.events import AnyEvent, Command, Pos, Staff
from sensors.pseudonym import Pseudonym
from sensors.simulation.delivery import on_time
from sensors.simulation.log_maker import log_entries
from tests.days import TICK, demo_day, demo_settings

CONFIG = str(Path(__file__).parents[2] / "config.toml")
AT = datetime(2026, 11, 20, 3, tzinfo=UTC)
SAID = [
    Pos(at=AT, store="riverside", source="till-1", id="a", till="1", transaction="1", member="Ann", associate="Bo"),
    Pos(at=AT, store="riverside", source="till-1", id="b", till="1", transaction="2", member="Ann"),
    Staff(at=AT, store="riverside", source="roster", associate="Bo", action="on"),
    Command(at=AT, store="riverside", source="commands", actor="Bo", action="comment", note="ask Ann",
            target="riverside/queue-long/till:2/20261120T030000000Z"),
    Command(at=AT, store="riverside", source="commands", actor="Bo", action="assign", note="Cy", target="x"),
]  # fmt: skip


def test_names_and_words_of_people_are_gone_and_the_same_person_stays_one() -> None:
    """No name or note is left, one person has one word throughout, and another key gives other words."""
    made = [Anonymous(Pseudonym(b"k" * 32)).event(event) for event in SAID]
    text = msgspec.json.encode(made)
    assert not [name for name in (b"Ann", b"Bo", b"Cy") if name in text]
    first, second, staff, comment, given = made
    assert first.member == second.member  # type: ignore[attr-defined]
    assert first.associate == staff.associate == comment.actor  # type: ignore[attr-defined]
    assert given.note not in ("", "Cy", comment.actor)  # type: ignore[attr-defined]
    other = Anonymous(Pseudonym(b"l" * 32)).event(SAID[0])
    assert other.member != first.member  # type: ignore[attr-defined]


def test_every_time_moves_alike() -> None:
    """Times of events, entries and positions move by the shift, and so does an incident's id in a command."""
    week = timedelta(weeks=-52)
    (entry,) = [e for e in log_entries(on_time(SAID)) if e.lines]
    moved = Anonymous(Pseudonym(b"k" * 32), week).entry(entry)
    assert moved.received_at - entry.received_at == week
    assert moved.position.ms - entry.position.ms == week // timedelta(milliseconds=1)
    events = [msgspec.json.decode(line, type=AnyEvent) for line in moved.lines.split(b"\n")]
    assert {event.at - AT for event in events} == {week}
    assert events[3].target == "riverside/queue-long/till:2/20251121T030000000Z"


def test_an_anonymous_day_replays_to_the_same_facts(tmp_path: Path) -> None:
    """Without a shift every fact and incident of a day is what it was before."""
    day = demo_day(visitors=150)
    with RecordingWriter(tmp_path / "day.jsonl") as recording:
        for entry in log_entries(day.deliveries, tick=TICK):
            recording.write(entry)
    out = tmp_path / "anonymous.jsonl.zst"
    line = f"record anonymize {tmp_path / 'day.jsonl'} {out}"
    assert run(["--config", CONFIG, *shlex.split(line)]) == 0
    before, after = (
        replay(read_recording(path), demo_settings()) for path in (tmp_path / "day.jsonl", out)
    )
    assert list(after.fact_lines(last=True)) == list(before.fact_lines(last=True))
    assert list(after.incident_lines(last=True)) == list(before.incident_lines(last=True))


def test_a_bad_key_is_told(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A key file that is too short is refused in one line."""
    (tmp_path / "key").write_bytes(b"short")
    (tmp_path / "day.jsonl").write_bytes(b"")
    line = (
        f"record anonymize {tmp_path / 'day.jsonl'} {tmp_path / 'o.jsonl'} --key {tmp_path / 'key'}"
    )
    assert run(["--config", CONFIG, *shlex.split(line)]) == 2
    assert "needs 32 bytes" in capfd.readouterr().err
