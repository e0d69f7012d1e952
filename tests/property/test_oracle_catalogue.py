"""Every measure has an independent computation beside it, or a stated reason and the place where it is judged."""

import ast
from pathlib import Path

from flows.measure import measures

ROOT = Path(__file__).parents[2]
FLOOR = "tests/property/test_floor_oracle.py::test_facts_equal_the_oracle"
DAY = "tests/property/test_measures_oracle.py::test_a_day_equals_the_batch"
TRAFFIC = "tests/property/test_traffic_oracle.py::test_the_day_equals_the_oracle"
MOMENT = "tests/property/test_moment_oracle.py::test_"
TRUTH = "tests/integration/test_replay_truth.py::test_a_day_is_found_exactly"
ORDERS = "tests/unit/flows/test_orders.py::test_orders_are_demand_and_work"

ORACLES: dict[str, tuple[str, ...]] = {
    FLOOR: ("visitors", "exits", "transactions", "net_sales", "conversion", "atv", "upt", "spv", "units"),
    "tests/property/test_floor_oracle.py::test_dwell_quantiles_equal_the_oracle": ("dwell_median", "dwell_p90"),
    TRAFFIC: ("groups", "capture_rate", "conversion_adjusted", "occupancy_drift"),
    "tests/property/test_traffic_oracle.py::test_conversion_aligned_equals_the_oracle": ("conversion_aligned",),
    "tests/property/test_traffic_oracle.py::test_labour_hours_equal_the_oracle": ("star",),
    "tests/property/test_traffic_oracle.py::test_occupancy_share_follows_the_events": ("occupancy_share",),
    DAY: (
        "aur", "returns", "returned", "discount_share", "moving_skus", "moving_rate", "channel_transactions",
        "till_sales", "category_sales", "associate_sales", "daypart_sales", "payment_share", "top_seller",
        "queue_abandonment", "queue_wait_mean", "service_rate", "zone_engagement",
    ),
    "tests/property/test_measures_oracle.py::test_a_bakerys_baskets_equal_the_batch": ("basket_pair",),
    MOMENT + "queues_people_and_staff_of_the_moment": (
        "queue_length", "queue_wait", "occupancy", "staff_on_floor", "star_now", "count_balance", "night_counts",
    ),
    MOMENT + "conversion_and_what_falling_short_costs": (
        "conversion_benchmark", "sales_at_risk", "sales_gap", "sales_beyond_visitors",
    ),
    MOMENT + "zones_of_the_moment": ("zone_conversion", "zone_heat", "zone_path", "zone_uniques", "zone_visits"),
    MOMENT + "stock_of_the_moment": ("oos_rate", "shelf_silence"),
    MOMENT + "sell_through_is_by_receipts": ("sell_through",),
    MOMENT + "cover_is_stock_over_the_expected_rate": ("sku_cover",),
    MOMENT + "power_hours_and_their_coverage": ("power_hour", "peak_coverage"),
    MOMENT + "members_and_arrivals": ("members", "till_arrivals"),
    TRUTH: ("passers_by", "sku_units", "sku_on_hand"),
    ORDERS: ("orders", "order_response", "orders_waiting"),
    "tests/unit/test_chain.py::test_each_store_is_told_what_all_show_together": (
        "chain_standing", "chain_attention", "like_for_like", "transfer",
    ),
    "tests/property/test_segments_oracle.py::test_segments_equal_the_oracle": (
        "segment_customers", "segment_transactions", "segment_sales", "segment_atv", "segment_upt", "member_share",
    ),
    "tests/unit/flows/test_slow_stock.py::test_what_has_not_sold_for_four_weeks_is_slow": ("slow_stock", "sold_share"),
}  # fmt: skip

JUDGED: dict[str, tuple[str, ...]] = {
    # what is said of forecasts; they themselves (``…_forecast``) no batch of raw events can tell right from wrong: they
    # are judged by their error against their references
    "tests/property/test_forecaster_laws.py": ("forecast_state", "sku_forecast_error", "unusual_traffic"),
    # decisions made of forecasts
    "tests/unit/forecasting/test_decisions.py": ("restock", "staff_short", "promotion_missing", "plan_ahead"),
    # what is learned of people's ways, held against the way that was drawn
    "tests/unit/flows/test_lag.py": ("till_lag",),
    # inferences of causes, held against planted ones and ordinary days
    "tests/property/test_planted_faults.py": ("sensor_health", "staff_reentered", "conversion_evidence"),
    "tests/unit/test_planted_measures.py": ("tills_needed",),
    "tests/unit/flows/test_door_shares.py": ("door_share",),
    "tests/unit/flows/test_coverage_strips.py": ("minutes_covered", "device_outage"),
}  # fmt: skip


def test_every_measure_has_an_oracle_or_is_judged_elsewhere() -> None:
    """No measure of the catalogue is without either, and none is named that does not exist."""
    named = [
        metric for some in (ORACLES, JUDGED) for metrics in some.values() for metric in metrics
    ]
    known = {m.metric for m in measures() if not m.metric.endswith("_forecast")}
    assert known - set(named) == set()
    assert set(named) - known == set()
    assert not {m for some in ORACLES.values() for m in some} & {
        m for some in JUDGED.values() for m in some
    }


def test_the_oracles_that_are_named_exist_and_name_their_measures() -> None:
    """Each place is a test that is there, in a file that speaks of the measure."""
    for place, metrics in ORACLES.items():
        file, _, function = place.partition("::")
        text = (ROOT / file).read_text(encoding="utf-8")
        tests = {
            node.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)
        }
        assert function in tests, place
        assert not [metric for metric in metrics if f'"{metric}"' not in text], place
    for file in JUDGED:
        assert (ROOT / file).is_file(), file
