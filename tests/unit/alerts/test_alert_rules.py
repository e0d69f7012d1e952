"""Rules: each comparison and reference, the shipped defaults, and what is refused."""

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from alerts.catalogue import ACTIONS, ANSWERS, REASONS, STATES, TITLES
from alerts.rule_words import explain, listing
from alerts.rules import check, errors
from alerts.settings import AlertsSettings, Person, Route, Rule, Rung
from floorcast.settings import SettingsError, load_settings, parse_settings
from flows.measures.aligned import LEVEL
from tests.scenario import Story, firing, in_state, pending, quiet, resolved, shop, told

ROOT = Path(__file__).parents[3]
SHIPPED = load_settings(ROOT / "config.toml").alerts


def shipped(name: str) -> Rule:
    """A rule of the shipped configuration."""
    return next(rule for rule in SHIPPED.rules if rule.name == name)


# ── the shipped rules, one story each ──


def test_low_conversion_as_shipped() -> None:
    """Conversion 20 % under its benchmark with evidence fires; 19 % under it does not."""
    story = Story([shipped("low-conversion")]).at("10:00")
    story.rate(486, 4000, minutes=15).expect(quiet())
    story.rate(440, 4000, minutes=9).expect(pending("low-conversion"))
    story.rate(440, 4000, minutes=2).expect(firing("low-conversion"))
    story.rate(560, 4000, minutes=5).expect(resolved("low-conversion"))


def test_conversion_fell_as_shipped() -> None:
    """Five and a half nats for a fall fire at once, as the fact's reason; a quarter of that clears."""
    assert shipped("conversion-fell").level == LEVEL
    story = Story([shipped("conversion-fell")]).at("11:00")
    story.say("conversion_evidence", 5.4, window="now").at("11:05").expect(quiet())
    story.say("conversion_evidence", 5.6, window="now").at("11:07")
    story.expect(firing("conversion-fell"))
    story.say("conversion_evidence", 2.0, window="now").at("11:12")
    story.expect(firing("conversion-fell"))
    story.say("conversion_evidence", 1.2, window="now").at("11:16")
    story.expect(resolved("conversion-fell"))


def test_queue_long_as_shipped() -> None:
    """Seven people in line for a minute fires at that till; six does not; three clears."""
    story = Story([shipped("queue-long")]).at("10:00")
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
    story = Story([shipped("queue-wait")]).at("10:00")
    story.say("queue_wait", 270, window="now").at("10:05").expect(quiet())
    story.say("queue_wait", 280, window="now").at("10:11").expect(firing("queue-wait"))
    story.say("queue_wait", 180, window="now").at("10:14").expect(resolved("queue-wait"))


def test_over_capacity_as_shipped() -> None:
    """More people than the store may hold fires; it clears at nine tenths of that."""
    story = Story([shipped("over-capacity")]).at("10:00")
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
    story = Story([shipped("visitors-off-forecast")])
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
    story = Story([shipped("low-atv")]).at("10:00")
    story.say("atv", 7000, n=39).at("10:10").expect(quiet())
    story.say("atv", 7000, n=41).at("10:40").expect(
        firing("low-atv"), told("escalated", "low-atv", 0)
    )


def test_sells_out_as_shipped() -> None:
    """Stock that has sold within the hour by three chances of four is watched, from two hours after opening."""
    story = Story([shipped("sells-out")])
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
    story = Story([shipped(name)]).at("10:00")
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


def test_low_coverage_blocks() -> None:
    """While too few sensors report, nothing fires."""
    story = Story([shipped("low-conversion")]).at("10:00")
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


# ── what is refused ──


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"clear_pct": 25}, "alerts.rules[0].clear_pct: must lie nearer"),
        ({"reference": "fixed"}, "alerts.rules[0].level: a fixed reference needs its level"),
        ({"level": 1.0}, "alerts.rules[0].level: only a fixed"),
        (
            {"reference": "fixed", "compare": "above", "level": 5.0, "clear_level": 6.0},
            "alerts.rules[0].clear_level: must be at or below the fire level 5",
        ),
        (
            {"reference": "fixed", "level": 5.0, "clear_level": 4.0},
            "alerts.rules[0].clear_level: must be at or above the fire level 5",
        ),
        ({"metric": "visitors"}, "alerts.rules[0].reference: there is no benchmark for visitors"),
        ({"compare": "is"}, "alerts.rules[0].values: a rule that compares by `is`"),
        ({"compare": "streak"}, "alerts.rules[0].window: a streak counts closed windows"),
        ({"confidence": 0.3}, "alerts.rules[0].confidence: at least 0.5"),
        ({"route": "nowhere"}, "alerts.rules[0].route: there is no route nowhere"),
        (
            {"metric": "segment_atv", "subject": "segment:gold", "reference": "fixed", "level": 5.0},
            "alerts.rules[0].subject: there is no segment gold; there are guest, new, returning",
        ),
        ({"action": "dance"}, "alerts.rules[0].action: no words for dance"),
        ({"dates": ("2026-12-02", "2026-12-01")}, "alerts.rules[0].dates: the first day lies after"),
    ],
)  # fmt: skip
def test_contradictions_are_told_with_their_path(rule: dict[str, object], message: str) -> None:
    """A rule that contradicts itself is refused with its path and the reason."""
    made = msgspec.convert({"name": "low-conversion", "metric": "conversion", **rule}, Rule)
    found = errors(AlertsSettings(rules=[made]))
    assert found
    assert any(problem.startswith(message) for problem in found)


def test_config_with_a_contradiction_is_refused_at_start() -> None:
    """The file is refused in one line with the rule's path."""
    text = '[[alerts.rules]]\nname = "a"\nmetric = "conversion"\nclear_pct = 30\n'
    with pytest.raises(SettingsError, match=r"config.toml: alerts.rules\[0\].clear_pct: must lie"):
        parse_settings(text)


def test_names_that_lead_nowhere() -> None:
    """Doubled names, unknown channels, falling ladders and roles nobody has are told."""
    settings = AlertsSettings(
        rules=[shipped("queue-long")] * 2,
        routes={
            "floor": Route(channels=["pigeon"], ladder=[Rung(role="a", after_s=9), Rung(role="b")])
        },
        people=[Person(id="x")],
    )
    found = [str(problem) for problem in check(settings)]
    assert "alerts.rules[1].name: queue-long is there twice" in found
    assert "alerts.routes.floor.channels[0]: there is no channel pigeon" in found
    assert "alerts.routes.floor.ladder: after_s must rise from rung to rung" in found
    assert "alerts.routes.floor.ladder: nobody has a role of this ladder" in found


def test_a_metric_nobody_publishes_is_told_and_harmless() -> None:
    """A rule over an unknown metric is noted, not refused, and never fires."""
    rule = Rule(name="low-conversion", metric="moonlight", reference="fixed", level=1)
    settings = AlertsSettings(rules=[rule])
    assert errors(settings) == []
    notes = [str(problem) for problem in check(settings, {"conversion"})]
    assert notes == ["alerts.rules[0].metric: nothing publishes moonlight: the rule never fires"]
    Story([rule]).at("20:00").expect(quiet())


def test_shipped_rules_are_sound_listed_and_explained() -> None:
    """Every shipped rule passes the check, has a row, words for its title, and an explanation in both languages."""
    assert errors(SHIPPED) == []
    names = [*(rule.name for rule in SHIPPED.rules), "no-data"]
    assert [row.name for row in listing(SHIPPED)] == names
    for rule in SHIPPED.rules:
        assert rule.name in TITLES
        for language in ("en", "zh"):
            assert len(explain(SHIPPED, rule.name, language).splitlines()) == 6  # type: ignore[arg-type]
    with pytest.raises(KeyError, match="no rule nothing; there are: low-conversion"):
        explain(SHIPPED, "nothing")


def test_both_languages_use_the_same_arguments() -> None:
    """English and Chinese sentences of a key name the same arguments."""
    from string import Formatter

    for table in (TITLES, ACTIONS, REASONS, STATES, ANSWERS):
        for key, (en, zh) in table.items():
            names = [{name for _, name, _, _ in Formatter().parse(s) if name} for s in (en, zh)]
            assert names[0] == names[1], key


def test_overnight_store_is_open_past_midnight() -> None:
    """Hours that end after midnight belong to the day they began on."""
    from alerts.hours import open_for_s
    from tests.scenario import EVERY_DAY

    bar = shop(hours=[{"days": EVERY_DAY, "opens": "18:00:00", "closes": "02:00:00"}])
    at = datetime.fromisoformat("2026-11-23T01:30:00+00:00")
    assert open_for_s(bar, at) == 7.5 * 3600
    assert open_for_s(bar, at + timedelta(hours=1)) is None
