"""What people do to incidents, as the log says it. Pure."""

from collections.abc import Callable
from datetime import timedelta

from alerts.condition import held
from alerts.incident import Incident
from alerts.lifecycle import close
from alerts.memory import Silence, open_incidents
from alerts.outcome import acted
from alerts.turn import Turn
from sensors.events import Command

SNOOZE = timedelta(minutes=15)
SILENCE = timedelta(hours=1)
"""How long a snooze or silence lasts whose end was not said."""


def obey(turn: Turn) -> None:
    """Carry out the batch's commands in log order, then end snoozes whose time is over.

    A command for an unknown or closed incident changes nothing, except that comments are always kept.
    """
    for command in turn.batch.commands:
        if command.action == "silence":
            _silence(turn, command)
        elif command.action == "unsilence":
            memory = turn.memory
            memory.silences = [s for s in memory.silences if s.target != command.target]
        elif incident := turn.memory.incidents.get(command.target):
            act = ACTIONS.get(command.action)
            alive = incident.state not in ("resolved", "expired")
            if act and (alive or command.action in ("comment", "done")):
                act(turn, incident, command)
    for incident in open_incidents(turn.memory):
        if held(incident.snoozed_until, 0, turn.at):
            turn.step(incident, "unsnoozed", "snooze-over", snoozed_until=None)
            _restart(turn, incident)


def _ack(turn: Turn, incident: Incident, command: Command) -> None:
    """The first acknowledgement wins; a later one is kept as a remark."""
    if incident.owner == command.actor:
        return
    if incident.owner:
        args = {"owner": incident.owner}
        turn.step(incident, "commented", "already-taken", args=args, actor=command.actor)
        return
    taken = turn.step(
        incident,
        "acknowledged",
        "has-it",
        args={"note": command.note} if command.note else {},
        actor=command.actor,
        state="acknowledged",
        owner=command.actor,
        snoozed_until=None,
    )
    acted(turn, taken, command.actor)


def _done(turn: Turn, incident: Incident, command: Command) -> None:
    if any(s.kind == "done" and s.actor == command.actor for s in incident.steps):
        return
    args = {"note": command.note, "action": incident.action}
    if incident.state in ("resolved", "expired"):
        turn.step(incident, "done", "done", args=args, actor=command.actor)
        return
    owner = incident.owner or command.actor
    changes = {"state": "acknowledged", "owner": owner, "snoozed_until": None}
    done = turn.step(incident, "done", "done", args=args, actor=command.actor, **changes)
    acted(turn, done, command.actor)


def _dismiss(turn: Turn, incident: Incident, command: Command) -> None:
    """Not a problem: it is over, and stays quiet until its condition has cleared once."""
    for track in turn.memory.tracks.values():
        if track.incident == incident.id:
            track.quenched = True
    turn.step(
        incident, "dismissed", "not-a-problem", args={"note": command.note}, actor=command.actor
    )
    newest = turn.memory.incidents[incident.id]
    close(turn, newest, "resolved", "dismissed", {"by": command.actor}, actor=command.actor)


def _snooze(turn: Turn, incident: Incident, command: Command) -> None:
    until = command.until or turn.at + SNOOZE
    if until > turn.at:
        args = {"until": until.isoformat(), "note": command.note}
        turn.step(incident, "snoozed", "later", args=args, actor=command.actor, snoozed_until=until)


def _assign(turn: Turn, incident: Incident, command: Command) -> None:
    """Give it to the person named in the note, else to the actor."""
    owner = command.note or command.actor
    if owner != incident.owner:
        args = {"owner": owner}
        changes = {"owner": owner, "state": "acknowledged"}
        assigned = turn.step(
            incident, "assigned", "given", args=args, actor=command.actor, **changes
        )
        turn.push(assigned, "assigned")


def _comment(turn: Turn, incident: Incident, command: Command) -> None:
    turn.step(incident, "commented", "says", args={"note": command.note}, actor=command.actor)


def _silence(turn: Turn, command: Command) -> None:
    memory, until = turn.memory, command.until or turn.at + SILENCE
    others = [s for s in memory.silences if s.target != command.target]
    silence = Silence(
        target=command.target,
        owner=command.actor,
        since=turn.at,
        until=until,
        note=command.note,
    )
    memory.silences = [*others, silence]


def _restart(turn: Turn, incident: Incident) -> None:
    """A snooze that is over tells people again, from the first rung."""
    care = turn.memory.care[incident.id]
    care.since, care.rung, care.repeats = None, 0, 0


ACTIONS: dict[str, Callable[[Turn, Incident, Command], None]] = {
    "ack": _ack,
    "done": _done,
    "dismiss": _dismiss,
    "snooze": _snooze,
    "assign": _assign,
    "comment": _comment,
}
"""What a person can do to one incident."""
