"""Run the floor's and the ingest's benchmarks and keep their tables: ``python -m bench.run`` (``make bench``).

Writes ``docs/benchmarks.md``: the machine, what was run, and the figures as they came.
"""

import argparse
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from bench import floor, floor_state, ingest, machine, soak_ingest

SOAKED = 200_000  # messages
DOCUMENT = Path(__file__).parents[1] / "docs" / "benchmarks.md"


def ingest_table(rows: Iterable[ingest.Row]) -> Iterator[str]:
    """The ingest's rows as a Markdown table."""
    yield (
        "| subscriber | events a message | appendfsync | messages/s | events/s | µs CPU/message "
        "| of the bare one's rate | by CPU |"
    )
    yield "|---|---:|---|---:|---:|---:|---:|---:|"
    for row in rows:
        yield (
            f"| {row.subscriber} | {row.events_a_message} | {row.fsync} | {row.messages_per_s:,.0f} "
            f"| {row.events_per_s:,.0f} | {row.cpu_us_per_message:.1f} | {row.share_of_bare:.2f} "
            f"| {row.cpu_share:.2f} |"
        )


def parts(events: int, repeats: int, messages: int) -> Iterator[str]:
    """The page, part by part, each when it has been measured."""
    yield f"""# Benchmarks

Written by `python -m bench.run --events {events} --repeats {repeats} --messages {messages}` (`make bench` repeats
more); nothing here is edited by hand, and a run that is ended early leaves its last parts out. Wall figures swing with
what else a machine does; CPU per event and the ratios of rows that ran in turns hold.

{machine.description()}

## The floor dataflow

{events:,} events in a real Redis log, {repeats} repeats in turns, medians; every row counted the same (checked).
{floor.__doc__}
"""
    rows = floor.throughput(events, repeats)
    yield "\n".join(floor.rows_table(rows))
    yield f"\n\n## MQTT to the durable log\n\n{messages:,} messages, {repeats} repeats in turns, medians.\n\n"
    yield "\n".join(ingest_table(ingest.measure(messages, repeats)))
    yield f"\n\n## Ingest while everything around it falls\n\n{soak_ingest.__doc__}\n"
    yield "\n".join(soak_ingest.table(soak_ingest.soak(SOAKED, "always")))
    yield "\n\n## Latency of the floor under load, every fact on\n\n"
    yield "\n".join(floor.loads_table(list(floor.loads(rows))))
    yield "\n\n## Memory and state\n\n"
    stores = [floor_state.stores(stores) for stores in (1, 100, 10_000)]
    yield "\n".join(floor.state_table(stores, floor_state.snapshots())) + "\n"


def main() -> None:
    """Measure, print and keep, so that what was measured stays if a later part fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=2_500_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--messages", type=int, default=50_000)
    options = parser.parse_args()
    page = ""
    for part in parts(options.events, options.repeats, options.messages):
        page += part
        DOCUMENT.write_text(page, encoding="utf-8")
        sys.stdout.write(part)
        sys.stdout.flush()


if __name__ == "__main__":
    main()
