"""A rule in a person's words, in English and Chinese. Pure.

``listing`` → one row a rule, ``explain`` → what a rule does, in sentences.
"""

from typing import NamedTuple

from alerts.book import NO_DATA, no_data_rule
from alerts.catalogue import ACTIONS, TITLES, Language, say
from alerts.rule_gates import evidence, tells, when
from alerts.settings import AlertsSettings, Rule


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
    Fires when conversion over 60m is 20 % (relative) below its benchmark and stays so for 60 s.
    """
    rule = next((rule for rule in _every(settings) if rule.name == name), None)
    if rule is None:
        names = ", ".join(rule.name for rule in _every(settings))
        raise KeyError(f"no rule {name}; there are: {names}")
    return "\n".join([*_sentences(rule, settings, language), tells(rule, settings, language)])


def _sentences(rule: Rule, settings: AlertsSettings, language: Language) -> list[str]:
    """Its name, when it fires and clears, when and on what evidence it is judged, and what it suggests."""
    heading = TITLES.get(rule.title or rule.name, (rule.name, rule.name))
    keys = [key for key in (rule.action, *rule.actions) if key]
    actions = [say(ACTIONS, key, language, None, settings.names) for key in keys]
    if language == "zh":
        return [
            f"{rule.name}：{heading[1]}（{'处置' if rule.severity == 'act' else '关注'}）",
            f"触发：{_watches(rule, 'zh')} {_fires(rule, 'zh')}{_lasting(rule.hold_s, 'zh')}。",
            f"解除：{_clears(rule, 'zh')}{_lasting(rule.clear_hold_s, 'zh')}。",
            f"时段：{when(rule, 'zh')}",
            f"证据：{evidence(rule, 'zh')}",
            f"建议：{'；'.join(actions) or '无'}",
        ]
    return [
        f"{rule.name}: {heading[0]} ({rule.severity})",
        f"Fires when {_watches(rule, 'en')} {_fires(rule, 'en')}{_lasting(rule.hold_s, 'en')}.",
        f"Clears when {_clears(rule, 'en')}{_lasting(rule.clear_hold_s, 'en')}.",
        f"Judged: {when(rule, 'en')}",
        f"Evidence: {evidence(rule, 'en')}",
        f"Suggests: {'; '.join(actions) or 'nothing'}",
    ]


def _lasting(seconds: float, language: Language) -> str:
    """For how long it must be so; nothing where once is enough."""
    if not seconds:
        return ""
    return f"，持续 {seconds:g} 秒" if language == "zh" else f" and stays so for {seconds:g} s"


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
            reasons = "/".join(rule.values) + _also(rule, language)
            return f"给出的原因为 {reasons}" if zh else f"gives the reason {reasons}"
        case "is":
            said = f"{'为' if zh else 'is'} {'/'.join(rule.values)}{_also(rule, language)}"
            return said + _unusual(rule, language)
        case "absent":
            return f"{'无数据超过' if zh else 'is not heard for'} {rule.absent_s:g} s"
        case "drifting":
            word = {"below": "偏低" if zh else "down", "above": "偏高" if zh else "up"}[side]
            source = (
                SOURCES[rule.reference][not zh] if rule.reference in SOURCES else rule.reference
            )
            far = (
                f"相对{source}累计{word}超过" if zh else f"drifts {word} from {source} by more than"
            )
            return f"{far} {rule.fire_pct:g} %{_also(rule, language)}"
        case _:
            return _beyond(rule, language, side) + _also(rule, language)


def _beyond(rule: Rule, language: Language, side: str) -> str:
    """A comparison with a level, or with what the rule refers to."""
    zh, run = language == "zh", ""
    if rule.compare == "streak":
        run = f"连续 {rule.streak} 次 " if zh else f"{rule.streak} times in a row "
    word = {"below": "低于", "above": "高于", "outside": "超出"}[side] if zh else side
    if rule.reference != "fixed":
        return _relative(rule, language, run, word)
    return f"{run}{word} {rule.level:g}" if zh else f"is {run}{word} {rule.level:g}"


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
    until = ""
    if rule.reference == "delivery" and rule.level is not None:
        until = f"（未知时 {rule.level:g}）" if zh else f" ({rule.level:g} while none is known)"
    return f"{run}{word}{zh_name}{by}{until}" if zh else f"is {run}{share}{word} {en_name}{until}"


SOURCES = {
    "benchmark": ("基准", "its benchmark"),
    "history": ("自身历史", "its own history"),
    "peer": ("同类门店", "its peers"),
    "delivery": ("距下次到货的营业小时", "the opening hours until the next delivery"),
    "forecast": ("预测", "its forecast"),
    "occupancy": ("容量上限", "the store's capacity"),
    "tills_needed": ("已开收银台", "the tills that serve"),
}
"""What a level comes from, in words."""


def _unusual(rule: Rule, language: Language) -> str:
    """That a device must be silent for longer than it usually is."""
    if not rule.usual_silence:
        return ""
    factor = f"{rule.usual_silence:g}"
    if language == "zh":
        return f"，且静默超过该设备平常最长静默的 {factor} 倍"
    return f", and if silent for {factor} times its usual longest silence"


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
