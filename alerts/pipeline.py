"""The whole of alerting on one line: what a fact batch makes of what is remembered. Pure.

evaluate ─▶ advance ─▶ obey ─▶ mute ─▶ measure ─▶ escalate ─▶ budget ─▶ group ─▶ board ─▶ forget
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from alerts.book import StoreBook
from alerts.budget import budget
from alerts.commands import obey
from alerts.escalate import escalate
from alerts.evaluate import evaluate
from alerts.group import board, group
from alerts.incident import IncidentBatch
from alerts.lifecycle import advance
from alerts.memory import Memory, open_incidents
from alerts.outcome import measure
from alerts.silence import mute
from alerts.turn import Turn
from flows.facts import FactBatch
from sensors.streams import Position


def forget(turn: Turn) -> None:
    """Let go of closed incidents: at once if they never fired, else after ``keep_h``."""
    memory, keep = turn.memory, timedelta(hours=turn.book.alerts.keep_h)
    for incident in list(memory.incidents.values()):
        if incident.state not in ("resolved", "expired"):
            continue
        fired = any(step.kind == "firing" for step in incident.steps)
        if not fired or turn.at - incident.updated_at >= keep:
            turn.forget.append(incident.id)
            if fired:
                turn.changed.discard(incident.id)
            memory.care.pop(incident.id, None)


STAGES: tuple[Callable[[Turn], None], ...] = (
    advance, obey, mute, measure, escalate, budget, group, board, forget,
)  # fmt: skip


def _rest_until(turn: Turn) -> datetime | None:
    """Until when the stages after ``evaluate`` have nothing to do of themselves; ``None`` while anything is open."""
    memory, settings = turn.memory, turn.book.alerts
    if open_incidents(memory) or memory.silences or memory.digest_at:
        return None
    keep, wait = timedelta(hours=settings.keep_h), timedelta(seconds=settings.measure_s)
    forgets = [incident.updated_at + keep for incident in memory.incidents.values()]
    measures = [care.acted_at + wait for care in memory.care.values() if care.acted_at]
    return min([*forgets, *measures, turn.at + keep])


def run(memory: Memory, batch: FactBatch, book: StoreBook) -> IncidentBatch | None:
    """Take one batch into ``memory``; ``None`` if it was taken before or changed nothing."""
    if memory.position and Position.parse(batch.position) <= Position.parse(memory.position):
        return None
    memory.position = batch.position
    turn = Turn(book, memory, batch)
    evaluate(turn)
    if not turn.work and not batch.commands and memory.rest_until and batch.at < memory.rest_until:
        return None
    for stage in STAGES:
        stage(turn)
    out = IncidentBatch(
        store=batch.store,
        partition=batch.partition,
        position=batch.position,
        at=batch.at,
        incidents=[memory.incidents[i] for i in sorted(turn.changed)],
        notices=turn.notices,
        forget=turn.forget,
    )
    for ident in turn.forget:
        del memory.incidents[ident]
    memory.rest_until = _rest_until(turn)
    return out if out.incidents or out.notices or out.forget else None
