"""Hold, hysteresis and flap damping: verdicts over time → what is to become of the incident. Pure."""

from datetime import datetime, timedelta
from typing import Literal

from alerts.memory import Track, Verdict
from alerts.settings import Flapping, Rule

Change = Literal["pend", "fire", "drop", "clear", "rest"]
"""pend: a breach begins. fire: it has held. drop: it did not. clear: it is over, and that has held.
rest: the rule is not judged any more (closed)."""

Phase = Literal["idle", "pending", "open"]


def settle(
    track: Track, verdict: Verdict, phase: Phase, rule: Rule, flapping: Flapping, at: datetime
) -> Change | None:
    """What the verdict at ``at`` changes; updates since when it has held."""
    breach, clear = verdict.outcome == "breach", verdict.outcome == "clear"
    track.breach_since = (track.breach_since or at) if breach else None
    track.clear_since = (track.clear_since or at) if clear else None
    if phase == "open":
        if verdict.outcome == "off":
            return "rest"
        over = held(track.clear_since, rule.clear_hold_s * damping(track, flapping, at), at)
        return "clear" if over else None
    if not breach:
        if clear:
            track.quenched = False
        return "drop" if phase == "pending" else None
    if track.quenched:
        return None
    if held(track.breach_since, rule.hold_s * damping(track, flapping, at), at):
        track.fires = [*(f for f in track.fires if at - f < _within(flapping)), at]
        return "fire"
    return "pend" if phase == "idle" else None


def held(since: datetime | None, hold_s: float, at: datetime) -> bool:
    """Whether something has lasted ``hold_s``."""
    return since is not None and at - since >= timedelta(seconds=hold_s)


def damping(track: Track, flapping: Flapping, at: datetime) -> float:
    """How much longer a condition must hold because it has fired too often lately; 1.0 as a rule."""
    lately = sum(1 for fired in track.fires if at - fired < _within(flapping))
    return flapping.factor if lately >= flapping.fires else 1.0


def _within(flapping: Flapping) -> timedelta:
    return timedelta(seconds=flapping.within_s)
