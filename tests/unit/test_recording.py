"""Recordings: what is written is read, and every flaw is told with its place."""

from pathlib import Path

import msgspec
import pytest

from floorcast.recording import RecordingError, RecordingWriter, read_recording
from sensors.simulation.log_maker import log_entries
from sensors.streams import Entry
from tests.days import TICK, demo_day


def entries() -> list[Entry]:
    return list(log_entries(demo_day(visitors=150).deliveries, tick=TICK))


def written(path: Path, made: list[Entry]) -> Path:
    with RecordingWriter(path) as recording:
        for entry in made:
            recording.write(entry)
    return path


@pytest.mark.parametrize("name", ["day.jsonl", "day.jsonl.zst"])
def test_what_is_written_is_read(tmp_path: Path, name: str) -> None:
    """A plain and a zstd recording give back the very entries, position, time and bytes."""
    made = entries()
    assert list(read_recording(written(tmp_path / name, made))) == made


@pytest.mark.parametrize("name", ["day.jsonl", "day.jsonl.zst"])
@pytest.mark.parametrize("kept", [0.3, 0.77, 0.999])
def test_a_truncated_recording_is_told_and_its_whole_part_salvaged(
    tmp_path: Path, name: str, kept: float
) -> None:
    """A file cut anywhere is refused with file and byte; salvage gives a prefix of what was written."""
    made = entries()
    path = written(tmp_path / name, made)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * kept)])
    with pytest.raises(RecordingError, match=rf"{name}: byte \d+.*--salvage"):
        list(read_recording(path))
    told: list[str] = []
    saved = list(read_recording(path, salvage=told.append))
    assert saved == made[: len(saved)]
    assert len(saved) < len(made)
    assert told


def test_a_flipped_bit_costs_one_frame_and_its_place_is_told(tmp_path: Path) -> None:
    """One flipped bit in a compressed recording is refused; salvage loses that frame's entries alone."""
    made = entries()
    path = written(tmp_path / "day.jsonl.zst", made)
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 4
    path.write_bytes(raw)
    with pytest.raises(RecordingError, match=r"day.jsonl.zst: byte \d+: damaged"):
        list(read_recording(path))
    told: list[str] = []
    saved = list(read_recording(path, salvage=told.append))
    assert len(told) == 1
    assert 0 < len(saved) < len(made)
    assert [entry for entry in made if entry in set(saved)] == saved


def test_an_entry_out_of_order_is_told_with_its_line(tmp_path: Path) -> None:
    """A line whose position does not ascend within its partition is refused, and left out by salvage."""
    made = entries()
    path = written(tmp_path / "day.jsonl", [*made[:10], made[5], *made[10:]])
    with pytest.raises(RecordingError, match=r"byte \d+, line 11: out of order"):
        list(read_recording(path))
    assert list(read_recording(path, salvage=lambda _flaw: None)) == made


def test_a_broken_line_is_told_with_its_byte(tmp_path: Path) -> None:
    """A line that is no entry is named by its first byte."""
    made = entries()[:20]
    path = written(tmp_path / "day.jsonl", made)
    lines = path.read_bytes().splitlines(keepends=True)
    lines[7] = b'{"p":3,"id":"nonsense","at":"2026-11-22T09:00:00Z"}\n'
    path.write_bytes(b"".join(lines))
    with pytest.raises(
        RecordingError, match=f"byte {sum(map(len, lines[:7]))}, line 8: not a log entry"
    ):
        list(read_recording(path))


def test_bare_events_are_read_and_given_ticks(tmp_path: Path) -> None:
    """A file of bare event lines is the log of those events, received as they happened."""
    day = demo_day(visitors=100)
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"".join(msgspec.json.encode(event) + b"\n" for event in day.events))
    read = list(read_recording(path, tick=TICK))
    assert read == list(log_entries(day.deliveries, tick=TICK))
    assert any(entry.is_tick for entry in read)


def test_an_interrupted_writer_leaves_nothing_under_the_name(tmp_path: Path) -> None:
    """An error while writing leaves neither the file nor its unfinished part."""

    def interrupted() -> None:
        with RecordingWriter(tmp_path / "day.jsonl.zst") as recording:
            recording.write(entries()[0])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(tmp_path.iterdir()) == []


def test_a_missing_recording_is_one_line(tmp_path: Path) -> None:
    """A file that is not there is told by name."""
    with pytest.raises(RecordingError, match=r"nothing[.]jsonl: cannot be read"):
        list(read_recording(tmp_path / "nothing.jsonl"))
