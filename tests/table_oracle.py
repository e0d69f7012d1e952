"""What a careful analyst finds in a table's raw ticket lines with DuckDB: every measure of every store's days.

Independent of the mappings and of the floor: the tables' own columns, in SQL.
"""

from pathlib import Path

import duckdb

Key = tuple[str, str, str, str]
"""Store, day on the shop's clock, metric, subject."""
Values = dict[Key, float | None]

LINES = {
    "online_retail": """
        SELECT 'online-retail' AS store, Invoice AS ticket, rowid AS line, StockCode AS sku,
               strptime(InvoiceDate, '%m/%d/%Y %H:%M') AS rung_at, Quantity::BIGINT AS units,
               round_even(Price::DOUBLE * Quantity::BIGINT * 100, 0)::BIGINT AS net,
               "Customer ID" AS member, Invoice LIKE 'C%' AS back
        FROM raw WHERE Invoice NOT LIKE 'A%'""",
    "complete_journey": """
        SELECT 'grocery-' || store_id AS store, basket_id::VARCHAR AS ticket, rowid AS line,
               product_id::VARCHAR AS sku, transaction_timestamp AS rung_at, quantity AS units,
               round_even(sales_value * 100, 0)::BIGINT AS net, household_id::VARCHAR AS member, false AS back
        FROM raw""",
    "bakery": """
        SELECT 'bakery' AS store, "Transaction" AS ticket, rowid AS line, Item AS sku,
               strptime(Date || ' ' || Time, '%Y-%m-%d %H:%M:%S') AS rung_at, 1 AS units, 0 AS net,
               NULL::VARCHAR AS member, false AS back
        FROM raw""",
}
DOORS = """
    SELECT strptime(column1, '%m/%d/%y')::DATE::VARCHAR AS day,
           sum(column3::BIGINT) FILTER (column0 = '9') AS came, sum(column3::BIGINT) FILTER (column0 = '7') AS went
    FROM raw GROUP BY day"""
TICKETS = """
    SELECT store, ticket, first(rung_at ORDER BY line)::DATE AS day, first(member ORDER BY line) AS member,
           bool_or(back) AS back, sum(units) AS units, sum(net) AS net
    FROM lines GROUP BY store, ticket"""
DAYS = """
    SELECT store, day::VARCHAR AS day,
        count(*) FILTER (NOT back) AS transactions, count(*) FILTER (back) AS returns,
        coalesce(-sum(net) FILTER (back), 0) AS returned, sum(net) AS net_sales, sum(units) AS units,
        sum(net) FILTER (NOT back) AS sold, sum(units) FILTER (NOT back) AS pieces,
        count(DISTINCT member) FILTER (NOT back AND member IS NOT NULL) AS members
    FROM tickets GROUP BY store, day"""
RANKED = """
    WITH sold AS (
        SELECT store, day::VARCHAR AS day, sku, sum(lines.units) AS units, sum(lines.net) AS net
        FROM lines JOIN tickets USING (store, ticket) WHERE NOT tickets.back GROUP BY ALL HAVING sum(lines.units) > 0
    ), ranked AS (
        SELECT *, row_number() OVER (PARTITION BY store, day ORDER BY units DESC, net DESC, sku) AS rank,
               count(*) OVER (PARTITION BY store, day) AS moving FROM sold
    )
    SELECT store, day, moving, units, rank FROM ranked WHERE rank <= 10"""


def expected(name: str, table: Path) -> Values:
    """Every value that the table's lines give, by store, day, metric and subject."""
    with duckdb.connect() as db:
        of_text = table.suffix != ".parquet"
        raw = db.read_csv(str(table), all_varchar=True) if of_text else db.read_parquet(str(table))
        raw.create("raw")
        db.execute(f"CREATE TABLE lines AS {LINES[name]}")
        db.execute(f"CREATE TABLE tickets AS {TICKETS}")
        found: Values = {}
        for row in db.sql(DAYS).fetchall():
            found |= _day(row)
        for store, day, moving, units, rank in db.sql(RANKED).fetchall():
            found[store, day, "moving_skus", ""] = moving
            found[store, day, "top_seller", f"rank:{rank}"] = units
        return found


def expected_doors(table: Path) -> Values:
    """A counted door's days: people in, out, and how many never left."""
    with duckdb.connect() as db:
        db.read_csv(str(table), all_varchar=True, header=False).create("raw")
        found: Values = {}
        for day, came, went in db.sql(DOORS).fetchall():
            values = {"visitors": came, "exits": went, "occupancy_drift": came - went}
            found |= {("calit2", day, metric, ""): value for metric, value in values.items()}
        return found


def _day(row: tuple[str, str, int, int, int, int, int, int | None, int | None, int]) -> Values:
    store, day, transactions, returns, returned, net, units, sold, pieces, members = row
    values = {
        "transactions": transactions, "returns": returns, "returned": returned, "net_sales": net, "units": units,
        "atv": _over(sold, transactions), "upt": _over(pieces, transactions), "aur": _over(sold, pieces),
        "members": members,
    }  # fmt: skip
    found: Values = {(store, day, metric, ""): value for metric, value in values.items()}
    found[store, day, "till_sales", "till:1"] = net
    found[store, day, "channel_transactions", "channel:store"] = transactions
    return found


def _over(numerator: int | None, denominator: int | None) -> float | None:
    return round((numerator or 0) / denominator, 6) if denominator and denominator > 0 else None
