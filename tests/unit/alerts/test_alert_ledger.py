"""The ledger: alert → action → outcome."""

from alerts.ledger import entries, totals
from alerts.settings import Rule
from tests.scenario import Story

LOW = Rule(name="low-conversion", metric="conversion", action="add-staff")


def test_ledger_keeps_who_how_fast_and_what_it_was_worth() -> None:
    """Of two incidents, one taken after two minutes and one dismissed, the ledger tells both and the rule's record."""
    story = Story([LOW]).at("10:00").rate(30, 400, minutes=3).ack("low-conversion", by="wang")
    story.rate(56, 400, minutes=32).rate(30, 400, minutes=2)
    story.command("dismiss", story.open("low-conversion").id)
    first, second = entries(story.seen.values())
    assert (first.actor, first.take_s, first.action) == ("wang", 120, "add-staff")
    assert (first.before, first.after) == (0.075, 0.14)
    assert first.recovered_minor == round(0.065 * 400 * 10_250)
    assert (second.actor, second.take_s, second.false_alarm) == (None, None, True)
    (total,) = totals([first, second])
    assert (total.fired, total.taken, total.false_share, total.take_s) == (2, 1, 0.5, 120)
    assert total.recovered_minor == first.recovered_minor


def test_what_never_fired_is_not_in_it() -> None:
    """A breach that did not hold leaves no entry."""
    story = Story([LOW]).at("10:00").rate(30, 400).rate(60, 400).at("10:05")
    assert story.seen
    assert entries(story.seen.values()) == []
