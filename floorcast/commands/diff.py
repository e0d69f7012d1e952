"""``floorcast diff``: what differs between two runs, with an exit code for CI."""

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

if TYPE_CHECKING:
    from alerts.incident import Incident
    from floorcast.comparison import Comparison
    from floorcast.main import Session
    from flows.facts import Fact

EPILOG = """Examples:

floorcast replay day.jsonl.zst --facts a.jsonl && floorcast --config draft.toml replay day.jsonl.zst --facts b.jsonl

floorcast diff a.jsonl b.jsonl

floorcast diff day.jsonl.zst day.jsonl.zst --config-b draft.toml

Exit codes: 0 both say the same; 1 they differ; 2 an option or a file cannot be used; 3 a file is missing.
"""


def register(app: typer.Typer) -> None:
    """Add ``diff``."""
    app.command("diff", epilog=EPILOG)(command)


def command(
    ctx: typer.Context,
    a: Annotated[
        Path, typer.Argument(help="A run's facts or incidents (JSON lines), or a recording.")
    ],
    b: Annotated[Path, typer.Argument(help="The other run, or a recording.")],
    config_b: Annotated[Path | None, typer.Option(help="Replay B with this configuration.")] = None,
    tolerance: Annotated[
        float, typer.Option(min=0, help="Relative difference of values to ignore.")
    ] = 0.0,
    near_s: Annotated[
        float, typer.Option(min=0, help="Incidents this close are the same one, moved.")
    ] = 3600,
    most: Annotated[int, typer.Option(min=0, help="Print at most so many of each.")] = 20,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print every difference as JSON.")
    ] = False,
) -> None:
    """Compare the newest facts and the incidents of two runs; a recording is replayed first."""
    from floorcast.comparison import Comparison, compare_facts, compare_incidents
    from floorcast.errors import Exit

    session: Session = ctx.obj
    left, right = _run(a, session.config), _run(b, config_b or session.config)
    found = Comparison(
        compare_facts(left[0], right[0], tolerance),
        compare_incidents(left[1], right[1], timedelta(seconds=near_s)),
    )
    if as_json:
        typer.echo(msgspec.json.encode({"facts": found.facts, "incidents": found.incidents}))
    else:
        _print(found, most)
    if not found.is_equal:
        raise typer.Exit(Exit.FINDING)


def _run(path: Path, config: Path) -> "tuple[list[Fact], list[Incident]]":
    """Facts and incidents from a run's output, or from replaying a recording."""
    from floorcast.comparison import decode_lines
    from floorcast.errors import FloorcastError, UnavailableError
    from floorcast.replay import replay
    from floorcast.settings import load_settings
    from floorcast.sources import open_log

    if not path.exists():
        raise UnavailableError(f"{path}: no such file")
    if path.suffix == ".jsonl" and path.is_file():
        with path.open("rb") as file:
            first = file.readline()
            if b'"metric":' in first:
                file.seek(0)
                try:
                    return decode_lines(line for line in file if line.strip())
                except ValueError as error:
                    raise FloorcastError(f"{path}: neither facts nor incidents: {error}") from None
    log = open_log([str(path)], load_settings(config))
    result = replay(log.entries, log.settings, keep="last")
    return decode_lines([*result.fact_lines(last=True), *result.incident_lines(last=True)])


def _print(found: "Comparison", most: int) -> None:
    """A line for each difference, the largest first, and how many there are."""
    facts = sorted(found.facts, key=lambda change: -abs(change.by or 0.0))
    for fact in facts[:most]:
        by = "" if fact.by is None else f" ({fact.by:+.6g})"
        typer.echo(f"{fact.change}: {' '.join(filter(None, fact.name))}: {fact.a} → {fact.b}{by}")
    for incident in sorted(found.incidents, key=lambda change: -abs(change.risk_minor))[:most]:
        moved = f", {incident.moved_s:+.0f} s" if incident.moved_s else ""
        risk = f", {incident.risk_minor / 100:+.2f} at risk" if incident.risk_minor else ""
        typer.echo(
            f"{incident.change}: {incident.subject}: {incident.a} → {incident.b}{moved}{risk}"
        )
    typer.echo(
        f"{len(found.facts):,} facts and {len(found.incidents):,} incidents differ", err=True
    )
