"""``floorcast ledger``: what is printed of a shop's alerts, actions and outcomes."""

import json
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from alerts.settings import Rule
from floorcast.history.rows import LEDGER_COLUMNS, ledger_row
from floorcast.main import run
from tests.days import demo_settings
from tests.scenario import Story

LOW = Rule(name="low-conversion", metric="conversion", action="add-staff")


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """A history's folder with one day: an incident taken and measured, and one called no problem."""
    story = Story([LOW], sensors=demo_settings().sensors, begins="04:00").at("04:10")
    story.say("conversion_benchmark", 0.26, low=0.24, high=0.29)
    story.rate(30, 400, minutes=3).ack("low-conversion", by="wang")
    story.rate(100, 400, minutes=32).rate(30, 400, minutes=2)
    story.command("dismiss", story.open("low-conversion").id)
    day = (story.now + timedelta(hours=8)).date()
    rows = [row for i in story.seen.values() if (row := ledger_row(i, day))]
    folder = tmp_path / "ledger" / "store=riverside"
    folder.mkdir(parents=True)
    pl.DataFrame(rows, schema=LEDGER_COLUMNS).write_parquet(folder / f"day={day}.parquet")
    return tmp_path


def test_the_ledger_is_printed_with_each_rule_s_record(
    history: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who took it and how fast, before and after with intervals, the forecast, money with its own; a rule's shares."""
    monkeypatch.setenv("COLUMNS", "300")
    words = ["ledger", "--history", str(history), "--until", "2026-11-23"]
    assert run(words) == 0
    said = capsys.readouterr().out
    for part in ("wang", "0.075 → 0.25", "0.26 (0.24–0.29)", "95%", "Not a problem", "50%", "¥"):
        assert part in said, part
    assert run([*words, "--language", "zh", "--totals"]) == 0
    assert "误报占比" in capsys.readouterr().out


def test_the_ledger_as_json_and_its_refusals(
    history: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One JSON value a line; an unknown store and a day that is none are one line and exit 2; other days are empty."""
    words = ["ledger", "--history", str(history), "--json", "--until"]
    assert run([*words, "2026-11-23"]) == 0
    first, second = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert (first["actor"], second["false_alarm"]) == ("wang", True)
    assert run([*words, "2026-11-20"]) == 0
    assert capsys.readouterr().out == ""
    assert run([*words, "yesterday"]) == 2
    assert "--until yesterday: expected a day as YYYY-MM-DD" in capsys.readouterr().err
    assert run(["ledger", "--store", "nowhere"]) == 2
    assert "there is no store nowhere; there are: riverside" in capsys.readouterr().err
