"""Telling people until somebody has it: first push, repeats, the ladder, hand-over, and the end. Pure."""

from datetime import timedelta

from alerts.group import join
from alerts.incident import Incident
from alerts.memory import Args, Care, open_incidents
from alerts.people import on_shift, staffed
from alerts.settings import Route
from alerts.turn import Turn

LONGEST_S = 3600.0  # between repeats of what nobody takes


def escalate(turn: Turn) -> None:
    """Decide for every incident whether somebody is to be told now."""
    for incident in open_incidents(turn.memory):
        if incident.state == "acknowledged":
            _hand_over(turn, incident)
    for incident in open_incidents(turn.memory):
        if incident.state == "firing" and not incident.muted and not incident.snoozed_until:
            _tell(turn, incident, turn.memory.care[incident.id])
    for ident in sorted(turn.changed):
        _tell_end(turn, turn.memory.incidents[ident])


def _tell(turn: Turn, incident: Incident, care: Care) -> None:
    route = turn.book.route(incident.rule)
    if care.since is None and join(turn, incident):
        turn.push(incident, "joined", care.rung)
    if care.since is None:
        care.since, care.repeats = turn.at, 0
        care.rung = staffed(turn.book, route, 0, turn.at)
        turn.push(incident, "firing", care.rung)
        return
    if incident.severity != "act":
        return
    waited = turn.at - care.since
    due = [n for n, rung in enumerate(route.ladder) if timedelta(seconds=rung.after_s) <= waited]
    if due and due[-1] > care.rung:
        care.rung, care.repeats = staffed(turn.book, route, due[-1], turn.at), 0
        care.told_at = turn.at
        args: Args = {"role": route.ladder[care.rung].role, "waited_s": int(waited.total_seconds())}
        incident = turn.step(incident, "escalated", "nobody-has-it", args=args)
        turn.push(incident, "escalated", care.rung)
        return
    again = _pause(route, care)
    if again is not None and turn.at - (care.told_at or care.since) >= again:
        care.repeats, care.told_at = care.repeats + 1, turn.at
        args = {"time": care.repeats, "waited_s": int(waited.total_seconds())}
        incident = turn.step(incident, "repeated", "nobody-has-it", args=args)
        turn.push(incident, "repeated", care.rung)


def _pause(route: Route, care: Care) -> timedelta | None:
    """Until the next repeat; ``None`` for none before the next rung. At the ladder's end they never cease."""
    pause_s = route.repeat_s
    if care.repeats >= route.repeats:
        if not route.repeats or care.rung < len(route.ladder) - 1:
            return None
        doubled = min(care.repeats - route.repeats + 1, 12)
        pause_s = max(pause_s, min(pause_s * 2**doubled, LONGEST_S))
    return timedelta(seconds=pause_s)


def _tell_end(turn: Turn, incident: Incident) -> None:
    """Everybody who was told hears once that it is over, muted or not."""
    care = turn.memory.care.get(incident.id)
    if incident.state not in ("resolved", "expired") or care is None or care.closed:
        return
    care.closed = True
    if care.told_at is not None:
        turn.push(incident, "resolved" if incident.state == "resolved" else "expired", care.rung)


def _hand_over(turn: Turn, incident: Incident) -> None:
    """An owner whose shift is over gives it back to those on shift."""
    owner = next((p for p in turn.book.people if p.id == incident.owner), None)
    if owner is None or on_shift(owner, turn.book, turn.at):
        return
    turn.memory.care[incident.id].since = None
    args = {"owner": incident.owner}
    turn.step(incident, "assigned", "shift-over", args=args, state="firing", owner=None)
