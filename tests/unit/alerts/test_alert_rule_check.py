"""Rules looked at from outside: what is refused or noted, and what is said of each in both languages."""

from string import Formatter

import msgspec
import pytest

from alerts.catalogue import ACTIONS, ANSWERS, REASONS, SEGMENTS, STATES, TITLES
from alerts.rule_words import explain, listing
from alerts.rules import check, errors
from alerts.settings import AlertsSettings, Person, Route, Rule, Rung
from floorcast.settings import SettingsError, parse_settings
from tests.scenario import Story, quiet
from tests.shipped import SHIPPED, shipped


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
        (
            {"compare": "absent", "where": [{"metric": "occupancy"}]},
            "alerts.rules[0].where: a rule about what is absent looks at nothing else",
        ),
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
        rules=shipped("queue-long").rules * 2,
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
            assert len(explain(SHIPPED, rule.name, language).splitlines()) == 7  # type: ignore[arg-type]
    with pytest.raises(KeyError, match="no rule nothing; there are: low-conversion"):
        explain(SHIPPED, "nothing")


def test_both_languages_use_the_same_arguments() -> None:
    """English and Chinese sentences of a key name the same arguments."""
    for table in (TITLES, ACTIONS, REASONS, STATES, ANSWERS, SEGMENTS):
        for key, (en, zh) in table.items():
            names = [{name for _, name, _, _ in Formatter().parse(s) if name} for s in (en, zh)]
            assert names[0] == names[1], key


def test_a_place_that_no_store_has_is_noted() -> None:
    """A rule over a till that is nowhere is told; one over some, or over a kind that nobody configures, is not."""
    subjects = ("till:9", "till:*", "", "device:x", "*", "sku:[AB]")
    rules = [
        Rule(name=f"r{n}", metric="m", subject=s, reference="fixed", level=1, title="queue-long")
        for n, s in enumerate(subjects)
    ]
    found = check(AlertsSettings(rules=rules), {"m"}, {"till:1", "sku:B"})
    assert [str(problem) for problem in found] == [
        "alerts.rules[0].subject: no store has till:9: the rule never fires"
    ]


@pytest.mark.parametrize(
    ("absent_s", "when", "told"),
    [(301, "open", []), (300, "open", ["every 5 min: more than 300 s"]), (900, "always", [])],
)
def test_absence_must_last_longer_than_a_metric_is_seldom(
    absent_s: int, when: str, told: list[str]
) -> None:
    """A rule about a slow metric's silence that would fire between two of its words is noted, not refused."""
    words = {"metric": "exits", "window": "60m", "compare": "absent", "absent_s": absent_s}
    rule = msgspec.convert({"name": "silent", "when": when, **words}, Rule)
    found = check(AlertsSettings(rules=[rule]), cadences={"exits": {"60m": (5, 5)}})
    notes = [str(problem) for problem in found if ".absent_s" in problem.path]
    assert [words in note for words, note in zip(told, notes, strict=True)] == [True] * len(told)
    assert errors(AlertsSettings(rules=[rule])) == []


def test_nothing_is_told_each_minute_of_a_closed_shop() -> None:
    """By night a metric of every second is told every five minutes."""
    silent = {"name": "silent", "metric": "visitors", "window": "15m", "compare": "absent"}
    rule = msgspec.convert({**silent, "absent_s": 120, "when": "always"}, Rule)
    found = check(AlertsSettings(rules=[rule]), cadences={"visitors": {"15m": (0, 5)}})
    assert any("visitors is told every 5 min" in str(problem) for problem in found)


def test_a_rule_says_when_it_is_judged_and_whom_it_tells() -> None:
    """Hours, days, dates, stores, evidence and the ladder stand in its explanation; a watch climbs none."""
    base = {
        "name": "low-conversion",
        "metric": "conversion",
        "after_open_s": 3600,
        "days": ["sat"],
        "min_n": 40,
    }
    more = {
        "dates": ("2026-12-01", "2026-12-24"),
        "stores": ["north"],
        "where": [{"metric": "occupancy", "level": 9}],
    }
    said = {}
    for severity in ("act", "watch"):
        rule = msgspec.convert({**base, **more, "severity": severity}, Rule)
        said[severity] = explain(AlertsSettings(rules=[rule]), rule.name).splitlines()
    assert said["act"][1].endswith(
        "below its benchmark, and occupancy above 9 and stays so for 60 s."
    )
    assert said["act"][3] == (
        "Judged: while the store is open; from 60 min after opening; sat; 2026-12-01 to 2026-12-24; at north"
    )
    assert "a sample of at least 40" in said["act"][4]
    assert said["act"][6].startswith("Tells: associate (0 s) → floor-manager (300 s)")
    assert said["watch"][6] == "Tells: associate, once"
    zh = explain(AlertsSettings(rules=[rule]), rule.name, "zh").splitlines()
    assert zh[3] == "时段：营业时间内，开店 60 分钟后，周六，2026-12-01 至 2026-12-24，门店 north"
