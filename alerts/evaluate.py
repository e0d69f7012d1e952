"""Facts and rules → verdicts, each with its reason. Pure.

facts ─▶ remember ─▶ judge ─▶ overrule (hours, silence of the source) ─▶ track.verdict

Only what can have changed is looked at: conditions that a fact of this batch is about, and those that time moves on
(``Memory.hot``). When hours, rules or freshness of the whole store turn, every condition is looked at once.
"""

from datetime import datetime, timedelta
from operator import attrgetter

from alerts.book import NO_DATA, StoreBook, Use
from alerts.history import History
from alerts.hours import local
from alerts.judge import judge
from alerts.memory import Args, Memory, Track, Verdict, fact_key, track_key
from alerts.overrule import is_unheard, overrule
from alerts.quiet import Quiet
from alerts.reference import clock_of, number
from alerts.regime import Regime, closed_for
from alerts.turn import Turn
from flows.facts import Fact

CLOSURE = fact_key("plan_ahead", "plan:closure", "now")
FORECAST_KEPT = timedelta(hours=3)
_name = attrgetter("metric", "window")


def evaluate(turn: Turn) -> None:
    """Judge what is new, then let hours and silence overrule it on every track that may have changed."""
    memory, book, at = turn.memory, turn.book, turn.at
    memory.first_at = memory.first_at or at
    kept = book.kept
    facts = [fact for fact in turn.batch.facts if _name(fact) in kept]
    regime = _unless_shut(book.regime(at), memory, book, at)
    touched: set[str] = set()
    if facts:
        named = [(fact, book.use_of(fact.metric, fact.window, fact.subject)) for fact in facts]
        remember(named, memory, book, regime, at)
        touched = _judge_all(named, memory, book)
    look_at_all = _turned(memory, book, regime, at)
    if look_at_all:
        keys = list(memory.tracks)
    else:
        if regime.start != memory.minute and book.absent:
            touched.update(k for k, t in memory.tracks.items() if t.rule in book.absent)
        keys = sorted(touched | memory.hot) if touched or memory.hot else []
    memory.minute = regime.start
    missing: set[str] = set()
    for key in keys:
        track = memory.tracks.get(key)
        rule = book.rules.get(track.rule) if track else None
        if track is None or rule is None or rule.name == NO_DATA:
            continue
        track.verdict = overrule(rule, track, memory, book, at, regime)
        if track.verdict and track.verdict.outcome == "missing":
            missing.add(rule.metric)
    if look_at_all:
        _judge_no_data(memory, book, sorted(missing), regime, at)
        keys = list(memory.tracks)
    turn.work = keys


def _unless_shut(regime: Regime, memory: Memory, book: StoreBook, at: datetime) -> Regime:
    """What holds while an announced closure is on: the store is closed."""
    plan = memory.facts.get(CLOSURE)
    if plan is None or regime.open_since_s is None:
        return regime
    starts, ends = (plan.detail.get(key) for key in ("starts", "ends"))
    if not isinstance(starts, str) or not isinstance(ends, str):
        return regime
    if not datetime.fromisoformat(starts) <= at < datetime.fromisoformat(ends):
        return regime
    return closed_for(book, regime)


Named = list[tuple[Fact, Use]]
"""Facts with what is done with each."""


def remember(named: Named, memory: Memory, book: StoreBook, regime: Regime, at: datetime) -> None:
    """Keep the facts that a rule, a price or an outcome needs, and who was heard when."""
    opened, heard = regime.opened_at(at), memory.heard_at
    for fact, use in named:
        if use.is_forecast:
            _keep_forecast(use.key, fact, memory, at)
        newest = memory.facts.get(use.key)
        if fact.metric == "sku_cover":
            memory.deliveries.hear(newest, fact, local(book.store, at))
        if use.has_past and regime.open_since_s is not None:
            _note(use.key, fact, memory, book)
        if newest is None or fact.start >= newest.start:
            memory.facts[use.key] = fact
        last = fact.newest_at
        said = fact.detail.get("last_heard") if fact.detail else None
        if isinstance(said, str):  # a device's sign of life is one of the store's too
            alive = datetime.fromisoformat(said)
            last = max(alive, last) if last else alive
            if fact.metric == "sensor_health":
                _quiet_of(memory, fact.subject).hear(alive, opened)
        if last is not None and (heard is None or last > heard):
            heard = last
    if heard is not None and heard != memory.heard_at:
        memory.heard_at = heard
        _quiet_of(memory, "").hear(heard, opened)


def _note(key: str, fact: Fact, memory: Memory, book: StoreBook) -> None:
    """Put a figure with its past."""
    value = number(fact.value)
    if value is not None:
        past = memory.usual.setdefault(key, History())
        past.hear(value, *clock_of(fact, book))


def _keep_forecast(key: str, fact: Fact, memory: Memory, at: datetime) -> None:
    """What was forecast for a window is needed when that window has closed."""
    key = f"{key}|{int(fact.start.timestamp())}"
    if key not in memory.facts:
        prefix, oldest = key.rpartition("|")[0] + "|", at - FORECAST_KEPT
        stale = [k for k, f in memory.facts.items() if k.startswith(prefix) and f.start < oldest]
        for old in stale:
            del memory.facts[old]
    memory.facts[key] = fact


def track_of(memory: Memory, rule: str, subject: str) -> Track:
    """The condition of a rule over a subject, made when first met."""
    key = track_key(rule, subject)
    track = memory.tracks.get(key)
    if track is None:
        track = memory.tracks[key] = Track(rule=rule, subject=subject)
    return track


def _quiet_of(memory: Memory, subject: str) -> Quiet:
    quiet = memory.quiet.get(subject)
    if quiet is None:
        quiet = memory.quiet[subject] = Quiet()
    return quiet


def _judge_all(named: Named, memory: Memory, book: StoreBook) -> set[str]:
    """Judge each fact by the rules that read it; the keys of the conditions that were judged."""
    touched: set[str] = set()
    for fact, use in named:
        for key, rule in use.rules:
            track = memory.tracks.get(key) or track_of(memory, rule.name, fact.subject)
            if fact.state != "imputed":  # what is filled in is no word of what it stands for
                track.said_at = fact.as_of
            track.judged = judge(rule, fact, track, memory, book) or track.judged
            touched.add(key)
    return touched


def _turned(memory: Memory, book: StoreBook, regime: Regime, at: datetime) -> bool:
    """Whether something of the whole store turned: its hours, its rules, or whether its data is fresh."""
    stale = memory.heard_at is None or at - memory.heard_at > book.least_no_data
    if not stale and not memory.stale and memory.minute == regime.start:
        return False  # hours and rules turn with the minute
    turned = stale or memory.stale or memory.resting != regime.resting
    if turned or memory.rules != book.names:
        memory.rules = book.names
        _expect_absent(memory, book)
        turned = True
    _turn_day(memory, regime, at)
    memory.stale, memory.resting = stale, regime.resting
    return turned


def _turn_day(memory: Memory, regime: Regime, at: datetime) -> None:
    """At closing time the day's silences are put with those of the days before."""
    opened = regime.opened_at(at)
    if memory.opened_at is not None and opened is None:
        for quiet in memory.quiet.values():
            quiet.close(memory.opened_at, regime.start)
    memory.opened_at = opened


def _expect_absent(memory: Memory, book: StoreBook) -> None:
    """A rule about absence is judged though nothing was ever said."""
    for rule in book.rules.values():
        if rule.compare == "absent" and rule.name != NO_DATA and "*" not in rule.subject:
            track_of(memory, rule.name, rule.subject)


def _judge_no_data(
    memory: Memory, book: StoreBook, missing: list[str], regime: Regime, at: datetime
) -> None:
    """One condition for all metrics that cannot be judged, or for a store that says nothing any more."""
    silent_s = (at - (memory.heard_at or at)).total_seconds()
    limit_s = book.alerts.no_data.after_s
    bad = is_unheard(silent_s, limit_s, memory, book, regime, at)
    if not (bad or missing) and f"{NO_DATA}|" not in memory.tracks:
        return
    track = track_of(memory, NO_DATA, "")
    args: Args = {
        "metrics": f" ({', '.join(missing)})" if missing else "",
        "count": len(missing),
        "age_s": int(silent_s),
    }
    track.verdict = (
        Verdict(outcome="breach", reason="no-data", args=args)
        if missing or bad
        else Verdict(outcome="clear", reason="said")
    )
