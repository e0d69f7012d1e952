"""Silences: somebody asked for no pushes, with an end. A silence hides no incident and no resolve. Pure."""

from fnmatch import fnmatchcase

from alerts.inhibit import inhibited
from alerts.memory import open_incidents
from alerts.turn import Turn


def silenced(turn: Turn) -> dict[str, str]:
    """Why incidents are silenced, by id; silences that are over are dropped."""
    memory = turn.memory
    memory.silences = [s for s in memory.silences if s.until > turn.at]
    muted: dict[str, str] = {}
    for silence in memory.silences:
        for incident in open_incidents(memory):
            names = (incident.rule, f"{incident.rule}/{incident.subject}", incident.id)
            if any(fnmatchcase(name, silence.target) for name in names):
                muted[incident.id] = f"silence:{silence.owner}"
    return muted


def mute(turn: Turn) -> None:
    """Mark what is inhibited or silenced, and step when that begins or ends."""
    reasons = {**silenced(turn), **inhibited(turn)}
    for incident in open_incidents(turn.memory):
        reason = reasons.get(incident.id)
        if incident.state == "pending" or reason == incident.muted:
            continue
        if reason is None:
            turn.step(incident, "unsuppressed", "audible", muted=None)
            turn.memory.care[incident.id].since = None
        else:
            kind, _, detail = reason.partition(":")
            turn.step(incident, "suppressed", kind, args={"by": detail}, muted=reason)
