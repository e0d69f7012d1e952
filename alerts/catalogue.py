"""What is said to people, in English and Chinese: keys and arguments only, one sentence each."""

from collections.abc import Mapping
from typing import Literal

from alerts.book import StoreBook
from alerts.incident import Incident
from sensors.settings import Text

Language = Literal["en", "zh"]
Args = Mapping[str, str | int | float | None]

TITLES: dict[str, tuple[str, str]] = {
    "low-conversion": ("Conversion is low", "转化率偏低"),
    "conversion-fell": ("Conversion has fallen", "转化率下降"),
    "visitors-off-forecast": ("Visitors off the forecast", "客流偏离预测"),
    "queue-long": ("Queue is long", "排队过长"),
    "queue-wait": ("Wait at the tills is long", "排队等待过久"),
    "over-capacity": ("Store is over its capacity", "在店人数超过上限"),
    "till-needed": ("Open another till soon", "即将需要加开收银台"),
    "zone-unattended": ("Busy zone without staff", "热区无人接待"),
    "sells-out": ("Sells out before the next delivery", "到货前将售罄"),
    "shelf-silent": ("No sale from this shelf", "货架无动销"),
    "low-moving-skus": ("Few SKUs are selling", "动销 SKU 偏少"),
    "data-old": ("Data is too old to act on", "数据超过 15 分钟未更新"),
    "no-data": ("No fresh data", "无有效数据"),
    "sensor-silent": ("Sensor is silent", "传感器无信号"),
    "sensor-stuck": ("Sensor is stuck", "传感器卡滞"),
    "door-dead": ("A door counts nobody", "门口计数异常"),
    "demand-ahead": ("More demand ahead", "需求高峰将至"),
    "forecast-rolled-back": ("Forecast rolled back", "预测模型已回退"),
    "low-atv": ("Average transaction is low", "客单价偏低"),
    "sensor-drifting": ("Sensor is drifting", "传感器漂移"),
    "unusual-traffic": ("Traffic is unusual", "客流异常"),
    "returning-spend-less": ("Returning members spend less", "老会员客单价偏低"),
    "promotion-ahead": ("A promotion or event begins soon", "促销或活动即将开始"),
    "holiday-ahead": ("A public holiday is ahead", "节假日将至"),
}
ACTIONS: dict[str, tuple[str, str]] = {
    "add-staff": ("Add staff to the floor{who}", "增派导购{who}"),
    "open-till": ("Open a till{who}", "加开收银台{who}"),
    "change-display": ("Change the display", "调整陈列"),
    "run-promotion": ("Run a promotion{sku}", "启动促销{sku}"),
    "limit-entry": ("Limit entry at the doors", "门口限流"),
    "replenish": ("Replenish from the back room", "补货上架"),
    "check-shelf": ("Check the shelf", "检查货架"),
    "check-sensor": ("Check the sensor", "检查传感器"),
    "check-gateway": ("Check the gateway and its network", "检查网关与网络"),
    "review-forecast": ("Review the forecast", "复核预测"),
    "prepare-demand": ("Plan staff and stock for it", "安排人员与备货"),
    "look-outside": ("Look what brings people in or keeps them away", "查看客流异动原因"),
}
REASONS: dict[str, tuple[str, str]] = {
    "below": ("{value} is below {threshold}", "{value} 低于 {threshold}"),
    "above": ("{value} is above {threshold}", "{value} 高于 {threshold}"),
    "back": ("back at {value}", "已恢复至 {value}"),
    "between-levels": ("{value}, between the levels", "{value}，介于两个阈值之间"),
    "needs-more": ("needs {needs} more visitors", "还需 {needs} 个样本"),
    "low-coverage": ("only {coverage} of the sensors report", "仅 {coverage} 的传感器在报数"),
    "unknown": ("not known", "未知"),
    "no-reference": ("nothing to compare with yet", "暂无参照"),
    "says": ("says {says}{note}", "{says}{note}"),
    "because": ("{says}", "{says}"),
    "not-also": ("{metric} is {is}, not beyond {level}", "{metric} 为 {is}，未越过 {level}"),
    "usually-silent": (
        "silent no longer than usual ({usual_s} s)",
        "静默未超出平常（{usual_s} 秒）",
    ),
    "silent": ("not heard for {silent_s} s", "已 {silent_s} 秒无数据"),
    "said": ("heard again", "已恢复"),
    "no-data": ("no fresh data{metrics}", "无最新数据{metrics}"),
    "streak-short": ("{run} of {wanted} in a row", "连续 {run}/{wanted}"),
    "drifting": ("drifting by {drift}", "持续偏移 {drift}"),
    "store-closed": ("the store is closed", "已闭店"),
    "store-open": ("the store is open", "营业中"),
    "just-opened": ("just opened", "刚开店"),
    "not-today": ("not on this day", "今日不适用"),
    "not-held": ("did not last", "未持续"),
    "rule-removed": ("the rule was removed", "规则已移除"),
    "has-it": ("has it", "已接手"),
    "already-taken": ("{owner} has it already", "{owner} 已接手"),
    "done": ("done", "已完成"),
    "not-a-problem": ("not a problem", "无需处理"),
    "dismissed": ("dismissed by {by}", "{by} 判定无需处理"),
    "later": ("snoozed until {until}", "稍后处理，至 {until}"),
    "snooze-over": ("the snooze is over", "稍后提醒到期"),
    "given": ("given to {owner}", "转交 {owner}"),
    "shift-over": ("{owner}'s shift is over", "{owner} 已下班"),
    "nobody-has-it": ("nobody has it after {waited_s} s", "{waited_s} 秒无人接手"),
    "sensor-down": ("sensor {by} is down", "传感器 {by} 故障"),
    "silence": ("silenced by {by}", "{by} 已静默"),
    "audible": ("no longer muted", "恢复通知"),
    "over-budget": ("kept for the digest", "并入汇总"),
    "nobody-on-shift": ("nobody is on shift", "无人当班"),
    "nobody-on-floor": ("nobody is on the floor", "卖场无导购"),
    "all-tills-serve": ("all {tills} tills serve", "{tills} 个收银台均已开放"),
    "cover-unknown": ("the stock of {sku} is not known", "{sku} 库存未知"),
    "sku-short": (
        "{sku} lasts {hours} h, not {wanted_h}",
        "{sku} 仅可售 {hours} 小时，不足 {wanted_h} 小时",
    ),
    "all-skus-short": (
        "no SKU lasts {wanted_h} h; {sku} lasts longest, {hours} h",
        "无 SKU 可售满 {wanted_h} 小时；最久的 {sku} 仅 {hours} 小时",
    ),
    "effect": ("{before} before, {after} after", "处理前 {before}，处理后 {after}"),
}
SEGMENTS: dict[str, tuple[str, str]] = {
    "guest": ("Guests", "非会员"),
    "new": ("New members", "新会员"),
    "returning": ("Returning members", "老会员"),
}
"""Every member segment there is: what a rule's subject ``segment:…`` may name."""
ANSWERS: dict[str, tuple[str, str]] = {
    "ack": ("I've got it", "我来处理"),
    "dismiss": ("Not a problem", "无需处理"),
    "snooze": ("Later", "稍后"),
    "done": ("Done", "已完成"),
}
"""What a person can answer, by the command's action; phones show the first three."""
STATES: dict[str, tuple[str, str]] = {
    "firing": ("New", "新"),
    "repeated": ("Still open", "仍未处理"),
    "escalated": ("Escalated", "已升级"),
    "assigned": ("For you", "转交给你"),
    "resolved": ("Resolved", "已恢复"),
    "expired": ("Over", "已结束"),
    "digest": ("Digest", "汇总"),
    "board": ("Open", "未结"),
}


def say(
    table: Mapping[str, tuple[str, str]],
    key: str,
    language: Language,
    args: Args | None = None,
    own: Mapping[str, Text] | None = None,
) -> str:
    """A key's sentence; ``own`` names from the settings go first. A key that is not known is shown as it is.

    >>> say(REASONS, "has-it", "zh"), say(REASONS, "nobody-has-it", "en", {"waited_s": 300})
    ('已接手', 'nobody has it after 300 s')
    """
    if own and key in own:
        sentence = own[key].en if language == "en" else own[key].zh
    elif key in table:
        sentence = table[key][0 if language == "en" else 1]
    else:
        return key
    return sentence.format_map(_Filled(args or {}))


class _Filled(dict[str, object]):
    """Arguments of a sentence; one that is missing reads as a dash, or as nothing after the sentence's end."""

    def __init__(self, args: Args) -> None:
        super().__init__({k: "–" if v is None else v for k, v in args.items()})

    def __missing__(self, key: str) -> str:
        return "" if key in ("note", "metrics", "who", "sku") else "–"


def title(incident: Incident, language: Language, book: StoreBook) -> str:
    """What is the matter."""
    return say(TITLES, incident.title, language, incident.args, book.alerts.names)


def action(incident: Incident, language: Language, book: StoreBook) -> str:
    """What to do; empty where no action is suggested."""
    return say(ACTIONS, incident.action, language, incident.args, book.alerts.names)


def besides(
    incident: Incident, language: Language, own: Mapping[str, Text] | None = None
) -> list[str]:
    """What else can be done now, and what cannot and why: at most a line each, after ``action``."""
    words, between = (
        (("Or: ", "Not now: "), "; ") if language == "en" else (("或：", "暂不："), "；")
    )
    found = (other_actions(incident, language, own), not_now(incident, language, own))
    return [word + between.join(some) for word, some in zip(words, found, strict=True) if some]


def other_actions(
    incident: Incident, language: Language, own: Mapping[str, Text] | None = None
) -> list[str]:
    """What else can be done now, the best first, after ``action``."""
    return [say(ACTIONS, key, language, incident.args, own) for key in incident.actions[1:]]


def not_now(
    incident: Incident, language: Language, own: Mapping[str, Text] | None = None
) -> list[str]:
    """What the rule would suggest besides but for a reason, each with it.

    >>> from datetime import UTC, datetime
    >>> from alerts.incident import Withheld
    >>> at = datetime(2026, 11, 20, tzinfo=UTC)
    >>> short = Withheld(action="run-promotion", reason="cover-unknown", args={"sku": "SKU-1"})
    >>> low = Incident(
    ...     id="i", store="s", rule="r", subject="", severity="act", state="firing", opened_at=at, updated_at=at,
    ...     metric="conversion", window="60m", value=0.1, threshold=0.2, withheld=[short],
    ... )
    >>> not_now(low, "en"), not_now(low, "zh")
    (['Run a promotion (the stock of SKU-1 is not known)'], ['启动促销（SKU-1 库存未知）'])
    """
    bracketed = "{} ({})" if language == "en" else "{}（{}）"
    return [
        bracketed.format(
            say(ACTIONS, held.action, language, None, own), say(REASONS, held.reason, language, held.args)
        )
        for held in incident.withheld
    ]  # fmt: skip


def where(incident: Incident, language: Language, book: StoreBook) -> str:
    """The place's name: the store's, with the door, zone, till or segment in question, or the SKU and its shelf."""
    store = book.store
    shop = _name(store.name, language) if store else incident.store
    kind, _, ident = incident.subject.partition(":")
    if not ident:
        return shop
    if kind == "sku" and (product := book.products.get(ident)):
        return " · ".join(
            part for part in (shop, product.place, _name(product.name, language)) if part
        )
    if kind == "segment":
        return f"{shop} · {say(SEGMENTS, ident, language)}"
    places = {"door": store.doors, "zone": store.zones, "till": store.tills} if store else {}
    known = next((p.name for p in places.get(kind, []) if p.id == ident), None)  # type: ignore[attr-defined]
    return f"{shop} · {_name(known, language) if known else ident}"


def _name(name: Text, language: Language) -> str:
    return name.en if language == "en" else name.zh
