"""The alert budget: at most N first pushes a shift, acts before watches, the dearest first; a digest has the rest."""

from datetime import datetime, timedelta

from alerts.hours import local
from alerts.turn import Push, Turn

ACT_MINOR = 10**15  # what an act is worth beside its ¥ at risk: more than any watch


def budget(turn: Turn) -> None:
    """Hold back first pushes over the budget, unless dearer than the cheapest one pushed this shift.

    What a rule finds at once is one push, and counts as its dearest.
    A digest tells what is still held and firing every ``digest_s``. What nobody takes still escalates.
    """
    memory, settings = turn.memory, turn.book.alerts.budget
    shift = _shift(turn, settings.shift_starts)
    if shift != memory.shift:
        memory.shift, memory.pushed = shift, {}
    first = [p for p in turn.pushes if p.kind == "firing"]
    going: set[tuple[str, int]] = set()
    for push in sorted(first, key=lambda p: (-_worth(turn, p.incident), p.incident)):
        group = memory.incidents[push.incident].rule, push.rung
        if push.incident in memory.pushed or group in going:
            continue
        if len(memory.pushed) >= settings.pushes:
            cheapest = min(memory.pushed, key=lambda i: (memory.pushed[i], i))
            if _worth(turn, push.incident) <= memory.pushed[cheapest]:
                _hold(turn, push)
                continue
            del memory.pushed[cheapest]
        going.add(group)
        memory.pushed[push.incident] = _worth(turn, push.incident)
    _digest(turn, timedelta(seconds=settings.digest_s))


def _hold(turn: Turn, push: Push) -> None:
    turn.pushes.remove(push)
    incident = turn.memory.incidents[push.incident]
    turn.memory.care[push.incident].held = True
    turn.step(incident, "suppressed", "over-budget", args={"pushes": len(turn.memory.pushed)})
    if turn.memory.digest_at is None:
        turn.memory.digest_at = turn.at


def _digest(turn: Turn, every: timedelta) -> None:
    memory = turn.memory
    if memory.digest_at is None or turn.at - memory.digest_at < every:
        return
    memory.digest_at = None
    for ident, care in memory.care.items():
        incident = memory.incidents[ident]
        if care.held and incident.state == "firing" and not incident.muted:
            turn.push(incident, "digest", care.rung)
        care.held = False


def _worth(turn: Turn, incident: str) -> int:
    found = turn.memory.incidents[incident]
    return (found.at_risk_minor or 0) + (ACT_MINOR if found.severity == "act" else 0)


def _shift(turn: Turn, starts: list) -> str:  # type: ignore[type-arg]
    """The shift ``at`` lies in, named by its local start."""
    now: datetime = local(turn.book.store, turn.at)
    begun = [s for s in sorted(starts) if s <= now.time()]
    day = now.date() if begun else now.date() - timedelta(days=1)
    return f"{day} {begun[-1] if begun else max(starts, default='')}"
