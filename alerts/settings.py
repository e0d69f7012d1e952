"""The ``[alerts]`` table: rules, routes, people."""

from typing import Annotated, Literal

from msgspec import Meta

from sensors.settings import Fraction, Id, Positive, Table


class Rule(Table, kw_only=True, frozen=True):
    """One thing worth telling somebody, as data."""

    name: Id
    metric: str
    window: str = "60m"
    subject: str = ""  # a glob over subjects: "", "zone:*", "till:*"
    compare: Literal["below", "above"] = "below"
    reference: Literal["fixed", "benchmark"] = "benchmark"
    fire_pct: float = 20.0  # relative distance from the reference at which it fires
    clear_pct: float = 10.0  # and at which it clears
    hold_s: Positive = 60.0
    clear_hold_s: Positive = 120.0
    confidence: Annotated[float, Meta(ge=0.5, lt=1)] = 0.90  # one-sided, of the evidence gate
    severity: Literal["watch", "act"] = "act"
    action: str = ""
    level: float | None = None  # the fixed reference
    min_coverage: Fraction = 0.8


class AlertsSettings(Table, kw_only=True, frozen=True):
    """``[alerts]``."""

    recovery_dir: str = ".floorcast/recovery-alerts"
    outbox_retention_h: Positive = 48.0
    rules: list[Rule] = []
