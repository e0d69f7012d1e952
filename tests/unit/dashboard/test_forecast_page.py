"""What the forecast page says: error, the naive beside it, changes of model, restock and staffing sums."""

from datetime import UTC, datetime, timedelta

from dashboard import forecasts
from dashboard.managers.forecast_parts import quality_line, switch_lines
from dashboard.managers.forecast_words import Said, spoken
from dashboard.suggestions import quantile, restock, staffing
from flows.facts import Evidence, Fact
from tests.floor_facts import Floor, clock_time, demo_shops

NOON = datetime(2026, 11, 20, 4, tzinfo=UTC)
SHOP = demo_shops()["riverside"]


def fact(metric: str, start: datetime, value: float, **more: object) -> Fact:
    """A closed hour's fact."""
    return Fact(
        store="riverside", metric=metric, window="hour", start=start, end=start + timedelta(hours=1),
        value=value, unit="people", as_of=NOON, **more,  # type: ignore[arg-type]
    )  # fmt: skip


def test_error_and_naive_error() -> None:
    """WAPE of the forecast, and of the same hour a week earlier, over the hours that are over."""
    week_ago, today = NOON - timedelta(days=7, hours=3), NOON - timedelta(hours=3)
    days = {
        week_ago.date(): [fact("visitors", week_ago, 80)],
        today.date(): [
            fact("visitors", today, 100),
            fact("visitors_forecast", today, 110),
            fact("visitors", NOON, 5),
            fact("visitors_forecast", NOON, 500),
        ],
    }
    found = forecasts.quality(days, "visitors", NOON)
    assert [(q.day, q.error, q.naive) for q in found] == [(today.date(), 0.1, 0.2)]
    assert forecasts.overall(found) == (0.1, 0.2)
    assert "0.50" in quality_line(found, Said(SHOP, "en", "visitors"))


def test_a_change_of_model_is_told_with_its_reason() -> None:
    """A day on which another model speaks is named with both models and governance's word, in both languages."""
    days = [
        forecasts.Quality(NOON.date() - timedelta(days=n), 10, 0.1, 0.2, model, why)
        for n, model, why in (
            (3, "mixture", ""),
            (2, "profile", "sudden_error"),
            (1, "profile", ""),
        )
    ]
    assert [s[1:] for s in forecasts.switches(days)] == [("mixture", "profile", "sudden_error")]
    said = str(switch_lines(days, Said(SHOP, "zh", "visitors")))
    assert "组合模型 → 周曲线" in said
    assert "误差突增" in said


def test_the_champion_in_words() -> None:
    """Model, error, challenger and what the range held are sentences; without a champion that is said."""
    told = {
        "champion": "mixture",
        "challenger": "profile",
        "error": 0.09,
        "baseline_error": 0.12,
        "coverage80": 0.79,
    }
    lines = spoken([fact("visitors_forecast", NOON, 3, detail=told)], Said(SHOP, "en", "visitors"))
    assert lines[:3] == [
        "The mixture of models speaks.",
        "Its error is 9.0%; the weekly profile beside it 12.0%: 25% better.",
        "Its 80 % range held 79.0% of what came.",
    ]
    assert spoken([], Said(SHOP, "en", "visitors")) == ["No model speaks yet"]


def test_restock_by_hand() -> None:
    """2 an hour over 13 opening hours to delivery: reorder at 26 + 1.645·√26; up to two days' demand, in packs of 6."""
    cover = Evidence(k=10, n=2.0)
    made = restock(
        [Fact(store="riverside", metric="sku_cover", subject="sku:W-LIN-M", window="now", start=NOON,
              end=NOON, value=5.0, unit="hours", as_of=NOON, evidence=cover)],
        SHOP, 13.0,
    )  # fmt: skip
    assert [(r.sku, r.lead, round(r.point, 2), round(r.upto, 2), r.units) for r in made] == [
        ("W-LIN-M", 13.0, 34.39, 63.86, 54)
    ]
    assert quantile(0.95, 26.0) == made[0].point


def test_enough_stock_orders_nothing() -> None:
    """Above the reorder point nothing is ordered; nor where the rate or the product is not known."""

    def line(sku: str, k: float, n: float | None) -> Fact:
        return Fact(
            store="riverside", metric="sku_cover", subject=f"sku:{sku}", window="now", start=NOON, end=NOON,
            value=1.0, unit="hours", as_of=NOON, evidence=Evidence(k=k, n=n),
        )  # fmt: skip

    facts = [line("W-LIN-M", 40, 2.0), line("W-DRS-S", 1, None), line("no-such", 1, 3.0)]
    assert restock(facts, SHOP, 13.0) == []


def test_staffing_by_hand() -> None:
    """An hour of four quarters at most 18 each asks for 72 ÷ 15, rounded up: 5."""
    floor = Floor(None, SHOP, clock_time(12, 0, SHOP))  # type: ignore[arg-type]
    start = clock_time(17, 0, SHOP)
    quarters = [
        floor.fact(
            "visitors_forecast", "quarter", 15, detail={"high80": 18.0},
            start=start + timedelta(minutes=15 * n), end=start + timedelta(minutes=15 * n + 15),
        )
        for n in range(5)
    ]  # fmt: skip
    assert [(n.start, n.upper, n.associates) for n in staffing(quarters, SHOP)] == [
        ("17:00", 72.0, 5)
    ]
