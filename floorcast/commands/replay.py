"""``floorcast replay``: what the floor and its alerts make of a recorded log, exactly as they did live."""

from datetime import UTC, datetime, tzinfo
from itertools import chain
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from floorcast.main import Session
    from floorcast.outputs import Digest
    from floorcast.replayed import Replayed
    from floorcast.sources import Log
    from sensors.streams import Entry

EPILOG = """Examples:

floorcast replay day.jsonl.zst

floorcast replay day.jsonl.zst --until 10:42 --facts - --last

floorcast replay tickets.csv --mapping bakery --facts facts.parquet --last

Exit codes: 0 done; 2 an option, the configuration or the recording cannot be used; 3 a file or server is missing.
"""


def register(app: typer.Typer) -> None:
    """Add ``replay``."""
    app.command("replay", epilog=EPILOG)(command)


def command(
    ctx: typer.Context,
    sources: Annotated[
        list[str],
        typer.Argument(help="Recordings, folders of them, redis://… for the live log, or a table."),
    ],
    mapping: Annotated[str, typer.Option(help="How to read a table: a name or a .toml file.")] = "",
    start: Annotated[str, typer.Option("--from", help="Leave out what was received before.")] = "",
    end: Annotated[
        str, typer.Option("--to", help="Leave out what was received from then on.")
    ] = "",
    until: Annotated[
        str, typer.Option(help="Stop then and print the state of the floor; implies --last.")
    ] = "",
    store: Annotated[
        list[str] | None, typer.Option(help="Only this store; may be repeated.")
    ] = None,
    facts: Annotated[str, typer.Option(help="Write facts: .jsonl, .csv, .parquet or - .")] = "",
    incidents: Annotated[
        str, typer.Option(help="Write incidents: .jsonl, .csv, .parquet or - .")
    ] = "",
    last: Annotated[
        bool, typer.Option("--last", help="Only the newest of each fact and incident.")
    ] = False,
    workers: Annotated[
        int, typer.Option(min=1, max=64, help="Worker threads; changes no result.")
    ] = 1,
    salvage: Annotated[
        bool, typer.Option("--salvage", help="Read what is whole of a damaged recording.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Run a recorded log through the floor and alert dataflows in this process, without broker or Redis.

    Without an output the incidents are printed as JSON lines. The same log gives the same bytes.
    """
    from floorcast.outputs import Digest, check_output, write_lines
    from floorcast.progress import progress_bar
    from floorcast.replay import replay
    from floorcast.sources import open_log

    session: Session = ctx.obj
    last = last or bool(until)
    for out in (facts, incidents):
        check_output(out)
    read = Reading()
    told = _tell if salvage else None
    log = open_log(sources, session.settings(), mapping=mapping, salvage=told, progress=read.to)
    zone = log.settings.sensors.stores[0].tz if log.settings.sensors.stores else UTC
    entries = _cut(log.entries, zone, start, [t for t in (end, until) if t], store or [])
    with progress_bar(log.size, zone) as bar:
        result = replay(
            entries,
            log.settings,
            workers=workers,
            keep="last" if last else "all" if facts else "none",
            on_entry=lambda totals: bar.show(totals, read.bytes),
        )
    if not (facts or incidents or until or as_json):
        incidents = "-"
    digests = {"facts": Digest(), "incidents": Digest()}
    write_lines(digests["facts"].through(result.fact_lines(last=last)), facts)
    write_lines(digests["incidents"].through(result.incident_lines(last=last)), incidents)
    if until:
        _print_state(result, zone)
    _print_summary(log, result, digests, as_json=as_json)


class Reading:
    """How many bytes of the file have been read."""

    def __init__(self) -> None:
        self.bytes = 0

    def to(self, position: int) -> None:
        """The file has been read up to this byte."""
        self.bytes = position


def _tell(flaw: str) -> None:
    typer.echo(f"floorcast: {flaw}", err=True)


def _cut(
    entries: "Iterator[Entry]", zone: tzinfo, start: str, ends: list[str], stores: list[str]
) -> "Iterable[Entry]":
    """The part of the log that was asked for; its first entry says on which day a bare time of day is."""
    from floorcast.moments import moment
    from floorcast.sources import cut

    first = next(entries, None)
    if first is None:
        return ()
    near: datetime = first.received_at
    return cut(
        chain((first,), entries),
        start=moment(start, near, zone) if start else None,
        end=min((moment(text, near, zone) for text in ends), default=None),
        stores=frozenset(stores),
    )


def _print_state(result: "Replayed", zone: tzinfo) -> None:
    """Levels, the last hour and the day so far of every store and subject, as a table."""
    from rich.console import Console
    from rich.table import Table

    at = result.totals.at
    table = Table("store", "metric", "subject", "window", "value", "unit")
    if at:
        table.title = f"the floor at {at.astimezone(zone):%Y-%m-%d %H:%M:%S}"
    for fact in result.facts_in_order():
        if fact.window in ("now", "60m", "day") and fact.value is not None:
            value = f"{fact.value:.4g}" if isinstance(fact.value, float) else str(fact.value)
            table.add_row(fact.store, fact.metric, fact.subject, fact.window, value, fact.unit)
    Console().print(table)


def _print_summary(
    log: "Log", result: "Replayed", digests: "dict[str, Digest]", *, as_json: bool
) -> None:
    """What was replayed, on stderr; as JSON on stdout."""
    totals = result.totals
    said = {
        "events": totals.events, "entries": totals.entries, "ticks": totals.ticks,
        "from": totals.started_at, "to": totals.at, "rows": log.accounts,
        "facts": digests["facts"].lines, "incidents": len(result.incidents_latest),
        "digests": {name: digest.hex for name, digest in digests.items()},
    }  # fmt: skip
    if as_json:
        typer.echo(msgspec.json.encode(said))
        return
    for name, rows in log.accounts.items():
        typer.echo(f"{name}: {rows:,}", err=True)
    typer.echo(
        f"{totals.events:,} events and {totals.ticks:,} ticks; {digests['facts'].lines:,} facts, "
        f"{len(result.incidents_latest):,} incidents; digest {digests['incidents'].hex[:12]}",
        err=True,
    )
