"""The chart of one day that is looked at from a manager's page. Pure."""

from datetime import timedelta
from typing import Any

from dashboard.shop import Shop
from dashboard.theme import TOKENS, chart_figure
from flows.facts import Fact


def day_figure(found: list[Fact], shop: Shop) -> dict[str, Any]:
    """The wall's chart for a day that is looked back at, its axis on the shop's clock."""
    figure = chart_figure()
    band, _, middle, line, _dot = figure["data"]
    low = figure["data"][1]
    for fact in found:
        at = fact.end.astimezone(shop.store.tz).replace(tzinfo=None).isoformat()
        if not fact.metric.endswith("_forecast"):
            line["x"].append(at)
            line["y"].append(fact.value)
        else:
            for trace, number in (
                (band, fact.evidence.high),
                (low, fact.evidence.low),
                (middle, fact.value),
            ):
                trace["x"].append(at)
                trace["y"].append(number)
    middle["line"] |= {"width": 2}
    line["line"] |= {"width": 3}
    layout = figure["layout"]
    layout["font"] |= {"size": 14}
    layout["margin"] = {"l": 40, "r": 12, "t": 6, "b": 28}
    layout["xaxis"] = {"type": "date", "showgrid": False, "tickformat": "%H:%M", "fixedrange": True}
    layout["yaxis"] = {
        "gridcolor": "#232A38",
        "rangemode": "tozero",
        "zeroline": False,
        "fixedrange": True,
    }
    return figure


def other_day(found: list[Fact], shop: Shop, shift: timedelta, name: str) -> dict[str, Any]:
    """Another day's visitors, moved onto the clock of the day that is looked at, named at its end."""
    seen = [f for f in found if not f.metric.endswith("_forecast")]
    at = [(f.end.astimezone(shop.store.tz) + shift).replace(tzinfo=None).isoformat() for f in seen]
    return {
        "type": "scatter", "mode": "lines+text", "x": at, "y": [f.value for f in seen], "hoverinfo": "skip",
        "line": {"color": TOKENS["heat4"], "width": 1.5}, "textfont": {"color": TOKENS["heat4"]},
        "text": [*([""] * (len(seen) - 1)), name], "textposition": "top left",
    }  # fmt: skip
