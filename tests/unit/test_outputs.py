"""Lines as tables, in batches."""

import json
from pathlib import Path

import polars as pl
import pytest

from floorcast import outputs
from floorcast.outputs import write_lines
from floorcast.salvage import MOST, Flaws

ROWS: list[dict[str, object]] = [
    {"n": 1, "value": 1, "mixed": 1, "flag": True, "nested": {"a": [1]}},
    {"n": 2, "value": 0.5, "mixed": "silent"},
    {"n": 3, "value": None, "late": "–"},
    {"n": 4, "value": 7, "mixed": 2.5},
]


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
@pytest.mark.parametrize("batch", [1, 3, 20_000])
def test_a_table_does_not_depend_on_its_batches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str, batch: int
) -> None:
    """However many rows are written at once, columns, types and values are those of the whole."""
    monkeypatch.setattr(outputs, "BATCH_ROWS", batch)
    out = tmp_path / f"rows{ending}"
    write_lines((json.dumps(row).encode() for row in ROWS), str(out))
    frame = pl.read_csv(out, infer_schema=False) if ending == ".csv" else pl.read_parquet(out)
    assert frame.columns == ["n", "value", "mixed", "flag", "nested", "late"]
    assert [float(v) if v is not None else None for v in frame["value"]] == [1.0, 0.5, None, 7.0]
    assert frame["mixed"].to_list() == ["1", "silent", None, "2.5"]
    assert json.loads(frame["nested"][0]) == {"a": [1]}
    if ending == ".parquet":
        assert frame.schema["value"] == pl.Float64
        assert frame.schema["n"] == pl.Int64
        assert frame.schema["flag"] == pl.Boolean
    assert [path.name for path in tmp_path.iterdir()] == [out.name]


def test_no_lines_give_an_empty_table(tmp_path: Path) -> None:
    """A replay without facts still writes a table with its head."""
    for ending, read in ((".parquet", pl.read_parquet), (".csv", pl.read_csv)):
        out = tmp_path / f"rows{ending}"
        write_lines([], str(out), ["store", "metric"])
        assert (read(out).height, read(out).columns) == (0, ["store", "metric"])


def test_a_salvage_of_thousands_of_flaws_is_told_in_a_few_lines(
    capfd: pytest.CaptureFixture[str],
) -> None:
    """The first flaws are said with their places, the rest as a number, and nothing where there are no more."""
    flaws = Flaws()
    for n in range(MOST + 1_234):
        flaws(f"day.jsonl: line {n}")
        if n == MOST - 1:
            flaws.close()
            assert len(capfd.readouterr().err.splitlines()) == MOST
    flaws.close()
    assert capfd.readouterr().err == "floorcast: … and 1,234 more, left out as well\n"
