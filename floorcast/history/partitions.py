"""Files of the history: one table, store and day each, replaced whole or not at all (edge)."""

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from floorcast.history.rows import COLUMNS, FACT_KEY
from floorcast.recording import sync_folder

LOCK = "write.lock"


class Partition(NamedTuple):
    """Which file."""

    table: str
    store: str
    day: date

    def path(self, folder: Path) -> Path:
        """Where it lies.

        >>> str(Partition("days", "riverside", date(2026, 11, 22)).path(Path("history")))
        'history/days/store=riverside/day=2026-11-22.parquet'
        """
        return folder / self.table / f"store={self.store}" / f"day={self.day.isoformat()}.parquet"


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Be the only one who changes files of a history; waits for another one to finish."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def known(folder: Path, table: str = "*", store: str = "*") -> Iterator[Partition]:
    """The files there are, by table, store and day."""
    for path in sorted(folder.glob(f"{table}/store={store}/day=*.parquet")):
        named = path.parent.name.removeprefix("store=")
        yield Partition(path.parts[-3], named, date.fromisoformat(path.stem.removeprefix("day=")))


def merge(folder: Path, partition: Partition, rows: Iterable[dict[str, Any]]) -> bool:
    """Add rows to a file; whether that changed it. Call it within ``writing``.

    Facts are kept in every revision, one row each ``as_of``; of incidents and the ledger the newest row holds.
    Raises ``OSError`` when the disk refuses; the old file then stands.
    """
    columns = COLUMNS[partition.table]
    path = partition.path(folder)
    fresh = pl.DataFrame(list(rows), schema=columns, orient="row")
    if path.exists():
        old = pl.read_parquet(path)
        fresh = pl.concat([old, fresh.select(old.columns)] if _same(old, columns) else
                          [old, fresh], how="diagonal_relaxed")  # fmt: skip
    else:
        old = fresh.clear()
    whole = _unique(partition.table, fresh)
    if whole.equals(old):
        return False
    replace(path, whole)
    return True


def _same(old: pl.DataFrame, columns: dict[str, Any]) -> bool:
    """Whether a file has the columns of today; one of an earlier release gets those that came since."""
    return set(old.columns) == set(columns)


def _unique(table: str, rows: pl.DataFrame) -> pl.DataFrame:
    if table == "incidents":
        return rows.sort("updated_at").unique("id", keep="last").sort("opened_at", "id")
    if table == "ledger":
        return rows.unique("incident", keep="last", maintain_order=True).sort(
            "fired_at", "incident"
        )
    named = [*FACT_KEY, "as_of"]
    return rows.unique(named, keep="first", maintain_order=True).sort(named)


def replace(path: Path, rows: pl.DataFrame) -> None:
    """Write a file so that a crash at any moment leaves the old one or the new one, whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.unfinished")
    with unfinished.open("wb") as file:
        rows.write_parquet(file, compression="zstd", statistics=True)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
    sync_folder(path.parent)


def delete(folder: Path, partitions: Iterable[Partition]) -> int:
    """Delete files; how many there were. Call it within ``writing``."""
    gone = 0
    for partition in partitions:
        path = partition.path(folder)
        if path.exists():
            path.unlink()
            gone += 1
    return gone
