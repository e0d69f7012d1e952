"""``floorcast backtest``: forecasts and rules over history, walking forward."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

if TYPE_CHECKING:
    from alerts.trial import Course
    from alerts.tried import RuleDid
    from floorcast.backtest import Point, Row, Truths
    from floorcast.main import Session
    from floorcast.settings import Settings
    from floorcast.sources import Log
    from flows.facts import FactBatch

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
    from floorcast.errors import FloorcastError
    from floorcast.moments import duration
    from floorcast.sources import open_log

    session: Session = ctx.obj
    settings = session.settings() if sources else session.connected()
    days = duration(warm).days
    if plot and plot.suffix != ".html":
        raise FloorcastError(f"{plot}: end it in .html")
    told = (lambda flaw: typer.echo(f"floorcast: {flaw}", err=True)) if salvage else None
    from_live = [settings.sensors.redis.url]
    log = open_log(sources or from_live, settings, mapping=mapping, salvage=told)
    truths, course = _replayed(log, frozenset(store or []))
    rows, points = _walked(log.settings, truths, days)
    if not rows:
        raise FloorcastError(f"the log is too short: nothing is left after {warm}; shorten --warm")
    did = course.did()
    if plot:
        from floorcast.backtest_page import write_page

        zones = {shop.id: shop.tz for shop in log.settings.sensors.stores}
        write_page(rows, points, plot, zones, course.fired())
        typer.echo(f"{plot} written", err=True)
    if as_json:
        typer.echo(msgspec.json.encode({"forecasts": rows, "rules": did}))
    else:
        _print(rows, did)


def _replayed(log: "Log", stores: frozenset[str]) -> "tuple[Truths, Course]":
    """The final quarters, and what the rules did, as the floor and its alerts would have lived it."""
    from alerts.trial import Course
    from floorcast.backtest import Truths
    from floorcast.replay import EntrySource, run_log
    from floorcast.replayed import Totals
    from floorcast.sources import cut

    settings = log.settings
    truths, course = Truths(), Course(settings.alerts, settings.sensors, settings.flows)

    def take(batches: "list[FactBatch]") -> None:
        truths.take(batches)
        for batch in batches:
            course.take(batch)

    entries = cut(log.entries, stores=stores)
    run_log(EntrySource(entries, Totals()), settings, facts=take)
    return truths, course


def _walked(settings: "Settings", truths: "Truths", days: int) -> "tuple[list[Row], list[Point]]":
    """Every store and target, walked forward."""
    from floorcast.backtest import TARGETS, walk

    rows, points = [], []
    for shop in settings.sensors.stores:
        for target in TARGETS:
            quarters = truths.of(shop.id, target)
            made = walk(shop, quarters, settings.flows, warm_days=days, target=target)
            rows += made[0]
            points += made[1]
    return rows, points


def _print(rows: "list[Row]", did: "list[RuleDid]") -> None:
    from rich.table import Table

    from floorcast.tables import print_table

    names = (
        "store",
        "target",
        "horizon",
        "model",
        "n",
        "WAPE",
        "bias",
        "MASE",
        "in 80 %",
        "in 95 %",
    )
    table = Table(*names, box=None)
    for row in sorted(rows, key=lambda row: (row.store, row.target, row.horizon, row.model)):
        table.add_row(
            row.store, row.target, row.horizon, row.model, f"{row.n:,}", _pct(row.wape), _pct(row.bias),
            "–" if row.mase is None else f"{row.mase:.2f}", _pct(row.inside80), _pct(row.inside95),
        )  # fmt: skip
    print_table(table)
    if did:
        fired = Table("store", "rule", "fired", "pages", "at risk", "open, median", box=None)
        for rule in did:
            fired.add_row(
                rule.store, rule.rule, str(rule.fired), str(rule.pages), f"{rule.risk_minor / 100:,.2f}",
                "–" if rule.open_s is None else f"{rule.open_s / 60:,.0f} min",
            )  # fmt: skip
        print_table(fired)


def _pct(share: float | None) -> str:
    return "–" if share is None else f"{share:.1%}"
