"""Rules that the configuration shows in comments, to be switched on."""

from pathlib import Path

import msgspec

from alerts.catalogue import SEGMENTS
from alerts.rule_words import explain
from alerts.rules import check
from alerts.settings import AlertsSettings, Rule
from flows.measure import measures
from flows.measures import segments
from tests.scenario import Story, firing, quiet, resolved

CONFIG = Path(__file__).parents[3] / "config.toml"
NAME, WHO = "returning-spend-less", "segment:returning"


def example() -> AlertsSettings:
    """The rules in comments, without their hashes."""
    lines = CONFIG.read_text(encoding="utf-8").splitlines()
    first = next(n for n, line in enumerate(lines) if line.startswith("# [[alerts.rules]]"))
    block = "\n".join(line.removeprefix("# ") for line in lines[first : lines.index("", first)])
    rules = msgspec.toml.decode(block)["alerts"]["rules"]
    return AlertsSettings(rules=msgspec.convert(rules, list[Rule]))


def test_the_example_of_a_member_segment_works_as_it_stands() -> None:
    """It is sound, explained in both languages, and fires when forty returning members spend less than its level."""
    chosen = example()
    assert check(chosen, {measure.metric for measure in measures()}) == []
    assert "segment_atv (segment:returning) over day is below 15000" in explain(chosen, NAME)
    assert "老会员客单价偏低" in explain(chosen, NAME, "zh")
    story = Story(chosen).at("10:00")
    for value, n, state in ((14_000, 39, quiet()), (14_000, 41, firing(NAME, WHO))):
        story.say("segment_atv", value, subject=WHO, window="day", n=n)
        story.say("segment_atv", 9_000, subject="segment:new", window="day", n=n)
        story.at("10:05" if n == 39 else "10:10").expect(state)
    story.say("segment_atv", 16_500, subject=WHO, window="day", n=60).at("10:14")
    story.expect(resolved(NAME, WHO))


def test_rules_and_measures_know_the_same_segments() -> None:
    """What a rule may name is what the floor tells of."""
    assert tuple(SEGMENTS) == segments.SEGMENTS
