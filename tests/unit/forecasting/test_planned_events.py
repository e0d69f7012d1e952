"""What is announced moves the forecast once its like was learned, and never before it was said."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from math import exp

import msgspec

from flows.announced import slot_features, words_of
from flows.facts import Fact
from flows.forecasting.lift import EventLift
from flows.ledger import Ledger
from flows.measure import View
from flows.panes import Pane
from flows.profile import Profile, minute_of
from flows.publish import Publisher
from flows.settings import FlowsSettings, PlannedEvent
from flows.snapshot import dump, load
from flows.tallies.plans import PlanLevel, contribute
from sensors.events import AnyEvent, Footfall, Plan
from sensors.settings import Door, Hours, SensorsSettings, Store, Text

FIRST = date(2026, 3, 2)
TEXT = Text(en="shop", zh="店")
STORE = Store(
    id="shop", name=TEXT, timezone="UTC", capacity=500, country="XX", doors=[Door(id="a", name=TEXT)],
    hours=[Hours(days=["mon", "tue", "wed", "thu", "fri", "sat", "sun"], opens=time(10), closes=time(18))],
)  # fmt: skip
SETTINGS = FlowsSettings()
PROMOTED = 9  # the day that taught what a promotion does
TOLD = 11  # the day on whose morning another is announced for the day after
STRENGTH = 1.6


def _profile(_store: str = "shop", settings: FlowsSettings = SETTINGS) -> Profile:
    return Profile(STORE, settings, SensorsSettings(stores=[STORE]))


def _at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(FIRST, time(hour, minute), UTC) + timedelta(days=day)


def _plan(day: int, said: datetime, about: str = "promotion", value: float | None = None) -> Plan:
    return Plan(
        at=said, store="shop", source="plan", id=f"{about}-{day}-{said.isoformat()}", about=about,  # type: ignore[arg-type]
        starts_at=_at(day, 0), ends_at=_at(day + 1, 0), value=value,
    )  # fmt: skip


def _run(
    publisher: Publisher, begin: datetime, end: datetime, plans: tuple[Plan, ...] = (), every: int = 15
) -> list[Fact]:  # fmt: skip
    """Quarter-hourly counts within opening hours; every so many minutes a tick, three minutes later."""
    facts: list[Fact] = []
    at = begin
    while at < end:
        quarter = (at.hour - 10) * 4 + at.minute // 15
        swollen = STRENGTH if (at.date() - FIRST).days == PROMOTED else 1.0
        events: list[AnyEvent] = [
            plan for plan in plans if at <= plan.at < at + timedelta(minutes=15)
        ]
        if 10 <= at.hour < 18:
            people = round(swollen * (8 + 20 * exp(-(((quarter - 16) / 7) ** 2))))
            events += [
                Footfall(
                    at=at, store="shop", source="cam", id=at.isoformat(), door="a", entered=people
                )
            ]
        publisher.ledger.take(events, at + timedelta(minutes=2))
        at += timedelta(minutes=15)
        if not at.minute % every and (at.hour in range(9, 20) or at.hour == 0):
            facts += publisher.tick(at + timedelta(minutes=3))
    return facts


@cache
def _taught() -> bytes:
    """Eleven days, one of them with a promotion that was announced the evening before."""
    publisher = Publisher(Ledger(_profile()))
    _run(publisher, _at(0, 0), _at(TOLD, 12), (_plan(PROMOTED, _at(PROMOTED - 1, 19)),), every=60)
    return dump(publisher)


def _tomorrow(facts: list[Fact], day: int = TOLD + 1) -> float:
    """The newest word on a day's visitors."""
    days = [f for f in facts if (f.metric, f.window) == ("visitors_forecast", "day")]
    said = [f for f in days if f.start == _at(day, 0)]
    assert isinstance(said[-1].value, float)
    return said[-1].value


def test_a_planned_promotion_raises_the_forecast_by_what_one_did() -> None:
    """After one promotion of +60 %, another announced for tomorrow raises tomorrow and no other day."""
    begin, end = _at(TOLD, 12), _at(TOLD, 14)
    plain = _run(load(_taught(), _profile), begin, end)
    planned = _run(load(_taught(), _profile), begin, end, (_plan(TOLD + 1, _at(TOLD, 12, 20)),))
    assert 1.25 < _tomorrow(planned) / _tomorrow(plain) <= STRENGTH + 0.05
    assert _tomorrow(planned, TOLD + 2) == _tomorrow(plain, TOLD + 2)


def test_the_usual_week_stays_free_of_the_promotion() -> None:
    """The forecast of the promoted weekday a week later, without one, is nearer the usual than the swollen day."""
    facts = _run(load(_taught(), _profile), _at(TOLD, 12), _at(TOLD, 14))
    usual, swollen = _tomorrow(facts, TOLD + 4), _tomorrow(facts, PROMOTED + 7)
    assert swollen < 1.25 * usual


def test_a_withdrawn_or_closing_plan_counts() -> None:
    """The value 0 takes a promotion back; a planned closure of a day is a forecast of nobody."""
    begin, end = _at(TOLD, 12), _at(TOLD, 14)
    plain = _tomorrow(_run(load(_taught(), _profile), begin, end))
    words = (_plan(TOLD + 1, _at(TOLD, 12, 20)), _plan(TOLD + 1, _at(TOLD, 12, 50), value=0.0))
    assert _tomorrow(_run(load(_taught(), _profile), begin, end, words)) == plain
    shut = (_plan(TOLD + 1, _at(TOLD, 12, 20), "closure"),)
    assert _tomorrow(_run(load(_taught(), _profile), begin, end, shut)) == 0.0


def test_nothing_is_used_before_it_was_said() -> None:
    """Facts up to the announcement equal those of a run that never hears of it; afterwards they differ."""
    begin, end = _at(TOLD, 12), _at(TOLD, 14)
    said = _at(TOLD, 13)
    plain = _run(load(_taught(), _profile), begin, end)
    planned = _run(load(_taught(), _profile), begin, end, (_plan(TOLD + 1, said),))

    def before(facts: list[Fact]) -> list[Fact]:
        return [f for f in facts if f.metric.endswith("_forecast") and f.as_of < said]

    assert before(plain) == before(planned)
    assert _tomorrow(plain) != _tomorrow(planned)


def test_a_slots_features_hold_each_word_to_when_it_was_heard() -> None:
    """Asked before a plan was said, a slot knows nothing of it; the view of an earlier tick has no such word."""
    now: dict[str, dict[str, PlanLevel]] = {}
    contribute({}, now, _plan(3, _at(2, 12), value=2.0), 1)
    profile, minute = _profile(), minute_of(_at(3, 11))
    (word,) = words_of(View(profile, "now", (minute, minute + 1), Pane(), _at(2, 13), now=now))
    assert words_of(View(profile, "now", (minute, minute + 1), Pane(), _at(2, 11), now=now)) == ()
    assert slot_features(profile, minute, 15, (word,), _at(2, 13))["promotion"] == 2.0
    assert "promotion" not in slot_features(profile, minute, 15, (word,), _at(2, 11))


def test_configured_plans_and_weather_reach_the_slots() -> None:
    """A promotion in the configuration and a temperature on the plan topic are features; other stores' are not."""
    promotion = PlannedEvent(about="promotion", starts_at=_at(3, 0), ends_at=_at(4, 0), value=0.5)
    other = msgspec.structs.replace(promotion, about="event", stores=["elsewhere"])
    profile = _profile(settings=FlowsSettings(plans=[promotion, other]))
    now: dict[str, dict[str, PlanLevel]] = {}
    weather = msgspec.structs.replace(_plan(3, _at(2, 12), "weather", 21.5), subject="temperature")
    contribute({}, now, weather, 1)
    minute = minute_of(_at(3, 11))
    words = words_of(View(profile, "now", (minute, minute + 1), Pane(), _at(3, 9), now=now))
    x = slot_features(profile, minute, 15, words, _at(3, 9))
    assert x["promotion"] == 0.5
    assert x["temperature"] == 21.5
    assert "event" not in x


def test_a_feed_gone_mad_is_taken_out() -> None:
    """Events whose factors only hurt are rolled back to none, and return when they help again."""
    lift = EventLift(24)
    champions = []
    for day in range(120):
        for hour in range(9, 21):
            wild = 40 <= day < 70
            shown = float((day * 31 + hour * 17) % 7) if wild else float(day % 2)
            helps = 1.0 if wild else 1.5 ** (day % 2)
            lift.learn({"heat": shown}, 40.0 * helps, 40.0, day=day)
        champions.append(lift.governor.champion)
    assert champions[39] == "events"
    assert "no_events" in champions[40:75]
    assert champions[-1] == "events"
