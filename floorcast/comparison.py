"""Two runs compared: facts that differ with their size, incidents gained, lost and moved in time. Pure."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

import msgspec

from alerts.incident import Incident
from floorcast.replayed import Name, name_of
from flows.facts import Fact

Change = Literal["only in A", "only in B", "differs"]
Value = int | float | str | None


class FactChange(NamedTuple):
    """A fact that is not the same in both runs; ``by``: B − A where both are numbers."""

    change: Change
    name: Name
    a: Value
    b: Value
    by: float | None


class IncidentChange(NamedTuple):
    """An incident lost (only in A), gained (only in B), or that opened or ended otherwise.

    Attributes:
        subject: store, rule and subject; ``moved_s``: how much later B opened it.
        risk_minor: money at risk in B less in A, in the currency's minor unit.
    """

    change: Change
    subject: str
    moved_s: float
    risk_minor: int
    a: str
    b: str


class Comparison(NamedTuple):
    """What differs between two runs; equal runs have none of it."""

    facts: list[FactChange]
    incidents: list[IncidentChange]

    @property
    def is_equal(self) -> bool:
        """Whether both runs say the same."""
        return not self.facts and not self.incidents


def compare_facts(a: Iterable[Fact], b: Iterable[Fact], tolerance: float = 0.0) -> list[FactChange]:
    """Facts by name whose newest value differs by more than ``tolerance`` (relative to the larger)."""
    left, right = ({name_of(fact): fact.value for fact in facts} for facts in (a, b))
    changes = []
    for name in sorted({**left, **right}):
        if name not in right:
            changes.append(FactChange("only in A", name, left[name], None, None))
        elif name not in left:
            changes.append(FactChange("only in B", name, None, right[name], None))
        elif not _same(left[name], right[name], tolerance):
            by = _difference(left[name], right[name])
            changes.append(FactChange("differs", name, left[name], right[name], by))
    return changes


def _difference(a: Value, b: Value) -> float | None:
    if isinstance(a, int | float) and isinstance(b, int | float):
        return b - a
    return None


def _same(a: Value, b: Value, tolerance: float) -> bool:
    if isinstance(a, int | float) and isinstance(b, int | float):
        return abs(a - b) <= tolerance * max(abs(a), abs(b))
    return a == b


def compare_incidents(
    a: Iterable[Incident], b: Iterable[Incident], near: timedelta = timedelta(hours=1)
) -> list[IncidentChange]:
    """Incidents of one rule and subject are the same one if they opened within ``near`` of each other.

    They are paired in order of opening; what is left over was lost or gained.
    """
    left, right = _by_subject(a), _by_subject(b)
    changes = []
    for subject in sorted({**left, **right}):
        changes += _paired(subject, left.get(subject, []), right.get(subject, []), near)
    return changes


def _by_subject(incidents: Iterable[Incident]) -> dict[str, list[Incident]]:
    newest = {incident.id: incident for incident in incidents}
    found: dict[str, list[Incident]] = {}
    for incident in sorted(newest.values(), key=lambda i: (i.opened_at, i.id)):
        name = f"{incident.store}/{incident.rule}/{incident.subject}"
        found.setdefault(name, []).append(incident)
    return found


def _paired(
    subject: str, a: list[Incident], b: list[Incident], near: timedelta
) -> list[IncidentChange]:
    changes, rest = [], list(b)
    for one in a:
        other = next((i for i in rest if abs(i.opened_at - one.opened_at) <= near), None)
        if other is None:
            changes.append(_change("only in A", subject, one, None))
            continue
        rest.remove(other)
        if _life(one) != _life(other):
            changes.append(_change("differs", subject, one, other))
    return changes + [_change("only in B", subject, None, other) for other in rest]


def _life(incident: Incident) -> tuple[datetime, str, list[tuple[datetime, str]]]:
    """What counts as the same incident: when it opened, how it stands, its steps."""
    return incident.opened_at, incident.state, [(step.at, step.kind) for step in incident.steps]


def _change(change: Change, subject: str, a: Incident | None, b: Incident | None) -> IncidentChange:
    moved = (b.opened_at - a.opened_at).total_seconds() if a and b else 0.0
    risk = ((b and b.at_risk_minor) or 0) - ((a and a.at_risk_minor) or 0)
    return IncidentChange(change, subject, moved, risk, _said(a), _said(b))


def _said(incident: Incident | None) -> str:
    return f"{incident.opened_at:%Y-%m-%dT%H:%M:%SZ} {incident.state}" if incident else "–"


def decode_lines(lines: Iterable[bytes]) -> tuple[list[Fact], list[Incident]]:
    """Facts and incidents of a run's JSON lines, whichever a line is; raises ``ValueError`` for anything else."""
    facts, incidents = [], []
    for line in lines:
        if b'"rule":' in line and b'"severity":' in line:
            incidents.append(msgspec.json.decode(line, type=Incident))
        else:
            facts.append(msgspec.json.decode(line, type=Fact))
    return facts, incidents
