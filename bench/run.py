"""Run the floor's and the ingest's benchmarks and keep their tables: ``python -m bench.run`` (``make bench``).

Writes ``docs/benchmarks.md``: the machine, what was run, and the figures as they came.
"""

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from bench import floor, floor_state, ingest, machine, soak_ingest

PARTS = ("floor", "ingest", "soak", "state")
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


def head(events: int, repeats: int, messages: int) -> str:
    """What the page is, and the machine."""
    return f"""# Benchmarks

Written by `python -m bench.run --events {events} --repeats {repeats} --messages {messages}` (`make bench` repeats
more); nothing here is edited by hand, and a run that is ended early leaves its last parts out. `--part NAME` renews one
part. Wall figures swing with what else a machine does; CPU per event and the ratios of rows that ran in turns hold.

{machine.description()}

"""


def floor_part(events: int, repeats: int) -> Iterator[str]:
    """Throughput, and the latency under load at shares of it."""
    yield f"""## The floor dataflow

{events:,} events in a real Redis log, {repeats} repeats in turns, medians; every row counted the same (checked).
{floor.__doc__}
"""
    rows = floor.throughput(events, repeats)
    yield "\n".join(floor.rows_table(rows))
    yield "\n\n### Latency under load, every fact on\n\n"
    yield "\n".join(floor.loads_table(list(floor.loads(rows))))


def ingest_part(messages: int, repeats: int) -> Iterator[str]:
    """From MQTT to the durable log."""
    yield f"## MQTT to the durable log\n\n{messages:,} messages, {repeats} repeats in turns, medians.\n\n"
    yield "\n".join(ingest_table(ingest.measure(messages, repeats)))


def soak_part() -> Iterator[str]:
    """What is in the log when everything has fallen."""
    yield f"## Ingest while everything around it falls\n\n{soak_ingest.__doc__}\n"
    yield "\n".join(soak_ingest.table(soak_ingest.soak(SOAKED, "always")))


def state_part() -> Iterator[str]:
    """What stores take in memory and in snapshots."""
    yield "## Memory and state\n\n"
    stores = [floor_state.stores(stores) for stores in (1, 100, 10_000)]
    yield "\n".join(floor.state_table(stores, floor_state.snapshots()))


def main() -> None:
    """Measure, print and keep, so that what was measured stays if a later part fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=2_500_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--messages", type=int, default=50_000)
    parser.add_argument("--part", choices=PARTS, help="renew this part alone")
    options = parser.parse_args()
    made: dict[str, Callable[[], Iterator[str]]] = {
        "floor": lambda: floor_part(options.events, options.repeats),
        "ingest": lambda: ingest_part(options.messages, options.repeats),
        "soak": soak_part,
        "state": state_part,
    }
    if options.part:
        renew("".join(printed(made[options.part]())))
        return
    page = head(options.events, options.repeats, options.messages)
    sys.stdout.write(page)
    for name in PARTS:
        for text in printed(made[name]()):
            page += text
            DOCUMENT.write_text(page, encoding="utf-8")
        page = f"{page.rstrip()}\n\n"
    DOCUMENT.write_text(f"{page.rstrip()}\n", encoding="utf-8")


def printed(texts: Iterable[str]) -> Iterator[str]:
    """The same, shown as it comes."""
    for text in texts:
        sys.stdout.write(text)
        sys.stdout.flush()
        yield text


def renew(text: str) -> None:
    """Put a part in its place of the page."""
    begins = text.partition("\n")[0]
    page = DOCUMENT.read_text(encoding="utf-8").split("\n## ")
    place = next(n for n, old in enumerate(page) if begins == f"## {old.splitlines()[0]}")
    page[place] = text.removeprefix("## ").rstrip() + "\n"
    DOCUMENT.write_text("\n## ".join(page), encoding="utf-8")


if __name__ == "__main__":
    main()
