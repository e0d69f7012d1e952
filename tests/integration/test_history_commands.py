"""``floorcast query``, ``export`` and ``forget`` as people and scripts run them."""

import csv
import io
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import msgspec
import polars as pl
import pytest

from floorcast.history.partitions import Partition, merge, writing
from floorcast.history.rows import fact_row
from floorcast.running import write_effective
from flows.facts import Evidence, Fact
from tests.floor_runs import START
from tests.ingest_process import ROOT
from tests.servers import RedisServer
from tests.stages import DEMO

DAY = START.date()


def fact(metric: str, quarter: int, value: float, subject: str = "", **more: object) -> Fact:
    """A final quarter-hour."""
    start = START + timedelta(minutes=15 * quarter)
    told = {"unit": "people", "evidence": Evidence()} | more
    return Fact(
        store="riverside", metric=metric, subject=subject, window="quarter", start=start,
        end=start + timedelta(minutes=15), value=value, as_of=start + timedelta(minutes=20), state="final",
        **told,  # type: ignore[arg-type]
    )  # fmt: skip


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration whose history holds four quarter-hours: 3, 40, 50 and 60 visitors, and their conversion."""
    made = []
    for quarter, visitors in enumerate((3, 40, 50, 60)):
        seen = Evidence(n=visitors, k=visitors // 3)
        made.append(fact("visitors", quarter, visitors))
        made.append(fact("conversion", quarter, 0.33, unit="ratio", evidence=seen))
    with writing(tmp_path / "history"):
        rows = [fact_row(said, DAY) for said in made]
        merge(tmp_path / "history", Partition("quarters", "riverside", DAY), rows)
    own = {"history_dir": str(tmp_path / "history"), "archive_dir": str(tmp_path / "archive")}
    return write_effective(DEMO, tmp_path, {"floorcast": own})


def run(config: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """The command line, its outputs in pipes."""
    return subprocess.run(
        [sys.executable, "-m", "floorcast", "--config", str(config), *arguments],
        capture_output=True, text=True, check=False, timeout=60, cwd=ROOT,
    )  # fmt: skip


def test_query_in_a_pipe(config: Path) -> None:
    """A pipe gets CSV, --json one object a row, nothing else on stderr; wrong SQL is one line, exit 2."""
    sql = "SELECT start_at, value FROM quarters WHERE metric = 'visitors' ORDER BY start_at"
    piped = run(config, "query", sql)
    assert (piped.returncode, piped.stderr) == (0, "")
    rows = list(csv.DictReader(io.StringIO(piped.stdout)))
    assert [float(row["value"]) for row in rows] == [3, 40, 50, 60]
    lines = run(config, "query", sql, "--json").stdout.splitlines()
    assert msgspec.json.decode(lines[0]) == {"start_at": "2026-03-02T21:00:00Z", "value": 3.0}
    wrong = run(config, "query", "COPY (SELECT 1) TO 'x.csv'")
    assert wrong.returncode == 2
    assert len(wrong.stderr.splitlines()) == 1


def test_export_leaves_small_counts_out(config: Path, tmp_path: Path) -> None:
    """An export of one measure hides what the whole would: the 3, the smallest other, and the rates on both."""
    out = tmp_path / "out.parquet"
    made = run(config, "export", "--metric", "conversion", "--out", str(out))
    assert made.returncode == 0, made.stderr
    rates = pl.read_parquet(out).sort("start_at")
    assert rates["suppressed"].to_list() == [True, True, False, False]
    assert rates["value"].to_list() == [None, None, 0.33, 0.33]
    assert rates["n"].to_list() == [None, None, 50, 60]
    text = run(config, "export", "quarters", "--metric", "visitors", "--from", "2026-03-01").stdout
    assert [row["value"] for row in csv.DictReader(io.StringIO(text))] == ["", "", "50.0", "60.0"]
    assert run(config, "export", "--from", "2026-03-03").stdout.count("\n") == 1


@pytest.mark.servers
def test_forget_says_what_it_did(config: Path, tmp_path: Path, redis_server: RedisServer) -> None:
    """A dry run deletes nothing and counts; the run deletes; again there is nothing, exit 1; without a name, exit 2."""
    chosen = {"sensors.redis": {"url": redis_server.url, "embedded_dir": str(tmp_path)}}
    served = write_effective(config, tmp_path, chosen)
    path = Partition("quarters", "riverside", DAY).path(tmp_path / "history")
    looked = run(served, "forget", "--store", "riverside", "--dry-run")
    assert looked.returncode == 0, looked.stderr
    assert "history: 1 files" in looked.stdout
    assert path.exists()
    assert run(served, "forget", "--store", "riverside").returncode == 0
    assert not path.exists()
    assert run(served, "forget", "--store", "riverside").returncode == 1
    assert run(served, "forget").returncode == 2
