"""Rules: each comparison and reference, and the shipped ones at their levels."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from alerts.settings import Condition, Rule
from flows.measures.aligned import LEVEL
from tests.scenario import Story, firing, in_state, pending, quiet, resolved, shop, told
from tests.shipped import shipped

# ── the shipped rules, one story each ──


def test_low_conversion_as_shipped() -> None:
    """Conversion 20 % under its benchmark with evidence fires; 19 % under it does not."""
    story = Story(shipped("low-conversion")).at("10:00")
    story.rate(486, 4000, minutes=15).expect(quiet())
    story.rate(440, 4000, minutes=9).expect(pending("low-conversion"))
    story.rate(440, 4000, minutes=2).expect(firing("low-conversion"))
    story.rate(560, 4000, minutes=5).expect(resolved("low-conversion"))


def test_conversion_fell_as_shipped() -> None:
    """Five and a half nats for a fall fire at once, as the fact's reason; a quarter of that clears."""
    assert shipped("conversion-fell").rules[0].level == LEVEL
    story = Story(shipped("conversion-fell")).at("11:00")
    story.say("conversion_evidence", 5.4, window="now").at("11:05").expect(quiet())
    story.say("conversion_evidence", 5.6, window="now").at("11:07")
    story.expect(firing("conversion-fell"))
    story.say("conversion_evidence", 2.0, window="now").at("11:12")
    story.expect(firing("conversion-fell"))
    story.say("conversion_evidence", 1.2, window="now").at("11:16")
    story.expect(resolved("conversion-fell"))


def test_queue_long_as_shipped() -> None:
    """Seven people in line for a minute fires at that till; six does not; three clears."""
    story = Story(shipped("queue-long")).at("10:00")
    story.say("queue_length", 6, subject="till:1", window="now").at("10:05").expect(quiet())
    story.say("queue_length", 7, subject="till:1", window="now").at("10:05:50")
    story.expect(pending("queue-long", "till:1")).at("10:06:10")
    story.expect(firing("queue-long", "till:1"))
    story.say("queue_length", 4, subject="till:1", window="now").at("10:09")
    story.expect(firing("queue-long", "till:1"))
    story.say("queue_length", 3, subject="till:1", window="now").at("10:12")
    story.expect(resolved("queue-long", "till:1"))


def test_queue_wait_as_shipped() -> None:
    """A wait half as long again as the benchmark's 180 s fires, and clears at the benchmark."""
    story = Story(shipped("queue-wait")).at("10:00")
    story.say("queue_wait", 270, window="now").at("10:05").expect(quiet())
    story.say("queue_wait", 280, window="now").at("10:11").expect(firing("queue-wait"))
    story.say("queue_wait", 180, window="now").at("10:14").expect(resolved("queue-wait"))


def test_over_capacity_as_shipped() -> None:
    """More people than the store may hold fires; it clears at nine tenths of that."""
    story = Story(shipped("over-capacity")).at("10:00")
    story.say("occupancy", 100, window="now").at("10:02").expect(quiet())
    story.say("occupancy", 101, window="now").at("10:03").expect(firing("over-capacity"))
    story.say("occupancy", 95, window="now").at("10:08").expect(firing("over-capacity"))
    story.say("occupancy", 90, window="now").at("10:11").expect(resolved("over-capacity"))


def quarter(story: Story, when: str, visitors: int, low: float, high: float) -> None:
    """A quarter's forecast, and what came of it once the quarter has closed."""
    story.at(when)
    closed = story.now.replace(minute=story.now.minute // 15 * 15, second=0)
    start = closed - timedelta(minutes=15)
    middle = (low + high) / 2
    story.say("visitors_forecast", middle, window="quarter", low=low, high=high, start=start)
    story.say("visitors", visitors, window="quarter", state="settling", start=start)


def test_visitors_off_forecast_as_shipped() -> None:
    """Three closed quarters in a row under the forecast's interval fire; a revision of one counts once."""
    story = Story(shipped("visitors-off-forecast"))
    quarter(story, "10:00", 20, 30, 60)
    quarter(story, "10:15", 20, 30, 60)
    quarter(story, "10:15:30", 21, 30, 60)
    quarter(story, "10:30", 45, 30, 60)
    story.expect(quiet())
    for when in ("10:45", "11:00", "11:00:00"):
        quarter(story, when, 20, 30, 60)
    story.expect(quiet())
    quarter(story, "11:15", 20, 30, 60)
    story.expect(firing("visitors-off-forecast"))
    quarter(story, "11:30", 45, 30, 60)
    story.at("11:33").expect(resolved("visitors-off-forecast"))


def test_low_atv_as_shipped() -> None:
    """A low average over few tickets is not judged; over forty it is watched, without a ladder."""
    story = Story(shipped("low-atv")).at("10:00")
    story.say("atv", 7000, n=39).at("10:10").expect(quiet())
    story.say("atv", 7000, n=41).at("10:40").expect(
        firing("low-atv"), told("escalated", "low-atv", 0)
    )


def test_sells_out_as_shipped() -> None:
    """Stock that has sold within the hour by three chances of four is watched, from two hours after opening."""
    story = Story(shipped("sells-out"))
    sku: dict[str, Any] = {"subject": "sku:A", "window": "now", "n": 9}
    story.at("10:50").say("sku_cover", 7 / 9, k=7, **sku)
    story.at("10:59").expect(quiet()).say("visitors", 3).at("11:01")
    story.expect(firing("sells-out", "sku:A"))
    story.say("sku_cover", 20 / 9, k=20, **sku).at("11:05").expect(resolved("sells-out", "sku:A"))
    story.say("sku_cover", 8 / 9, k=8, **sku).at("11:06").expect(quiet())
    verdict = story.memory.tracks["sells-out|sku:A"].verdict
    assert verdict
    assert verdict.reason == "needs-more"
    story.say("sku_cover", 0, k=0, **sku).at("11:07").expect(firing("sells-out", "sku:A"))


@pytest.mark.parametrize(("name", "said"), [("sensor-silent", "silent"), ("sensor-stuck", "stuck")])
def test_sensor_rules_as_shipped(name: str, said: str) -> None:
    """A device that says it is not well is watched until it is."""
    story = Story(shipped(name)).at("10:00")
    story.say("sensor_health", said, subject="device:d", window="now").at("10:06")
    story.expect(firing(name, "device:d"))
    story.say("sensor_health", "online", subject="device:d", window="now").at("10:09")
    story.expect(resolved(name, "device:d"))


# ── the rest of the vocabulary ──


def test_absent_fires_only_after_opening_time_has_passed() -> None:
    """What should be said is missed that long after opening, even if it was never said at all."""
    rule = Rule(name="no-till", metric="transactions", compare="absent", absent_s=1800, hold_s=0)
    story = Story([rule]).at("09:29").expect(quiet()).at("09:31").expect(firing("no-till"))
    story.say("transactions", 1).at("09:35").expect(resolved("no-till"))


def test_outside_fires_on_both_sides() -> None:
    """Outside means above the interval or below it."""
    rule = Rule(
        name="odd", metric="visitors", window="quarter", compare="outside", reference="forecast", hold_s=0
    )  # fmt: skip
    for value, state in ((20, "firing"), (70, "firing")):
        story = Story([rule])
        quarter(story, "10:00", value, 30, 60)
        story.expect(in_state("odd", state))
    story = Story([rule])
    quarter(story, "10:00", 50, 30, 60)
    story.expect(quiet())


def test_drifting_adds_up_small_distances() -> None:
    """A slow slide that never passes the fire level at once is found by its sum; noise around the level is not."""
    rule = Rule(
        name="slide", metric="spv", window="quarter", compare="drifting", reference="history",
        fire_pct=30, clear_pct=5, hold_s=0, confidence=0,
    )  # fmt: skip
    for values, found in (
        ([1000, 900, 880, 860, 840], True),
        ([1000, 1080, 930, 1060, 950], False),
    ):
        story = Story([rule])
        for n, value in enumerate(values):
            story.at(f"{10 + n}:00")
            start = story.now - timedelta(minutes=15)
            story.say(
                "spv",
                value,
                window="quarter",
                state="settling",
                start=start,
                detail={"usual": 1000},
            )
        story.expect(firing("slide") if found else quiet())


def test_peers_and_history_are_the_facts_own() -> None:
    """Without a reference nothing is judged; with it, the rule fires relative to it."""
    rule = Rule(name="peer", metric="spv", reference="peer", hold_s=0, confidence=0)
    story = Story([rule]).at("10:00").say("spv", 700).at("10:05").expect(quiet())
    story.say("spv", 700, detail={"peers": 1000}).expect(firing("peer"))


def test_conversion_is_held_against_what_other_stores_show() -> None:
    """A fifth below the peers, whom its benchmark's fact tells of, fires; nothing does before they are known."""
    rule = Rule(name="low-conversion", metric="conversion", reference="peer", hold_s=0)
    story = Story([rule]).at("10:00").rate(400, 4000).expect(quiet())
    story.say("conversion_benchmark", 0.11, detail={"peers": 0.15, "peer_stores": 4})
    story.rate(500, 4000).expect(quiet())
    story.rate(400, 4000).expect(firing("low-conversion"))


def test_a_figure_is_held_against_its_own_past() -> None:
    """After three workdays, sales of the day a third below what they were by that minute fire, and not before."""
    rule = Rule(
        name="slow-day", metric="net_sales", window="day", reference="history", fire_pct=30, clear_pct=10, hold_s=0
    )  # fmt: skip
    story = Story([rule], tick_s=600)

    def sell(day: int, pace: float, until: int = 20) -> None:
        """So much an hour since nine, told each ten minutes."""
        for minute in range(9 * 60 + 10, until * 60 + 1, 10):
            story.at(f"+{day} {minute // 60:02d}:{minute % 60:02d}")
            story.say("net_sales", pace * (minute - 540) / 60, window="day")

    for day, pace in enumerate((1000, 500, 1500)):  # Monday to Wednesday
        sell(day, pace)
        story.expect(quiet())
    sell(3, 760, until=15)
    story.expect(quiet())
    past = story.memory.usual["net_sales||day"]
    thursday = story.now.replace(tzinfo=None)
    usual = (0.81 * 1000 + 0.9 * 500 + 1500) / 2.71 * 6
    assert past.usual(thursday, "") == pytest.approx(
        usual, rel=0.03
    )  # at ten to three, as it was told
    assert past.usual(thursday + timedelta(days=2), "") is None  # no Saturday was seen
    story.at("+3 15:10").say("net_sales", 0.69 * usual, window="day").expect(firing("slow-day"))


def test_low_coverage_blocks() -> None:
    """While too few sensors report, nothing fires."""
    story = Story(shipped("low-conversion")).at("10:00")
    for minute in range(10):
        story.at(f"10:{minute:02d}")
        story.say("conversion", 0.05, k=200, n=4000, coverage=0.5)
    story.expect(quiet())


def test_days_dates_and_stores_limit_a_rule() -> None:
    """A rule for weekends, for another week or for another store says nothing here on a Monday."""
    rules = [
        Rule(name="weekend", metric="conversion", days=["sat", "sun"]),
        Rule(name="then", metric="conversion", dates=(date(2026, 12, 1), date(2026, 12, 2))),
        Rule(name="there", metric="conversion", stores=["elsewhere"]),
    ]
    Story(rules).at("10:00").rate(30, 400, minutes=5).expect(quiet())


def test_overnight_store_is_open_past_midnight() -> None:
    """Hours that end after midnight belong to the day they began on."""
    from alerts.hours import open_for_s
    from tests.scenario import EVERY_DAY

    bar = shop(hours=[{"days": EVERY_DAY, "opens": "18:00:00", "closes": "02:00:00"}])
    at = datetime.fromisoformat("2026-11-23T01:30:00+00:00")
    assert open_for_s(bar, at) == 7.5 * 3600
    assert open_for_s(bar, at + timedelta(hours=1)) is None


def test_what_must_hold_as_well_holds_of_texts_too() -> None:
    """A device that says it is stuck is told only where the shop is as busy as the rule wants."""
    busy = Condition(metric="occupancy", level=20)
    rule = Rule(
        name="sensor-stuck", metric="sensor_health", window="now", subject="device:*", compare="is", values=["stuck"],
        hold_s=0, where=[busy],
    )  # fmt: skip
    story = Story([rule]).at("10:00").say("occupancy", 9, window="now")
    stuck = {"subject": "device:d", "window": "now"}
    story.say("sensor_health", "stuck", **stuck).expect(quiet())  # type: ignore[arg-type]
    story.say("occupancy", 21, window="now").say("sensor_health", "stuck", **stuck)  # type: ignore[arg-type]
    story.expect(firing("sensor-stuck", "device:d"))
