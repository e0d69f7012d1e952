"""The life of an incident, one property a story."""

from datetime import timedelta
from typing import get_args

import msgspec

from alerts.catalogue import REASONS
from alerts.incident import StepKind
from alerts.settings import AlertsSettings, Budget, Person, Rule, Shift
from tests.scenario import (
    Story,
    firing,
    in_state,
    pending,
    quiet,
    resolved,
    stepped,
    told,
)

LOW = Rule(name="low-conversion", metric="conversion", action="add-staff")


def test_low_conversion_fires_after_its_hold_and_clears_after_its_own() -> None:
    """A rate surely under its fire level is pending, fires after the hold, resolves after the clear hold."""
    story = Story([LOW])
    story.at("10:00").rate(30, 400).expect(
        pending("low-conversion"), told("firing", "low-conversion", 0)
    )
    story.rate(30, 400, minutes=1).expect(
        firing("low-conversion"), told("firing", "low-conversion")
    )
    story.rate(60, 400, minutes=1).expect(firing("low-conversion"))
    story.rate(60, 400, minutes=1).expect(resolved("low-conversion"))
    story.expect(
        stepped("low-conversion", "pending", "firing", "resolved"),
        told("resolved", "low-conversion"),
        quiet(),
    )


def test_chance_does_not_page() -> None:
    """Two sales of twenty visitors, under the level by chance, never open an incident and say what is needed."""
    story = Story([LOW]).at("10:00").rate(2, 20, minutes=10).expect(quiet())
    verdict = story.memory.tracks["low-conversion|"].verdict
    assert verdict
    assert verdict.reason == "needs-more"
    assert verdict.args["needs"] == 414


def test_between_the_levels_nothing_changes() -> None:
    """A rate back above the fire level, yet short of the clear level, keeps the incident open."""
    story = Story([LOW]).at("10:00").rate(30, 400, minutes=2).rate(51, 400, minutes=30)
    story.expect(firing("low-conversion"))


def test_money_at_risk() -> None:
    """¥ at risk is (reference − actual) × visitors × ATV: (0.15 − 0.075) × 400 × ¥102.50."""
    story = Story([LOW]).at("10:00").rate(30, 400, minutes=2)
    assert story.open("low-conversion").at_risk_minor == round(0.075 * 400 * 10_250)


def test_breach_that_does_not_hold_expires_untold() -> None:
    """A breach shorter than its hold is dropped, and nobody hears of it."""
    story = Story([LOW]).at("10:00").rate(30, 400).at("10:00:30").rate(60, 400)
    story.expect(in_state("low-conversion", "expired"), quiet())
    assert story.notices == []


def test_first_acknowledgement_wins_and_ends_the_ladder() -> None:
    """Who takes it first has it; nobody is told again, and a later taker is kept as a remark."""
    story = Story([LOW]).at("10:00").rate(30, 400, minutes=2)
    story.ack("low-conversion", by="chen").ack("low-conversion", by="wang")
    story.rate(30, 400, minutes=60).expect(in_state("low-conversion", "acknowledged"))
    incident = story.open("low-conversion")
    assert incident.owner == "chen"
    assert [s.actor for s in incident.steps if s.kind == "commented"] == ["wang"]
    story.expect(told("escalated", "low-conversion", 0), told("repeated", "low-conversion", 0))


def test_unacknowledged_is_repeated_and_climbs_the_ladder() -> None:
    """An act incident nobody takes is repeated, then told to each rung at its time."""
    story = Story([LOW]).at("10:00").rate(30, 400, minutes=20)
    assert [n.rung for n in story.told("escalated", "low-conversion")] == [1, 2]
    escalated = [s.at for s in story.open("low-conversion").steps if s.kind == "escalated"]
    fired = next(s.at for s in story.open("low-conversion").steps if s.kind == "firing")
    assert [at - fired for at in escalated] == [timedelta(minutes=5), timedelta(minutes=15)]
    assert story.told("repeated", "low-conversion")


def test_snooze_rests_pushes_until_its_end() -> None:
    """A snoozed incident tells nobody until the snooze is over, then tells again."""
    story = Story([LOW]).at("10:00").rate(30, 400, minutes=2)
    until = story.now + timedelta(minutes=20)
    story.command("snooze", story.open("low-conversion").id, until=until)
    before = len(story.notices)
    story.rate(30, 400, minutes=19)
    assert len(story.notices) == before
    story.rate(30, 400, minutes=2).expect(told("firing", "low-conversion", 2))


def test_dismissed_stays_quiet_until_it_has_cleared_once() -> None:
    """What a person called no problem does not come back until its condition has cleared."""
    story = Story([LOW]).at("10:00").rate(30, 400, minutes=2)
    story.command("dismiss", story.open("low-conversion").id)
    story.rate(30, 400, minutes=30).expect(resolved("low-conversion"), quiet())
    story.rate(60, 400, minutes=1).rate(30, 400, minutes=3).expect(firing("low-conversion"))


def test_silence_hides_no_resolve() -> None:
    """A silence stops pushes of what it names, yet the end of what people were told is told."""
    story = Story([LOW]).at("10:00").rate(30, 400, minutes=2)
    story.command("silence", "low-*", until=story.now + timedelta(hours=2))
    story.rate(30, 400, minutes=30).expect(told("escalated", "low-conversion", 0))
    assert story.open("low-conversion").muted == "silence:chen"
    story.rate(60, 400, minutes=3).expect(told("resolved", "low-conversion"))


def test_silence_ends() -> None:
    """What fires under a silence is told once the silence is over."""
    story = Story([LOW]).at("10:00")
    story.command("silence", "low-conversion", until=story.now + timedelta(minutes=30))
    story.rate(30, 400, minutes=29).expect(told("firing", "low-conversion", 0))
    story.rate(30, 400, minutes=3).expect(told("firing", "low-conversion"))


def test_closing_time_ends_what_is_open() -> None:
    """At closing an incident of the opening hours expires, with that reason, and is told to who was told."""
    story = Story([LOW]).at("20:50").rate(30, 400, minutes=2).at("21:00:10")
    story.expect(in_state("low-conversion", "expired"), told("expired", "low-conversion"))
    assert story.last("low-conversion").steps[-1].reason == "store-closed"


def test_flapping_keeps_one_incident_open() -> None:
    """A condition that fires over and over is damped: it stays open instead of paging each time."""
    story = Story([LOW]).at("10:00")
    for _ in range(8):
        story.rate(30, 400, minutes=2).rate(60, 400, minutes=3)
    assert len(story.told("firing", "low-conversion")) == 3


def test_no_data_is_its_own_condition() -> None:
    """Facts gone silent raise no-data, mute what they fed, and never count as well."""
    story = Story([LOW]).at("10:00").rate(30, 400, minutes=2).at("10:20")
    story.expect(firing("no-data"), firing("low-conversion"))
    assert story.open("low-conversion").muted == "no-data"
    story.rate(30, 400).at("10:20:30").expect(resolved("no-data"))


def test_sensor_down_mutes_what_it_feeds() -> None:
    """While a door's sensor is down, conversion is muted and a queue alert is not."""
    rules = [
        LOW,
        Rule(
            name="sensor-silent", metric="sensor_health", window="now", subject="device:*",
            compare="is", values=["silent"], when="always", hold_s=0, severity="watch",
        ),
        Rule(
            name="queue-long", metric="queue_length", window="now", subject="till:*", compare="above",
            reference="fixed", level=6, clear_level=3, hold_s=0,
        ),
    ]  # fmt: skip
    story = Story(rules).at("10:00")
    story.say("sensor_health", "silent", subject="device:d1", window="now", detail={"door": "main"})
    story.say("queue_length", 9, subject="till:2", window="now").rate(30, 400, minutes=3)
    story.expect(told("firing", "queue-long"), told("firing", "low-conversion", 0))
    assert story.open("low-conversion").muted == "sensor-down:d1"
    story.say("sensor_health", "ok", subject="device:d1", window="now").rate(30, 400, minutes=3)
    story.expect(told("firing", "low-conversion"))


def test_budget_keeps_the_dearest() -> None:
    """Over the budget of a shift, only what is dearer is pushed; the rest comes in one digest."""
    rules = [
        Rule(
            name=f"r{n}", metric=f"m{n}", window="now", compare="above", reference="fixed", level=1,
            hold_s=0, severity="watch",
        )
        for n in range(5)
    ]  # fmt: skip
    settings = msgspec.convert({"budget": {"pushes": 3, "digest_s": 600}}, AlertsSettings)
    story = Story(msgspec.structs.replace(settings, rules=rules)).at("10:00")
    for n in range(5):
        story.say(f"m{n}", 2, window="now")
    story.at("10:12")
    assert len([n for n in story.notices if n.kind == "firing"]) == 3
    digests = [n for n in story.notices if n.kind == "digest"]
    assert [len(n.incidents) for n in digests] == [2]


def test_an_act_is_dearer_than_any_watch() -> None:
    """Once watches have used up the budget of a shift, an act without a figure is told at once all the same."""
    watch = [
        Rule(name=f"r{n}", metric=f"m{n}", window="now", compare="above", reference="fixed", level=1, hold_s=0,
             severity="watch")
        for n in range(4)
    ]  # fmt: skip
    act = msgspec.structs.replace(watch[0], name="act", metric="act", severity="act")
    story = Story(AlertsSettings(rules=[*watch, act], budget=Budget(pushes=2))).at("10:00")
    for n in range(4):
        story.say(f"m{n}", 2, window="now")
    story.say("act", 2, window="now")
    fired = [i.rule for n in story.notices if n.kind == "firing" for i in n.incidents]
    assert fired == ["r0", "r1", "act"]


def test_an_incident_is_given_to_somebody() -> None:
    """Whoever it is given to has it and is told; a remark is kept, on a closed one too."""
    story = Story(AlertsSettings(rules=[LOW], people=[Person(id="chen"), Person(id="wang")]))
    story.at("10:00").rate(30, 400, minutes=2)
    ident = story.open("low-conversion").id
    story.command("assign", ident, by="chen", note="wang")
    assert [n.audience for n in story.told("assigned", "low-conversion")] == [["wang"]]
    assert story.open("low-conversion").owner == "wang"
    story.rate(60, 400, minutes=4).command("comment", ident, by="wang", note="a tour bus")
    story.expect(
        stepped("low-conversion", "pending", "firing", "assigned", "resolved", "commented")
    )
    assert story.last("low-conversion").steps[-1].args == {"note": "a tour bus"}


def test_every_step_of_life_in_one_day() -> None:
    """Each kind of step there is happens, with its time, who did it, and a reason that has words."""
    story = Story([LOW]).at("10:00").rate(30, 400).at("10:00:30").rate(60, 400)  # pending, expired
    story.at("10:05").rate(30, 400, minutes=8)  # firing, repeated, escalated
    ident = story.open("low-conversion").id
    story.command("snooze", ident, until=story.now + timedelta(minutes=5)).rate(30, 400, minutes=6)
    story.command("silence", "low-*", until=story.now + timedelta(minutes=5)).rate(
        30, 400, minutes=6
    )
    story.command("assign", ident, note="wang").command("done", ident, by="wang")
    story.command("comment", ident, note="rain").rate(60, 400, minutes=40)
    story.rate(30, 400, minutes=2).ack("low-conversion")
    story.command("dismiss", story.open("low-conversion").id)
    steps = [step for incident in story.seen.values() for step in incident.steps]
    assert {step.kind for step in steps} == set(get_args(StepKind))
    assert all(step.reason in REASONS and step.actor for step in steps)


def test_shift_over_hands_over() -> None:
    """When its owner's shift ends an incident goes back to those on shift."""
    from datetime import time

    people = [
        Person(id="chen", shifts=[Shift(starts=time(9), ends=time(11))]),
        Person(id="wang", shifts=[Shift(starts=time(11), ends=time(20))]),
    ]
    story = Story(AlertsSettings(rules=[LOW], people=people)).at("10:50").rate(30, 400, minutes=2)
    assert story.told("firing", "low-conversion")[0].audience == ["chen"]
    story.ack("low-conversion", by="chen").rate(30, 400, minutes=10)
    assert story.told("firing", "low-conversion")[-1].audience == ["wang"]
    assert story.open("low-conversion").owner is None


def test_action_is_measured_half_an_hour_later() -> None:
    """Thirty minutes after it was done, what changed is kept with its interval and its money."""
    story = Story([LOW]).at("10:00").rate(30, 400, minutes=2)
    story.command("done", story.open("low-conversion").id)
    story.rate(56, 400, minutes=31)
    outcome = story.last("low-conversion").outcome
    assert outcome["before"] == 0.075
    assert outcome["after"] == 0.14
    assert outcome["recovered_minor"] == round(0.065 * 400 * 10_250)


def test_board_shows_what_is_open_and_is_cleared() -> None:
    """The board lists what fires, and is empty again when all is resolved."""
    story = Story([LOW]).at("10:00").rate(30, 400, minutes=2).rate(60, 400, minutes=3)
    assert [len(b.incidents) for b in story.boards] == [1, 0]
