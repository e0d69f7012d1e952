"""The life of an incident: pending → firing → acknowledged → resolved, or expired. Pure.

Each change appends a step; conditions drive it here, people in ``commands``, clocks in ``escalate``.
"""

from datetime import datetime

from msgspec.structs import replace

from alerts.actions import suggested
from alerts.book import NO_DATA
from alerts.condition import Change, Phase, settle
from alerts.incident import Incident, StepKind
from alerts.memory import Care, Track, Verdict
from alerts.money import at_risk_minor
from alerts.settings import Rule
from alerts.turn import Turn


def advance(turn: Turn) -> None:
    """Let every condition's verdict act on its incident."""
    memory, book = turn.memory, turn.book
    for key in turn.work:
        track = memory.tracks.get(key)
        if track is None:
            memory.hot.discard(key)
            continue
        rule = book.rules.get(track.rule)
        if rule is None:
            _retire(turn, track)
            continue
        verdict = track.verdict
        if verdict is not None:
            change = settle(track, verdict, phase(turn, track), rule, book.alerts.flapping, turn.at)
            if change is not None:
                apply(turn, rule, track, verdict, change)
            elif track.incident:
                refresh(turn, rule, track, verdict)
        if _moves_with_time(track):
            memory.hot.add(key)
        else:
            memory.hot.discard(key)


def _moves_with_time(track: Track) -> bool:
    """Whether the condition may change within the minute although nothing new is said about it."""
    waits = track.verdict is not None and track.verdict.reason == "usually-silent"
    return bool(track.incident or track.breach_since or waits)


def phase(turn: Turn, track: Track) -> Phase:
    """Where the track's incident stands."""
    if track.incident is None:
        return "idle"
    pending = turn.memory.incidents[track.incident].state == "pending"
    return "pending" if pending else "open"


def apply(turn: Turn, rule: Rule, track: Track, verdict: Verdict, change: Change) -> None:
    """Carry one change out."""
    reason, args = verdict.reason, said(verdict)
    if change in ("pend", "fire"):
        incident = _current(turn, track) or _opened(turn, rule, track, verdict)
        incident = replace(incident, **figures(turn, rule, track, verdict))
        if change == "pend":
            turn.step(incident, "pending", reason, args=args)
        else:
            held_s = (turn.at - (track.breach_since or turn.at)).total_seconds()
            args["held_s"] = int(held_s)
            turn.step(incident, "firing", reason, args=args, state="firing")
        return
    incident = turn.memory.incidents[track.incident or ""]
    if change == "clear":
        close(turn, incident, "resolved", reason, args)
    elif change == "rest":
        close(turn, incident, "expired", reason, args)
    else:
        close(turn, incident, "expired", "not-held", {**args, "because": reason})


def close(
    turn: Turn, incident: Incident, state: str, reason: str, args: dict[str, str | int | float | None],
    actor: str = "floorcast",
) -> Incident:  # fmt: skip
    """End an incident's life, resolved or expired, and free its condition."""
    for track in turn.memory.tracks.values():
        if track.incident == incident.id:
            track.incident = None
            track.clear_since = None
    changes = {"state": state, "muted": None, "snoozed_until": None}
    kind: StepKind = "resolved" if state == "resolved" else "expired"
    return turn.step(incident, kind, reason, args=args, actor=actor, **changes)


def refresh(turn: Turn, rule: Rule, track: Track, verdict: Verdict) -> None:
    """Keep an open incident's figures current, without a step."""
    incident = turn.memory.incidents[track.incident or ""]
    if verdict.outcome in ("missing", "off") or (
        verdict.value is None and verdict.reason not in ("says", "because")
    ):
        return
    fresh = replace(incident, **figures(turn, rule, track, verdict))
    if fresh != incident:
        turn.put(replace(fresh, updated_at=turn.at))


def figures(turn: Turn, rule: Rule, track: Track, verdict: Verdict) -> dict[str, object]:
    """The numbers an incident shows."""
    risk = at_risk_minor(rule, track.subject, verdict, turn.memory, turn.book)
    found = suggested(rule, track.subject, turn.memory, turn.book, turn.at)
    return {
        "action": found.actions[0] if found.actions else "",
        "actions": found.actions,
        "withheld": found.withheld,
        "value": verdict.value,
        "threshold": verdict.threshold,
        "reference": verdict.reference,
        "low": verdict.low,
        "high": verdict.high,
        "at_risk_minor": risk,
        "args": {**verdict.args, **found.args, "subject": track.subject},
    }


def said(verdict: Verdict) -> dict[str, str | int | float | None]:
    """A verdict's numbers, for a step to keep."""
    numbers = {
        "value": verdict.value,
        "threshold": verdict.threshold,
        "reference": verdict.reference,
        "low": verdict.low,
        "high": verdict.high,
    }
    return {**{k: v for k, v in numbers.items() if v is not None}, **verdict.args}


def stamp(at: datetime) -> str:
    """An instant as it stands in an incident's id: UTC, milliseconds."""
    return f"{at:%Y%m%dT%H%M%S}{at.microsecond // 1000:03d}Z"


def _current(turn: Turn, track: Track) -> Incident | None:
    return turn.memory.incidents.get(track.incident) if track.incident else None


def _opened(turn: Turn, rule: Rule, track: Track, verdict: Verdict) -> Incident:
    store = turn.book.id
    ident = f"{store}/{rule.name}/{track.subject}/{stamp(turn.at)}"
    incident = Incident(
        id=ident,
        store=store,
        rule=rule.name,
        subject=track.subject,
        severity=rule.severity,
        state="pending",
        opened_at=turn.at,
        updated_at=turn.at,
        metric="" if rule.name == NO_DATA else rule.metric,
        window=rule.window,
        value=verdict.value,
        threshold=verdict.threshold,
        title=rule.title or rule.name,
    )
    track.incident = ident
    turn.memory.care[ident] = Care()
    return incident


def _retire(turn: Turn, track: Track) -> None:
    """A rule that is no longer configured takes its open incident and its condition with it."""
    if track.incident:
        close(turn, turn.memory.incidents[track.incident], "expired", "rule-removed", {})
    turn.memory.tracks.pop(f"{track.rule}|{track.subject}", None)
    turn.memory.hot.discard(f"{track.rule}|{track.subject}")
