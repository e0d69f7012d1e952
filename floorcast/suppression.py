"""Small counts of people are left out of exports: under five, somebody could be recognised. Pure.

Left out are, in this order:

1. every count of people (units ``people``, ``groups``) above 0 and below ``LEAST``;
2. complements, as each would be total less the rest: within the doors, zones or tills of one window, and within the
   quarter-hours of one day, the smallest other counts, until at least two are left out that sum to ``LEAST`` or more;
3. everything derived from a count left out: what has the same store, subject and window and is no plain total, and
   every rate or quantile whose evidence (``n``, ``k``) counts fewer than ``LEAST``, or all but so few.

A zero is kept: it says that nobody was there. Rows stay, with value and evidence unknown and ``suppressed`` true, so
that a gap is no secret. What can be told from outside (a till's own list of tickets) is beyond this.
"""

import polars as pl

LEAST = 5
PEOPLE = ("people", "groups")
PLAIN = ("transactions", "units", "skus", "minor", "hours", "text", "tills", "associates")
"""Units of totals that say nothing about how many people there were, unless they have evidence."""

_CELL = ["store", "subject", "start_at", "end_at"]
_HIDDEN = ("value", "text", "n", "k", "low", "high", "needs")


def suppress(rows: pl.DataFrame) -> pl.DataFrame:
    """Facts (columns of ``floorcast.history.rows``) with small counts blanked and a column ``suppressed``.

    Give it all metrics of whole days at once: what is left out must not depend on what was asked for.
    """
    counts = pl.col("unit").is_in(PEOPLE)
    small = (pl.col("value") > 0) & (pl.col("value") < LEAST)
    marked = rows.with_row_index("row").with_columns(
        suppressed=(counts & small).fill_null(value=False),
        family=pl.col("subject").str.split(":").list.first(),
    )
    while True:
        more = _complement(marked, ["store", "metric", "family", "start_at", "end_at"])
        more = _complement(more, ["store", "metric", "subject", "day", _length()])
        if more["suppressed"].sum() == marked["suppressed"].sum():
            break
        marked = more
    return _derived(marked).sort("row").drop("row", "family")


def _length() -> pl.Expr:
    return (pl.col("end_at") - pl.col("start_at")).dt.total_minutes().alias("minutes")


def _complement(rows: pl.DataFrame, group: list[str | pl.Expr]) -> pl.DataFrame:
    """Leave out the smallest others of each group until what is left out cannot be told from the group's total."""
    people = rows.filter(pl.col("unit").is_in(PEOPLE), pl.col("value") > 0)
    chosen: set[int] = set()
    for _, cells in people.group_by(group, maintain_order=True):
        out = cells.filter("suppressed")
        if out.is_empty() or out.height == cells.height:
            continue
        number, total = out.height, float(out["value"].sum())
        others = cells.filter(~pl.col("suppressed")).sort("value", "row")
        for row, value in others.select("row", "value").rows():
            if number >= 2 and total >= LEAST:
                break
            chosen.add(row)
            number, total = number + 1, total + value
    return rows.with_columns(suppressed=pl.col("suppressed") | pl.col("row").is_in(list(chosen)))


def _derived(rows: pl.DataFrame) -> pl.DataFrame:
    """Leave out what rests on a count that was left out, then blank it all."""
    cells = rows.filter("suppressed").select(_CELL).unique().with_columns(hit=pl.lit(value=True))
    evident = pl.col("n").is_not_null() | pl.col("k").is_not_null()
    total = pl.col("unit").is_in([*PLAIN, *PEOPLE]) & ~evident
    counted = (
        pl.col("n"),
        pl.col("k"),
        pl.when(pl.col("unit") == "ratio").then(pl.col("n") - pl.col("k")),
    )
    thin = pl.any_horizontal((few > 0) & (few < LEAST) for few in counted)
    out = (
        pl.col("suppressed") | (pl.col("hit").fill_null(value=False) & ~total) | thin.fill_null(value=False)
    )  # fmt: skip
    joined = rows.join(cells, on=_CELL, how="left").with_columns(suppressed=out).drop("hit")
    return joined.with_columns(
        pl.when("suppressed").then(None).otherwise(pl.col(name)).alias(name) for name in _HIDDEN
    )
