"""Rules looked at from outside: are they sound, which are there, what does one do. Pure.

``check`` → problems with path and reason, ``listing`` → one row a rule, ``explain`` → what a rule does, in words.
"""

from collections.abc import Collection
from typing import Literal, NamedTuple

from alerts.book import NO_DATA, no_data_rule
from alerts.catalogue import ACTIONS, TITLES, Language, say
from alerts.reference import benchmark_of
from alerts.settings import AlertsSettings, Rule
from flows.settings import Benchmark


class Problem(NamedTuple):
    """What is wrong with the settings; an ``error`` is refused at start, a ``note`` is only told."""

    path: str
    reason: str
    level: Literal["error", "note"] = "error"

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


def check(settings: AlertsSettings, published: Collection[str] | None = None) -> list[Problem]:
    """Everything that is wrong with the rules, routes and people beyond their types.

    Args:
        settings: ``[alerts]``.
        published: metrics the floor publishes; a rule over another one is told and never fires.
    """
    problems: list[Problem] = []
    seen: set[str] = set()
    for n, rule in enumerate(settings.rules):
        path = f"alerts.rules[{n}]"
        if rule.name in seen:
            problems.append(Problem(f"{path}.name", f"{rule.name} is there twice"))
        seen.add(rule.name)
        problems += [Problem(f"{path}.{key}", why) for key, why in _mistakes(rule)]
        problems += _references(settings, rule, path)
        named = [("metric", rule.metric)]
        named += [(f"where[{m}].metric", also.metric) for m, also in enumerate(rule.where)]
        problems += [
            Problem(f"{path}.{key}", f"nothing publishes {metric}: the rule never fires", "note")
            for key, metric in named
            if published is not None and metric not in published
        ]
    return problems + _people(settings)


def errors(settings: AlertsSettings) -> list[str]:
    """What must be refused at start, as ``path: reason``."""
    return [str(problem) for problem in check(settings) if problem.level == "error"]


def _mistakes(rule: Rule) -> list[tuple[str, str]]:
    """(key, reason) of what contradicts itself within one rule."""
    found: list[tuple[str, str]] = []
    side = rule.side if rule.compare in ("drifting", "streak") else rule.compare
    if rule.compare in ("is", "because") and not rule.values:
        why = f"a rule that compares by `{rule.compare}` needs the values to look for"
        found.append(("values", why))
    if rule.usual_silence and (rule.compare != "is" or rule.metric != "sensor_health"):
        found.append(("usual_silence", "only with metric sensor_health and compare `is`"))
    if rule.compare in ("is", "absent", "because"):
        return found + _calendar(rule)
    if rule.reference == "fixed":
        found += _fixed(rule, side)
    elif rule.level is not None and rule.reference != "delivery":
        found.append(("level", f"only a fixed reference has a level; this one is {rule.reference}"))
    elif rule.compare != "drifting" and rule.clear_pct >= rule.fire_pct:
        found.append(
            ("clear_pct", f"must lie nearer to the reference than fire_pct {rule.fire_pct:g}")
        )
    known = (
        rule.metric in ("occupancy", "tills_needed")
        or benchmark_of(rule.metric, Benchmark()) is not None
    )
    if rule.reference == "benchmark" and not known:
        found.append(
            ("reference", f"there is no benchmark for {rule.metric}; use fixed or forecast")
        )
    if rule.compare == "streak" and rule.window not in ("quarter", "hour"):
        found.append(("window", "a streak counts closed windows: quarter or hour"))
    if 0 < rule.confidence < 0.5:
        found.append(("confidence", "at least 0.5, or 0 to judge without evidence"))
    return found + _calendar(rule)


def _fixed(rule: Rule, side: str) -> list[tuple[str, str]]:
    if rule.level is None:
        return [("level", "a fixed reference needs its level")]
    if side == "outside":
        return [("compare", "outside needs an interval: reference forecast, benchmark or history")]
    clear = rule.clear_level
    if clear is not None and side == "below" and clear < rule.level:
        return [("clear_level", f"must be at or above the fire level {rule.level:g}")]
    if clear is not None and side == "above" and clear > rule.level:
        return [("clear_level", f"must be at or below the fire level {rule.level:g}")]
    return []


def _calendar(rule: Rule) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    if rule.dates and rule.dates[0] > rule.dates[1]:
        found.append(("dates", "the first day lies after the last"))
    if rule.after_open_s and rule.when != "open":
        found.append(("after_open_s", 'only with when = "open"'))
    return found


def _references(settings: AlertsSettings, rule: Rule, path: str) -> list[Problem]:
    """Names that lead nowhere."""
    found: list[Problem] = []
    if rule.route != "floor" and rule.route not in settings.routes:
        found.append(Problem(f"{path}.route", f"there is no route {rule.route}"))
    found += [
        Problem(f"{path}.action", f"no words for {key}: put it under alerts.names")
        for key in filter(None, (rule.action, *rule.actions))
        if key not in ACTIONS and key not in settings.names
    ]
    title = rule.title or rule.name
    if title not in TITLES and title not in settings.names:
        why = f"no words for {title}: people read the name itself"
        found.append(Problem(f"{path}.title", why, "note"))
    return found


def _people(settings: AlertsSettings) -> list[Problem]:
    found: list[Problem] = []
    channels = settings.channels_by_name()
    for name, route in settings.routes.items():
        path = f"alerts.routes.{name}"
        found += [
            Problem(f"{path}.channels[{n}]", f"there is no channel {channel}")
            for n, channel in enumerate(route.channels)
            if channel not in channels
        ]
        waits = [rung.after_s for rung in route.ladder]
        if waits != sorted(waits):
            found.append(Problem(f"{path}.ladder", "after_s must rise from rung to rung"))
        roles = {person.role for person in settings.people}
        if settings.people and not roles & {rung.role for rung in route.ladder}:
            found.append(Problem(f"{path}.ladder", "nobody has a role of this ladder", "note"))
    for n, person in enumerate(settings.people):
        found += [
            Problem(f"alerts.people[{n}].contacts[{m}].channel", f"there is no channel {c.channel}")
            for m, c in enumerate(person.contacts)
            if c.channel not in channels
        ]
    for n, name in enumerate(settings.board):
        if name not in channels:
            found.append(Problem(f"alerts.board[{n}]", f"there is no channel {name}"))
    return found


class Row(NamedTuple):
    """One line of ``rules list``."""

    name: str
    severity: str
    watches: str
    fires: str
    route: str


def listing(settings: AlertsSettings, language: Language = "en") -> list[Row]:
    """One row a rule, in the order of the file; the built-in ``no-data`` is the last."""
    return [
        Row(rule.name, rule.severity, _watches(rule, language), _fires(rule, language), rule.route)
        for rule in _every(settings)
    ]


def _every(settings: AlertsSettings) -> list[Rule]:
    """The rules, and the condition that they cannot be judged."""
    own = any(rule.name == NO_DATA for rule in settings.rules)
    return [*settings.rules, *([] if own else [no_data_rule(settings)])]


def explain(settings: AlertsSettings, name: str, language: Language = "en") -> str:
    """What a rule does, in sentences; raises ``KeyError`` naming the rules there are.

    >>> settings = AlertsSettings(rules=[Rule(name="low-conversion", metric="conversion")])
    >>> print(explain(settings, "low-conversion").splitlines()[1])
    Fires when conversion over 60m is 20 % (relative) below its benchmark, for 60 s.
    """
    rule = next((rule for rule in _every(settings) if rule.name == name), None)
    if rule is None:
        names = ", ".join(rule.name for rule in _every(settings))
        raise KeyError(f"no rule {name}; there are: {names}")
    index = 0 if language == "en" else 1
    heading = TITLES.get(rule.title or rule.name, (rule.name, rule.name))[index]
    actions = [
        say(ACTIONS, a, language, None, settings.names) for a in (rule.action, *rule.actions) if a
    ]
    if language == "zh":
        lines = [
            f"{rule.name}：{heading}（{'处置' if rule.severity == 'act' else '关注'}）",
            f"触发：{_watches(rule, 'zh')} {_fires(rule, 'zh')}，持续 {rule.hold_s:g} 秒。",
            f"解除：{_clears(rule, 'zh')}，持续 {rule.clear_hold_s:g} 秒。",
            f"证据：{_evidence(rule, 'zh')}",
            f"建议：{'；'.join(actions) or '无'}",
        ]
    else:
        lines = [
            f"{rule.name}: {heading} ({rule.severity})",
            f"Fires when {_watches(rule, 'en')} {_fires(rule, 'en')}, for {rule.hold_s:g} s.",
            f"Clears when {_clears(rule, 'en')}, for {rule.clear_hold_s:g} s.",
            f"Evidence: {_evidence(rule, 'en')}",
            f"Suggests: {'; '.join(actions) or 'nothing'}",
        ]
    route = settings.route_of(rule.route)
    rungs = [f"{rung.role} ({rung.after_s:g} s)" for rung in route.ladder]
    lines.append(("Tells: " if language == "en" else "通知：") + " → ".join(rungs))
    return "\n".join(lines)


def _watches(rule: Rule, language: Language) -> str:
    subject = f" ({rule.subject})" if rule.subject else ""
    over = "now" if rule.window == "now" else f"over {rule.window}"
    return f"{rule.metric}{subject} {over if language == 'en' else rule.window}"


def _fires(rule: Rule, language: Language) -> str:
    """The condition after the metric's name."""
    zh = language == "zh"
    side = rule.side if rule.compare in ("drifting", "streak") else rule.compare
    match rule.compare:
        case "because":
            reasons = "/".join(rule.values)
            return (
                f"给出的原因为 {reasons}{_also(rule, 'zh')}"
                if zh
                else f"gives the reason {reasons}{_also(rule, 'en')}"
            )
        case "is":
            return f"{'为' if zh else 'is'} {'/'.join(rule.values)}"
        case "absent":
            return f"{'无数据超过' if zh else 'is not heard for'} {rule.absent_s:g} s"
        case "drifting":
            return f"{'持续偏移超过' if zh else 'drifts by more than'} {rule.fire_pct:g} % ({side})"
    run = ""
    if rule.compare == "streak":
        run = f"连续 {rule.streak} 次 " if zh else f"{rule.streak} times in a row "
    word = {"below": "低于", "above": "高于", "outside": "超出"}[side] if zh else side
    if rule.reference == "fixed":
        level = f"{word} {rule.level:g}" if zh else f"is {run}{word} {rule.level:g}"
        return (run if zh else "") + level + _also(rule, language)
    return _relative(rule, language, run, word) + _also(rule, language)


def _relative(rule: Rule, language: Language, run: str, word: str) -> str:
    """The condition of a rule whose level is not fixed."""
    zh = language == "zh"
    if rule.reference == "forecast":
        return f"{run}{word}预测区间" if zh else f"is {run}{word} its forecast interval"
    by = f" {rule.fire_pct:g} %" if rule.fire_pct else ""
    share = f"{rule.fire_pct:g} % (relative) " if rule.fire_pct else ""
    own = rule.metric in ("occupancy", "tills_needed")
    zh_name, en_name = SOURCES[
        rule.metric if own and rule.reference == "benchmark" else rule.reference
    ]
    return f"{run}{word}{zh_name}{by}" if zh else f"is {run}{share}{word} {en_name}"


SOURCES = {
    "benchmark": ("基准", "its benchmark"),
    "history": ("自身历史", "its own history"),
    "peer": ("同类门店", "its peers"),
    "delivery": ("距下次到货的营业小时", "the opening hours until the next delivery"),
    "occupancy": ("容量上限", "the store's capacity"),
    "tills_needed": ("已开收银台", "the tills that serve"),
}
"""What a level comes from, in words."""


def _also(rule: Rule, language: Language) -> str:
    """What must hold as well."""
    zh = language == "zh"
    words = {"below": "低于" if zh else "below", "above": "高于" if zh else "above"}
    return "".join(
        f"，且 {c.metric} {words[c.compare]} {c.level:g}" if zh else f", and {c.metric} {words[c.compare]} {c.level:g}"
        for c in rule.where
    )  # fmt: skip


def _clears(rule: Rule, language: Language) -> str:
    zh = language == "zh"
    if rule.compare in ("is", "absent", "because"):
        return "不再如此" if zh else "that is no longer so"
    if rule.reference == "fixed":
        level = rule.level if rule.clear_level is None else rule.clear_level
        return f"回到 {level:g}" if zh else f"it is back at {level:g}"
    if rule.reference == "forecast":
        return "回到区间中部" if zh else "it is half-way back to the forecast"
    if rule.clear_pct <= 0:
        past = f" {-rule.clear_pct:g} %" if rule.clear_pct else ""
        return f"回到参照另一侧{past}" if zh else f"it is{past} on the good side of it"
    return f"距参照 {rule.clear_pct:g} % 以内" if zh else f"it is within {rule.clear_pct:g} % of it"


def _evidence(rule: Rule, language: Language) -> str:
    zh = language == "zh"
    if not rule.confidence or rule.compare in ("is", "absent", "drifting", "because"):
        return "无需" if zh else "none asked for"
    return (
        f"单侧 {rule.confidence:.0%} 置信界也须越过阈值；采样覆盖不低于 {rule.min_coverage:.0%}"
        if zh
        else f"the one-sided {rule.confidence:.0%} bound must lie beyond the level too; "
        f"at least {rule.min_coverage:.0%} of the sensors must report"
    )
