"""What is final but whose day is not over yet, with the readers' positions, in one SQLite file (edge).

Facts and the position behind them are committed together, so that after kill -9 nothing is read twice or left out.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import NamedTuple

from sensors.streams import START, Position

FILE = "staging.sqlite3"
BUSY_S = 30.0
_TABLES = """
CREATE TABLE IF NOT EXISTS staged (
    source TEXT NOT NULL, store TEXT NOT NULL, day TEXT NOT NULL, closes_ms INTEGER NOT NULL,
    name TEXT NOT NULL, as_of TEXT NOT NULL, said BLOB NOT NULL,
    PRIMARY KEY (store, day, source, name, as_of)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS positions (partition INTEGER PRIMARY KEY, position TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS clocks (store TEXT PRIMARY KEY, at_ms INTEGER NOT NULL) STRICT;
"""


class Staged(NamedTuple):
    """One fact or incident that waits for its file.

    Attributes:
        source: ``facts`` or ``incidents``.
        closes_ms: end of its business day, milliseconds since 1970.
        name: its identity within the day; with ``as_of`` that of a revision.
        said: the fact or incident as JSON.
    """

    source: str
    store: str
    day: date
    closes_ms: int
    name: str
    as_of: str
    said: bytes


class Due(NamedTuple):
    """A day of a store that is over and has something to write."""

    store: str
    day: date


class Staging:
    """The file; every change within ``change`` is committed as one."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file = sqlite3.connect(folder / FILE, timeout=BUSY_S, isolation_level=None)
        self._file.execute("PRAGMA journal_mode = WAL")
        self._file.execute("PRAGMA synchronous = NORMAL")
        self._file.execute("PRAGMA secure_delete = ON")
        self._file.executescript(_TABLES)

    @contextmanager
    def change(self) -> Iterator[None]:
        """One transaction, rolled back by an exception."""
        self._file.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._file.execute("ROLLBACK")
            raise
        self._file.execute("COMMIT")

    def add(self, rows: Iterable[Staged]) -> None:
        """Stage rows; one that is there already stays as it is."""
        self._file.executemany(
            "INSERT OR IGNORE INTO staged (source, store, day, closes_ms, name, as_of, said)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            ((*row[:2], row.day.isoformat(), *row[3:]) for row in rows),
        )

    def move(self, partition: int, position: Position) -> None:
        """Note how far a partition has been read."""
        self._file.execute(
            "INSERT OR REPLACE INTO positions VALUES (?, ?)", (partition, str(position))
        )

    def tell(self, clocks: Iterable[tuple[str, int]]) -> None:
        """Note each store's log time, in milliseconds."""
        self._file.executemany("INSERT OR REPLACE INTO clocks VALUES (?, ?)", clocks)

    def positions(self, partitions: Iterable[int]) -> dict[int, Position]:
        """How far each partition has been read."""
        said = dict(self._file.execute("SELECT partition, position FROM positions"))
        return {p: Position.parse(said[p]) if p in said else START for p in partitions}

    def clocks(self) -> dict[str, int]:
        """Log time of each store, in milliseconds."""
        return dict(self._file.execute("SELECT store, at_ms FROM clocks"))

    def due(self, settle_s: float) -> list[Due]:
        """Days with staged rows that were over ``settle_s`` ago by their store's clock."""
        found = self._file.execute(
            "SELECT DISTINCT store, day FROM staged JOIN clocks USING (store)"
            " WHERE closes_ms + ? <= at_ms ORDER BY day, store",
            (round(settle_s * 1000),),
        )
        return [Due(store, date.fromisoformat(day)) for store, day in found]

    def rows(self, due: Due, source: str) -> list[bytes]:
        """What is staged of a day, oldest first."""
        found = self._file.execute(
            "SELECT said FROM staged WHERE store = ? AND day = ? AND source = ? ORDER BY as_of",
            (due.store, due.day.isoformat(), source),
        )
        return [said for (said,) in found]

    def drop(self, due: Due) -> None:
        """Forget a day's staged rows: they are in its files."""
        self._file.execute(
            "DELETE FROM staged WHERE store = ? AND day = ?", (due.store, due.day.isoformat())
        )

    def forget(self, store: str, before: date | None) -> int:
        """Delete a store's rows and clock, or its rows of days before one; how many rows went."""
        upto = before.isoformat() if before else "9999"
        with self.change():
            gone = self._file.execute(
                "DELETE FROM staged WHERE store = ? AND day < ?", (store, upto)
            ).rowcount
            if before is None:
                self._file.execute("DELETE FROM clocks WHERE store = ?", (store,))
        self._file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return gone

    def count(self, store: str = "", before: date | None = None) -> int:
        """How many rows wait, of every store by default."""
        upto = before.isoformat() if before else "9999"
        (found,) = self._file.execute(
            "SELECT count(*) FROM staged WHERE ? IN ('', store) AND day < ?", (store, upto)
        ).fetchone()
        return int(found)

    def close(self) -> None:
        """Let the file go."""
        self._file.close()
