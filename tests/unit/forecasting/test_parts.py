"""Doors and zones are forecast as parts of the store's visitors, and every model's state survives a restart."""

import random
from datetime import UTC, date, datetime, time, timedelta

from msgspec import structs

from flows.facts import Fact
from flows.forecasting.shares import PartForecaster
from flows.ledger import Ledger
from flows.panes import loosened
from flows.profile import Profile
from flows.publish import Publisher
from flows.settings import FlowsSettings
from flows.snapshot import dump, load
from sensors.events import AnyEvent, Dwell, Footfall, Line, Pos, Queue, Stock
from sensors.settings import Door, Hours, SensorsSettings, Store, Text, Till, Zone

FIRST = date(2026, 3, 2)
TEXT = Text(en="shop", zh="店")
STORE = Store(
    id="shop", name=TEXT, timezone="UTC", capacity=500, country="XX",
    doors=[Door(id="a", name=TEXT), Door(id="b", name=TEXT)],
    zones=[Zone(id="x", name=TEXT)], tills=[Till(id="1", name=TEXT)],
    hours=[Hours(days=["mon", "tue", "wed", "thu", "fri", "sat", "sun"], opens=time(10), closes=time(18))],
)  # fmt: skip
PROFILE = Profile(STORE, FlowsSettings(), SensorsSettings(stores=[STORE]))


def _at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(FIRST, time(hour, minute), UTC) + timedelta(days=day)


def _quarter(at: datetime, draw: random.Random) -> list[AnyEvent]:
    name = at.isoformat()
    return [
        Footfall(at=at, store="shop", source="ca", id=name, door="a", entered=24 + draw.randint(-3, 3)),
        Footfall(at=at, store="shop", source="cb", id=name, door="b", entered=8 + draw.randint(-2, 2)),
        Dwell(at=at, store="shop", source="z", id=name, zone="x", dwell_s=60.0, visits=16 + draw.randint(-2, 2)),
        Queue(at=at, store="shop", source="l", id=name, till="1", served=5, service_s=60.0, wait_s=9.0, length=1),
        Stock(at=at, store="shop", source="s", id=name, sku="tea", on_hand=draw.randint(0, 60)),
        Pos(
            at=at, store="shop", source="till", id=name, till="1", transaction=name, net_minor=draw.randint(900, 2000),
            lines=[Line(sku="tea", units=draw.randint(0, 4), net_minor=900)],
        ),
    ]  # fmt: skip


def _run(publisher: Publisher, begin: datetime, end: datetime, seed: int, every: int = 15) -> list[Fact]:  # fmt: skip
    draw, facts, at = random.Random(seed), [], begin
    while at < end:
        publisher.ledger.take(_quarter(at, draw) if 10 <= at.hour < 18 else [], at)
        at += timedelta(minutes=15)
        if not at.minute % every:
            facts += publisher.tick(at + timedelta(minutes=3))
    return facts


def _newest(facts: list[Fact], metric: str, subject: str, window: str) -> Fact:
    name = metric, subject, window
    return [fact for fact in facts if (fact.metric, fact.subject, fact.window) == name][-1]


def _models(publisher: Publisher) -> dict[str, dict[str, object]]:
    """Every memory's fields, blocks uncompressed: a snapshot compresses them together, not one by one."""
    return {
        name: {
            field: loosened(value) if isinstance(value, bytes) else value
            for field, value in structs.asdict(memory).items()
        }
        for name, memory in publisher.memories.items()
    }


def test_parts_are_their_share_of_the_whole_and_no_state_is_lost() -> None:
    """Doors and a zone get their share of the hour and the week; a store restored midway ends with equal models."""
    steady = Publisher(Ledger(PROFILE))
    _run(steady, _at(0, 0), _at(3, 12), 1, every=60)
    restarted = load(dump(steady), lambda _store: PROFILE)
    steady_facts, facts = (
        _run(p, _at(3, 12), _at(3, 17), 2, every=30) for p in (steady, restarted)
    )
    for metric, subject, hourly in (
        ("door_visitors_forecast", "door:a", 96), ("door_visitors_forecast", "door:b", 32),
        ("zone_visits_forecast", "zone:x", 64),
    ):  # fmt: skip
        near, week = (_newest(facts, metric, subject, window) for window in ("next60m", "day"))
        assert isinstance(near.value, float)
        assert abs(near.value - hourly) < 0.2 * hourly
        assert near.evidence.low <= near.value <= near.evidence.high  # type: ignore[operator]
        assert near.detail["champion"] in ("mixture", "profile")
        assert abs(float(week.value or 0) - 8 * hourly) < 0.2 * 8 * hourly
    rate, hour = (
        _newest(facts, metric, "", "next60m")
        for metric in ("conversion_forecast", "transactions_forecast")
    )
    assert abs(float(rate.value or 0) - 1 / 32) < 0.01
    assert rate.evidence.low <= rate.value <= rate.evidence.high  # type: ignore[operator]
    assert abs(float(hour.value or 0) - 4) < 1
    assert _models(steady) == _models(restarted)
    said, again = (
        {f.key: f.value for f in told if f.metric.endswith("_forecast")} for told in (steady_facts, facts)
    )  # fmt: skip
    assert len({key.metric for key in said}) >= 8
    assert said.items() <= again.items()


def test_a_part_learns_only_from_what_was_said() -> None:
    """Its error and interval come from the whole's forecast, not from what the whole turned out to be."""
    honest, told = PartForecaster(), PartForecaster()
    for step in range(24 * 20):
        whole = 40.0 if step % 2 else 80.0
        honest.learn(step, whole / 4, whole=whole, said=60.0)
        told.learn(step, whole / 4, whole=whole, said=whole)
    assert honest.mix.weights != told.mix.weights
    assert honest.share(3) == told.share(3)
