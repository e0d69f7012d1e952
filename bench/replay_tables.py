"""Whole public tables through the floor and alert dataflows: every store's days beside DuckDB's, rate, memory.

``python -m bench.replay_tables [FOLDER] [NAME…]``: the folder holds online_retail/, complete_journey/ and bakery/.
Every measure of every store's days must be what SQL finds in the table's lines, exactly (distinct members within
their sketch's 5 %), else it ends with code 1.
"""

import lzma
import resource
import shutil
import sys
import tempfile
import time
from collections import Counter
from math import isclose
from pathlib import Path

from floorcast.replay import EntrySource, run_log
from floorcast.replayed import Totals
from floorcast.settings import load_settings
from floorcast.sources import open_log
from flows.facts import FactBatch
from tests.table_oracle import Key, Values, expected

TABLES = {
    "online_retail": "online_retail/online_retail.csv.xz",
    "complete_journey": "complete_journey/transactions.parquet",
    "bakery": "bakery/BreadBasket_DMS.csv",
}


def main() -> int:
    """Print one block a table; 1 if a value differs."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("../shared/data")
    return max([is_unlike(name, folder / TABLES[name]) for name in sys.argv[2:] or TABLES])


def is_unlike(name: str, table: Path) -> int:
    """Replay a table whole and hold every day's values against the table's."""
    wanted = _wanted(name, table)
    told = replayed(name, table, wanted)
    wrong = [key for key, value in wanted.items() if not _is_same(key, told.get(key), value)]
    kinds = Counter(metric for _, _, metric, _ in wrong)
    for metric in sorted({metric for _, _, metric, _ in wanted}):
        days = sum(key[2] == metric for key in wanted)
        print(f"  {metric}: {days:,} values, {kinds[metric]:,} unlike the table's")
    for key in wrong[:5]:
        print("  ", *key, "told", told.get(key), "the table says", wanted[key])
    return int(bool(wrong))


def _wanted(name: str, table: Path) -> Values:
    """What SQL finds; a packed table is unpacked for it."""
    if table.suffix != ".xz":
        return expected(name, table)
    with tempfile.TemporaryDirectory() as folder, lzma.open(table) as packed:
        plain = Path(folder) / table.stem
        with plain.open("wb") as file:
            shutil.copyfileobj(packed, file)
        return expected(name, plain)


def _is_same(key: Key, told: float | None, value: float | None) -> bool:
    if key[2] == "members":
        return isclose(told or 0, value or 0, rel_tol=0.05, abs_tol=1.0)
    return told == value


def replayed(name: str, table: Path, wanted: Values) -> Values:
    """The newest facts of every store's days, of what is wanted."""
    settings = load_settings(Path(__file__).parents[1] / "config.toml")
    log = open_log([str(table)], settings, mapping=name)
    zones = {store.id: store.tz for store in log.settings.sensors.stores}
    told: Values = {}

    def take(batches: list[FactBatch]) -> None:
        for fact in (fact for batch in batches for fact in batch.facts if fact.window == "day"):
            day = fact.start.astimezone(zones[fact.store]).date().isoformat()
            key = fact.store, day, fact.metric, fact.subject
            if key in wanted and not isinstance(fact.value, str):
                told[key] = fact.value

    totals, began, cpu = Totals(), time.perf_counter(), time.process_time()
    run_log(EntrySource(log.entries, totals), log.settings, facts=take, incidents=lambda _: None)
    wall, used = time.perf_counter() - began, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(name, log.accounts)
    print(
        f"  {totals.events:,} events, {totals.ticks:,} ticks, {len(log.settings.sensors.stores)} stores: "
        f"{wall:.0f} s, {used:.0f} s CPU, peak {peak:.0f} MB",
        flush=True,
    )
    return told


if __name__ == "__main__":
    sys.exit(main())
