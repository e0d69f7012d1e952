"""The screen's words, zh-CN and en. Code and data carry keys and arguments only.

A placeholder may name its format, ``{seen:int}``; the browser applies it with ``Intl``:
``int`` 1,370 · ``dec`` 2.6 · ``pct`` 23.5 % · ``money`` ¥188 (from minor units) · ``mmss`` 4:10 ·
``ago`` minutes since an instant · ``time`` 16:22 on the shop's clock · ``name`` a configured name ·
``word`` another key of this catalogue. Without a format the argument stands as it is.
"""

from typing import Literal

from dashboard.catalogue_fields import FIELDS
from dashboard.catalogue_managers import MANAGERS
from dashboard.catalogue_pages import PAGES
from dashboard.catalogue_terms import TERMS

Language = Literal["en", "zh"]
LOCALE: dict[Language, str] = {"en": "en-GB", "zh": "zh-CN"}

_WORDS: dict[str, tuple[str, str]] = {
    # head
    "wall.title": ("Command screen", "指挥屏"),
    "head.hours": ("Open {opens:time}–{closes:time}", "营业 {opens:time}–{closes:time}"),
    "head.before": ("Opens {opens:time}", "{opens:time} 开门"),
    "head.after": ("Closed since {closes:time}", "{closes:time} 已打烊"),
    "head.shut": ("Closed today", "今日休息"),
    "link.live": ("Live", "实时"),
    "link.delayed": ("Delayed {s:int} s", "延迟 {s:int} 秒"),
    "link.offline": ("Offline", "离线"),
    "link.connecting": ("Connecting", "连接中"),
    "link.waiting": ("Waiting", "等待数据"),
    "link.glass": ("event to screen {s:dec} s p95", "事件到屏幕 {s:dec} 秒 p95"),
    "banner.stale": (
        "No live data since {at:time} · showing last known values",
        "{at:time} 起无实时数据 · 显示最后已知值",
    ),
    "banner.redis": (
        "Data store unreachable since {at:time} · showing last known values",
        "{at:time} 起数据存储无响应 · 显示最后已知值",
    ),
    "banner.redis_first": (
        "Data store unreachable · retrying · floorcast doctor says why",
        "数据存储无响应 · 正在重试 · 原因请运行 floorcast doctor",
    ),
    "banner.before": ("Before opening · doors open {opens:time}", "尚未开门 · {opens:time} 开门"),
    "banner.closed": ("Closed · today's totals stand", "已打烊 · 显示今日合计"),
    "banner.reopens": (
        "Closed · today's totals stand · opens {next:time}",
        "已打烊 · 显示今日合计 · {next:time} 开门",
    ),
    "banner.tills": ("Tills silent · sales figures are on hold", "收银台无数据 · 销售数字暂停更新"),
    "banner.doors": (
        "Doors silent · visitor figures are on hold",
        "客流计数无数据 · 客流数字暂停更新",
    ),
    "banner.door": (
        "{place:name} silent · visitors are undercounted",
        "{place:name}无数据 · 客流偏低",
    ),
    "banner.till": ("{place:name} silent", "{place:name}无数据"),
    "banner.zone": ("{place:name}: sensor silent", "{place:name}传感器无数据"),
    "banner.device": ("Sensor {device} silent", "传感器 {device} 无数据"),
    "banner.many": ("{n:int} sources silent", "{n:int} 个数据源无数据"),
    "empty.title": ("No data from this shop yet", "本店尚无数据"),
    "empty.body": (
        "The screen fills itself when the first events arrive.",
        "收到首批事件后，屏幕自动更新。",
    ),
    "empty.ingest_ok": ("Ingest runs", "采集正在运行"),
    "empty.ingest": ("Ingest does not run. Start it:", "采集未运行，请启动："),
    "empty.devices_ok": ("Devices of this shop have spoken", "已收到本店设备的数据"),
    "empty.devices": (
        "No gateway or till of this shop has spoken. Try with one event:",
        "本店网关和收银台尚无数据，可发送一条测试事件：",
    ),
    "empty.floor": (
        "Nothing works out its numbers. Start it:",
        "尚无程序计算本店指标，请启动：",
    ),
    "empty.else": ("Check everything:", "全面检查："),
    # windows and states
    "window.now": ("now", "当前"),
    "window.day": ("today", "今日"),
    "window.15m": ("15 min", "15 分钟"),
    "window.60m": ("1 h", "1 小时"),
    "state.settling": ("settling", "结算中"),
    "state.final": ("final", "终值"),
    "state.imputed": ("estimated", "估算"),
    "status.ok": ("On target", "正常"),
    "status.watch": ("Watch", "关注"),
    "status.act": ("Act", "处理"),
    # tiles
    "tile.occupancy": ("In store", "在店人数"),
    "tile.visitors": ("Visitors", "客流"),
    "tile.conversion": ("Conversion", "转化率"),
    "tile.atv": ("Avg. basket", "客单价"),
    "tile.spv": ("Sales/visitor", "客均销售"),
    "tile.queue": ("Queue", "排队"),
    "tile.why": ("why this number", "查看数字依据"),
    "unit.people": ("people", "人"),
    "ctx.capacity": ("of {max:int} max", "上限 {max:int}"),
    "ctx.forecast": ("forecast {n:int}", "预测 {n:int}"),
    "ctx.no_forecast": ("no forecast yet", "尚无预测"),
    "ctx.pct": ("target {low:pct0}–{high:pct}", "目标 {low:pct0}–{high:pct}"),
    "ctx.money": ("target {low:money0}–{high:bare0}", "目标 {low:money0}–{high:bare0}"),
    "ctx.wait": ("wait {wait:mmss}", "等待 {wait:mmss}"),
    "ctx.wait_target": ("wait {wait:mmss} of {target:mmss}", "等待 {wait:mmss} / {target:mmss}"),
    "ctx.no_wait": ("target wait {target:mmss}", "目标等待 {target:mmss}"),
    "ctx.needs_people": ("needs {n:int} more visitors", "还需 {n:int} 位客流"),
    "ctx.needs_transactions": ("needs {n:int} more sales", "还需 {n:int} 笔成交"),
    "ctx.unknown": ("no data yet", "尚无数据"),
    "ctx.silent": ("on hold · source silent", "暂停 · 数据源无数据"),
    "ctx.coverage": ("{share:pct} of sensors", "传感器 {share:pct}"),
    "diff.pt": (" pt", " 百分点"),
    "diff.pct": ("%", "%"),
    # chart
    "chart.title": ("Visitors per 15 min", "每 15 分钟客流"),
    "chart.sofar": ("{n:int} so far", "已到 {n:int}"),
    "chart.total": ("{n:int} expected by close", "预计全天 {n:int}"),
    "chart.forecast": ("forecast and\nlikely range", "预测值与\n可能区间"),
    "chart.champion": ("by {model}", "模型 {model}"),
    "chart.alt": (
        "Visitors in each quarter of an hour today against the forecast and its likely range",
        "今日每 15 分钟客流与预测值及可能区间",
    ),
    # floor plan
    "dwell.title": ("Dwell by zone", "各区域停留时长"),
    "dwell.sub": ("median, last 15 min", "近 15 分钟中位数"),
    "dwell.unit": ("min", "分钟"),
    "dwell.none": ("No zones are configured", "尚未配置区域"),
    # stock
    "stock.title": ("Top sellers & stock risk", "热销与缺货风险"),
    "stock.sub": ("last hour", "近 1 小时"),
    "stock.product": ("Product", "商品"),
    "stock.sold": ("Sold", "销量"),
    "stock.shelf": ("On hand", "在库"),
    "stock.cover": ("Sells out in", "预计售罄"),
    "stock.none": ("Nothing sold in the last hour", "近 1 小时无销售"),
    "cover.min": ("{n:int} min", "{n:int} 分钟"),
    "cover.hours": ("{n:dec} h", "{n:dec} 小时"),
    "cover.days": ("{n:int} d", "{n:int} 天"),
    # incidents
    "rail.title": ("Needs attention", "待处理"),
    "rail.open": ("{n:int} open", "{n:int} 条未处理"),
    "rail.more": ("+{n:int} more open", "另有 {n:int} 条"),
    "rail.clear": ("All clear", "一切正常"),
    "rail.clear_sub": ("Nothing needs you right now", "当前没有需要处理的事项"),
    "rail.raised": ("{n:int} raised", "触发 {n:int}"),
    "rail.resolved": ("{n:int} resolved", "已解决 {n:int}"),
    "rail.take": ("{s:mmss} to take", "认领中位 {s:mmss}"),
    "card.ago": ("{at:ago} min", "{at:ago} 分钟前"),
    "card.hours_ago": ("{n:int} h", "{n:int} 小时前"),
    "card.just_now": ("just now", "刚刚"),
    "card.risk": ("{minor:money} at risk", "风险 {minor:money}"),
    "card.untaken": ("Not taken yet", "尚未认领"),
    "card.taken": ("{who} is on it", "{who} 正在处理"),
    "card.look": ("Look at {metric:word}", "查看{metric:word}"),
    "place.store": ("Whole shop", "全店"),
    "metric.other": ("this measure", "该指标"),
    "metric.conversion": ("conversion", "转化率"),
    "metric.queue_wait": ("the queue", "排队"),
    "metric.queue_length": ("the queue", "排队"),
    "metric.dwell_median": ("dwell", "停留时长"),
    "metric.occupancy": ("the crowd", "在店人数"),
    "metric.sku_cover": ("stock", "库存"),
    # doors
    "login.title": ("Log in", "登录"),
    "login.who": ("Name", "用户名"),
    "login.password": ("Password", "密码"),
    "login.enter": ("Log in", "登录"),
    "login.wrong": ("Name or password is not right", "用户名或密码不正确"),
    "login.wait": (
        "Too many tries · again in {minutes:int} min",
        "尝试过多 · {minutes:int} 分钟后再试",
    ),
    "login.nobody": (
        "Nobody can log in yet. On the server, give somebody a password:",
        "尚无人可登录。请在服务器上为人员设置密码：",
    ),
    "login.unreachable": ("Data store unreachable · try again", "数据存储无响应 · 请重试"),
    "door.leave": ("Log out", "退出"),
    # staff
    "staff.title": ("Floor alerts", "门店提醒"),
    "staff.act": ("Act now", "立即处理"),
    "staff.watch": ("Watch", "关注"),
    "staff.ack": ("I've got it", "我来处理"),
    "staff.done": ("Done", "已完成"),
    "staff.dismiss": ("Not a problem", "无需处理"),
    "staff.snooze": ("In {n:int} min", "{n:int} 分钟后"),
    "staff.mine": ("You have it", "你正在处理"),
    "staff.finished": ("Marked done", "已标记完成"),
    "staff.later": ("Rests until {at:time}", "稍后提醒 {at:time}"),
    "staff.sending": ("Sending …", "发送中…"),
    "staff.taken": ("{who} was first", "{who} 已先接手"),
    "staff.over": ("It is over already", "此事已结束"),
    "staff.failed": ("Not sent · tap again", "未发送 · 请重试"),
    "staff.relogin": ("Log in again", "请重新登录"),
    "staff.more": ("+{n:int} more open", "另有 {n:int} 条"),
    "staff.notify": ("Notify this phone", "在此手机通知我"),
    "staff.notified": ("Notifications on", "通知已开启"),
    "staff.denied": ("Notifications are blocked in the browser", "浏览器已禁止通知"),
    "staff.silent": ("No live data · what you see may be old", "无实时数据 · 显示内容可能已过时"),
    "link.confirm": ("Do you take this, {who}?", "{who}，由你处理吗？"),
    "link.have": ("You have it, {who}", "{who}，你正在处理"),
    "link.ack": ("You have it. Everyone sees that now.", "已由你处理，所有人都能看到。"),
    "link.done": ("Marked as done. Thank you.", "已标记完成，谢谢。"),
    "link.dismiss": ("Marked as not a problem.", "已标记为无需处理。"),
    "link.snooze": ("It rests for {n:int} minutes.", "{n:int} 分钟后再提醒。"),
    "link.bad": (
        "This link has expired or is not valid. Open the staff page.",
        "链接已过期或无效，请打开员工页面。",
    ),
    "link.gone": ("This alert is no longer known.", "此提醒已不存在。"),
    "link.over": ("This is over already; nothing to do.", "此事已结束，无需处理。"),
    "link.taken": ("{who} has it already.", "{who} 已接手。"),
    "link.open": ("Open the staff page", "打开员工页面"),
    "dash.gone": ("This shop is not configured here", "此处未配置该门店"),
}


def words(language: Language) -> dict[str, str]:
    """Every sentence of one language by key."""
    return _of({**_WORDS, **MANAGERS, **PAGES, **FIELDS, **TERMS}, language)


def wall_words(language: Language) -> dict[str, str]:
    """What a wall is sent: not the managers' pages."""
    return _of(_WORDS | {k: v for k, v in TERMS.items() if k.startswith("model.")}, language)


def _of(table: dict[str, tuple[str, str]], language: Language) -> dict[str, str]:
    column = 0 if language == "en" else 1
    return {key: pair[column] for key, pair in table.items()}


def term(kind: str, key: str, language: Language) -> str:
    """The words of a metric, a model, a step, a window or a state; the key itself, spaced, where it has none.

    >>> term("metric", "net_sales", "zh"), term("model", "a_new_one", "en")
    ('净销售额', 'a new one')
    """
    own = (
        TERMS.get(f"measure.{key}") if kind == "metric" else None
    )  # as a heading, not within a sentence
    pair = own or TERMS.get(f"{kind}.{key}") or _WORDS.get(f"{kind}.{key}")
    return pair[0 if language == "en" else 1] if pair else key.replace("_", " ")
