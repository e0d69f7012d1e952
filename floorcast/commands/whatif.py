"""``floorcast whatif``: what a draft of the rules would have done, against today's."""

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

if TYPE_CHECKING:
    from alerts.trial import Outcome, Pair
    from floorcast.main import Session

EPILOG = """Examples:

floorcast whatif --rules draft.toml --last 7d archive

floorcast whatif --rules draft.toml day.jsonl.zst --json

Without a source the live log is taken. The draft is a file with [[rules]] as under [alerts]; it replaces today's rules.

Exit codes: 0 the draft would have done the same; 1 it would not; 2 the draft or an option cannot be used; 3 the log
cannot be reached.
"""


def register(app: typer.Typer) -> None:
    """Add ``whatif``."""
    app.command("whatif", epilog=EPILOG)(command)


def command(
    ctx: typer.Context,
    sources: Annotated[
        list[str] | None, typer.Argument(help="Recordings, archives or redis://….")
    ] = None,
    rules: Annotated[
        Path | None, typer.Option(help="The draft; today's rules by default: what they do.")
    ] = None,
    last: Annotated[
        str, typer.Option(help="Judge the end of the log only: 7d, 36h, 90m; all by default.")
    ] = "",
    salvage: Annotated[
        bool, typer.Option("--salvage", help="Read what is whole of a damaged recording.")
    ] = False,
    most: Annotated[int, typer.Option(min=0, help="Print at most so many incidents.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="Print all of it.")] = False,
) -> None:
    """Replay the log once through both rule books: incidents gained, lost and moved, pages, money at risk."""
    from alerts.trial import Trial
    from floorcast.draft import load_draft
    from floorcast.errors import Exit, FloorcastError
    from floorcast.moments import duration
    from floorcast.replay import EntrySource, run_log
    from floorcast.replayed import Totals
    from floorcast.sources import open_log

    session: Session = ctx.obj
    settings = session.settings() if sources else session.connected()
    stretch = duration(last) if last else None
    draft = load_draft(rules, settings.alerts) if rules else settings.alerts
    told = (lambda flaw: typer.echo(f"floorcast: {flaw}", err=True)) if salvage else None
    log = open_log(sources or [settings.sensors.redis.url], settings, salvage=told)
    trial = Trial(settings.alerts, draft, log.settings.sensors, log.settings.flows)
    run_log(EntrySource(log.entries, Totals()), log.settings, facts=trial.take)
    outcome = trial.outcome(stretch)
    if outcome is None:
        raise FloorcastError("the log is empty: nothing to try the rules on")
    if as_json:
        typer.echo(msgspec.json.encode(outcome))
    else:
        _print(outcome, most)
    if not outcome.is_same:
        raise typer.Exit(Exit.FINDING)


def _print(outcome: "Outcome", most: int) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    span: timedelta = outcome.end - outcome.start
    table = Table(
        "rule", "fired", "gained", "lost", "moved", "pages", "at risk", box=None,
        title=f"{outcome.start:%Y-%m-%d %H:%M} to {outcome.end:%Y-%m-%d %H:%M} UTC ({span / timedelta(days=1):.1f} d)",
    )  # fmt: skip
    for rule in outcome.rules:
        table.add_row(
            rule.rule, f"{rule.today} → {rule.draft}", str(rule.gained), str(rule.lost), str(rule.moved),
            f"{rule.pages_today} → {rule.pages_draft}",
            f"{rule.risk_today_minor / 100:,.2f} → {rule.risk_draft_minor / 100:,.2f}",
        )  # fmt: skip
    pages = [sum(getattr(r, f"pages_{side}") for r in outcome.rules) for side in ("today", "draft")]
    table.add_row(
        "all", *(_sums(outcome, *names) for names in (("today", "draft"), ("gained",), ("lost",), ("moved",))),
        f"{pages[0]} → {pages[1]}", _money(outcome),
    )  # fmt: skip
    console.print(table)
    for pair in outcome.changed[:most]:
        console.print(_line(pair))
    if len(outcome.changed) > most:
        console.print(f"… and {len(outcome.changed) - most} more; --most prints them")


def _sums(outcome: "Outcome", *names: str) -> str:
    return " → ".join(str(sum(getattr(rule, name) for rule in outcome.rules)) for name in names)


def _money(outcome: "Outcome") -> str:
    sums = [
        sum(getattr(rule, f"risk_{side}_minor") for rule in outcome.rules)
        for side in ("today", "draft")
    ]
    return f"{sums[0] / 100:,.2f} → {sums[1] / 100:,.2f}"


def _line(pair: "Pair") -> str:
    fired = pair.today or pair.draft
    if fired is None:
        return ""
    moved = f" by {timedelta(seconds=pair.moved_s)}" if pair.moved_s > 0 else ""
    moved = f" by {timedelta(seconds=-pair.moved_s)} earlier" if pair.moved_s < 0 else moved
    named = "/".join(filter(None, (fired.store, fired.rule, fired.subject)))
    return f"{pair.change}{moved}: {named} at {fired.at:%Y-%m-%d %H:%M:%S} UTC, {fired.risk_minor / 100:,.2f} at risk"
