"""What is announced, as facts that rules wait for."""

from datetime import UTC, datetime, timedelta

from flows.facts import Fact
from sensors.events import Footfall, Plan
from tests.floor_days import demo_publisher
from tests.scenario import Story, in_state, told

MONDAY = datetime(2026, 11, 23, 2, tzinfo=UTC)  # ten in the morning in Shanghai; open until 22:00


def announced(*plans: Plan) -> dict[str, Fact]:
    """The facts of ten o'clock, by subject."""
    publisher = demo_publisher()
    said = Footfall(
        at=MONDAY, store="riverside", source="counter-main", id="f", door="main", entered=1
    )
    publisher.ledger.take([said, *plans], MONDAY)
    return {f.subject: f for f in publisher.tick(MONDAY) if f.metric == "plan_ahead"}


def plan(about: str, start_h: float, length_h: float = 2, value: float | None = None) -> Plan:
    """An announcement of something so many hours ahead."""
    start = MONDAY + timedelta(hours=start_h)
    return Plan(
        at=MONDAY, store="riverside", source="office", id=f"{about}{start_h}{value}", about=about,  # type: ignore[arg-type]
        starts_at=start, ends_at=start + timedelta(hours=length_h), value=value,
    )  # fmt: skip


def test_the_next_of_each_kind_is_told_with_its_hours() -> None:
    """Clock hours and opening hours until the first that has not ended; nothing announced is unknown."""
    facts = announced(plan("delivery", 23), plan("delivery", 40), plan("promotion", -1))
    assert facts["plan:delivery"].value == 23
    assert (
        facts["plan:delivery"].detail["open_h"] == 12
    )  # until ten this evening; tomorrow opens at nine
    assert facts["plan:promotion"].value == 0
    assert facts["plan:event"].value is None


def test_what_is_over_or_taken_back_or_far_is_not_ahead() -> None:
    """An announcement that has ended, has the value 0 or is weeks away is not told."""
    facts = announced(plan("event", -4), plan("promotion", 5, value=0.0), plan("delivery", 500))
    assert {facts[f"plan:{a}"].value for a in ("event", "promotion", "delivery")} == {None}


def test_a_public_holiday_is_ahead() -> None:
    """The calendar's next day off within a fortnight counts down to its first minute."""
    publisher = demo_publisher()
    at = datetime(2026, 9, 30, 4, tzinfo=UTC)  # noon; the National Day holiday begins at midnight
    said = Footfall(at=at, store="riverside", source="counter-main", id="f", door="main", entered=1)
    publisher.ledger.take([said], at)
    facts = {f.subject: f for f in publisher.tick(at) if f.metric == "plan_ahead"}
    assert facts["plan:holiday"].value == 12


def test_a_closure_reaches_the_rules() -> None:
    """The fact of a closure, as the floor says it, shuts the shop for the rules."""
    from tests.unit.alerts.test_alert_shipped import fact, keep_saying, shipped

    closure = announced(plan("closure", 10, length_h=2))[
        "plan:closure"
    ]  # noon in UTC, the story's zone
    story = Story(shipped("queue-wait")).at("11:30")
    story.say(
        "plan_ahead", closure.value, subject="plan:closure", window="now", detail=closure.detail
    )
    keep_saying(story, [fact("queue_wait", 400)], 40)
    story.expect(in_state("queue-wait", "expired"), told("expired", "queue-wait"))
