"""One fact batch on its way through the stages."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from msgspec.structs import replace

from alerts.book import StoreBook
from alerts.incident import Incident, Notice, NoticeKind, Step, StepKind
from alerts.memory import Memory
from flows.facts import FactBatch


@dataclass(frozen=True)
class Push:
    """A stage wants people told of an incident's step."""

    incident: str
    step: int
    kind: NoticeKind
    rung: int = 0


@dataclass
class Turn:
    """What the stages share: the book, the memory, the batch, and what they have made of it so far."""

    book: StoreBook
    memory: Memory
    batch: FactBatch
    work: list[str] = field(default_factory=list)  # conditions whose verdict may have changed
    changed: set[str] = field(default_factory=set)
    pushes: list[Push] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    forget: list[str] = field(default_factory=list)

    @property
    def at(self) -> datetime:
        """The batch's time: the only "now" there is."""
        return self.batch.at

    def put(self, incident: Incident) -> Incident:
        """Keep an incident's new value."""
        self.memory.incidents[incident.id] = incident
        self.changed.add(incident.id)
        return incident

    def step(
        self,
        incident: Incident,
        kind: StepKind,
        reason: str,
        *,
        args: Mapping[str, str | int | float | None] | None = None,
        actor: str = "floorcast",
        **changes: object,
    ) -> Incident:
        """Append a step, with whatever else it changes; steps already there are never touched."""
        newest = Step(
            n=len(incident.steps),
            at=self.at,
            kind=kind,
            actor=actor,
            reason=reason,
            args=dict(args or {}),
        )
        steps = [*incident.steps, newest]
        return self.put(replace(incident, steps=steps, updated_at=self.at, **changes))

    def push(self, incident: Incident, kind: NoticeKind, rung: int = 0) -> None:
        """Ask for people to be told of the incident's newest step."""
        self.pushes.append(Push(incident.id, len(incident.steps) - 1, kind, rung))
