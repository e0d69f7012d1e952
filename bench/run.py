"""Run the floor's and the ingest's benchmarks and keep their tables: ``python -m bench.run`` (``make bench``).

Writes ``docs/benchmarks.md``: the machine, what was run, and the figures as they came.
"""

import argparse
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from bench import floor, ingest, machine

DOCUMENT = Path(__file__).parents[1] / "docs" / "benchmarks.md"


def ingest_table(rows: Iterable[ingest.Row]) -> Iterator[str]:
    """The ingest's rows as a Markdown table."""
    yield "| subscriber | events a message | appendfsync | messages/s | events/s | µs CPU/message | of the bare one |"
    yield "|---|---:|---|---:|---:|---:|---:|"
    for row in rows:
        yield (
            f"| {row.subscriber} | {row.events_a_message} | {row.fsync} | {row.messages_per_s:,.0f} "
            f"| {row.events_per_s:,.0f} | {row.cpu_us_per_message:.1f} | {row.share_of_bare:.2f} |"
        )


def document(events: int, repeats: int, messages: int) -> str:
    """The whole page."""
    described = machine.description()
    floors = "\n".join(floor.table(floor.measure(events, repeats)))
    ingests = "\n".join(ingest_table(ingest.measure(messages)))
    return f"""# Benchmarks

Written by `make bench`; nothing here is edited by hand. Wall figures swing with what else a machine does; CPU per event
and the ratios of rows that ran in turns hold.

{described}

## The floor dataflow

{events:,} events in a real Redis log, {repeats} repeats in turns, medians; every row counted the same (checked).
{floor.__doc__}
{floors}

## MQTT to the durable log

{messages:,} messages. {ingest.__doc__.partition("Each case")[1]}{ingest.__doc__.partition("Each case")[2]}
{ingests}
"""


def main() -> None:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=600_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--messages", type=int, default=50_000)
    options = parser.parse_args()
    page = document(options.events, options.repeats, options.messages)
    DOCUMENT.write_text(page, encoding="utf-8")
    sys.stdout.write(page)


if __name__ == "__main__":
    main()
