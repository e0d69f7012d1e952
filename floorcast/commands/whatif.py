"""``floorcast whatif``: what a draft of the rules would have done, against today's."""

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alerts.trial import Trial
    from alerts.tried import Outcome, Pair, RuleTrial
    from floorcast.main import Session
    from floorcast.settings import Settings

EPILOG = """Examples:

floorcast whatif --rules draft.toml --last 7d archive

floorcast whatif --rules draft.toml day.jsonl.zst --json

floorcast whatif --rules draft.toml day.jsonl.zst --recovered 30% --show

Without a source the live log is taken. The draft is a file with [[rules]] as under [alerts]; it replaces today's rules.

Exit codes: 0 the draft would have done the same; 1 it would not; 2 the draft or an option cannot be used; 3 the log
cannot be reached.
"""


def register(app: typer.Typer) -> None:
    """Add ``whatif``."""
    app.command("whatif", epilog=EPILOG)(command)


Sources = Annotated[list[str] | None, typer.Argument(help="Recordings, archives or redis://….")]
Rules = Annotated[
    Path | None, typer.Option(help="The draft; today's rules by default: what they do.")
]
LastPart = Annotated[
    str, typer.Option(help="Judge the end of the log only: 7d, 36h, 90m; all by default.")
]
Recovered = Annotated[
    str,
    typer.Option(
        help="Share of the money at risk that an action gets back, as 30%; measured in the log by default."
    ),
]
Show = Annotated[bool, typer.Option("--show", help="Show the answer on the incidents page too.")]
Salvage = Annotated[
    bool, typer.Option("--salvage", help="Read what is whole of a damaged recording.")
]
Most = Annotated[int, typer.Option(min=0, help="Print at most so many incidents.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print all of it.")]


def command(
    ctx: typer.Context, sources: Sources = None, rules: Rules = None, last: LastPart = "", recovered: Recovered = "",
    show: Show = False, salvage: Salvage = False, most: Most = 20, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Replay the log once through both rule books: incidents gained, lost and moved, pages, money at risk and saved."""
    from floorcast.errors import Exit
    from floorcast.moments import duration, share

    session: Session = ctx.obj
    settings = session.settings() if sources and not show else session.connected()
    stretch, got_back = duration(last) if last else None, share(recovered) if recovered else None
    tried = _tried(sources or [settings.sensors.redis.url], settings, rules, salvage=salvage)
    outcome = _outcome(tried, stretch, got_back, rules.name if rules else "")
    if show:
        _show(outcome, settings.sensors.redis.url)
    if as_json:
        typer.echo(msgspec.json.encode(outcome))
    else:
        _print(outcome, most)
    if not outcome.is_same:
        raise typer.Exit(Exit.FINDING)


def _tried(
    sources: list[str], settings: "Settings", rules: Path | None, *, salvage: bool
) -> "Trial":
    """Both books through the log."""
    from alerts.trial import Trial
    from floorcast.draft import load_draft
    from floorcast.replay import EntrySource, run_log
    from floorcast.replayed import Totals
    from floorcast.salvage import Flaws
    from floorcast.sources import open_log

    draft = load_draft(rules, settings.alerts) if rules else settings.alerts
    flaws = Flaws() if salvage else None
    log = open_log(sources, settings, salvage=flaws)
    trial = Trial(settings.alerts, draft, log.settings.sensors, log.settings.flows)
    run_log(EntrySource(log.entries, Totals()), log.settings, facts=trial.take)
    if flaws:
        flaws.close()
    return trial


def _outcome(
    trial: "Trial", stretch: timedelta | None, got_back: float | None, draft: str
) -> "Outcome":
    """What would have been otherwise; raises ``FloorcastError`` for an empty log."""
    from floorcast.errors import FloorcastError

    outcome = trial.outcome(stretch, got_back)
    if outcome is None:
        raise FloorcastError("the log is empty: nothing to try the rules on")
    return msgspec.structs.replace(outcome, draft=draft)


def _show(outcome: "Outcome", url: str) -> None:
    """Put it where the incidents page finds it; raises ``UnavailableError``."""
    import redis

    from alerts.keyspace import TRIED_S, tried_key
    from floorcast.errors import unanswered

    try:
        with redis.Redis.from_url(url) as client:
            client.set(tried_key(), msgspec.json.encode(outcome), ex=TRIED_S)
    except redis.RedisError as error:
        raise unanswered("Redis", url, error) from None


def _print(outcome: "Outcome", most: int) -> None:
    from rich.console import Console
    from rich.table import Table

    from floorcast.tables import print_table

    console = Console()
    days = (outcome.end - outcome.start) / timedelta(days=1)
    span = f"{outcome.start:%Y-%m-%d %H:%M} to {outcome.end:%Y-%m-%d %H:%M} UTC ({days:.1f} d)"
    names = ("rule", "fired", "gained", "lost", "moved", "pages", "at risk", "saved")
    table = Table(*names, box=None, title=span)
    for rule in outcome.rules:
        table.add_row(rule.rule, *_cells([rule]))
    table.add_row("all", *_cells(outcome.rules))
    print_table(table)
    console.print(_grounds(outcome), soft_wrap=True)
    for pair in outcome.changed[:most]:
        console.print(_line(pair), soft_wrap=True)
    if len(outcome.changed) > most:
        console.print(f"… and {len(outcome.changed) - most} more; --most prints them")


def _cells(rules: "Sequence[RuleTrial]") -> list[str]:
    """The figures of some rules together: today's → the draft's."""

    def summed(*names: str) -> str:
        return " → ".join(str(sum(getattr(rule, name) for rule in rules)) for name in names)

    return [
        summed("today", "draft"), summed("gained"), summed("lost"), summed("moved"),
        summed("pages_today", "pages_draft"), _money(rules, "risk"), _money(rules, "saved"),
    ]  # fmt: skip


def _money(rules: "Sequence[RuleTrial]", what: str) -> str:
    """In the major unit; a dash where it is unknown."""
    sums: list[str] = []
    for side in ("today", "draft"):
        minor = [getattr(rule, f"{what}_{side}_minor") for rule in rules]
        sums.append("–" if None in minor else f"{sum(minor) / 100:,.2f}")
    return " → ".join(sums)


def _grounds(outcome: "Outcome") -> str:
    """What the money saved rests on."""
    if outcome.recovered_share is None:
        return "saved: unknown; no action's outcome is in this log, --recovered 30% assumes one"
    if not outcome.measured:
        return f"saved: {outcome.recovered_share:.0%} of what was at risk, as given"
    return (
        f"saved: {outcome.recovered_share:.0%} of what was at risk, as measured over {outcome.measured} "
        "incidents of this log that somebody acted on"
    )


def _line(pair: "Pair") -> str:
    fired = pair.today or pair.draft
    if fired is None:
        return ""
    moved = f" by {timedelta(seconds=pair.moved_s)}" if pair.moved_s > 0 else ""
    moved = f" by {timedelta(seconds=-pair.moved_s)} earlier" if pair.moved_s < 0 else moved
    named = "/".join(filter(None, (fired.store, fired.rule, fired.subject)))
    return f"{pair.change}{moved}: {named} at {fired.at:%Y-%m-%d %H:%M:%S} UTC, {fired.risk_minor / 100:,.2f} at risk"
