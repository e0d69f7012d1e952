"""Facts and rules → verdicts, each with its reason. Pure.

facts ─▶ remember ─▶ judge ─▶ overrule (hours, silence of the source) ─▶ track.verdict
"""

from datetime import datetime, timedelta

from alerts.book import ALIGNED_S, NO_DATA, StoreBook
from alerts.evidence import still_needed, wilson
from alerts.hours import day_of, local, open_for_s
from alerts.memory import Args, Memory, Track, Verdict, fact_key
from alerts.reference import Levels, levels, number
from alerts.settings import Rule
from alerts.turn import Turn
from flows.facts import Fact

CONTEXT = {
    (metric, window)
    for metric in ("conversion", "visitors", "atv", "spv")
    for window in ("15m", "60m", "day")
}
"""Facts kept whatever the rules, to put a price on an incident and to measure what an action did."""

FORECAST_KEPT = timedelta(hours=3)


def evaluate(turn: Turn) -> None:
    """Judge what is new, then let hours and silence overrule it on every track."""
    memory, book = turn.memory, turn.book
    memory.first_at = memory.first_at or turn.at
    for fact in turn.batch.facts:
        remember(fact, memory, book, turn.at)
    for fact in turn.batch.facts:
        for rule in book.rules_for(fact.metric, fact.window, fact.subject):
            track = track_of(memory, rule.name, fact.subject)
            track.fact = fact_key(fact.metric, fact.subject, fact.window)
            track.judged = judge(rule, fact, track, memory, book) or track.judged
    _expect_absent(memory, book)
    open_s = open_for_s(book.store, turn.at)
    missing: list[str] = []
    for track in memory.tracks.values():
        if track.rule == NO_DATA or track.rule not in book.rules:
            continue
        rule = book.rules[track.rule]
        track.verdict = overrule(rule, track, memory, book, turn.at, open_s)
        if track.verdict and track.verdict.outcome == "missing":
            missing.append(rule.metric)
    _judge_no_data(memory, sorted(set(missing)))


def remember(fact: Fact, memory: Memory, book: StoreBook, at: datetime) -> None:
    """Keep a fact that a rule or a price needs."""
    _hear(fact, memory)
    name = (fact.metric, fact.window)
    key = fact_key(fact.metric, fact.subject, fact.window)
    if name in book.forecasts:
        memory.facts[f"{key}|{int(fact.start.timestamp())}"] = fact
        stale = [
            k
            for k, f in memory.facts.items()
            if k.startswith(key + "|") and f.start < at - FORECAST_KEPT
        ]
        for old in stale:
            del memory.facts[old]
    if name in CONTEXT or name in book.by_fact or name in book.forecasts:
        newest = memory.facts.get(key)
        if newest is None or fact.start >= newest.start:
            memory.facts[key] = fact


def track_of(memory: Memory, rule: str, subject: str) -> Track:
    """The condition of a rule over a subject, made when first met."""
    key = f"{rule}|{subject}"
    if key not in memory.tracks:
        memory.tracks[key] = Track(rule=rule, subject=subject)
    return memory.tracks[key]


def _hear(fact: Fact, memory: Memory) -> None:
    """Keep how fresh the store's newest event is; a device's sign of life counts as one."""
    heard = fact.newest_at
    said = fact.detail.get("last_heard")
    if isinstance(said, str):
        last = datetime.fromisoformat(said)
        heard = max(heard, last) if heard else last
    if heard and (memory.heard_at is None or heard > memory.heard_at):
        memory.heard_at = heard


def judge(rule: Rule, fact: Fact, track: Track, memory: Memory, book: StoreBook) -> Verdict | None:
    """What a rule makes of one fact; ``None`` while its window must close first."""
    if rule.window in ALIGNED_S and fact.state == "live":
        return None
    if rule.compare == "absent":
        return Verdict(outcome="clear", reason="said", value=number(fact.value))
    if fact.coverage is not None and fact.coverage < rule.min_coverage:
        args: Args = {"coverage": fact.coverage, "wanted": rule.min_coverage}
        return Verdict(outcome="unsure", reason="low-coverage", args=args)
    if rule.compare == "is":
        said = str(fact.value)
        bad = said in rule.values
        return Verdict(
            outcome="breach" if bad else "clear", reason="says", args={"says": said, **fact.detail}
        )
    value = number(fact.value)
    if value is None:
        return Verdict(outcome="unsure", reason="unknown")
    bounds = levels(rule, fact, memory, book)
    if bounds is None:
        return Verdict(outcome="unsure", reason="no-reference", value=value)
    if rule.compare == "drifting":
        return _drift(rule, fact, track, value, bounds)
    verdict = compare(rule, fact, value, bounds)
    return _streak(rule, fact, track, verdict) if rule.compare == "streak" else verdict


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
    """The one-sided bounds of a fact: Wilson's for a rate of counts, else the measure's own interval."""
    seen = fact.evidence
    if confidence and fact.unit == "ratio" and seen.k is not None and seen.n and seen.k <= seen.n:
        return wilson(seen.k, seen.n, confidence)
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
    return None if k is None or not n else still_needed(k, n, threshold, rule.confidence) or None


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


def overrule(
    rule: Rule, track: Track, memory: Memory, book: StoreBook, at: datetime, open_s: float | None
) -> Verdict | None:
    """The judged verdict, unless the rule rests now or its facts have gone silent."""
    resting = rests(rule, book, at, open_s)
    if resting:
        return Verdict(outcome="off", reason=resting)
    fact = memory.facts.get(track.fact)
    if rule.compare == "absent":
        heard = fact.as_of if fact else memory.first_at or at
        silent_s = (at - heard).total_seconds()
        if open_s is not None and rule.when == "open":
            silent_s = min(silent_s, open_s)  # nobody speaks before opening
        bad = silent_s > rule.absent_s
        return Verdict(
            outcome="breach" if bad else "clear",
            reason="silent" if bad else "said",
            args={"silent_s": int(silent_s)} if bad else {},
            threshold=rule.absent_s,
        )
    judged = track.judged
    if judged is None or memory.heard_at is None or judged.reason == "says":
        return judged
    age_s = (at - memory.heard_at).total_seconds()
    if age_s > rule.no_data_s and (open_s is None or open_s > rule.no_data_s):
        args: Args = {"age_s": int(age_s)}
        return Verdict(outcome="missing", reason="no-data", args=args, value=judged.value)
    return judged


def rests(rule: Rule, book: StoreBook, at: datetime, open_s: float | None) -> str | None:
    """Why a rule is not judged now, as a catalogue key; ``None`` if it is."""
    if rule.when == "open" and open_s is None:
        return "store-closed"
    if rule.when == "closed" and open_s is not None:
        return "store-open"
    if rule.after_open_s and open_s is not None and open_s < rule.after_open_s:
        return "just-opened"
    if rule.days or rule.dates:
        today = local(book.store, at).date()
        country = book.store.country if book.store else ""
        if rule.days and day_of(country, today) not in rule.days:
            return "not-today"
        if rule.dates and not rule.dates[0] <= today <= rule.dates[1]:
            return "not-today"
    return None


def _expect_absent(memory: Memory, book: StoreBook) -> None:
    """A rule about absence is judged though nothing was ever said."""
    for rule in book.rules.values():
        if rule.compare == "absent" and rule.name != NO_DATA and "*" not in rule.subject:
            track = track_of(memory, rule.name, rule.subject)
            track.fact = fact_key(rule.metric, rule.subject, rule.window)


def _judge_no_data(memory: Memory, missing: list[str]) -> None:
    """One condition for all metrics that cannot be judged."""
    if not missing and f"{NO_DATA}|" not in memory.tracks:
        return
    track = track_of(memory, NO_DATA, "")
    args: Args = {"metrics": ", ".join(missing), "count": len(missing)}
    track.verdict = (
        Verdict(outcome="breach", reason="no-data", args=args)
        if missing
        else Verdict(outcome="clear", reason="said")
    )
