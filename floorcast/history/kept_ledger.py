"""The ledger's entries of some days from the history's files, for pages that look back (edge)."""

from datetime import date
from pathlib import Path

import polars as pl

from alerts.ledger import Entry
from floorcast.history.rows import LEDGER_COLUMNS


class KeptLedger:
    """Reads ``ledger/store=…/day=….parquet`` under a history's folder."""

    def __init__(self, history: Path) -> None:
        self.history = history

    def __call__(self, store: str, first: date, last: date) -> list[Entry]:
        """Entries of a store's business days, both ends with them, oldest first; none where nothing is kept."""
        folder = self.history / "ledger" / f"store={store}"
        days = {f"day={d}.parquet" for d in pl.date_range(first, last, eager=True).to_list()}
        files = [path for path in sorted(folder.glob("day=*.parquet")) if path.name in days]
        if not files:
            return []
        empty = pl.DataFrame(schema=LEDGER_COLUMNS)  # older files lack the newer columns
        days_read = [pl.read_parquet(file, hive_partitioning=False) for file in files]
        rows = pl.concat([empty, *days_read], how="diagonal_relaxed").select(list(LEDGER_COLUMNS))
        newest = rows.unique("incident", keep="last").sort("fired_at")
        return [
            Entry(**{name: row[name] for name in Entry._fields})
            for row in newest.iter_rows(named=True)
        ]
