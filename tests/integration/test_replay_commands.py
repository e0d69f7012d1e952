"""simulate, replay and diff on the command line."""

import json
import re
import shlex
from pathlib import Path

import polars as pl
import pytest

from floorcast.commands import diff, record, simulate
from floorcast.commands import replay as replay_command
from floorcast.main import run

CONFIG = str(Path(__file__).parents[2] / "config.toml")


def floorcast(line: str) -> int:
    return run(["--config", CONFIG, *shlex.split(line)])


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recorded day with a long line at the tills."""
    path = tmp_path_factory.mktemp("recorded") / "day.jsonl.zst"
    options = "--day 2026-11-20 --visitors 500 --fault till-queue --tick-s 300"
    assert floorcast(f"simulate --seed 7 {options} --out {path}") == 0
    return path


def test_simulate_tells_its_truth_and_replay_finds_it(
    day: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The day's visitors and transactions in the truth's JSON are those of the replayed facts."""
    capfd.readouterr()
    assert (
        floorcast("simulate --seed 7 --day 2026-11-20 --visitors 500 --fault till-queue --json")
        == 0
    )
    truth = json.loads(capfd.readouterr().out)
    assert floorcast(f"replay {day} --facts {tmp_path / 'facts.parquet'} --last --json") == 0
    summary = json.loads(capfd.readouterr().out)
    assert summary["events"] == truth["events"]
    facts = pl.read_parquet(tmp_path / "facts.parquet")
    today = facts.filter((pl.col("window") == "day") & pl.col("subject").is_null())
    values = dict(today.select("metric", "value").iter_rows())
    assert (int(values["visitors"]), int(values["transactions"])) == (
        truth["visitors"],
        truth["transactions"],
    )


def test_the_same_recording_gives_the_same_bytes(day: Path, tmp_path: Path) -> None:
    """Two replays write identical files, incidents among them, and diff finds nothing."""
    for name in ("a", "b"):
        outputs = f"--facts {tmp_path / name}.jsonl --incidents {tmp_path / name}-incidents.jsonl"
        assert floorcast(f"replay {day} {outputs}") == 0
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()
    incidents = (tmp_path / "a-incidents.jsonl").read_bytes()
    assert incidents
    assert incidents == (tmp_path / "b-incidents.jsonl").read_bytes()
    assert floorcast(f"diff {tmp_path / 'a.jsonl'} {tmp_path / 'b.jsonl'}") == 0


def test_diff_names_what_differs_and_says_so_by_its_code(
    day: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A replay cut short differs from the whole one, with the facts' names and exit code 1."""
    assert floorcast(f"replay {day} --facts {tmp_path / 'whole.jsonl'} --last") == 0
    assert floorcast(f"replay {day} --to 15:00 --facts {tmp_path / 'cut.jsonl'} --last") == 0
    capfd.readouterr()
    assert floorcast(f"diff {tmp_path / 'cut.jsonl'} {tmp_path / 'whole.jsonl'} --json") == 1
    said = json.loads(capfd.readouterr().out)
    visitors = [c for c in said["facts"] if c[1][1:4] == ["visitors", "", "day"]]
    assert visitors[0][0] == "differs"
    assert visitors[0][4] == visitors[0][3] - visitors[0][2] > 0


def test_until_stops_and_prints_the_state(day: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """--until prints the floor as it stood then; in a pipe only its rows go to where the next command reads."""
    capfd.readouterr()
    assert floorcast(f"replay {day} --until 10:42") == 0
    told = capfd.readouterr()
    assert re.search(r"the floor at 2026-11-20 10:4", told.err)
    head, *rows = told.out.splitlines()
    assert head.split("\t") == ["store", "metric", "subject", "window", "value", "unit"]
    assert any(row.startswith("riverside\tvisitors\t\tday\t") for row in rows)


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("replay nothing.jsonl", 3, "no such file"),
        ("replay {day} --facts out.xls", 2, "end it in"),
        ("replay {day} --from tomorrow", 2, "is no time"),
        ("replay {day} --mapping nothing", 2, "no mapping nothing"),
        ("simulate --fault meteor", 2, "no fault meteor"),
        ("simulate --store atlantis", 2, "no store atlantis"),
        ("simulate --day soon", 2, "is no day"),
        ("simulate --to http://x", 2, "mqtt://host:port"),
        ("simulate --to mqtt://127.0.0.1:1", 3, "refused"),
        ("diff {day} nothing.jsonl", 3, "no such file"),
    ],
)
def test_a_mistake_is_one_line_and_its_code(
    day: Path, line: str, code: int, said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """What a person can get wrong is told in one line without a traceback, with the documented code."""
    capfd.readouterr()
    assert floorcast(line.format(day=day)) == code
    told = capfd.readouterr().err
    assert said in told
    assert told.count("\n") == 1


@pytest.mark.parametrize("module", [simulate, replay_command, record, diff])
def test_help_examples_name_options_that_exist(
    module: object, capfd: pytest.CaptureFixture[str]
) -> None:
    """Each example's command and options are in that command's help."""
    examples = [line for line in module.EPILOG.splitlines() if line.startswith("floorcast ")]  # type: ignore[attr-defined]
    assert examples
    for example in examples:
        for part in example.split(" && "):
            words = shlex.split(part)[1:]
            while words[0].startswith("--"):
                words = words[2:]
            names = [words[0], *(w for w in words[1:2] if w in {"verify", "prune"})]
            capfd.readouterr()
            assert floorcast(f"{' '.join(names)} --help") == 0
            shown = capfd.readouterr().out
            assert all(option in shown for option in words if option.startswith("--"))
