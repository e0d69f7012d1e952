"""What an action changed: the measure some time after it, beside the measure before, with its interval. Pure."""

from datetime import timedelta

from alerts.incident import Incident
from alerts.memory import Args, Care, fact_key
from alerts.money import atv_minor, newest
from alerts.reference import number
from alerts.turn import Turn
from flows.facts import Fact


def measure(turn: Turn) -> None:
    """Append what became of every incident whose newest action is ``measure_s`` old, open or closed."""
    wait = timedelta(seconds=turn.book.alerts.measure_s)
    for ident, care in turn.memory.care.items():
        if care.acted_at is None or turn.at - care.acted_at < wait:
            continue
        incident = turn.memory.incidents[ident]
        outcome = effect(turn, incident, care)
        care.acted_at = None
        turn.step(incident, "measured", "effect", args=outcome, outcome=outcome)


def effect(turn: Turn, incident: Incident, care: Care) -> Args:
    """Value before and after; for conversion also ¥ recovered with the interval's ends.

    Recovered = (after − before) × visitors × ATV over the shortest window that began after the action,
    else over the rule's own. It is what happened next, not proof of the cause.
    """
    fact = _after(turn, incident)
    outcome: Args = {"action": incident.action, "actor": care.acted_by, "before": care.before}
    if fact is None:
        return outcome
    after = number(fact.value)
    outcome |= {"after": after, "low": fact.evidence.low, "high": fact.evidence.high}
    outcome |= {"reference": incident.reference, "window": fact.window}
    visitors = fact.evidence.n or newest(turn.memory, "visitors", fact.window)
    if incident.metric != "conversion" or after is None or care.before is None or not visitors:
        return outcome
    money = visitors * atv_minor(turn.memory, turn.book)
    for name, value in (("", after), ("_low", fact.evidence.low), ("_high", fact.evidence.high)):
        outcome[f"recovered{name}_minor"] = (
            None if value is None else round((value - care.before) * money)
        )
    return outcome


def _after(turn: Turn, incident: Incident) -> Fact | None:
    for window in ("15m", incident.window):
        fact = turn.memory.facts.get(fact_key(incident.metric, incident.subject, window))
        if fact is not None:
            return fact
    return None
