"""What a replay made of a log, told: outputs to files, the state of the floor as a table, a summary."""

from datetime import tzinfo
from typing import NamedTuple

import msgspec
import typer
from rich.table import Table

from alerts.incident import Incident
from floorcast.outputs import Digest, write_lines
from floorcast.replayed import Keep, Replayed
from floorcast.sources import Log
from floorcast.tables import print_table
from flows.facts import Fact

COLUMNS = {"facts": Fact.__struct_fields__, "incidents": Incident.__struct_fields__}


class Asked(NamedTuple):
    """What to keep and where it goes."""

    facts: str
    forecasts: str
    incidents: str
    last: bool
    until: str

    @property
    def keep(self) -> Keep:
        """Of the facts."""
        return "last" if self.last else "all" if self.facts else "none"


def tell_all(log: Log, result: Replayed, asked: Asked, zone: tzinfo, *, as_json: bool) -> None:
    """Write what was asked for, then what was replayed."""
    incidents = asked.incidents
    if not (asked.facts or asked.forecasts or incidents or asked.until or as_json):
        incidents = "-"
    digests = {"facts": Digest(), "incidents": Digest()}
    told = {"facts": result.fact_lines, "incidents": result.incident_lines}
    for name, out in (("facts", asked.facts), ("incidents", incidents)):
        write_lines(digests[name].through(told[name](last=asked.last)), out, COLUMNS[name])
    if asked.forecasts:
        digests["forecasts"] = Digest()
        lines = digests["forecasts"].through(result.forecast_lines(last=asked.last))
        write_lines(lines, asked.forecasts, COLUMNS["facts"])
    if asked.until:
        _print_state(result, zone)
    _print_summary(log, result, digests, asked, as_json=as_json)


def _print_state(result: Replayed, zone: tzinfo) -> None:
    """Levels, the last hour and the day so far of every store and subject, as a table; then what is open."""
    at = result.totals.at
    table = Table("store", "metric", "subject", "window", "value", "unit")
    if at:
        table.title = f"the floor at {at.astimezone(zone):%Y-%m-%d %H:%M:%S}"
    for fact in result.facts_in_order():
        ahead = at is not None and fact.start > at
        if fact.window in ("now", "60m", "day") and fact.value is not None and not ahead:
            value = f"{fact.value:.4g}" if isinstance(fact.value, float) else str(fact.value)
            table.add_row(fact.store, fact.metric, fact.subject, fact.window, value, fact.unit)
    print_table(table)
    for line in result.incident_lines(last=True):
        incident = msgspec.json.decode(line, type=Incident)
        if incident.state in ("pending", "firing", "acknowledged"):
            since = f"{incident.opened_at.astimezone(zone):%H:%M:%S}"
            typer.echo(f"{incident.state} since {since}: {incident.id}")


def _print_summary(
    log: Log, result: Replayed, digests: dict[str, Digest], asked: Asked, *, as_json: bool
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
    facts = f"{digests['facts'].lines:,} facts, " if asked.facts else ""
    typer.echo(
        f"{totals.events:,} events and {totals.ticks:,} ticks; {facts}"
        f"{len(result.incidents_latest):,} incidents, digest {digests['incidents'].hex[:12]}"
        + ("" if asked.facts else "; --facts FILE writes the facts"),
        err=True,
    )
