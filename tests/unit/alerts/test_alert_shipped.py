"""The shipped rules: each has its story, fires, resolves and reads well in both languages."""

import math
from typing import Any

import pytest

from alerts.message import message
from alerts.rules import check
from flows.measure import measures
from sensors.settings import Product, SensorsSettings, Text
from tests.scenario import Story, firing, in_state, quiet, resolved, shop, told
from tests.shipped import SHIPPED, Said, fact, keep_saying, shipped

QUIET_DAY = [("visitors", 30, {"window": "60m"})]
SKU, ZONE, PROMO = "sku:A", "zone:shoes", "plan:promotion"
CASES: dict[str, tuple[str, list[Said], list[Said]]] = {
    # rule: its subject, what is said for as long as it takes to fire, what is said then until it is over
    "low-conversion": ("", [fact("conversion", 0.1, window="60m", k=400, n=4000)],
                       [fact("conversion", 0.15, window="60m", k=600, n=4000)]),
    "conversion-fell": ("", [fact("conversion_evidence", 6.0)], [fact("conversion_evidence", 1.0)]),
    "queue-long": ("till:1", [fact("queue_length", 9, "till:1")], [fact("queue_length", 2, "till:1")]),
    "queue-wait": ("", [fact("queue_wait", 300)], [fact("queue_wait", 100)]),
    "over-capacity": ("", [fact("occupancy", 101)], [fact("occupancy", 80)]),
    "unusual-traffic": ("", [fact("unusual_traffic", 0.9)], [fact("unusual_traffic", 0.1)]),
    "till-needed": ("", [fact("queue_length", 4),
                         fact("tills_needed", 3, window="next15m", detail={"serving": 2, "tills": 4})],
                    [fact("tills_needed", 2, window="next15m", detail={"serving": 3, "tills": 4})]),
    "zone-unattended": (ZONE, [fact("star_now", 20), fact("zone_heat", 3.0, ZONE, "60m", reason="hot")],
                        [fact("zone_heat", 1.1, ZONE, "60m")]),
    "low-atv": ("", [fact("atv", 7000, window="60m", n=60)], [fact("atv", 10_000, window="60m", n=60)]),
    "sells-out": (SKU, [fact("sku_cover", 0.5, SKU)], [fact("sku_cover", 9.0, SKU)]),
    "shelf-silent": (SKU, [fact("shelf_silence", 1e-6, SKU, reason="check_shelf")],
                     [fact("shelf_silence", 1.0, SKU)]),
    "low-moving-skus": ("", [fact("moving_rate", 0.3, window="day", k=6, n=20)],
                        [fact("moving_rate", 0.7, window="day", k=14, n=20)]),
    "promotion-ahead": (PROMO, [fact("plan_ahead", 20.0, PROMO)], [fact("plan_ahead", 0.0, PROMO)]),
    "demand-ahead": ("plan:event", [fact("plan_ahead", 20.0, "plan:event")],
                     [fact("plan_ahead", 0.0, "plan:event")]),
    "holiday-ahead": ("plan:holiday", [fact("plan_ahead", 40.0, "plan:holiday")],
                      [fact("plan_ahead", 400.0, "plan:holiday")]),
    "forecast-rolled-back": ("forecast:visitors", [fact("forecast_state", "rolled_back", "forecast:visitors")],
                             [fact("forecast_state", "model", "forecast:visitors")]),
    "sensor-silent": ("device:d", [fact("sensor_health", "offline", "device:d")],
                      [fact("sensor_health", "online", "device:d")]),
    "sensor-stuck": ("door:main", [fact("sensor_health", "stuck", "door:main")],
                     [fact("sensor_health", "online", "door:main")]),
    "sensor-drifting": ("device:d", [fact("sensor_health", "drifting", "device:d")],
                        [fact("sensor_health", "online", "device:d")]),
}  # fmt: skip
APART = {"visitors-off-forecast", "door-dead"}  # streaks and silence have stories of their own


def test_every_shipped_rule_has_its_story() -> None:
    """No rule is shipped without a story here, and every metric it names is published."""
    assert {rule.name for rule in SHIPPED.rules} == set(CASES) | APART
    published = {measure.metric for measure in measures()} | {"plan_ahead"}
    assert [p for p in check(SHIPPED, published) if "nothing publishes" in p.reason] == []


@pytest.mark.parametrize("name", CASES)
def test_a_shipped_rule_fires_is_told_in_words_and_resolves(name: str) -> None:
    """What it looks for fires it once, both languages say so without a gap, and it resolves when that is over."""
    subject, bad, good = CASES[name]
    settings = shipped(name)
    story = Story(settings).at("18:00")
    keep_saying(story, bad, max(12, settings.rules[0].hold_s / 60 + 1))
    story.expect(firing(name, subject), told("firing", name))
    notice = story.told("firing", name)[0]
    for language in ("en", "zh"):
        said = message(notice, story.book, language, key="k")  # type: ignore[arg-type]
        assert said.title
        assert said.title != name
        assert "{" not in said.title + said.body
        assert "–" not in said.body
    keep_saying(story, good, 5)
    story.expect(resolved(name, subject), told("resolved", name))


def test_door_dead_as_shipped() -> None:
    """A door that was heard and says nothing for twenty minutes of an open hour fires; a word resolves it."""
    story = Story(shipped("door-dead")).at("11:00")
    story.say("visitors", 3, subject="door:main", window="15m")
    keep_saying(story, [fact("visitors", 40, window="60m")], 19)
    story.expect(quiet())
    keep_saying(story, [fact("visitors", 40, window="60m")], 3)
    story.expect(firing("door-dead", "door:main"))
    keep_saying(story, [fact("visitors", 2, "door:main", "15m")], 4)
    story.expect(resolved("door-dead", "door:main"))


def test_a_door_whose_counts_are_filled_in_is_dead_all_the_same() -> None:
    """What the floor fills in for a door that counts nobody keeps it no quieter: only its own word resolves."""
    story = Story(shipped("door-dead")).at("11:00")
    story.say("visitors", 3, subject="door:main", window="15m")
    filled = fact("visitors", 9, "door:main", "15m", state="imputed")
    keep_saying(story, [filled], 19)
    story.expect(quiet())
    keep_saying(story, [filled], 9)
    story.expect(firing("door-dead", "door:main"))
    keep_saying(story, [fact("visitors", 2, "door:main", "15m")], 4)
    story.expect(resolved("door-dead", "door:main"))


def test_one_unusual_quarter_hour_is_none() -> None:
    """Traffic that was unusual for a quarter-hour and is usual in the next is told to nobody."""
    story = Story(shipped("unusual-traffic")).at("15:00")
    keep_saying(story, [fact("unusual_traffic", 0.9)], 15)
    keep_saying(story, [fact("unusual_traffic", 0.1)], 15)
    story.expect(quiet())


# ── conditions ──


def test_a_delivery_moves_the_level_of_sells_out() -> None:
    """Five hours of cover are enough until a delivery in four opening hours, and too few until one in six."""
    cover = [fact("sku_cover", 5.0, SKU)]
    for hours, state in ((4.0, None), (6.0, "firing")):
        story = Story(shipped("sells-out")).at("12:00")
        story.say(
            "plan_ahead", 20.0, subject="plan:delivery", window="now", detail={"open_h": hours}
        )
        keep_saying(story, cover, 12)
        story.expect(in_state("sells-out", state, SKU) if state else quiet())


def test_goods_that_usually_come_stand_for_a_delivery() -> None:
    """After four days with goods at noon, two hours' stock is enough before noon and six hours' too little after."""
    story = Story(shipped("sells-out"), tick_s=600)
    sku: dict[str, Any] = {"subject": SKU, "window": "now", "n": 1.0}
    for day in range(4):
        story.at(f"+{day} 11:50").say("sku_cover", 4, k=4, **sku)
        story.at(f"+{day} 12:10").say("sku_cover", 12, k=12, **sku)
    assert story.memory.deliveries.next_after(story.now.replace(tzinfo=None)) is not None
    story.at("+4 11:10").say("sku_cover", 2, k=2, **sku).at("+4 11:20").expect(quiet())
    story.at("+4 12:10").say("sku_cover", 12, k=12, **sku).at("+4 12:30").expect(quiet())
    story.say("sku_cover", 6, k=6, **sku).expect(firing("sells-out", SKU))
    assert (
        story.open("sells-out", SKU).threshold == 8.5 + 3 + 1 / 6
    )  # to closing, and from opening to ten past noon


def test_a_sell_out_has_its_price_and_its_place() -> None:
    """¥ at risk is what customers will ask for in vain until goods come, by its price; the push names the shelf."""
    product = Product(
        sku="A", name=Text(en="Candle", zh="蜡烛"), category="home", price_minor=8900, place="G-02"
    )
    sensors = SensorsSettings(stores=[shop(range="all")], ranges={"all": [product]})
    story = Story(shipped("sells-out"), sensors=sensors).at("12:00")
    story.say("sku_cover", 2 / 6, subject=SKU, window="now", k=2, n=6.0)
    wanted = [math.exp(-6) * 6**n / math.factorial(n) for n in range(60)]
    lost = sum(max(0, n - 2) * chance for n, chance in enumerate(wanted))
    assert story.open("sells-out", SKU).at_risk_minor == round(lost * 8900)
    said = message(story.notices[0], story.book, "en", key="k")
    assert said.body.startswith("Shop · G-02 · Candle · 0.3 h against 1.0 h · 0 min · ¥35")


def test_a_hot_zone_with_staff_enough_is_not_unattended() -> None:
    """Hot alone does not fire; what else must hold is said in the verdict."""
    story = Story(shipped("zone-unattended")).at("12:00")
    hot = fact("zone_heat", 3.0, ZONE, "60m", reason="hot")
    keep_saying(story, [fact("star_now", 8), hot], 10)
    story.expect(quiet())
    verdict = story.memory.tracks[f"zone-unattended|{ZONE}"].verdict
    assert verdict
    assert verdict.reason == "not-also"
    assert verdict.args == {"metric": "star_now", "is": 8, "level": 15}
