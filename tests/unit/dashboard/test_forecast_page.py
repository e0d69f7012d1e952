"""What the forecast page says: error, the naive beside it, changes of model, restock and staffing sums."""

from datetime import UTC, datetime, timedelta

from dashboard import forecasts
from dashboard.managers.forecast_parts import quality_line, restock_row, switch_lines
from dashboard.managers.forecast_words import Said, spoken
from dashboard.suggestions import needed, restock, staffing
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


def test_restock_is_the_facts_own() -> None:
    """What to order, its parts and its urgency are those of the restock facts; what needs nothing is left out."""
    told = {"reorder_point": 34.4, "expected": 52.0, "safety": 8.4, "level": 0.95, "lead_h": 24.0, "pack": 6,
            "on_order": 2, "in_budget": 1}  # fmt: skip

    def line(sku: str, units: int, reason: str, **more: object) -> Fact:
        return Fact(
            store="riverside", metric="restock", subject=f"sku:{sku}", window="now", start=NOON, end=NOON,
            value=units, unit="units", as_of=NOON, reason=reason, evidence=Evidence(k=10, n=26.0),
            detail={**told, **more},  # type: ignore[dict-item]
        )  # fmt: skip

    found = [
        line("W-LIN-M", 54, "soon"),
        line("S-RUN-42", 4, "out", in_budget=0),
        line("M-OXF-L", 0, "fine"),
    ]
    made = restock(found)
    assert [(r.sku, r.units, r.urgency, r.affordable) for r in made] == [
        ("S-RUN-42", 4, "out", False), ("W-LIN-M", 54, "soon", True),
    ]  # fmt: skip
    row = restock_row(made[1], Said(SHOP, "en", "visitors"))
    assert row["sum"] == "in 24 h to delivery 26.0 + safety 8.4 (95%) = 34.4; have 10 + 2 → 54"
    assert "超出预算" in restock_row(made[0], Said(SHOP, "zh", "visitors"))["sum"]


def test_staffing_takes_the_busiest_quarter() -> None:
    """An hour needs what its busiest quarter needs."""
    floor = Floor(None, SHOP, clock_time(12, 0, SHOP))  # type: ignore[arg-type]
    start = clock_time(17, 0, SHOP)
    quarters = [
        floor.fact(
            "associates_forecast", "quarter", need, "associates", evidence=Evidence(n=15, k=4),
            start=start + timedelta(minutes=15 * n), end=start + timedelta(minutes=15 * n + 15),
        )
        for n, need in enumerate((3, 5, 4, 4))
    ]  # fmt: skip
    assert staffing(quarters, SHOP) == [("17:00", 60.0, 16.0, 5)]
    assert needed(quarters, SHOP) == {start.astimezone(SHOP.store.tz).date(): {17: 5}}
