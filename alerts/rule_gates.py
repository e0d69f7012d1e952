"""What keeps a rule quiet, in a person's words: its hours and days, its evidence; and whom it tells. Pure."""

from alerts.catalogue import Language
from alerts.settings import AlertsSettings, Rule

DAYS = {
    "mon": "周一", "tue": "周二", "wed": "周三", "thu": "周四", "fri": "周五", "sat": "周六", "sun": "周日",
    "holiday": "节假日",
}  # fmt: skip
WHEN = {
    "open": ("while the store is open", "营业时间内"),
    "closed": ("while the store is closed", "闭店期间"),
    "always": ("at any hour", "全天"),
}


def when(rule: Rule, language: Language) -> str:
    """The hours, days, dates and stores it is judged at."""
    zh = language == "zh"
    parts = [WHEN[rule.when][zh]]
    if rule.after_open_s:
        minutes = f"{rule.after_open_s / 60:g}"
        parts.append(f"开店 {minutes} 分钟后" if zh else f"from {minutes} min after opening")
    if rule.days:
        parts.append("、".join(map(DAYS.__getitem__, rule.days)) if zh else ", ".join(rule.days))
    if rule.dates:
        parts.append("{} {} {}".format(rule.dates[0], "至" if zh else "to", rule.dates[1]))
    if rule.stores:
        parts.append(f"{'门店' if zh else 'at'} {', '.join(rule.stores)}")
    return ("，" if zh else "; ").join(parts)


def evidence(rule: Rule, language: Language) -> str:
    """What a breach wants beside the figure itself."""
    zh = language == "zh"
    parts: list[str] = []
    if rule.confidence and rule.compare not in ("is", "absent", "drifting", "because"):
        sure = f"{rule.confidence:.0%}"
        parts.append(
            f"若有置信区间，单侧 {sure} 置信界也须越过阈值"
            if zh
            else f"of a figure with an interval, the one-sided {sure} bound lies beyond the level too"
        )
    if rule.min_n:
        parts.append(f"样本不少于 {rule.min_n:g}" if zh else f"a sample of at least {rule.min_n:g}")
    if rule.min_coverage and rule.compare != "absent":
        share = f"{rule.min_coverage:.0%}"
        parts.append(f"采样覆盖不低于 {share}" if zh else f"at least {share} of its sensors report")
    return ("；" if zh else "; ").join(parts) or ("无需" if zh else "none asked for")


def tells(rule: Rule, settings: AlertsSettings, language: Language) -> str:
    """Who hears of it: a watch is told once to the first rung, an act climbs the ladder until somebody has it."""
    route, zh = settings.route_of(rule.route), language == "zh"
    if rule.severity == "watch":
        role = route.ladder[0].role
        return f"通知：{role}（一次）" if zh else f"Tells: {role}, once"
    rungs = [f"{rung.role} ({rung.after_s:g} s)" for rung in route.ladder]
    repeats = f"每 {route.repeat_s:g} 秒重复" if zh else f"repeated every {route.repeat_s:g} s"
    return ("通知：" if zh else "Tells: ") + " → ".join(rungs) + ("；" if zh else "; ") + repeats
