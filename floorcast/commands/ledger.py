"""``floorcast ledger``: alert → action → outcome."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
import typer

if TYPE_CHECKING:
    from alerts.ledger import Entry, Total
    from floorcast.main import Session
    from sensors.settings import Store

EPILOG = """Examples:

floorcast ledger

floorcast ledger --days 28 --totals

floorcast ledger --store riverside --until 2026-11-22 --json

What was recovered is what happened next, not proof of the cause; its interval holds the chance in the counts.

Exit codes: 0 done; 2 there is no such store or day, or the configuration cannot be used; 3 Redis
cannot be reached.
"""


def register(app: typer.Typer) -> None:
    """Add ``ledger``."""
    app.command("ledger", epilog=EPILOG)(command)


def command(
    ctx: typer.Context,
    store: Annotated[str, typer.Option(help="One store; all by default.")] = "",
    days: Annotated[int, typer.Option(min=1, help="Local days that end with --until.")] = 7,
    until: Annotated[str, typer.Option(help="The last day, YYYY-MM-DD; today by default.")] = "",
    totals: Annotated[bool, typer.Option("--totals", help="Only each rule's record.")] = False,
    json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
    language: Annotated[Literal["en", "zh"], typer.Option(help="Of the words.")] = "en",
    history: Annotated[
        Path | None, typer.Option(help="The history; floorcast.history_dir by default.")
    ] = None,
) -> None:
    """Print what fired, who took it how fast, what was done, what changed, and each rule's record."""
    from alerts.ledger import totals as totals_of
    from floorcast.errors import FloorcastError
    from floorcast.ledger import days_before, entries_of
    from sensors.clock import SystemClock

    session: Session = ctx.obj
    settings = session.settings()
    stores = [s for s in settings.sensors.stores if store in ("", s.id)]
    if not stores:
        known = ", ".join(s.id for s in settings.sensors.stores)
        raise FloorcastError(f"there is no store {store}; there are: {known}")
    try:
        last = (
            datetime.fromisoformat(until).date()
            if until
            else SystemClock().now().astimezone(stores[0].tz).date()
        )
    except ValueError:
        raise FloorcastError(f"--until {until}: expected a day as YYYY-MM-DD") from None
    found = entries_of(
        stores, days_before(last, days), last, url=settings.sensors.redis.url,
        history=history or Path(settings.floorcast.history_dir), partitions=settings.sensors.log.partitions,
    )  # fmt: skip
    records = totals_of(found)
    if json:
        for row in records if totals else found:
            typer.echo(msgspec.json.encode(row._asdict()))
        return
    by_id = {s.id: s for s in stores}
    if not totals:
        _entries(found, by_id, language)
    _totals(records, stores[0], language)


def _entries(
    found: "list[Entry]", stores: "dict[str, Store]", language: Literal["en", "zh"]
) -> None:
    from rich.table import Table

    from alerts.catalogue import ACTIONS, TITLES, say
    from floorcast.tables import print_table

    heads = {
        "en": ("fired", "store", "what", "where", "taken by", "after", "action", "before → after (95 %)", "forecast",
               "gap closed", "recovered (95 %)"),
        "zh": ("触发", "门店", "告警", "位置", "接手", "用时", "措施", "处理前 → 后（95 %）", "预测", "缺口恢复",
               "挽回（95 %）"),
    }  # fmt: skip
    table = Table(*heads[language], box=None)
    for e in found:
        fired = e.fired_at.astimezone(stores[e.store].tz)
        table.add_row(
            f"{fired:%m-%d %H:%M}", e.store, say(TITLES, e.rule, language), e.subject,
            _false(e, language), "–" if e.take_s is None else f"{e.take_s:.0f} s",
            say(ACTIONS, e.action, language) if e.action and e.actor else "–",
            f"{_short(e.before)} → {_short(e.after)}{_ends(e.low, e.high)}",
            f"{_short(e.forecast)}{_ends(e.forecast_low, e.forecast_high)}",
            "–" if e.closed is None else f"{e.closed:.0%}",
            _recovered(e, stores[e.store]),
        )  # fmt: skip
    print_table(table)


def _totals(records: "list[Total]", store: "Store", language: Literal["en", "zh"]) -> None:
    from rich.table import Table

    from floorcast.tables import print_table

    heads = {
        "en": ("rule", "fired", "taken", "median take", "false alarms", "recovered (95 %)"),
        "zh": ("规则", "触发", "接手", "接手用时中位数", "误报占比", "挽回（95 %）"),
    }
    table = Table(*heads[language], box=None)
    for t in records:
        take = "–" if t.take_s is None else f"{t.take_s:.0f} s"
        table.add_row(
            t.rule, str(t.fired), str(t.taken), take, f"{t.false_share:.0%}", _recovered(t, store)
        )
    print_table(table)


def _false(entry: "Entry", language: Literal["en", "zh"]) -> str:
    from alerts.catalogue import ANSWERS

    if entry.false_alarm:
        return ANSWERS["dismiss"][0 if language == "en" else 1]
    return entry.actor or "–"


def _short(number: float | None) -> str:
    return "–" if number is None else f"{number:.4g}"


def _ends(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f" ({low:.4g}–{high:.4g})"


def _recovered(row: "Entry | Total", store: "Store") -> str:
    """Money with its interval; losses keep their sign."""
    from alerts.message import money

    if row.recovered_minor is None:
        return "–"

    def said(minor: int) -> str:
        return ("−" if minor < 0 else "") + (money(abs(minor), store) or "0")

    low, high = row.recovered_low_minor, row.recovered_high_minor
    ends = "" if low is None or high is None else f" ({said(low)} … {said(high)})"
    return said(row.recovered_minor) + ends
