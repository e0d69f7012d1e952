"""Facts, incidents and ledger entries as rows of the history's tables. Pure."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import msgspec
import polars as pl

from alerts.incident import Incident
from alerts.ledger import Entry, entries
from flows.facts import Fact

TABLES: Mapping[str, str] = {"quarter": "quarters", "hour": "hours", "day": "days", "week": "weeks"}
"""Table by the window of its facts."""

INSTANT = pl.Datetime("us", "UTC")
FACT_COLUMNS: dict[str, Any] = {
    "store": pl.String,
    "day": pl.Date,
    "metric": pl.String,
    "subject": pl.String,
    "start_at": INSTANT,
    "end_at": INSTANT,
    "value": pl.Float64,  # whole numbers are exact up to 2^53
    "text": pl.String,  # the value of a fact in words
    "unit": pl.String,
    "n": pl.Float64,
    "k": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "level": pl.Float64,
    "needs": pl.Int64,
    "coverage": pl.Float64,
    "state": pl.String,
    "revision": pl.Int64,
    "newest_at": INSTANT,
    "as_of": INSTANT,
    "reason": pl.String,
    "detail": pl.String,  # JSON
}
FACT_KEY = ("metric", "subject", "start_at")

INCIDENT_COLUMNS: dict[str, Any] = {
    "store": pl.String,
    "day": pl.Date,
    "id": pl.String,
    "rule": pl.String,
    "subject": pl.String,
    "severity": pl.String,
    "state": pl.String,
    "opened_at": INSTANT,
    "updated_at": INSTANT,
    "metric": pl.String,
    "value": pl.Float64,
    "threshold": pl.Float64,
    "reference": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "at_risk_minor": pl.Int64,
    "owner": pl.String,
    "steps": pl.String,  # JSON
    "outcome": pl.String,  # JSON
}

LEDGER_COLUMNS: dict[str, Any] = {
    "store": pl.String,
    "day": pl.Date,
    "incident": pl.String,
    "fired_at": INSTANT,
    "rule": pl.String,
    "subject": pl.String,
    "actor": pl.String,
    "action": pl.String,
    "take_s": pl.Float64,
    "false_alarm": pl.Boolean,
    "before": pl.Float64,
    "after": pl.Float64,
    "recovered_minor": pl.Int64,
    "recovered_low_minor": pl.Int64,
    "recovered_high_minor": pl.Int64,
    "low": pl.Float64,
    "high": pl.Float64,
    "forecast": pl.Float64,
    "forecast_low": pl.Float64,
    "forecast_high": pl.Float64,
    "closed": pl.Float64,
}

COLUMNS: Mapping[str, dict[str, Any]] = {
    **dict.fromkeys(TABLES.values(), FACT_COLUMNS),
    "incidents": INCIDENT_COLUMNS,
    "ledger": LEDGER_COLUMNS,
}
"""Columns and types of every table."""


def fact_row(fact: Fact, day: date) -> dict[str, Any]:
    """One fact as a row of its table; ``day`` is the business day it belongs to."""
    said, seen = fact.value, fact.evidence
    return {
        "store": fact.store, "day": day, "metric": fact.metric, "subject": fact.subject,
        "start_at": fact.start, "end_at": fact.end,
        "value": None if said is None or isinstance(said, str) else float(said),
        "text": said if isinstance(said, str) else None,
        "unit": fact.unit, "n": seen.n, "k": seen.k, "low": seen.low, "high": seen.high,
        "level": seen.level, "needs": seen.needs, "coverage": fact.coverage, "state": fact.state,
        "revision": fact.revision, "newest_at": fact.newest_at, "as_of": fact.as_of,
        "reason": fact.reason, "detail": _text(fact.detail),
    }  # fmt: skip


def incident_row(incident: Incident, day: date) -> dict[str, Any]:
    """One incident as a row."""
    plain = {name: getattr(incident, name, None) for name in INCIDENT_COLUMNS}
    whole = {"steps": _text(incident.steps), "outcome": _text(incident.outcome)}
    return plain | whole | {"day": day}


def ledger_row(incident: Incident, day: date) -> dict[str, Any] | None:
    """What the ledger says of an incident; ``None`` if it never fired."""
    made: list[Entry] = entries([incident])
    return made[0]._asdict() | {"day": day, "incident": incident.id} if made else None


def _text(value: object) -> str:
    return msgspec.json.encode(value).decode()
