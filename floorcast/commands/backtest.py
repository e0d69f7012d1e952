"""``floorcast backtest``: forecasts and rules over history, walking forward."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

if TYPE_CHECKING:
    from alerts.tried import Outcome
    from floorcast.backtest import Row
    from floorcast.main import Session

EPILOG = """Examples:

floorcast backtest archive

floorcast backtest archive --warm 21d --store riverside --plot backtest.html

floorcast backtest counts.csv --mapping calit2 --json

Exit codes: 0 done; 2 an option or the log cannot be used, or it is too short; 3 the log cannot be reached.
"""


def register(app: typer.Typer) -> None:
    """Add ``backtest``."""
    app.command("backtest", epilog=EPILOG)(command)


def command(
    ctx: typer.Context,
    sources: Annotated[
        list[str] | None,
        typer.Argument(help="Recordings, archives, redis://… or a table; the live log by default."),
    ] = None,
    mapping: Annotated[str, typer.Option(help="How to read a table: a name or a .toml file.")] = "",
    store: Annotated[
        list[str] | None, typer.Option(help="Only this store; may be repeated.")
    ] = None,
    warm: Annotated[str, typer.Option(help="Learn so long before judging.")] = "14d",
    plot: Annotated[Path | None, typer.Option(help="Write a page with the curves: .html.")] = None,
    salvage: Annotated[
        bool, typer.Option("--salvage", help="Read what is whole of a damaged recording.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the scores as JSON.")] = False,
) -> None:
    """Replay a log, then walk its final quarters forward with every model; and count what the rules did."""
    from alerts.trial import Trial
    from floorcast.backtest import Truths, walk
    from floorcast.errors import FloorcastError
    from floorcast.moments import duration
    from floorcast.replay import EntrySource, run_log
    from floorcast.replayed import Totals
    from floorcast.sources import cut, open_log
    from flows.facts import FactBatch

    session: Session = ctx.obj
    settings = session.settings() if sources else session.connected()
    days = duration(warm).days
    if plot and plot.suffix != ".html":
        raise FloorcastError(f"{plot}: end it in .html")
    told = (lambda flaw: typer.echo(f"floorcast: {flaw}", err=True)) if salvage else None
    from_live = [settings.sensors.redis.url]
    log = open_log(sources or from_live, settings, mapping=mapping, salvage=told)
    sensors, flows = log.settings.sensors, log.settings.flows
    truths = Truths()
    trial = Trial(settings.alerts, settings.alerts, sensors, flows)

    def take(batches: list[FactBatch]) -> None:
        truths.take(batches)
        trial.take(batches)

    entries = cut(log.entries, stores=frozenset(store or []))
    run_log(EntrySource(entries, Totals()), log.settings, facts=take)
    rows, points = [], []
    for shop in sensors.stores:
        made = walk(shop, truths.of(shop.id), flows, warm_days=days)
        rows += made[0]
        points += made[1]
    if not rows:
        raise FloorcastError(f"the log is too short: nothing is left after {warm}; shorten --warm")
    if plot:
        from floorcast.backtest_page import write_page

        write_page(rows, points, plot, {shop.id: shop.tz for shop in sensors.stores})
        typer.echo(f"{plot} written", err=True)
    outcome = trial.outcome()
    if as_json:
        fired = outcome.rules if outcome else []
        typer.echo(msgspec.json.encode({"forecasts": rows, "rules": fired}))
    else:
        _print(rows, outcome)


def _print(rows: "list[Row]", outcome: "Outcome | None") -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    table = Table(
        "store", "horizon", "model", "n", "WAPE", "bias", "MASE", "in 80 %", "in 95 %", box=None
    )
    for row in sorted(rows, key=lambda row: (row.store, row.horizon, row.model)):
        table.add_row(
            row.store, row.horizon, row.model, f"{row.n:,}", _pct(row.wape), _pct(row.bias),
            "–" if row.mase is None else f"{row.mase:.2f}", _pct(row.inside80), _pct(row.inside95),
        )  # fmt: skip
    console.print(table)
    if outcome and outcome.rules:
        fired = Table("rule", "fired", "pages", "at risk", box=None)
        for rule in outcome.rules:
            fired.add_row(
                rule.rule,
                str(rule.today),
                str(rule.pages_today),
                f"{rule.risk_today_minor / 100:,.2f}",
            )
        console.print(fired)


def _pct(share: float | None) -> str:
    return "–" if share is None else f"{share:.1%}"
