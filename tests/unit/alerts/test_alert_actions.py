"""What is suggested when, what an action changed, and what the ledger makes of it."""

from datetime import time, timedelta
from typing import Any

import pytest

from alerts.book import Book
from alerts.catalogue import Language, not_now
from alerts.effect import count, rate
from alerts.ledger import entries, totals
from alerts.message import message
from alerts.settings import AlertsSettings, Person, Rule, Shift
from flows.settings import FlowsSettings
from sensors.settings import SensorsSettings
from tests.scenario import Story, shop

LANGUAGES: tuple[Language, ...] = ("en", "zh")

LOW = Rule(
    name="low-conversion", metric="conversion", action="add-staff", actions=["run-promotion", "change-display"]
)  # fmt: skip
TILL = Rule(
    name="queue-long", metric="queue_length", window="now", subject="till:*", compare="above", reference="fixed",
    level=6, clear_level=3, hold_s=0, action="open-till", actions=["add-staff"],
)  # fmt: skip
CHEN = Person(id="chen", name="Chen", shifts=[Shift(starts=time(9), ends=time(11))])


def suggests(story: Story, rule: str, subject: str = "") -> list[str]:
    """What is suggested now."""
    return story.open(rule, subject).actions


def withheld(story: Story, rule: str, subject: str = "") -> list[str]:
    """What is not suggested now, and why, in English."""
    return not_now(story.open(rule, subject), "en")


# ── conditions ──


def test_staff_are_asked_for_only_while_somebody_is_on_shift() -> None:
    """By the directory: Chen is named while on shift; when the shift is over no staff is asked for."""
    story = Story(AlertsSettings(rules=[LOW], people=[CHEN])).at("10:55").rate(30, 400, minutes=2)
    assert suggests(story, "low-conversion") == ["add-staff", "change-display"]
    assert story.open("low-conversion").args["who"] == ": Chen"
    story.rate(30, 400, minutes=4)
    assert suggests(story, "low-conversion") == ["change-display"]
    assert story.open("low-conversion").action == "change-display"
    assert "Add staff to the floor (nobody is on shift)" in withheld(story, "low-conversion")


@pytest.mark.parametrize(("on_floor", "asked"), [(0, False), (2, True), (None, True)])
def test_without_a_directory_the_floor_says_who_is_there(on_floor: int | None, asked: bool) -> None:
    """Nobody on the floor: nobody is asked; not known: asked, for nothing speaks against it."""
    story = Story([LOW]).at("10:00")
    if on_floor is not None:
        story.say("staff_on_floor", on_floor, window="now")
    story.rate(30, 400, minutes=2)
    assert ("add-staff" in suggests(story, "low-conversion")) is asked
    said = "Add staff to the floor (nobody is on the floor)" in withheld(story, "low-conversion")
    assert said is not asked


def test_no_till_is_opened_where_all_are_open() -> None:
    """With every till serving, staff is asked for and no till; with one closed, the till comes first."""
    story = Story([TILL]).at("10:00")
    tills: dict[str, Any] = {"serving": 3, "tills": 3}
    story.say("tills_needed", 4, window="now", detail=tills)
    story.say("queue_length", 9, subject="till:1", window="now")
    assert suggests(story, "queue-long", "till:1") == ["add-staff"]
    assert withheld(story, "queue-long", "till:1") == ["Open a till (all 3 tills serve)"]
    story.say("tills_needed", 4, window="now", detail={**tills, "serving": 2})
    story.say("queue_length", 10, subject="till:1", window="now")
    assert suggests(story, "queue-long", "till:1") == ["open-till", "add-staff"]
    assert withheld(story, "queue-long", "till:1") == []


def test_a_sku_short_on_cover_is_never_promoted() -> None:
    """No stock known: no promotion; only short stock: none; of those that last, the one that lasts longest."""
    story = Story([LOW]).at("10:00").rate(30, 400, minutes=2)
    assert "run-promotion" not in suggests(story, "low-conversion")
    unknown = "Run a promotion (the stock of SKU is not known)"
    assert withheld(story, "low-conversion") == [unknown]
    story.say("sku_cover", 20.0, subject="sku:A", window="now").rate(30, 400)
    assert "run-promotion" not in suggests(story, "low-conversion")
    short = "Run a promotion (no SKU lasts 24 h; A lasts longest, 20 h)"
    assert withheld(story, "low-conversion") == [short]
    for sku, hours in (("B", 60.0), ("C", 90.0)):
        story.say("sku_cover", hours, subject=f"sku:{sku}", window="now")
    story.rate(30, 400)
    assert "run-promotion" in suggests(story, "low-conversion")
    assert story.open("low-conversion").args["sku"] == ": C"
    for sku in "BC":
        story.say("sku_cover", 2.0, subject=f"sku:{sku}", window="now")
    story.rate(31, 400)
    assert "run-promotion" not in suggests(story, "low-conversion")


def test_a_push_tells_what_can_be_done_and_what_cannot_and_why() -> None:
    """One incident's push names the best action, what else is possible, and what is withheld with its reason."""
    story = Story([LOW]).at("10:00").say("sku_cover", 2.5, subject="sku:A", window="now")
    story.rate(30, 400, minutes=2)
    book = Book(AlertsSettings(rules=[LOW]), SensorsSettings(stores=[shop()]), FlowsSettings())
    said = {
        language: message(story.notices[0], book.of("s1"), language, key="k").body.splitlines()
        for language in LANGUAGES
    }
    assert said["en"][0].endswith("Add staff to the floor")
    assert said["en"][1:] == [
        "Or: Change the display",
        "Not now: Run a promotion (no SKU lasts 24 h; A lasts longest, 2 h)",
    ]
    assert said["zh"][1:] == [
        "或：调整陈列",
        "暂不：启动促销（无 SKU 可售满 24 小时；最久的 A 仅 2 小时）",
    ]


# ── outcomes ──


def day_so_far(story: Story, sales: int, visitors: int) -> None:
    """The day's counts up to now."""
    start = story.now.replace(hour=0, minute=0, second=0)
    story.say("visitors", visitors, window="day", start=start)
    story.say("conversion", sales / visitors, k=sales, n=visitors, window="day", start=start)


def acted(sales: int, visitors: int) -> Story:
    """Conversion fell to 30 of 400; something was done; in the half-hour after it so many bought of so many."""
    story = Story([LOW]).at("10:00")
    story.say("conversion_benchmark", 0.15, low=0.14, high=0.16)
    story.rate(30, 400, minutes=2)
    day_so_far(story, 50, 600)
    story.command("done", story.open("low-conversion").id)
    story.rate(30, 400, minutes=29)
    day_so_far(story, 50 + sales, 600 + visitors)
    story.rate(30, 400, minutes=3)
    return story


def test_effect_counts_only_what_came_after_the_action() -> None:
    """The hour still says 7.5 %; the half-hour since says 14 %, the forecast 15 %: most of the gap has closed."""
    out = acted(28, 200).last("low-conversion").outcome
    assert (out["before"], out["after"], out["n"], out["window"]) == (0.075, 0.14, 200, "since")
    assert (out["forecast"], out["forecast_low"], out["forecast_high"]) == (0.15, 0.14, 0.16)
    assert out["closed"] == round(0.065 / 0.075, 3)
    gain = rate(28, 200).minus(rate(30, 400)).times(200 * 10_250)
    assert out["recovered_minor"] == round(0.065 * 200 * 10_250)
    assert (out["recovered_low_minor"], out["recovered_high_minor"]) == (
        round(gain.low or 0),
        round(gain.high or 0),
    )


def test_an_action_that_did_nothing_has_an_interval_around_nothing() -> None:
    """The same rate as before recovers nothing, and the interval says that chance could be more or less."""
    out = acted(15, 200).last("low-conversion").outcome
    assert out["recovered_minor"] == 0
    assert isinstance(low := out["recovered_low_minor"], int)
    assert isinstance(high := out["recovered_high_minor"], int)
    assert low < 0 < high
    assert out["closed"] == 0


def test_visitors_are_measured_against_their_forecast() -> None:
    """Of 100 forecast for the half-hour 90 came, after a quarter that had brought 20 of 45."""
    rule = Rule(
        name="few", metric="visitors", window="quarter", compare="below", reference="forecast", hold_s=0
    )  # fmt: skip
    story = Story([rule]).at("10:00")
    for quarter in range(-1, 3):
        start = story.now + timedelta(minutes=15 * quarter)
        middle = 45.0 if quarter < 0 else 50.0
        story.say("visitors_forecast", middle, window="quarter", low=40.0, high=60.0, start=start)
    day = story.now.replace(hour=0)
    story.say("visitors", 300, window="day", start=day)
    story.say(
        "visitors", 20, window="quarter", state="settling", start=story.now - timedelta(minutes=15)
    )
    story.command("done", story.open("few").id)
    story.at("10:29").say("visitors", 390, window="day", start=day).at("10:31")
    out = story.last("few").outcome
    assert (out["after"], out["forecast"], out["forecast_low"], out["forecast_high"]) == (
        90,
        100,
        80,
        120,
    )
    usual = 20 / 45 * 100
    assert out["recovered_minor"] == round((90 - usual) * 0.15 * 10_250)
    assert out["low"] == count(90.0).low


def test_the_ledger_sums_errors_as_squares_and_keeps_false_alarms_apart() -> None:
    """Two measured actions recover their sum; its interval is narrower than the sum of both."""
    first = entries(acted(28, 200).seen.values())[0]
    (total,) = totals([first, first])
    assert total.recovered_minor == 2 * (first.recovered_minor or 0)
    reach = (first.recovered_high_minor or 0) - (first.recovered_minor or 0)
    assert (
        abs((total.recovered_high_minor or 0) - (total.recovered_minor or 0) - 2**0.5 * reach) < 2
    )
    assert (first.forecast, first.closed, first.action) == (
        0.15,
        round(0.065 / 0.075, 3),
        "add-staff",
    )
