"""What stands against a judged verdict: hours in which the rule rests, a source that has gone silent. Pure."""

from datetime import datetime

from alerts.book import StoreBook
from alerts.memory import Args, Memory, Track, Verdict
from alerts.regime import Regime
from alerts.settings import Rule


def overrule(
    rule: Rule, track: Track, memory: Memory, book: StoreBook, at: datetime, regime: Regime
) -> Verdict | None:
    """The judged verdict, unless the rule rests now or its facts have gone silent."""
    resting = regime.resting.get(rule.name)
    if resting:
        return Verdict(outcome="off", reason=resting)
    if rule.compare == "absent":
        return _absent(rule, track, memory, at, regime)
    judged = track.judged
    if judged is None or memory.heard_at is None:
        return judged
    if judged.reason == "says":
        return _usually_silent(rule, track, memory, at, regime) or judged
    silent_s = (at - memory.heard_at).total_seconds()
    if judged.value is not None and is_unheard(silent_s, rule.no_data_s, memory, book, regime, at):
        args: Args = {"age_s": int(silent_s)}
        return Verdict(outcome="missing", reason="no-data", args=args, value=judged.value)
    return judged


def _absent(rule: Rule, track: Track, memory: Memory, at: datetime, regime: Regime) -> Verdict:
    """A rule about absence: nothing measured is said for ``absent_s``; nobody speaks before opening."""
    heard = track.said_at or memory.first_at or at
    silent_s = (at - heard).total_seconds()
    open_s = regime.open_s(at)
    if open_s is not None and rule.when == "open":
        silent_s = min(silent_s, open_s)
    bad = silent_s > rule.absent_s
    return Verdict(
        outcome="breach" if bad else "clear",
        reason="silent" if bad else "said",
        args={"silent_s": int(silent_s)} if bad else {},
        threshold=rule.absent_s,
    )


def _usually_silent(
    rule: Rule, track: Track, memory: Memory, at: datetime, regime: Regime
) -> Verdict | None:
    """A device that is often silent for so long is not down yet; ``None`` where its silence means something."""
    judged, quiet = track.judged, memory.quiet.get(track.subject)
    if not rule.usual_silence or judged is None or judged.args.get("says") != "silent" or not quiet:
        return None
    opened = regime.opened_at(at)
    since = max(quiet.heard_at or at, opened or at)
    silent_s, usual_s = (at - since).total_seconds(), quiet.usual_s()
    if usual_s is not None and silent_s > usual_s * rule.usual_silence:
        return None
    args: Args = {"usual_s": None if usual_s is None else int(usual_s)}
    return Verdict(outcome="unsure", reason="usually-silent", args=args)


def is_unheard(
    silent_s: float, limit_s: float, memory: Memory, book: StoreBook, regime: Regime, at: datetime
) -> bool:
    """Whether the store's data is too old, for longer than it usually is."""
    if silent_s <= limit_s:
        return False
    open_s = regime.open_s(at)
    if open_s is None:
        return False
    quiet = memory.quiet.get("")
    usual_s = (quiet.usual_s() if quiet else None) or 0.0
    return min(silent_s, open_s) > max(limit_s, usual_s * book.alerts.no_data.usual_silence)
