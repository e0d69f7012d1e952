"""The decision pack's numbers: what changed, why, what worked, and the roster."""

from datetime import UTC, date, datetime, time, timedelta

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from alerts.ledger import Entry
from alerts.settings import Person, Shift
from dashboard.managers.week_words import why_lines
from dashboard.roster import on_shift, roster
from dashboard.week import Sums, split, week_of, worked
from flows.facts import Fact
from tests.floor_facts import DAY, Floor, clock_time, demo_shops
from tests.weeks import day_facts, visitors_on

SHOP = demo_shops()["riverside"]
MONDAY = date(2026, 11, 9)


def floor() -> Floor:
    """The test's shop, without a data store."""
    return Floor(None, SHOP, clock_time(16, 22, SHOP))  # type: ignore[arg-type]


def kept(days: int = 14) -> dict[date, list[Fact]]:
    """Day facts by day, up to the Sunday of the week."""
    made = floor()
    last = MONDAY + timedelta(days=6)
    return {
        d: day_facts(made, d, visitors_on(d) * 52, "mixture")
        for d in (last - timedelta(days=n) for n in range(days))
    }


def entry(action: str, **more: object) -> Entry:
    """One incident that fired."""
    base: dict[str, object] = {
        "fired_at": datetime(2026, 11, 10, tzinfo=UTC), "store": "riverside", "rule": "r", "subject": "",
        "actor": "mia", "action": action, "take_s": 60.0, "false_alarm": False, "before": 0.1, "after": 0.2,
        "recovered_minor": 100, "recovered_low_minor": 20, "recovered_high_minor": 200,
    }  # fmt: skip
    return Entry(**(base | more))  # type: ignore[arg-type]


amounts = st.floats(1, 1e6)


@given(
    st.builds(Sums, amounts, amounts, amounts, amounts),
    st.builds(Sums, amounts, amounts, amounts, amounts),
)
def test_effects_add_up(now: Sums, then: Sums) -> None:
    """Visitors, conversion and ATV together explain the change of net sales, whatever the two weeks were."""
    effects = split(now, then)
    assert abs(sum(effects.values()) - (now.net_sales - then.net_sales)) <= 1e-6 * (
        now.net_sales + then.net_sales
    )


def test_only_days_of_both_weeks_are_added_up() -> None:
    """A day that one of the weeks lacks changes no sum, and how many days are compared is said."""
    whole, days = week_of(MONDAY, kept(), []), kept()
    del days[MONDAY - timedelta(days=7)]
    part = week_of(MONDAY, days, [])
    assert (len(whole.compared), len(part.compared)) == (7, 6)
    visitors = {m.metric: m for m in part.measures}["visitors"]
    assert visitors.this == sum(visitors_on(d) * 52 for d in part.compared)
    assert week_of(MONDAY, {}, []).effects == {}


def test_a_day_that_is_not_over_is_not_compared() -> None:
    """Half a day against a whole one would read as a fall: a live day is left out."""
    days = kept()
    sunday = MONDAY + timedelta(days=6)
    days[sunday] = [msgspec.structs.replace(f, state="live") for f in days[sunday]]
    assert week_of(MONDAY, days, []).compared == [MONDAY + timedelta(days=n) for n in range(6)]


def test_why_names_the_factor() -> None:
    """More visitors at the same conversion and basket: visitors are named as the reason, in both languages."""
    week = week_of(MONDAY, kept(), [])
    assert "Visitors" in why_lines(week, SHOP, "en")[0]
    assert "客流量" in why_lines(week, SHOP, "zh")[0]
    assert why_lines(week_of(MONDAY, {}, []), SHOP, "en") == [
        "Needs the same days of two weeks to compare; fewer are kept yet."
    ]


def test_what_worked() -> None:
    """An action worked if even its low end is a gain, failed if even its high end is none; else it is not said."""
    rows = worked([
        entry("a"), entry("a", take_s=120.0),
        entry("b", recovered_minor=-5, recovered_low_minor=-9, recovered_high_minor=-1),
        entry("c", recovered_minor=5, recovered_low_minor=-9, recovered_high_minor=11),
        entry("d", recovered_minor=None, recovered_low_minor=None, recovered_high_minor=None, take_s=None),
    ])  # fmt: skip
    assert [(r.action, r.raised, r.taken, r.take_s, r.verdict) for r in rows] == [
        ("a", 2, 2, 90.0, "worked"), ("c", 1, 1, 60.0, "unclear"), ("d", 1, 0, None, "unmeasured"),
        ("b", 1, 1, 60.0, "failed"),
    ]  # fmt: skip


def test_a_roster_by_hand() -> None:
    """Each opening hour has what the forecast asks for beside who is on shift; an hour without a forecast says so."""
    tomorrow = DAY + timedelta(days=1)
    chen = Person(id="chen", shifts=[Shift(starts=time(9), ends=time(15), days=["sat"])])
    slots = roster([tomorrow], {tomorrow: dict.fromkeys(range(9, 21), 3)}, SHOP, [chen])[tomorrow]
    assert [s.hour for s in slots] == list(range(9, 22))
    assert [s.needed for s in slots] == [*[3] * 12, None]
    assert [s.hour for s in slots if s.on_shift] == list(range(9, 15))


def test_a_shift_past_midnight() -> None:
    """A shift that ends at or before it starts covers the night."""
    night = Person(id="n", shifts=[Shift(starts=time(22), ends=time(6))])
    assert [on_shift([night], DAY, h) for h in (21, 22, 5, 6)] == [0, 1, 1, 0]
