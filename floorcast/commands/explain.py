"""``floorcast explain``: the chain behind an incident or a fact, down to raw events in the log."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

if TYPE_CHECKING:
    from rich.tree import Tree

    from floorcast.explanation import Decision, Explanation
    from floorcast.main import Session
    from floorcast.settings import Settings
    from flows.facts import Fact
    from sensors.streams import Entry

WIDE = 10_000  # columns of a pipe: no line is folded
EPILOG = """Examples:

floorcast explain riverside/low-conversion//20261120T100000000Z

floorcast explain riverside/conversion//60m --source day.jsonl.zst --until 15:30

floorcast explain riverside/queue_length/till:2/now --source archive --json

Exit codes: 0 explained; 2 the name or the log holds no such thing; 3 the log cannot be reached.
"""


def register(app: typer.Typer) -> None:
    """Add ``explain``."""
    app.command("explain", epilog=EPILOG)(command)


def command(
    ctx: typer.Context,
    name: Annotated[
        str,
        typer.Argument(
            help="An incident's id, or STORE/METRIC/SUBJECT/WINDOW of a fact, then /START if you like."
        ),
    ],
    source: Annotated[
        list[str] | None,
        typer.Option(help="Recording, archive or redis://…; the live log by default."),
    ] = None,
    until: Annotated[str, typer.Option(help="Look at the log up to this moment.")] = "",
    most: Annotated[int, typer.Option(min=0, help="Print at most so many raw events.")] = 12,
    salvage: Annotated[
        bool, typer.Option("--salvage", help="Read what is whole of a damaged recording.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole chain.")] = False,
) -> None:
    """Replay the log and say why: steps, facts, evidence, thresholds, forecasts, minutes and raw events."""
    session: Session = ctx.obj
    settings = session.settings() if source else session.connected()
    sources = source or [settings.sensors.redis.url]
    found = _explained(name, sources, settings, until, salvage=salvage)
    if as_json:
        typer.echo(msgspec.json.encode(found))
        return
    from rich.console import Console

    stores = {store.id: store.tz for store in settings.sensors.stores}
    zone = stores.get(name.split("/", 1)[0], UTC)
    console = Console(width=None if sys.stdout.isatty() else WIDE)
    console.print(_tree(found, zone, most))


def _explained(
    name: str, sources: list[str], settings: "Settings", until: str, *, salvage: bool
) -> "Explanation":
    import threading

    from alerts.rule_words import explain as rule_in_words
    from floorcast.explanation import Watch, explain, parse_name
    from floorcast.replay import EntrySource, run_log
    from floorcast.replayed import Totals

    asked = parse_name(name)
    rules = {rule.name: rule for rule in settings.alerts.rules}
    rule = rules.get(asked.split("/")[1]) if isinstance(asked, str) else None
    stop = threading.Event()
    watch = Watch(asked, rule, stop.set)

    def read() -> "Iterator[Entry]":
        return _entries(sources, settings, watch.store, until, salvage=salvage)

    run_log(
        EntrySource(read(), Totals(), stop=stop),
        settings,
        facts=watch.facts,
        incidents=watch.incidents if isinstance(asked, str) else None,
    )
    says = rule_in_words(settings.alerts, rule.name) if rule else ""
    return explain(watch, read, says)


def _entries(
    sources: list[str], settings: "Settings", store: str, until: str, *, salvage: bool
) -> "Iterator[Entry]":
    """The log of one store's partition, up to a moment."""
    from floorcast.sources import cut_as_said, open_log
    from sensors.keyspace import partition_of

    told = (lambda flaw: typer.echo(f"floorcast: {flaw}", err=True)) if salvage else None
    log = open_log(sources, settings, salvage=told)
    partition = partition_of(store, settings.sensors.log.partitions)
    zone = next((s.tz for s in settings.sensors.stores if s.id == store), UTC)
    own = (entry for entry in log.entries if entry.partition == partition)
    return cut_as_said(own, zone, ends=[until], stores=[store])


def _tree(found: "Explanation", zone: tzinfo, most: int) -> "Tree":
    from rich.tree import Tree

    from alerts.catalogue import not_now

    incident = found.incident
    head = f"[bold]{found.name}[/]"
    if incident:
        risk = (
            ""
            if incident.at_risk_minor is None
            else f", {incident.at_risk_minor / 100:,.2f} at risk"
        )
        head += f"  {incident.severity}, {incident.state}{risk}"
    tree = Tree(head)
    for line in found.says.splitlines()[1:]:
        tree.add(f"[dim]{line}[/]")
    for line in not_now(incident, "en") if incident else []:
        tree.add(f"[dim]Not suggested: {line}[/]")
    for n, decision in enumerate(found.decisions):
        _add_decision(tree, decision, zone, chosen=n == found.of)
    if found.start and found.end:
        _add_window(tree, found, zone, most)
    return tree


def _add_decision(tree: "Tree", decision: "Decision", zone: tzinfo, *, chosen: bool) -> None:
    step, fact = decision.step, decision.fact
    said = "fact" if step is None else f"{step.kind} ({step.reason or 'no reason'}) by {step.actor}"
    at = step.at if step else fact.as_of if fact else None
    branch = tree.add(
        f"{_clock(at, zone)} [bold]{said}[/] at log position {decision.position}"
        + (" ◀ opened below" if chosen else "")
    )
    if step and step.args:
        branch.add("decided on " + ", ".join(f"{k} {_short(v)}" for k, v in step.args.items()))
    if fact:
        branch.add(_said(fact, zone))
    for given in decision.inputs:
        branch.add("made with " + _said(given, zone))
    if decision.forecast:
        detail = ", ".join(f"{k} {_short(v)}" for k, v in decision.forecast.detail.items())
        branch.add("expected " + _said(decision.forecast, zone)).add(detail)


def _add_window(tree: "Tree", found: "Explanation", zone: tzinfo, most: int) -> None:
    kinds = ", ".join(found.kinds) or "no kind of event"
    window = tree.add(
        f"events from {_clock(found.start, zone)} to {_clock(found.end, zone)} ({kinds}): "
        f"{len(found.events):,}, log positions {found.first or '–'} to {found.last or '–'}"
    )
    for minute in found.minutes if len(found.minutes) <= 2 * most else found.minutes[-2 * most :]:
        window.add(
            f"{_clock(minute.at, zone)}  {minute.events} events: {minute.entered} in, {minute.left} out, "
            f"{minute.tickets} tickets, {minute.net_minor / 100:,.2f}"
        )
    raw = window.add(f"the last {min(most, len(found.events))} as they came")
    for source in found.events[len(found.events) - most :] if most else ():
        more = (" repeat" if source.repeat else "") + (
            f" {source.late_s:.0f} s late" if source.late_s >= 60 else ""
        )
        text = bytes(source.event).decode().replace("[", r"\[")
        raw.add(f"{source.partition}:{source.position}{more} {text}")


def _said(fact: "Fact", zone: tzinfo) -> str:
    """One fact with its window and evidence."""
    name = " ".join(filter(None, (fact.metric, fact.subject, fact.window)))
    window = f"{_clock(fact.start, zone)}–{_clock(fact.end, zone)}" if fact.window != "now" else ""
    seen = fact.evidence
    parts = [
        f"{seen.k:g} of {seen.n:g}" if seen.k is not None and seen.n is not None else "",
        f"{_short(seen.low)} to {_short(seen.high)} at {seen.level:.0%}"
        if seen.low is not None and seen.level is not None else "",
        f"needs {seen.needs} more" if seen.needs else "",
        f"{fact.coverage:.0%} of the sensors" if fact.coverage is not None else "",
        fact.state, fact.reason,
    ]  # fmt: skip
    rest = ", ".join(filter(None, parts))
    return f"{name} {window} = [bold]{_short(fact.value)}[/] {fact.unit} ({rest})"


def _short(value: object) -> str:
    return "–" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)


def _clock(at: datetime | None, zone: tzinfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}" if at else "–"
