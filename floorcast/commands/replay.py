"""``floorcast replay``: what the floor and its alerts make of a recorded log, exactly as they did live."""

from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from floorcast.main import Session
    from floorcast.progress import Bar
    from floorcast.replay_told import Asked
    from floorcast.replayed import Replayed
    from floorcast.sources import Log
    from sensors.streams import Entry

EPILOG = """Examples:

floorcast replay day.jsonl.zst

floorcast replay day.jsonl.zst --until 10:42 --facts - --last

floorcast replay archive --from 2026-11-20 --to 2026-11-21T06:00 --workers 2 --facts facts.parquet

floorcast replay day.jsonl.zst --to mqtt://127.0.0.1:1883 --speed 60

floorcast replay tickets.csv --mapping bakery --facts facts.parquet --last

--to takes a moment, where the log ends, or a place, where it goes: mqtt (the configured broker) or mqtt://…, redis or
redis://…, none (this process, the default). It may be given once for each.

Exit codes: 0 done; 2 an option, the configuration or the recording cannot be used; 3 a file or server is missing;
130 interrupted: the same command with --resume goes on.
"""


def register(app: typer.Typer) -> None:
    """Add ``replay``."""
    app.command("replay", epilog=EPILOG)(command)


Sources = Annotated[
    list[str],
    typer.Argument(
        help="Recordings, folders of them, captures of a broker, redis://… for the live log, or a table."
    ),
]
Mapping = Annotated[str, typer.Option(help="How to read a table: a name or a .toml file.")]
From = Annotated[str, typer.Option("--from", help="Leave out what was received before.")]
To = Annotated[
    list[str] | None,
    typer.Option(
        help="A moment: leave out what came from then on. A place: mqtt, mqtt://…, redis, redis://…, none."
    ),
]
Until = Annotated[
    str, typer.Option(help="Stop then and print the state of the floor; implies --last.")
]
Only = Annotated[list[str] | None, typer.Option(help="Only this store; may be repeated.")]
Speed = Annotated[str, typer.Option(help="max, or times real time: 1, 60, 60×.")]
Facts = Annotated[str, typer.Option(help="Write facts: .jsonl, .csv, .parquet or - .")]
Forecasts = Annotated[str, typer.Option(help="Write forecasts: .jsonl, .csv, .parquet or - .")]
Incidents = Annotated[str, typer.Option(help="Write incidents: .jsonl, .csv, .parquet or - .")]
Last = Annotated[bool, typer.Option("--last", help="Only the newest of each fact and incident.")]
Workers = Annotated[int, typer.Option(min=1, max=64, help="Worker threads; changes no result.")]
Resume = Annotated[
    bool, typer.Option("--resume", help="Go on where the same command was interrupted.")
]
Salvage = Annotated[
    bool, typer.Option("--salvage", help="Read what is whole of a damaged recording.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")]


def command(
    ctx: typer.Context, sources: Sources, mapping: Mapping = "", start: From = "", to: To = None, until: Until = "",
    store: Only = None, speed: Speed = "max", facts: Facts = "", forecasts: Forecasts = "", incidents: Incidents = "",
    last: Last = False, workers: Workers = 1, resume: Resume = False, salvage: Salvage = False, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Run a recorded log through the floor and alert dataflows in this process, without broker or Redis.

    Without an output the incidents are printed as JSON lines. The same log gives the same bytes. With --to mqtt or
    --to redis it is sent there instead.
    """
    from floorcast.destinations import parse_speed, split_to
    from floorcast.outputs import check_output
    from floorcast.progress import progress_bar
    from floorcast.replay_told import Asked, tell_all
    from floorcast.salvage import Flaws
    from floorcast.sources import cut_as_said, open_log

    session: Session = ctx.obj
    asked = Asked(facts, forecasts, incidents, last or bool(until), until)
    for out in (facts, forecasts, incidents):
        check_output(out)
    (place, ends), pace, read = split_to(to or []), parse_speed(speed), Reading()
    flaws = Flaws() if salvage else None
    log = open_log(sources, session.settings(), mapping=mapping, salvage=flaws, progress=read.to)
    zone = log.settings.sensors.stores[0].tz if log.settings.sensors.stores else UTC
    entries = cut_as_said(log.entries, zone, start=start, ends=[*ends, until], stores=store or [])
    with progress_bar(log.size, zone) as bar:
        if place:
            _send(entries, place, session, pace, bar, read)
            return
        name = _question(sources, log, (asked, mapping, start, to, store, salvage))
        result = _run(entries, log, asked, workers, pace, name, bar, read, resume=resume)
    if flaws:
        flaws.close()
    tell_all(log, result, asked, zone, as_json=as_json)


def _question(sources: list[str], log: "Log", options: object) -> str:
    from floorcast.unfinished import question

    return question(sources, log.settings, options)


def _run(
    entries: "Iterator[Entry]", log: "Log", asked: "Asked", workers: int, speed: float | None, name: str,
    bar: "Bar", read: "Reading", *, resume: bool,
) -> "Replayed":  # fmt: skip
    """Replay in this process; Ctrl-C leaves a state that ``--resume`` goes on from."""
    from floorcast.errors import Exit
    from floorcast.replay import replay
    from floorcast.stopping import stopped_by_signals
    from floorcast.unfinished import Unfinished
    from flows.topology import calm_collector

    calm_collector()
    folder = Path(log.settings.sensors.redis.embedded_dir) / "replays"
    unfinished = Unfinished(folder, name, resume=resume)
    try:
        with stopped_by_signals() as stop:
            result = replay(
                entries, log.settings, workers=workers, keep=asked.keep,
                forecasts=bool(asked.forecasts), speed=speed, stop=stop, state=unfinished.path,
                on_entry=lambda totals: bar.show(totals, read.bytes),
            )  # fmt: skip
        unfinished.close(interrupted=result.interrupted)
    finally:
        unfinished.drop()
    if result.interrupted:
        at = f"{result.totals.at:%Y-%m-%d %H:%M:%S} UTC" if result.totals.at else "its start"
        typer.echo(
            f"interrupted at {at}; the same command with --resume goes on from there", err=True
        )
        raise typer.Exit(Exit.INTERRUPTED)
    return result


def _send(
    entries: "Iterator[Entry]", place: str, session: "Session", speed: float | None, bar: "Bar",
    read: "Reading",
) -> None:  # fmt: skip
    """Send the log to a broker or into a live log."""
    from floorcast.destinations import broker_url
    from floorcast.errors import Exit
    from floorcast.relay import to_broker, to_log
    from floorcast.replayed import Totals
    from floorcast.stopping import stopped_by_signals

    totals = Totals()

    def shown() -> "Iterator[Entry]":
        for entry in entries:
            bar.show(totals, read.bytes)
            yield entry

    with stopped_by_signals() as stop:
        if place.startswith("mqtt"):
            url = place if "://" in place else broker_url(session.connected(broker=True))
            sent = to_broker(shown(), url, totals, speed=speed, stop=stop)
            typer.echo(f"{sent:,} events published", err=True)
        else:
            url = place if "://" in place else session.connected().sensors.redis.url
            sent = to_log(shown(), url, totals, speed=speed, stop=stop)
            typer.echo(f"{sent:,} entries appended", err=True)
        if stop.is_set():
            raise typer.Exit(Exit.INTERRUPTED)


class Reading:
    """How many bytes of the file have been read."""

    def __init__(self) -> None:
        self.bytes = 0

    def to(self, position: int) -> None:
        """The file has been read up to this byte."""
        self.bytes = position
