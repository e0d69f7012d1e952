"""Tables of the managers' pages as files (edge)."""

import csv
import io
from datetime import timedelta

from flask import Flask, Response, abort

from dashboard.doors.gate import visitor
from dashboard.forecasts import SUFFIX
from dashboard.managers.desk import Desk
from dashboard.managers.past_reader import PastReader, Wanted
from dashboard.opening import business_day
from dashboard.reader import UnreachableError


def register(server: Flask, desk: Desk) -> None:
    """Add ``/forecast/{store}.csv``."""

    @server.get("/forecast/<store>.csv")
    def forecast_csv(store: str) -> Response:
        if store not in desk.shops or not visitor().may("manager", store):
            abort(404)
        try:
            rows = csv_rows(desk, store)
        except UnreachableError:
            abort(503, "the data store does not answer")
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(
            [safe(cell) for cell in row] for row in rows
        )
        name = f'attachment; filename="forecast-{store}.csv"'
        return Response(
            "\ufeff" + text.getvalue(), mimetype="text/csv", headers={"Content-Disposition": name}
        )


def safe(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula.

    >>> safe("=1+1"), safe("-3.5"), safe("riverside")
    ("'=1+1", '-3.5', 'riverside')
    """
    risky = cell[:1] in {"=", "+", "@", "\t"} or (cell[:1] == "-" and not cell[1:2].isdigit())
    return f"'{cell}" if risky else cell


AHEAD_DAYS = 7
HEAD = (
    "store", "metric", "subject", "window", "start", "end", "value", "unit", "low95", "high95", "low80", "high80",
    "champion",
)  # fmt: skip


def csv_rows(desk: Desk, store: str) -> list[list[str]]:
    """Every forecast of a store as a table: today's windows and series, days ahead, restock and staffing."""
    shop = desk.shops[store]
    past = PastReader(desk.house.reader)
    now = past.now()
    today = business_day(shop.store, now)
    facts = [f for f in desk.house.facts(store) if f.metric.endswith(SUFFIX)]
    names = {(m, s, w) for m, s, w in past.metrics(shop, today) if m.endswith(SUFFIX)}
    wanted = [Wanted(m, w, s) for m, s, w in sorted(names)]  # type: ignore[arg-type]
    ahead = [today + timedelta(days=n) for n in range(AHEAD_DAYS + 1)]
    series = [f for found in past.days(shop, ahead, wanted).values() for f in found]
    rows = [list(HEAD)]
    for f in sorted({f.key: f for f in [*facts, *series]}.values(), key=lambda f: f.key):
        told = (
            f.evidence.low,
            f.evidence.high,
            *(f.detail.get(n) for n in ("low80", "high80", "champion")),
        )
        cells = ["" if c is None else str(c) for c in (f.value, f.unit, *told)]
        tz = shop.store.tz
        span = [f.start.astimezone(tz).isoformat(), f.end.astimezone(tz).isoformat()]
        rows.append([store, f.metric, f.subject, f.window, *span, *cells])
    return rows
