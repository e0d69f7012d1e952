"""The examples in the engineers' commands run as they are written."""

import re
import shlex
from pathlib import Path

import pytest

from floorcast.commands import backtest, diff, explain, record, whatif
from floorcast.commands import replay as replay_command
from floorcast.errors import Exit
from floorcast.main import run
from tests.ingest_process import ROOT

SERVERS = ("redis", "mqtt", "floorcast record --once", "floorcast record\n", "prune")


def examples() -> list[str]:
    """Those that need nothing but files."""
    return [
        line
        for module in (replay_command, record, diff, explain, whatif, backtest)
        for line in module.EPILOG.splitlines()
        if line.startswith("floorcast ") and not any(word in f"{line}\n" for word in SERVERS)
    ]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the examples name: a day, an archive, a draft, a table."""
    folder = tmp_path_factory.mktemp("shop")
    (folder / "config.toml").write_text((ROOT / "config.toml").read_text(encoding="utf-8"))
    (folder / "draft.toml").write_text(
        (ROOT / "config.toml").read_text(encoding="utf-8").replace("level = 6", "level = 5")
    )
    options = "--seed 7 --day 2026-11-20 --visitors 60 --tick-s 900"
    config = ["--config", str(folder / "config.toml")]
    (folder / "archive").mkdir()
    for out in (folder / "day.jsonl.zst", folder / "archive" / "day.jsonl.zst"):
        assert run([*config, *shlex.split(f"simulate {options} --out {out}")]) == 0
    rows = ["Date,Time,Transaction,Item"]
    rows += [
        f"2016-11-{day:02d},10:{n:02d}:11,{day * 60 + n},Bread" for day in (1, 2) for n in range(9)
    ]
    (folder / "tickets.csv").write_text("\n".join(rows) + "\n")
    return folder


@pytest.mark.parametrize("line", examples())
def test_an_example_does_what_it_says(
    line: str, shop: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """It ends with a documented code and without a fault; what this small shop does not hold is said in a line."""
    monkeypatch.chdir(shop)
    for part in line.split(" && "):
        code = run(shlex.split(part)[1:])
        said = capfd.readouterr().err
        assert code in (Exit.OK, Exit.FINDING, Exit.REFUSED, Exit.UNAVAILABLE), said
        assert "Traceback" not in said
        if code in (Exit.REFUSED, Exit.UNAVAILABLE):
            assert re.search("not in this log|too short|no such file|redis.url is empty", said), (
                said
            )


def test_completion_knows_the_commands(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The shell asks which commands begin with re, and hears record and replay."""
    monkeypatch.setenv("_FLOORCAST_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "floorcast re")
    monkeypatch.setenv("COMP_CWORD", "1")
    with pytest.raises(SystemExit) as ended:
        run([])
    assert ended.value.code == 0
    assert set(capfd.readouterr().out.split()) >= {"record", "replay"}


def test_exit_codes_are_those_documented() -> None:
    """Every code there is stands in the page, and no other."""
    page = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    assert {int(code) for code in re.findall(r"^\| (\d+) \|", page, re.MULTILINE)} == set(Exit)
