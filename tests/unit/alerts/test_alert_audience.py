"""Who is told and when: shifts, quiet hours, repeats and the ladder, on virtual time."""

from datetime import time, timedelta

import pytest

from alerts.settings import AlertsSettings, Person, Route, Rule, Rung, Shift
from tests.scenario import Story

LOW = Rule(name="low-conversion", metric="conversion", action="add-staff", hold_s=0)
LADDER = [
    Rung(role="associate"),
    Rung(role="floor-manager", after_s=300),
    Rung(role="store-manager", after_s=900),
]


def span(begin: int, end: int, *days: str) -> Shift:
    """From one hour to another; past midnight where it ends before it begins."""
    return Shift(starts=time(begin), ends=time(end), days=list(days))  # type: ignore[arg-type]


def story(*people: Person, repeats: int = 3, repeat_s: float = 240.0) -> Story:
    """A shop with these people, and an incident that begins at ten."""
    route = Route(channels=[], ladder=LADDER, repeats=repeats, repeat_s=repeat_s, group_s=0)
    chosen = AlertsSettings(rules=[LOW], people=list(people), routes={"floor": route})
    return Story(chosen).at("10:00")


@pytest.mark.parametrize(
    ("person", "told"),
    [
        (Person(id="chen"), True),
        (Person(id="chen", shifts=[span(9, 15)]), True),
        (Person(id="chen", shifts=[span(12, 18)]), False),
        (Person(id="chen", shifts=[span(22, 11)]), True),
        (Person(id="chen", shifts=[span(9, 15, "tue")]), False),
        (Person(id="chen", shifts=[span(6, 8), span(9, 15, "mon")]), True),
        (Person(id="chen", quiet=[span(22, 8)]), True),
        (Person(id="chen", quiet=[span(22, 11)]), False),
        (Person(id="chen", quiet=[span(9, 11, "mon")]), False),
        (Person(id="chen", shifts=[span(9, 15)], quiet=[span(9, 11)]), False),
        (Person(id="chen", stores=["elsewhere"]), False),
    ],
)
def test_only_who_is_on_shift_and_may_be_disturbed(person: Person, told: bool) -> None:
    """A push at ten on a Monday goes to whoever works then and has no quiet hours then."""
    spare = Person(id="spare")
    (first,) = story(person, spare).rate(30, 400).told("firing", "low-conversion")
    assert first.audience == (["chen", "spare"] if told else ["spare"])


def test_quiet_hours_end() -> None:
    """Who was not to be disturbed at first is in the repeats after their quiet hours."""
    told = story(Person(id="chen"), Person(id="wang", quiet=[Shift(starts=time(9), ends=time(10, 6))]))  # fmt: skip
    told.rate(30, 400, minutes=8)
    assert told.told("firing", "low-conversion")[0].audience == ["chen"]
    assert [n.audience for n in told.told("repeated", "low-conversion") if n.rung == 0] == [["chen"]]  # fmt: skip
    late = story(
        Person(id="chen"),
        Person(id="wang", quiet=[Shift(starts=time(9), ends=time(10, 3))]),
    ).rate(30, 400, minutes=4)
    assert late.told("repeated", "low-conversion")[0].audience == ["chen", "wang"]


def test_an_empty_rung_is_passed_over() -> None:
    """With no associate on shift the floor manager hears first, and not again as an escalation to the same rung."""
    told = story(
        Person(id="chen", shifts=[span(15, 20)]),
        Person(id="lw", role="floor-manager"),
        Person(id="ana", role="store-manager"),
    ).rate(30, 400, minutes=16)
    first = told.told("firing", "low-conversion")[0]
    assert (first.rung, first.audience) == (1, ["lw"])
    assert [(n.rung, n.audience) for n in told.told("escalated", "low-conversion")] == [(2, ["ana"])]  # fmt: skip


def test_the_ladder_and_its_repeats_keep_time() -> None:
    """Each rung at its time to the tick, repeats every ``repeat_s`` between; at the end ever slower, without end."""
    told = story(
        Person(id="chen"),
        Person(id="lw", role="floor-manager"),
        Person(id="ana", role="store-manager"),
        repeats=2,
        repeat_s=120.0,
    ).rate(30, 400, minutes=240)
    begun = told.told("firing", "low-conversion")[0].at
    steps = [
        ((n.at - begun) // timedelta(seconds=1), n.kind, n.audience)
        for n in told.notices
        if n.kind in ("escalated", "repeated")
    ]
    assert steps == [
        (120, "repeated", ["chen"]), (240, "repeated", ["chen"]),
        (300, "escalated", ["lw"]), (420, "repeated", ["lw"]), (540, "repeated", ["lw"]),
        (900, "escalated", ["ana"]), (1020, "repeated", ["ana"]), (1140, "repeated", ["ana"]),
        *((at, "repeated", ["ana"]) for at in (1380, 1860, 2820, 4740, 8340, 11940)),
    ]  # fmt: skip


def test_an_acknowledgement_ends_repeats_at_once() -> None:
    """Nobody is told again after somebody has it; everybody who was told hears of the end."""
    told = story(Person(id="chen"), Person(id="lw", role="floor-manager")).rate(30, 400, minutes=6)
    told.ack("low-conversion", by="lw")
    before = len(told.notices)
    told.rate(30, 400, minutes=20)
    assert len(told.notices) == before
    told.rate(60, 400, minutes=5)
    assert [n.audience for n in told.told("resolved", "low-conversion")] == [["chen", "lw"]]
