"""One fact and one rule → a verdict with its reason. Pure."""

from msgspec.structs import replace

from alerts.book import ALIGNED_S, StoreBook
from alerts.evidence import sold_by, still_needed, wilson
from alerts.memory import Args, Memory, Outcome, Track, Verdict, fact_key
from alerts.reference import Levels, levels, number
from alerts.settings import Rule
from flows.facts import Fact


def judge(rule: Rule, fact: Fact, track: Track, memory: Memory, book: StoreBook) -> Verdict | None:
    """What a rule makes of one fact; ``None`` while its window must close first."""
    if rule.window in ALIGNED_S and fact.state == "live":
        return None
    if rule.compare == "absent":
        return Verdict(outcome="clear", reason="said", value=number(fact.value))
    if fact.coverage is not None and fact.coverage < rule.min_coverage:
        args: Args = {"coverage": fact.coverage, "wanted": rule.min_coverage}
        return Verdict(outcome="unsure", reason="low-coverage", args=args)
    text = rule.compare == "is"
    verdict = _judge_text(rule, fact) if text else _judge_number(rule, fact, track, memory, book)
    if verdict.outcome == "breach" and rule.where:
        return _also(rule, fact, memory, verdict)
    return verdict


def _judge_text(rule: Rule, fact: Fact) -> Verdict:
    said = str(fact.value)
    outcome: Outcome = "breach" if said in rule.values else "clear"
    return Verdict(outcome=outcome, reason="says", args={"says": said, **fact.detail})


def _also(rule: Rule, fact: Fact, memory: Memory, verdict: Verdict) -> Verdict:
    """The breach, if what the rule names beside it holds too."""
    for condition in rule.where:
        subject = fact.subject if condition.subject == "same" else ""
        known = memory.facts.get(fact_key(condition.metric, subject, condition.window))
        value = number(known.value) if known else None
        ok = value is not None and (
            value < condition.level if condition.compare == "below" else value > condition.level
        )
        if not ok:
            args: Args = {"metric": condition.metric, "is": value, "level": condition.level}
            outcome: Outcome = "unsure" if value is None else "clear"
            return replace(verdict, outcome=outcome, reason="not-also", args=args)
    return verdict


def _judge_number(rule: Rule, fact: Fact, track: Track, memory: Memory, book: StoreBook) -> Verdict:
    value = number(fact.value)
    if rule.compare == "because":
        return _because(rule, fact, value)
    if value is None:
        return Verdict(outcome="unsure", reason="unknown")
    bounds = levels(rule, fact, memory, book)
    if bounds is None:
        return Verdict(outcome="unsure", reason="no-reference", value=value)
    if rule.compare == "drifting":
        return _drift(rule, fact, track, value, bounds)
    verdict = compare(rule, fact, value, bounds)
    return _streak(rule, fact, track, verdict) if rule.compare == "streak" else verdict


def _because(rule: Rule, fact: Fact, value: float | None) -> Verdict:
    """A fact that gives a reason the rule looks for."""
    bad = fact.reason in rule.values and value is not None
    args: Args = {"says": fact.reason or "–", **fact.detail}
    return Verdict(outcome="breach" if bad else "clear", reason="because", args=args, value=value)


def compare(rule: Rule, fact: Fact, value: float, bounds: Levels) -> Verdict:
    """A value against its levels, gated by its evidence.

    A breach needs the one-sided bound at ``rule.confidence`` beyond the fire level too.
    """
    below = bounds.low is not None and value < bounds.low
    above = bounds.high is not None and value > bounds.high
    threshold = bounds.low if below or bounds.high is None else bounds.high
    low, high = interval(fact, rule.confidence)
    base = {"value": value, "threshold": threshold, "reference": bounds.reference}
    seen = {**base, "low": low, "high": high}
    if not (below or above):
        back = (bounds.clear_low is None or value >= bounds.clear_low) and (
            bounds.clear_high is None or value <= bounds.clear_high
        )
        return Verdict(
            outcome="clear" if back else "between",
            reason="back" if back else "between-levels",
            **seen,  # type: ignore[arg-type]
        )
    needs = _needs(rule, fact, threshold, high if below else low, below=below)
    if needs != 0:
        return Verdict(
            outcome="unsure",
            reason="needs-more",
            args={"needs": needs, "n": fact.evidence.n},
            **seen,
        )
    return Verdict(outcome="breach", reason="below" if below else "above", **seen)  # type: ignore[arg-type]


def interval(fact: Fact, confidence: float) -> tuple[float | None, float | None]:
    """The one-sided bounds of a fact: Wilson's for a rate of counts, of hours that stock lasts those of chance.

    Else the measure's own interval.
    """
    seen, hours = fact.evidence, number(fact.value)
    if confidence and fact.unit == "ratio" and seen.k is not None and seen.n and seen.k <= seen.n:
        return wilson(seen.k, seen.n, confidence)
    if confidence and fact.unit == "hours" and seen.n and hours is not None:
        return sold_by(round(hours * seen.n), seen.n, confidence)
    return seen.low, seen.high


def _needs(
    rule: Rule, fact: Fact, threshold: float | None, bound: float | None, *, below: bool
) -> int | None:
    """How much more evidence a breach wants; 0 when there is enough, ``None`` when no figure can be put on it."""
    n = fact.evidence.n
    if rule.min_n and (n or 0) < rule.min_n:
        return int(rule.min_n - (n or 0))
    if not rule.confidence or bound is None or threshold is None:
        return 0
    if bound < threshold if below else bound > threshold:
        return 0
    k = fact.evidence.k
    if k is None or not n or fact.unit != "ratio":
        return None
    return still_needed(k, n, threshold, rule.confidence) or None


def _streak(rule: Rule, fact: Fact, track: Track, verdict: Verdict) -> Verdict:
    """Count windows in a row; a revision of the newest window replaces its count."""
    if track.run_start is None or fact.start > track.run_start:
        track.run_before, track.run_start = track.run, fact.start
    elif fact.start < track.run_start:
        return track.judged or verdict
    if verdict.outcome == "breach":
        track.run = track.run_before + 1
    elif verdict.outcome == "clear":
        track.run = 0
    if verdict.outcome != "breach" or track.run >= rule.streak:
        return verdict
    return Verdict(
        outcome="between",
        reason="streak-short",
        args={"run": track.run, "wanted": rule.streak},
        value=verdict.value,
        threshold=verdict.threshold,
        reference=verdict.reference,
    )


def _drift(rule: Rule, fact: Fact, track: Track, value: float, bounds: Levels) -> Verdict:
    """One-sided CUSUM S = max(0, S + d − slack) of the relative distance d (Page, Biometrika 1954).

    The slack is ``clear_pct``; it fires when S passes ``fire_pct`` and clears when S is back at 0.
    """
    if track.run_start is None or fact.start > track.run_start:
        track.cusum_before, track.run_start = track.cusum, fact.start
    elif fact.start < track.run_start:
        return track.judged or Verdict(outcome="between", reason="drifting", value=value)
    distance = (value - bounds.reference) / bounds.reference if bounds.reference else 0.0
    distance = -distance if rule.side == "below" else distance
    track.cusum = max(0.0, track.cusum_before + distance - rule.clear_pct / 100)
    outcome = "breach" if track.cusum > rule.fire_pct / 100 else "between"
    return Verdict(
        outcome="clear" if track.cusum == 0 else outcome,  # type: ignore[arg-type]
        reason="drifting",
        args={"drift": round(track.cusum, 4)},
        value=value,
        threshold=bounds.reference,
        reference=bounds.reference,
    )
