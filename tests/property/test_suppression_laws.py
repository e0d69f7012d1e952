"""No count of fewer than five people can be read or worked out from an export."""

from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from floorcast.history.rows import FACT_COLUMNS
from floorcast.suppression import LEAST, suppress

DAY = date(2026, 11, 20)
OPENS = datetime(2026, 11, 20, 9, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
counts = st.integers(0, 12)


def row(
    metric: str, subject: str, quarter: int, value: float | None, **more: Any
) -> dict[str, Any]:
    """One fact of a quarter-hour."""
    start = OPENS + quarter * QUARTER
    given_ = {
        "store": "north", "day": DAY, "metric": metric, "subject": subject, "start_at": start,
        "end_at": start + QUARTER, "value": value, "unit": "people", "state": "final", "revision": 0, "as_of": start,
    }  # fmt: skip
    return given_ | more


def table(doors: dict[str, list[int]]) -> pl.DataFrame:
    """Visitors by door and in total, and the store's conversion, spend and money."""
    rows: list[dict[str, Any]] = []
    for quarter, now in enumerate(zip(*doors.values(), strict=True)):
        people = sum(now)
        rows += [
            row("visitors", f"door:{d}", quarter, float(n)) for d, n in zip(doors, now, strict=True)
        ]
        rows += [
            row("visitors", "", quarter, float(people)),
            row("conversion", "", quarter, 0.5, unit="ratio", n=float(people), k=people / 2),
            row("spv", "", quarter, 90.0, unit="minor", n=float(people)),
            row("net_sales", "", quarter, 90.0 * people, unit="minor"),
        ]
    return pl.DataFrame(rows, schema=FACT_COLUMNS)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 4).flatmap(lambda q: st.fixed_dictionaries(
    {door: st.lists(counts, min_size=q, max_size=q) for door in "abc"}
)))  # fmt: skip
def test_no_small_count_is_left(doors: dict[str, list[int]]) -> None:
    """No value or evidence from 1 to 4 stays, no hidden one is a total less the others, and zeros and rows stay."""
    rows = table(doors)
    out = suppress(rows)
    assert out.height == rows.height
    people = out.filter(pl.col("unit") == "people")
    for column in ("value", "n", "k"):
        kept = out.filter((pl.col("unit") == "people") | (column != "value"))[column].drop_nulls()
        assert not ((kept > 0) & (kept < LEAST)).any()
    for subject in ("door:*", *[f"door:{d}" for d in doors], ""):
        groups = (
            people.filter(pl.col("subject").str.starts_with("door:")).partition_by("start_at")
            if subject == "door:*"
            else [people.filter(pl.col("subject") == subject)]
        )
        for group in groups:
            hidden = rows.join(
                group.filter("suppressed").select("subject", "start_at"), on=["subject", "start_at"]
            ).filter(pl.col("metric") == "visitors")["value"]
            others = group.filter(~pl.col("suppressed"))["value"]
            assert len(hidden) != 1 or others.sum() == 0, "told by the total less the others"
            assert hidden.is_empty() or hidden.sum() >= LEAST or others.sum() == 0
    rates = out.filter(pl.col("unit") == "ratio")
    rest = (rates["n"] - rates["k"]).drop_nulls()
    assert not ((rest > 0) & (rest < LEAST)).any()
    zeros = rows.with_row_index().filter(pl.col("value") == 0, pl.col("unit") == "people")["index"]
    assert (out[zeros.to_list()]["value"] == 0).all()
    gone = people.filter("suppressed").select("subject", "start_at")
    derived = out.filter(pl.col("metric").is_in(["conversion", "spv"])).join(
        gone, on=["subject", "start_at"]
    )
    assert derived["value"].is_null().all()
    assert derived["n"].is_null().all()


def test_plain_totals_and_large_counts_stay() -> None:
    """Where every count is large nothing is left out; money stays even where visitors are few."""
    large = suppress(table({"a": [20, 30], "b": [40, 50]}))
    assert not large["suppressed"].any()
    small = suppress(table({"a": [2, 30], "b": [40, 50]}))
    money = small.filter(pl.col("metric") == "net_sales")
    assert money["value"].is_not_null().all()
    hidden = small.filter("suppressed").select("subject", "start_at").rows()
    second = OPENS + QUARTER
    assert set(hidden) == set(product(["door:a", "door:b"], [OPENS, second]))
