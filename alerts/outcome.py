"""What an action changed, half an hour later: against what was before, and against the forecast. Pure.

At the action the day's counts and the forecast for the half-hour to come are noted. Half an hour later the difference
of the counts is what happened since, and nothing from before the action is in it. ``closed`` is the share of the gap
between before and the forecast that has closed: 1 is back at the forecast.
"""

from datetime import datetime, timedelta

from alerts.effect import Span, count, rate
from alerts.incident import Incident
from alerts.memory import Args, Care, Memory, fact_key
from alerts.money import atv_minor, conversion, newest
from alerts.reference import number
from alerts.turn import Turn
from flows.facts import Fact

RATES = frozenset({"conversion", "conversion_evidence", "conversion_aligned"})
COUNTED = (
    "conversion_aligned",
    "conversion",
)  # whose day counts sales and visitors, the better first


def acted(turn: Turn, incident: Incident, actor: str) -> None:
    """Note who acted, and how things stood."""
    care, memory = turn.memory.care[incident.id], turn.memory
    care.acted_at, care.acted_by, care.before = turn.at, actor, incident.value
    care.then = {"visitors": newest(memory, "visitors", "day")}
    for metric in COUNTED:
        fact = memory.facts.get(fact_key(metric, "", "day"))
        if fact and fact.evidence.n is not None and fact.evidence.k is not None:
            care.then |= {"by": metric, "day": fact.start.isoformat()}
            care.then |= {"k": fact.evidence.k, "n": fact.evidence.n}
            break
    judged = _judged(turn, incident)
    if incident.metric in RATES and judged and judged.evidence.n and judged.evidence.k is not None:
        care.then |= {"before_k": judged.evidence.k, "before_n": judged.evidence.n}
        care.before = round(judged.evidence.k / judged.evidence.n, 6)
    until = turn.at + timedelta(seconds=turn.book.alerts.measure_s)
    for name, value in _forecast(memory, incident, turn.at, until).items():
        care.then[name] = value


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
    """Before, after with its 95 % interval, the forecast with its own, the share closed, and ¥ recovered.

    Recovered is what happened next, not proof of the cause: for conversion (after − before) × visitors × ATV; for
    visitors what came beyond the share of the forecast that came before, × conversion × ATV. Intervals hold the chance
    in the counts of both sides; that of the forecast stands beside it.
    """
    then = care.then
    forecast: Args = {
        k: then[k] for k in ("forecast", "forecast_low", "forecast_high") if k in then
    }
    outcome: Args = {
        "action": incident.action,
        "actor": care.acted_by,
        "before": care.before,
        **forecast,
    }
    outcome["reference"] = incident.reference
    if incident.metric in RATES:
        return outcome | _of_rate(turn, incident, care)
    if incident.metric == "visitors":
        return outcome | _of_visitors(turn, incident, care)
    fact = turn.memory.facts.get(fact_key(incident.metric, incident.subject, incident.window))
    after = number(fact.value) if fact else None
    if fact is None or after is None:
        return outcome
    span = Span(after, fact.evidence.low, fact.evidence.high)
    return outcome | _shown(span) | _closed(span, care.before, then.get("forecast"))


def _of_rate(turn: Turn, incident: Incident, care: Care) -> Args:
    seen = _since(turn, care) or _window(turn, incident)
    if seen is None:
        return {}
    k, n, how = seen
    after, then = rate(k, n), care.then
    found: Args = {**_shown(after), "n": n, "window": how}
    found |= _closed(after, care.before, then.get("forecast"))
    before_n, before_k = number(then.get("before_n")), number(then.get("before_k"))
    if before_n and before_k is not None:
        gain = after.minus(rate(before_k, before_n))
    elif care.before is not None:
        gain = after.minus(Span(care.before, care.before, care.before))
    else:
        return found
    return found | _money(gain.times(n * atv_minor(turn.memory, turn.book)))


def _of_visitors(turn: Turn, incident: Incident, care: Care) -> Args:
    now, then = newest(turn.memory, "visitors", "day"), number(care.then.get("visitors"))
    if now is None or then is None or now < then:
        return {}
    after = count(now - then)
    found: Args = {**_shown(after), "window": "since"}
    forecast, reference = number(care.then.get("forecast")), incident.reference
    if not forecast or not reference or care.before is None:
        return found
    usual = care.before / reference * forecast  # had it gone on as before
    found |= _closed(after, usual, forecast)
    worth = conversion(turn.memory, turn.book) * atv_minor(turn.memory, turn.book)
    return found | _money(after.minus(Span(usual, usual, usual)).times(worth))


def _since(turn: Turn, care: Care) -> tuple[float, float, str] | None:
    """Sales and visitors since the action, by the day's counts; ``None`` if another day began or nobody came."""
    then = care.then
    fact = turn.memory.facts.get(fact_key(str(then.get("by")), "", "day"))
    k0, n0 = number(then.get("k")), number(then.get("n"))
    if fact is None or k0 is None or n0 is None or fact.start.isoformat() != then.get("day"):
        return None
    k, n = (fact.evidence.k or 0) - k0, (fact.evidence.n or 0) - n0
    return (k, n, "since") if n > 0 and k >= 0 else None


def _window(turn: Turn, incident: Incident) -> tuple[float, float, str] | None:
    """The newest trailing window, where the day's counts are not known: the shortest, so that most of it is new."""
    for window in ("15m", "60m"):
        fact = turn.memory.facts.get(fact_key("conversion", incident.subject, window))
        if fact and fact.evidence.n and fact.evidence.k is not None:
            return fact.evidence.k, fact.evidence.n, window
    return None


def _judged(turn: Turn, incident: Incident) -> Fact | None:
    return turn.memory.facts.get(fact_key(incident.metric, incident.subject, incident.window))


def _forecast(memory: Memory, incident: Incident, start: datetime, end: datetime) -> Args:
    """What was to be expected without the incident, as known at the action."""
    if incident.metric in RATES:
        usual = memory.facts.get(fact_key("conversion_benchmark", "", "60m"))
        if usual is not None and number(usual.value) is not None:
            seen = usual.evidence
            return _named(Span(number(usual.value) or 0.0, seen.low, seen.high))
    if incident.metric == "visitors" and incident.subject == "":
        return _named(ahead) if (ahead := _visitors_ahead(memory, start, end)) else {}
    return {} if incident.reference is None else {"forecast": incident.reference}


def _visitors_ahead(memory: Memory, start: datetime, end: datetime) -> Span | None:
    """The forecast quarters' visitors over [start, end), quarters in part; ``None`` unless all of it is forecast."""
    total, low, high, covered = 0.0, 0.0, 0.0, timedelta(0)
    for key, fact in memory.facts.items():
        value = number(fact.value)
        if not key.startswith("visitors_forecast||quarter|") or value is None:
            continue
        part = min(end, fact.end) - max(start, fact.start)
        if part > timedelta(0):
            share = part / (fact.end - fact.start)
            covered += part
            total += share * value
            low += share * (value if fact.evidence.low is None else fact.evidence.low)
            high += share * (value if fact.evidence.high is None else fact.evidence.high)
    return Span(total, low, high) if covered >= end - start else None


def _named(span: Span) -> Args:
    return {"forecast": span.value, "forecast_low": span.low, "forecast_high": span.high}


def _shown(span: Span) -> Args:
    return {"after": round(span.value, 6), "low": span.low, "high": span.high}


def _closed(after: Span, before: float | None, forecast: object) -> Args:
    """The share of the gap to the forecast that has closed; nothing where there was no gap."""
    wanted = number(forecast)
    if wanted is None or before is None or wanted == before:
        return {}
    return {"closed": round((after.value - before) / (wanted - before), 3)}


def _money(gain: Span) -> Args:
    ends = {"": gain.value, "_low": gain.low, "_high": gain.high}
    return {f"recovered{n}_minor": None if v is None else round(v) for n, v in ends.items()}
