"""The forecast page's pieces: cards, rows with their sums, charts. Pure."""

from datetime import date, datetime
from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboard import forecasts
from dashboard.catalogue import term, words
from dashboard.forecasts import Quality
from dashboard.managers.day_figure import day_figure
from dashboard.managers.forecast_words import Said
from dashboard.managers.grid import WRAPPED, column
from dashboard.shop import Shop
from dashboard.suggestions import Need, Restock
from dashboard.theme import TOKENS, chart_figure
from flows.facts import Fact

DAYS = [
    column("day", "store.day", phone=104, width=130),
    column("value", "fc.expected", phone=84, width=120, type="rightAligned"),
    column("range", "col.interval", phone=0, minWidth=150, flex=1),
]
RESTOCK = [
    column("name", "stock.product", phone=0, minWidth=190, flex=1, **WRAPPED),
    column("hand", "stock.shelf", "int", phone=80, width=110),
    column("units", "fc.order", "int", phone=80, width=110),
    column("sum", "fc.sum", minWidth=420, flex=3, **WRAPPED),
]
STAFF = [
    column("hour", "fc.hour", phone=0, width=110),
    column("need", "fc.associates", "int", phone=0, width=140),
    column("sum", "fc.sum", minWidth=420, flex=3, **WRAPPED),
]


def head_card(h: forecasts.Head, said: Said) -> Component:
    """One number ahead, with its intervals."""
    local = f"{h.start.astimezone(said.shop.store.tz):%H:%M}–{h.end.astimezone(said.shop.store.tz):%H:%M}"
    rows = [html.Span(term("window", h.window, said.language), className="sub"),
            html.B(said.amount(h.value, h.unit), className="big")]  # fmt: skip
    for low, high, level in ((h.low80, h.high80, "80 %"), (h.low, h.high, "95 %")):
        if low is not None and high is not None:
            rows.append(
                html.Span(f"{level}: {said.amount(low, h.unit)}–{said.amount(high, h.unit)}")
            )
    if h.window != "day":
        rows.append(html.Span(local, className="sub"))
    return html.Div(rows, className="panel head-card")


def restock_row(r: Restock, said: Said) -> dict[str, Any]:
    """One SKU to order, with its sum."""
    text = words(said.language)["fc.restock_sum" if r.affordable else "fc.restock_dear"]
    numbers = {
        "lead": f"{r.lead_h:.0f}", "demand": f"{r.lead_demand:.1f}", "safety": f"{r.safety:.1f}",
        "level": f"{r.level:.0%}", "point": f"{r.point:.1f}", "hand": f"{r.on_hand:g}", "ordered": f"{r.on_order:g}",
        "units": r.units, "pack": r.pack,
    }  # fmt: skip
    product = said.shop.products.get(r.sku)
    return {
        "id": r.sku, "name": getattr(product.name, said.language) if product else r.sku, "hand": round(r.on_hand),
        "units": r.units, "sum": text.format(**numbers),
    }  # fmt: skip


def staff_row(n: Need, said: Said) -> dict[str, Any]:
    """One hour's associates, with the sum."""
    text = words(said.language)["fc.staff_sum"]
    numbers = {
        "visitors": f"{n.visitors:.0f}", "customers": f"{n.customers:.0f}", "per": f"{said.shop.star_target:g}",
        "need": n.associates,
    }  # fmt: skip
    return {"id": n.start, "hour": n.start, "need": n.associates, "sum": text.format(**numbers)}


def day_row(day: date, facts: list[Fact], said: Said) -> dict[str, Any]:
    """One day ahead."""
    h = forecasts.head(facts[-1])
    value = said.amount(h.value, h.unit) if h else "–"
    wide = h and h.low is not None and h.high is not None
    span = f"{said.amount(h.low, h.unit)}–{said.amount(h.high, h.unit)}" if h and wide else "–"
    weekday = words(said.language)[f"word.{day:%a}".lower()]
    return {"id": day.isoformat(), "day": f"{weekday} {day:%m-%d}", "value": value, "range": span}


def quality_line(days: list[Quality], said: Said) -> str:
    """Error and reference in one sentence."""
    text, (error, naive) = words(said.language), forecasts.overall(days)
    if error is None or naive is None:
        return text["fc.no_quality"]
    return text["fc.quality"].format(
        error=f"{error:.1%}", naive=f"{naive:.1%}", days=len(days),
        ratio="–" if not naive else f"{error / naive:.2f}",
    )  # fmt: skip


def switch_lines(days: list[Quality], said: Said) -> Component:
    """Who spoke before and since, and why it changed."""
    text, found = words(said.language), forecasts.switches(days)
    if not found:
        return html.P(text["fc.no_switch"], className="sub")
    return html.Ul([
        html.Li(text["fc.switch"].format(
            day=f"{day:%m-%d}", old=term("model", old, said.language), new=term("model", new, said.language),
            why=term("governance", why, said.language),
        )) for day, old, new, why in found
    ], className="said")  # fmt: skip


def curve_figure(found: list[Fact], shop: Shop, now: datetime) -> dict[str, Any]:
    """Today: what came, what is expected, its band, and now."""
    figure = day_figure(found, shop)
    local = now.astimezone(shop.store.tz).replace(tzinfo=None).isoformat()
    line = {"color": TOKENS["muted"], "width": 1}
    figure["layout"]["shapes"] = [
        {"type": "line", "x0": local, "x1": local, "yref": "paper", "y0": 0, "y1": 1, "line": line}
    ]
    return figure


def error_figure(days: list[Quality], text: dict[str, str]) -> dict[str, Any]:
    """The model's error and the naive one's, day by day, labelled at their ends."""
    figure = chart_figure()
    x = [d.day.isoformat() for d in days]
    drawn = (
        (("fc.model"), TOKENS["data"], [d.error for d in days]),
        ("fc.naive", TOKENS["muted"], [d.naive for d in days]),
    )
    traces, notes = [], []
    for key, colour, values in drawn:
        traces.append({
            "type": "scatter", "mode": "lines+markers", "x": x, "y": values, "hoverinfo": "skip",
            "line": {"color": colour, "width": 2}, "marker": {"size": 5, "color": colour},
        })  # fmt: skip
        last = next(
            ((a, b) for a, b in reversed(list(zip(x, values, strict=True))) if b is not None), None
        )
        if last:
            notes.append({
                "x": last[0], "y": last[1], "text": text[key], "showarrow": False, "xanchor": "right",
                "yanchor": "bottom" if colour == TOKENS["muted"] else "top", "font": {"color": colour, "size": 14},
            })  # fmt: skip
    layout = figure["layout"] | {
        "annotations": notes,
        "margin": {"l": 48, "r": 16, "t": 12, "b": 28},
    }
    layout["font"] = layout["font"] | {"size": 14}
    layout["xaxis"] = {"type": "date", "showgrid": False, "fixedrange": True, "tickformat": "%m-%d"}
    layout["yaxis"] = {
        "gridcolor": TOKENS["line"],
        "rangemode": "tozero",
        "tickformat": ".0%",
        "fixedrange": True,
    }
    return {"data": traces, "layout": layout}
