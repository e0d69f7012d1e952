"""What a draft of the rules costs and saves."""

from datetime import timedelta

from msgspec.structs import replace

from alerts.settings import AlertsSettings, Rule
from alerts.trial import Trial
from alerts.tried import Outcome
from flows.settings import FlowsSettings
from sensors.settings import SensorsSettings
from tests.scenario import Story, shop

TODAY = AlertsSettings(rules=[Rule(name="low-conversion", metric="conversion")])
BLIND = replace(TODAY, rules=[Rule(name="low-conversion", metric="conversion", fire_pct=90)])


def tried(*, act: bool, share: float | None = None) -> Outcome:
    """A morning on which conversion falls and recovers, under today's rules and under blind ones."""
    story = Story(TODAY, tick_s=20).at("09:30").rate(30, 400)
    story.at("09:40")
    if act:
        (ident,) = [i for i in story.seen if "/low-conversion/" in i]
        story.command("ack", ident, by="chen")
    story.at("09:50").rate(90, 400)
    story.at("10:40")
    trial = Trial(TODAY, BLIND, SensorsSettings(stores=[shop()]), FlowsSettings())
    trial.take(story.log)
    outcome = trial.outcome(timedelta(hours=4), share)
    assert outcome is not None
    return outcome


def test_money_saved_is_what_actions_are_known_to_get_back() -> None:
    """Of the money at risk today's rule saves the share measured after an action, a draft that is blind nothing."""
    outcome = tried(act=True)
    rule = next(rule for rule in outcome.rules if rule.rule == "low-conversion")
    assert outcome.measured == 1
    assert outcome.recovered_share is not None
    assert 0 < outcome.recovered_share <= 1
    assert rule.saved_today_minor == round(outcome.recovered_share * rule.risk_today_minor) > 0
    assert (rule.lost, rule.pages_draft, rule.saved_draft_minor) == (1, 0, 0)
    assert rule.pages_today > 0


def test_money_saved_is_unknown_where_nobody_acted() -> None:
    """Without a measured outcome nothing is said of savings, unless the share is given."""
    assert tried(act=False).rules[0].saved_today_minor is None
    given = tried(act=False, share=0.5)
    assert given.measured == 0
    assert given.rules[0].saved_today_minor == round(0.5 * given.rules[0].risk_today_minor) > 0
