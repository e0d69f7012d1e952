"""Units of many SKUs at once: as good as the keyed model, promotions and empty shelves taken into account, small."""

import pickle
import random
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import pytest

from flows.facts import Fact
from flows.forecasting.daily import DailyPool
from flows.forecasting.panel import HORIZONS, UnitsPanel
from flows.ledger import Ledger
from flows.outlook_units import UnitsMemory, rest_of, share_between
from flows.panes import squeeze
from flows.profile import Profile
from flows.publish import Publisher
from flows.settings import FlowsSettings
from flows.snapshot import dump, load
from sensors.events import AnyEvent, Line, Plan, Pos, Stock
from sensors.settings import Hours, Product, SensorsSettings, Store, Text

FIRST = date(2026, 3, 2)
TEXT = Text(en="shop", zh="店")
STORE = Store(
    id="shop", name=TEXT, timezone="UTC", capacity=500, country="XX", doors=[], range="all",
    hours=[Hours(days=["mon", "tue", "wed", "thu", "fri", "sat", "sun"], opens=time(10), closes=time(18))],
)  # fmt: skip
RANGE = [
    Product(sku=sku, name=TEXT, category=category, price_minor=1000)
    for sku, category in (("tea", "drinks"), ("cola", "drinks"), ("soap", "care"))
]
PROFILE = Profile(STORE, FlowsSettings(), SensorsSettings(stores=[STORE], ranges={"all": RANGE}))


def _demand(days: int, keys: int, seed: int) -> list[dict[str, float]]:
    """Poisson days with a weekday shape."""
    draw = np.random.default_rng(seed)
    rate = draw.lognormal(1.5, 0.8, keys)
    week = np.array([0.9, 0.85, 0.9, 1.0, 1.1, 1.3, 1.2])
    return [
        {f"s{i:02d}": float(n) for i, n in enumerate(draw.poisson(rate * week[d % 7]))}
        for d in range(days)
    ]


def test_the_panel_is_as_good_as_the_keyed_model() -> None:
    """Over 40 days of 20 SKUs the arrays' error is within 3 % of the keyed pool's, one day and seven days ahead."""
    days = _demand(100, 20, 5)
    panel, pool = UnitsPanel(), DailyPool()
    wrong = {(name, h): 0.0 for name in ("panel", "pool") for h in (1, 7)}
    for day, units in enumerate(days):
        for h in (1, 7) if day >= 60 else ():
            ahead = day - 1 + h
            if ahead < len(days):
                said = panel.say(ahead, {}, {}).value
                for value, (sku, y) in zip(said, days[ahead].items(), strict=True):
                    wrong["panel", h] += abs(float(value) - y)
                    wrong["pool", h] += abs(pool.predict(sku, ahead, {}, horizon=h).value - y)
        panel.learn(day, dict(units), {}, {})
        for sku, y in units.items():
            pool.learn(sku, day, y, {})
    for h in (1, 7):
        assert wrong["panel", h] <= 1.03 * wrong["pool", h]


def test_asking_changes_nothing_and_pickling_keeps_all() -> None:
    """A panel asked and pickled after each day says what one left alone says; SKUs may come and go."""
    asked, silent = UnitsPanel(), UnitsPanel()
    for day, units in enumerate(_demand(50, 6, 9)):
        named = dict(units) if day % 20 else {"s01": 3.0, "new": 1.0}
        for panel in (asked, silent):
            panel.learn(
                day, dict(named), {"holiday": float(day % 9 == 0)}, {"s01": float(day % 5 == 0)}
            )
        for ahead in range(1, HORIZONS + 1):
            asked.say(day + ahead, {}, {"s01": 1.0})
        asked, silent = (pickle.loads(pickle.dumps(panel)) for panel in (asked, silent))  # noqa: S301
    assert asked.skus == silent.skus
    assert np.array_equal(asked.say(51, {}, {}).value, silent.say(51, {}, {}).value)
    promoted, plain = asked.say(51, {}, {"s01": 1.0}), asked.say(51, {}, {})
    assert promoted.experts[1, 3] != plain.experts[1, 3]
    assert np.array_equal(promoted.experts[2], plain.experts[2])


def test_no_day_ahead_is_looked_at() -> None:
    """What is said of a day does not depend on what that day, or a later one, brings."""
    days = _demand(40, 5, 2)
    panel = UnitsPanel()
    for day, units in enumerate(days[:35]):
        panel.learn(day, dict(units), {}, {})
    late = pickle.loads(pickle.dumps(panel))  # noqa: S301
    before = [late.say(35 + h, {}, {}).value for h in range(HORIZONS)]
    late.learn(34, dict.fromkeys(days[0], 900.0), {}, {})  # an older day teaches nothing
    assert all(
        np.array_equal(late.say(35 + h, {}, {}).value, said) for h, said in enumerate(before)
    )


def test_five_hundred_skus_are_small() -> None:
    """A year's panel of 500 SKUs takes at most 64 KB in a snapshot."""
    panel = UnitsPanel()
    for day, units in enumerate(_demand(60, 500, 3)):
        panel.learn(day, dict(units), {}, {})
    assert len(squeeze(pickle.dumps(panel))) <= 64 * 1024


def test_today_moves_the_rest() -> None:
    """A day that sells twice its forecast has more to come than one that sells as said; at close nothing is left."""
    calm, busy = (rest_of(40.0, 1.5, 0.5, sold) for sold in (20.0, 40.0))
    assert calm.value == pytest.approx(20.0)
    assert calm.value < busy.value < 2 * calm.value
    assert rest_of(40.0, 1.5, 1.0, 20.0).value == 0.0
    shape = [1 / 24] * 24
    start = int(datetime.combine(FIRST, time(10), UTC).timestamp() // 60)
    assert share_between(PROFILE, shape, start, start + 120) == pytest.approx(0.25)
    assert share_between(PROFILE, shape, start, start + 900) == pytest.approx(1.0)


def _at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(FIRST, time(hour, minute), UTC) + timedelta(days=day)


def _day(day: int, factor: dict[str, float], out: dict[str, int]) -> list[AnyEvent]:
    """Tickets at ten an hour of each SKU, up to the hour at which it runs out."""
    events: list[AnyEvent] = [
        Stock(at=_at(day, 9), store="shop", source="st", id=f"st{day}{p.sku}", sku=p.sku, on_hand=10_000)
        for p in RANGE
    ]  # fmt: skip
    draw = random.Random(day)
    for product in RANGE:
        sku, number = product.sku, 0
        for hour in range(10, 18):
            if hour >= out.get(sku, 24):
                continue
            units = round(draw.uniform(9, 11) * factor.get(sku, 1.0))
            number += 1
            events.append(
                Pos(
                    at=_at(day, hour, 15 * (number % 4) + 5), store="shop", source="till", till="1",
                    id=f"{day}{sku}{number}", transaction=f"{day}{sku}{number}", net_minor=1000,
                    lines=[Line(sku=sku, units=units, net_minor=1000)],
                )
            )  # fmt: skip
        if sku in out:
            events.append(
                Stock(at=_at(day, out[sku]), store="shop", source="st", id=f"o{day}{sku}", sku=sku, on_hand=0)
            )  # fmt: skip
    return sorted(events, key=lambda event: event.at)


def _live(publisher: Publisher, days: list[list[AnyEvent]], first: int, every_h: int = 2) -> list[Fact]:  # fmt: skip
    facts: list[Fact] = []
    for day, events in enumerate(days, start=first):
        for hour in range(0, 24, every_h):
            due = [
                e
                for e in events
                if _at(day, hour) <= e.at < _at(day, hour) + timedelta(hours=every_h)
            ]
            publisher.ledger.take(due, _at(day, hour) + timedelta(hours=every_h))
            facts += publisher.tick(_at(day, hour) + timedelta(hours=every_h, minutes=5))
    return facts


def _newest(facts: list[Fact], sku: str, start: datetime) -> float:
    kept = [
        f.value for f in facts
        if (f.metric, f.subject, f.window, f.start) == ("sku_units_forecast", f"sku:{sku}", "day", start)
    ]  # fmt: skip
    assert isinstance(kept[-1], int | float)
    return float(kept[-1])


def test_an_empty_shelf_is_no_lack_of_demand() -> None:
    """A SKU that sells out at two each day, with its stock known, is forecast near its full demand, not its sales."""
    publisher = Publisher(Ledger(PROFILE))
    facts = _live(publisher, [_day(d, {}, {"cola": 15}) for d in range(16)], 0, every_h=1)
    tomorrow = _at(17, 0)
    assert 5 * 10 * 1.25 < _newest(facts, "cola", tomorrow) < 8 * 10 * 1.15
    assert _newest(facts, "tea", tomorrow) == pytest.approx(80, rel=0.1)


def test_a_category_promotion_raises_its_skus_and_a_restart_changes_nothing() -> None:
    """Announced again, a promotion of drinks raises tea, not soap; a store restored from its snapshot says the same."""

    def promoted(day: int, before: int = 1) -> Plan:
        return Plan(
            at=_at(day - before, 12), store="shop", source="plan", id=f"p{day}", about="promotion",
            subject="category:drinks", starts_at=_at(day, 0), ends_at=_at(day + 1, 0),
        )  # fmt: skip

    days: list[list[AnyEvent]] = []
    for day in range(24):
        on = day in (9, 13, 17)
        days.append(_day(day, {"tea": 1.8, "cola": 1.8} if on else {}, {}))
        if day + 1 in (9, 13, 17):
            days[-1] = sorted([*days[-1], promoted(day + 1)], key=lambda event: event.at)
    days.append(sorted([*_day(24, {}, {}), promoted(26, 2)], key=lambda event: event.at))
    publisher = Publisher(Ledger(PROFILE))
    _live(publisher, days[:20], 0)
    restarted = load(dump(publisher), lambda _store: PROFILE)
    said = [_live(p, days[20:], 20) for p in (publisher, restarted)]
    for facts in said:
        assert _newest(facts, "tea", _at(26, 0)) > 1.25 * _newest(facts, "tea", _at(28, 0))
        assert _newest(facts, "soap", _at(26, 0)) < 1.1 * _newest(facts, "soap", _at(28, 0))
    held = [{f.key: f.value for f in facts if f.metric == "sku_units_forecast"} for facts in said]
    assert held[0].items() <= held[1].items()
    memories = [p.memories["UnitsMemory"] for p in (publisher, restarted)]
    assert memories[0] == memories[1]
    assert isinstance(memories[0], UnitsMemory)


def _one(day: int, sku: str) -> Pos:
    """A ticket of one unit at noon."""
    return Pos(
        at=_at(day, 12), store="shop", source="till", till="1", id=f"one{day}{sku}", transaction=f"one{day}{sku}",
        net_minor=1000, lines=[Line(sku=sku, units=1, net_minor=1000)],
    )  # fmt: skip


def test_only_what_says_something_is_told() -> None:
    """Sold on one day in eight: nothing; on one in four: its days, once a day; ten an hour: also its rest and hours."""
    days: list[list[AnyEvent]] = []
    for day in range(17):
        busy = [e for e in _day(day, {}, {}) if not isinstance(e, Pos) or e.lines[0].sku == "tea"]
        days.append([*busy, *([_one(day, "cola")] if day % 4 == 0 else []),
                     *([_one(day, "soap")] if day % 8 == 4 else [])])  # fmt: skip
    publisher = Publisher(Ledger(PROFILE))
    _live(publisher, days[:16], 0)
    told = [f for f in _live(publisher, days[16:], 16) if f.metric == "sku_units_forecast"]
    windows = {
        sku: {f.window for f in told if f.subject == f"sku:{sku}"}
        for sku in ("tea", "cola", "soap")
    }
    assert windows == {"tea": {"day", "rest", "hour"}, "cola": {"day"}, "soap": set()}
    names = [(f.start, f.window) for f in told if f.subject == "sku:cola"]
    assert len(names) == len(set(names)) == HORIZONS
    assert len([f for f in told if f.subject == "sku:tea" and f.start == _at(16, 0)]) > 1
