"""Staff and stock decisions as the floor publishes them: the arithmetic of their own facts, and when they turn."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from math import ceil

import msgspec
import pytest

from flows.decisions.ahead import Ahead
from flows.facts import Fact
from flows.ledger import Ledger
from flows.profile import Profile
from flows.publish import Publisher
from flows.settings import Decisions, FlowsSettings
from flows.snapshot import dump, load
from sensors.events import AnyEvent, Footfall, Line, Plan, Pos, Queue, Staff, Stock
from sensors.settings import Door, Hours, Product, SensorsSettings, Store, Text, Till

FIRST = date(2026, 3, 2)
TEXT = Text(en="shop", zh="店")
STORE = Store(
    id="shop", name=TEXT, timezone="UTC", capacity=500, country="XX", range="all",
    doors=[Door(id="a", name=TEXT)], tills=[Till(id="1", name=TEXT)],
    hours=[Hours(days=["mon", "tue", "wed", "thu", "fri", "sat", "sun"], opens=time(10), closes=time(18))],
)  # fmt: skip
RANGE = [
    Product(sku="tea", name=TEXT, category="drinks", price_minor=1000, cost_minor=400, pack=6),
    Product(sku="soap", name=TEXT, category="care", price_minor=500, cost_minor=400, pack=10),
]
SETTINGS = FlowsSettings()
DAYS = 12


def _profile(_store: str = "shop", settings: FlowsSettings = SETTINGS) -> Profile:
    return Profile(STORE, settings, SensorsSettings(stores=[STORE], ranges={"all": RANGE}))


def _at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(FIRST, time(hour, minute), UTC) + timedelta(days=day)


def _quarter(at: datetime) -> list[AnyEvent]:
    """What a regular shop's devices say in a quarter: visitors, a ticket, the line; an evening twice as full."""
    name, busy = at.isoformat(), 2 if at.hour >= 16 else 1
    return [
        Footfall(at=at, store="shop", source="cam", id=name, door="a", entered=12 * busy, left=12 * busy),
        Queue(
            at=at, store="shop", source="line", id=name, till="1", served=4 * busy, service_s=60.0, wait_s=20.0,
            length=1,
        ),
        Pos(
            at=at, store="shop", source="till", id=name, till="1", transaction=name, net_minor=2000 * busy,
            lines=[Line(sku="tea", units=2 * busy, net_minor=2000), Line(sku="soap", units=1, net_minor=500)],
        ),
    ]  # fmt: skip


def _run(
    publisher: Publisher, begin: datetime, end: datetime, *more: AnyEvent, every: int = 15
) -> list[Fact]:
    facts: list[Fact] = []
    at = begin
    while at < end:
        events = [event for event in more if at <= event.at < at + timedelta(minutes=15)]
        publisher.ledger.take([*(_quarter(at) if 10 <= at.hour < 18 else []), *events], at)
        at += timedelta(minutes=15)
        if not at.minute % every:
            facts += publisher.tick(at + timedelta(minutes=3))
    return facts


def _stock(sku: str, at: datetime, on_hand: int) -> Stock:
    return Stock(
        at=at, store="shop", source="st", id=f"{sku}{at.isoformat()}", sku=sku, on_hand=on_hand
    )


@cache
def _learned() -> bytes:
    publisher = Publisher(Ledger(_profile()))
    _run(publisher, _at(0, 0), _at(DAYS, 12), every=60)
    return dump(publisher)


def _newest(facts: list[Fact], metric: str, subject: str = "") -> Fact:
    return [fact for fact in facts if (fact.metric, fact.subject) == (metric, subject)][-1]


def _series(facts: list[Fact], metric: str, window: str) -> dict[datetime, Fact]:
    return {f.start: f for f in facts if (f.metric, f.window) == (metric, window)}


def test_tills_and_associates_reach_to_closing_time() -> None:
    """Every quarter until close has its tills (Erlang C) and associates (visitors ÷ STAR, and one a till)."""
    facts = _run(load(_learned(), _profile), _at(DAYS, 12), _at(DAYS, 13))
    tills, people = (
        _series(facts, "tills_forecast", "quarter"),
        _series(facts, "associates_forecast", "quarter"),
    )
    quarters = {_at(DAYS, 13) + timedelta(minutes=15 * q) for q in range(20)}
    assert quarters <= tills.keys()
    assert quarters <= people.keys()
    for start in quarters:
        assert people[start].evidence.n is not None
        floor = ceil(people[start].evidence.n / SETTINGS.star_target - 1e-6)
        assert people[start].value == pytest.approx(max(1, floor) + tills[start].value, abs=1)  # type: ignore[operator]
        assert tills[start].detail["wait_s"] <= SETTINGS.benchmark.queue_wait_s  # type: ignore[operator]
    assert people[_at(DAYS, 17)].value > people[_at(DAYS, 14)].value  # type: ignore[operator]


def test_the_coming_week_has_its_hours() -> None:
    """After closing, associates are told for every opening hour of the next seven days."""
    facts = _run(load(_learned(), _profile), _at(DAYS, 12), _at(DAYS, 20), every=30)
    week = _series(facts, "associates_forecast", "hour")
    assert {_at(DAYS + d, h) for d in range(1, 8) for h in range(10, 18)} <= week.keys()


def test_too_few_for_the_evening_says_by_when_to_call() -> None:
    """With too few on the floor the first short quarter and the call's deadline are told; with enough, nothing."""
    begin, end = _at(DAYS, 12), _at(DAYS, 13)
    few = Staff(at=begin, store="shop", source="r", id="r1", on_floor=7)
    short = _newest(_run(load(_learned(), _profile), begin, end, few), "staff_short")
    people = _series(_run(load(_learned(), _profile), begin, end), "associates_forecast", "quarter")
    need = {start: fact.value for start, fact in people.items() if start >= _at(DAYS, 13)}
    first = min(start for start, value in need.items() if value > 7)  # type: ignore[operator]
    assert short.value == max(need.values()) - 7  # type: ignore[type-var, operator]
    assert short.reason == "call_now"
    assert short.detail["short_from"] == first.isoformat()
    assert short.detail["decide_by"] == (first - timedelta(minutes=45)).isoformat()
    enough = msgspec.structs.replace(few, on_floor=60)
    assert _newest(_run(load(_learned(), _profile), begin, end, enough), "staff_short").value == 0


def test_the_restock_list_orders_whole_packs_up_to_its_quantile() -> None:
    """A SKU gone before a delivery is for today, in whole packs beyond need; what is on order is not ordered again."""
    begin, end = _at(DAYS, 12), _at(DAYS, 14)
    low = _stock("tea", begin, 40)
    fact = _newest(_run(load(_learned(), _profile), begin, end, low), "restock", "sku:tea")
    assert fact.reason == "today"
    assert isinstance(fact.value, int)
    assert fact.value % 6 == 0
    assert fact.detail["safety"] >= 0  # type: ignore[operator]
    assert fact.evidence.n < fact.detail["reorder_point"] <= fact.detail["expected"] * 1.5  # type: ignore[operator]
    assert fact.value + fact.evidence.k >= fact.detail["expected"]  # type: ignore[operator]
    more = Stock(at=begin, store="shop", source="st", id="o", sku="tea", delta=600, reason="order")
    ordered = _newest(_run(load(_learned(), _profile), begin, end, low, more), "restock", "sku:tea")
    assert ordered.value == 0
    assert ordered.detail["on_order"] == 600
    full = _newest(
        _run(load(_learned(), _profile), begin, end, _stock("tea", begin, 5000)),
        "restock",
        "sku:tea",
    )
    assert (full.value, full.reason) == (0, "fine")


def test_deliveries_that_came_late_move_the_lead_time() -> None:
    """Orders that took two days, twice, lengthen the one day configured; other SKUs keep theirs."""
    told = [
        Stock(
            at=_at(DAYS + day, hour, 30), store="shop", source="st", id=f"{day}-{hour}", sku="tea", delta=60,
            reason="receipt" if day else "order",
        )
        for day in (0, 2) for hour in (12, 13)
    ]  # fmt: skip
    begin, end = _at(DAYS, 12), _at(DAYS + 3, 12)
    counted = _stock("tea", _at(DAYS + 3, 10), 5), _stock("soap", _at(DAYS + 3, 10), 1)
    facts = _run(load(_learned(), _profile), begin, end, *told, *counted, every=60)
    tea, soap = (_newest(facts, "restock", f"sku:{sku}") for sku in ("tea", "soap"))
    assert tea.detail["lead_h"] == pytest.approx((2 * 24 + 0.9 * 48 + 48) / (2 + 1.9), abs=0.1)
    assert soap.detail["lead_h"] == 24


def test_what_near_stores_could_bring_is_not_ordered() -> None:
    """The chain's word that others could spare a SKU is told with the line and taken off its order."""
    begin, end = _at(DAYS, 12), _at(DAYS, 14)
    low = _stock("tea", begin, 40)
    alone = _newest(_run(load(_learned(), _profile), begin, end, low), "restock", "sku:tea")
    word = Plan(
        at=begin, store="shop", source="chain", id="t", about="chain", subject="transfer:tea", starts_at=begin,
        ends_at=end + timedelta(hours=2), value=12.0, note="near=12",
    )  # fmt: skip
    helped = _newest(_run(load(_learned(), _profile), begin, end, low, word), "restock", "sku:tea")
    assert helped.detail["transfer"] == 12
    assert helped.value == alone.value - 12  # type: ignore[operator]


def test_a_budget_buys_the_most_urgent_first() -> None:
    """With money for one of two, the SKU that is out comes before the one that is low."""
    settings = FlowsSettings(decisions=Decisions(budget_minor=45_000))
    begin, end = _at(DAYS, 12), _at(DAYS, 14)
    levels = _stock("tea", begin, 0), _stock("soap", begin, 33)
    publisher = load(_learned(), lambda store: _profile(store, settings))
    facts = _run(publisher, begin, end, *levels)
    tea, soap = (_newest(facts, "restock", f"sku:{sku}") for sku in ("tea", "soap"))
    assert (tea.reason, soap.value) != ("fine", 0)
    assert tea.reason == "out"
    cost = tea.value * 400 + soap.value * 400  # type: ignore[operator]
    assert (
        cost
        > 45_000
        >= tea.value * 400 * tea.detail["in_budget"] + soap.value * 400 * soap.detail["in_budget"]
    )  # type: ignore[operator]


def test_a_promotion_is_checked_against_the_shelves() -> None:
    """An announced promotion of drinks counts the units missing until it ends; with the shelves full it is ready."""
    begin, end = _at(DAYS, 12), _at(DAYS, 14)
    plan = Plan(
        at=begin, store="shop", source="p", id="p", about="promotion", subject="category:drinks",
        starts_at=_at(DAYS + 2, 0), ends_at=_at(DAYS + 4, 0),
    )  # fmt: skip
    facts = _run(load(_learned(), _profile), begin, end, plan, _stock("tea", begin, 50))
    short = _newest(facts, "promotion_missing", "promotion:category:drinks")
    assert (short.reason, short.detail["skus"], short.evidence.n) == ("stock_short", "tea", 1)
    assert 3 * 80 - 50 < short.value < 5 * 80  # type: ignore[operator]
    ready = _run(load(_learned(), _profile), begin, end, plan, _stock("tea", begin, 5000))
    assert _newest(ready, "promotion_missing", "promotion:category:drinks").reason == "ready"


@pytest.mark.parametrize(("near", "reason"), [(40, "stock_short"), (900, "ready")])
def test_a_promotion_counts_on_near_stores(near: int, reason: str) -> None:
    """What others could bring is taken off what is missing, up to all of it, and how much is needed of it is told."""
    begin, end = _at(DAYS, 12), _at(DAYS, 14)
    told = (
        Plan(
            at=begin, store="shop", source="p", id="p", about="promotion", subject="category:drinks",
            starts_at=_at(DAYS + 2, 0), ends_at=_at(DAYS + 4, 0),
        ),
        Plan(
            at=begin, store="shop", source="chain", id="t", about="chain", subject="transfer:tea",
            starts_at=begin, ends_at=end + timedelta(hours=2), value=float(near), note=f"near={near}",
        ),
    )  # fmt: skip
    subject = "promotion:category:drinks"
    alone, helped = (
        _newest(
            _run(load(_learned(), _profile), begin, end, *words, _stock("tea", begin, 50)),
            "promotion_missing",
            subject,
        )
        for words in (told[:1], told)
    )
    assert (alone.detail["transfer"], alone.reason) == (0, "stock_short")
    assert helped.reason == reason
    assert helped.detail["transfer"] == min(near, alone.value)  # type: ignore[type-var]
    assert helped.value == alone.value - helped.detail["transfer"]  # type: ignore[operator]


def test_demand_ahead_is_the_sum_of_its_days() -> None:
    """A lead time of days takes the rest of today and parts of the days after; stock lasts as long as they say."""
    ahead = Ahead([5.0, 10.0, 20.0], 0.5, 1.0)
    assert ahead.mean(0.5) == 5.0
    assert ahead.mean(1.5) == 15.0
    assert ahead.mean(2.0) == 25.0
    assert ahead.lasts(15.0) == pytest.approx(1.5)
    assert ahead.lasts(100.0) is None
    assert ahead.quantile(1.0, 0.9) >= ahead.mean(1.0)
