"""Whole public tables through the floor and alert dataflows: totals beside the table's own, rate, memory.

``python -m bench.replay_tables [FOLDER] [NAME…]``: the folder holds online_retail/ and complete_journey/. The
figures of every store's days, added up, must be the sums over the lines, to the penny, else it ends with code 1.
"""

import resource
import sys
import time
from collections import Counter
from pathlib import Path

import polars as pl

from floorcast.imports.mapping import load_mapping
from floorcast.imports.table import read_table
from floorcast.replay import EntrySource, run_log
from floorcast.replayed import Totals
from floorcast.settings import load_settings
from floorcast.sources import open_log
from flows.facts import FactBatch

TABLES = {
    "online_retail": "online_retail/online_retail.csv.xz",
    "complete_journey": "complete_journey/transactions.parquet",
}
METRICS = ("transactions", "returns", "net_sales")
Sums = dict[str, int]


def main() -> int:
    """Print one block a table; 1 if a sum differs."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("../shared/data")
    return max([is_unlike(name, folder / TABLES[name]) for name in sys.argv[2:] or TABLES])


def is_unlike(name: str, table: Path) -> int:
    """Replay a table whole and hold its sums against the table's."""
    told, wanted = replayed(name, table), EXPECTED[name](table)
    for metric in METRICS:
        said = "as the table" if told[metric] == wanted[metric] else "THE TABLE SAYS OTHERWISE"
        print(f"  {metric}: {told[metric]:,} ({wanted[metric]:,}: {said})")
    return int(told != wanted)


def online_retail(table: Path) -> Sums:
    """The sums over the invoices' lines: those whose number begins with C are returns, with A no sales at all."""
    lines = (
        read_table(table, load_mapping("online_retail"))
        .filter(~pl.col("Invoice").str.starts_with("A"))
        .select(
            "Invoice",
            back=pl.col("Invoice").str.starts_with("C"),
            net=(
                pl.col("Price").cast(pl.Float64) * pl.col("Quantity").cast(pl.Int64) * 100
            ).round(),
        )
    )
    return {
        "transactions": lines.filter(~pl.col("back"))["Invoice"].n_unique(),
        "returns": lines.filter("back")["Invoice"].n_unique(),
        "net_sales": int(lines["net"].sum()),
    }


def complete_journey(table: Path) -> Sums:
    """The sums over the baskets' lines; nothing comes back in this table."""
    lines = read_table(table, load_mapping("complete_journey"))
    net = (lines["sales_value"] * 100).round().cast(pl.Int64)
    return {"transactions": lines["basket_id"].n_unique(), "returns": 0, "net_sales": net.sum()}


EXPECTED = {"online_retail": online_retail, "complete_journey": complete_journey}


def replayed(name: str, table: Path) -> Sums:
    """The newest day facts of every store, added up."""
    settings = load_settings(Path(__file__).parents[1] / "config.toml")
    log = open_log([str(table)], settings, mapping=name)
    newest: dict[tuple[str, str, str], int] = {}

    def take(batches: list[FactBatch]) -> None:
        for batch in batches:
            for fact in batch.facts:
                if fact.window == "day" and not fact.subject and fact.metric in METRICS:
                    value = fact.value if isinstance(fact.value, int | float) else 0
                    newest[fact.store, fact.metric, fact.start.isoformat()] = round(value)

    totals, began, cpu = Totals(), time.perf_counter(), time.process_time()
    run_log(EntrySource(log.entries, totals), log.settings, facts=take, incidents=lambda _: None)
    sums: Counter[str] = Counter()
    for (_, metric, _), value in newest.items():
        sums[metric] += value
    wall, used = time.perf_counter() - began, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(name, log.accounts)
    print(
        f"  {totals.events:,} events, {totals.ticks:,} ticks, {len(log.settings.sensors.stores)} stores: "
        f"{wall:.0f} s, {used:.0f} s CPU, peak {peak:.0f} MB",
        flush=True,
    )
    return {metric: sums[metric] for metric in METRICS}


if __name__ == "__main__":
    sys.exit(main())
