"""Whole public tables through the floor and alert dataflows: every store's days beside DuckDB's, rate, memory.

``python -m bench.replay_tables [FOLDER] [NAME…]``: the folder holds online_retail/, complete_journey/ and bakery/.
The import's account of every row must be what the tables' own descriptions state, and every measure of every store's
days what SQL finds in the table's lines, exactly (distinct members within their sketch's 5 %), else it ends with code
1. Resident memory is told as the log goes on.
"""

import argparse
import lzma
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from math import isclose
from pathlib import Path

from bench.replay import peak_mb, resident_mb
from floorcast.replay import EntrySource, run_log
from floorcast.replayed import Totals
from floorcast.settings import load_settings
from floorcast.sources import Log, open_log
from flows.facts import FactBatch
from tests.table_oracle import Key, Values, expected

TABLES = {
    "online_retail": "online_retail/online_retail.csv.xz",
    "complete_journey": "complete_journey/transactions.parquet",
    "bakery": "bakery/BreadBasket_DMS.csv",
}
STATED = {
    "online_retail": {
        "rows": 1_067_371,
        "cancellation lines": 19_494,
        "lines without a customer": 243_007,
        "repeated lines": 34_335,
    },
    "complete_journey": {"rows": 1_469_307, "stores": 457},
    "bakery": {"rows": 21_293, "lines without an item": 786, "events": 9_531},
}
"""What the descriptions of the data sets say of them."""
TELLINGS = 12  # of memory


def main() -> int:
    """Print one block a table; 1 if a value differs."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("folder", nargs="?", type=Path, default=Path("../shared/data"))
    parser.add_argument("names", nargs="*", help=f"of {', '.join(TABLES)}; all by default")
    asked = parser.parse_args()
    for name in asked.names:
        if name not in TABLES:
            parser.error(f"there is no table {name}; there are {', '.join(TABLES)}")
    tables = {name: asked.folder / TABLES[name] for name in asked.names or TABLES}
    for name, table in tables.items():
        if not table.is_file():
            parser.error(f"{table} is not there: name the folder that holds {name}/")
    return max([is_unlike(name, table) for name, table in tables.items()])


def is_unlike(name: str, table: Path) -> int:
    """Replay a table whole and hold its account against its description, every day's values against the table's."""
    wanted = _wanted(name, table)
    settings = load_settings(Path(__file__).parents[1] / "config.toml")
    log = open_log([str(table)], settings, mapping=name)
    accounts = {**log.accounts, "stores": len(log.settings.sensors.stores)}
    print(name, flush=True)
    for account, rows in accounts.items():
        stated = STATED[name].get(account)
        print(f"  {account}: {rows:,}", "" if stated is None else f"(its description: {stated:,})")
    amiss = [account for account, rows in STATED[name].items() if accounts.get(account) != rows]
    return max(int(bool(amiss)), _unlike(wanted, replayed(log, wanted)))


def _unlike(wanted: Values, told: Values) -> int:
    """Print how many values of each measure differ; 1 if any does."""
    wrong = [key for key, value in wanted.items() if not _is_same(key, told.get(key), value)]
    kinds = Counter(metric for _, _, metric, _ in wrong)
    for metric in sorted({metric for _, _, metric, _ in wanted}):
        days = sum(key[2] == metric for key in wanted)
        print(f"  {metric}: {days:,} values, {kinds[metric]:,} unlike the table's")
    for metric in ("transactions", "returns", "net_sales", "units"):
        print(f"  Σ {metric}: {sum(v or 0 for k, v in told.items() if k[2] == metric):,}")
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


def replayed(log: Log, wanted: Values) -> Values:
    """The newest facts of every store's days, of what is wanted."""
    zones = {store.id: store.tz for store in log.settings.sensors.stores}
    told: Values = {}
    facts = 0

    def take(batches: list[FactBatch]) -> None:
        nonlocal facts
        facts += sum(len(batch.facts) for batch in batches)
        for fact in (fact for batch in batches for fact in batch.facts if fact.window == "day"):
            day = fact.start.astimezone(zones[fact.store]).date().isoformat()
            key = fact.store, day, fact.metric, fact.subject
            if key in wanted and not isinstance(fact.value, str):
                told[key] = fact.value

    totals, began, cpu = Totals(), time.perf_counter(), time.process_time()
    source = EntrySource(log.entries, totals, _memory_teller(log.accounts["events"]))
    run_log(source, log.settings, facts=take, incidents=lambda _: None)
    wall, used = time.perf_counter() - began, time.process_time() - cpu
    print(
        f"  {totals.events:,} events, {totals.ticks:,} ticks, {facts:,} facts: "
        f"{wall:.0f} s, {used:.0f} s CPU, peak {peak_mb():.0f} MB",
        flush=True,
    )
    return told


def _memory_teller(events: int) -> Callable[[Totals], None]:
    """Prints resident memory a dozen times while so many events go by."""
    due = [events * n // TELLINGS for n in range(1, TELLINGS + 1)]

    def tell(totals: Totals) -> None:
        if due and totals.events >= due[0]:
            del due[0]
            print(
                f"  {totals.events:>9,} events  {totals.at:%Y-%m-%d}  {resident_mb():.0f} MB",
                flush=True,
            )

    return tell


if __name__ == "__main__":
    sys.exit(main())
