"""Whole public tables through the floor and alert dataflows: totals, rate, memory.

``python -m bench.replay_tables [FOLDER] [NAME…]``: the folder holds online_retail/ and complete_journey/.
"""

import resource
import sys
import time
from collections import Counter
from pathlib import Path

from floorcast.replay import EntrySource, run_log
from floorcast.replayed import Totals
from floorcast.settings import load_settings
from floorcast.sources import open_log
from flows.facts import FactBatch

TABLES = {
    "online_retail": "online_retail/online_retail.csv.xz",
    "complete_journey": "complete_journey/transactions.parquet",
}
METRICS = ("transactions", "units", "net_sales", "returns")


def main() -> None:
    """Print one block a table."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("../shared/data")
    for name in sys.argv[2:] or TABLES:
        replayed(name, folder / TABLES[name])


def replayed(name: str, table: Path) -> None:
    """Sum the newest day facts of every store."""
    settings = load_settings(Path("config.toml"))
    log = open_log([str(table)], settings, mapping=name)
    newest: dict[tuple[str, str, str], float] = {}

    def take(batches: list[FactBatch]) -> None:
        for batch in batches:
            for fact in batch.facts:
                if fact.window == "day" and not fact.subject and fact.metric in METRICS:
                    key = (fact.store, fact.metric, fact.start.isoformat())
                    newest[key] = float(fact.value or 0)

    totals, began, cpu = Totals(), time.perf_counter(), time.process_time()
    run_log(EntrySource(log.entries, totals), log.settings, facts=take, incidents=lambda _: None)
    sums: Counter[str] = Counter()
    for (_, metric, _), value in newest.items():
        sums[metric] += value  # type: ignore[assignment]
    wall, used = time.perf_counter() - began, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(name, log.accounts)
    print({metric: sums[metric] for metric in METRICS})
    print(
        f"{totals.events:,} events, {totals.ticks:,} ticks, {len(log.settings.sensors.stores)} stores: "
        f"{wall:.0f} s, {used:.0f} s CPU, peak {peak:.0f} MB"
    )


if __name__ == "__main__":
    main()
