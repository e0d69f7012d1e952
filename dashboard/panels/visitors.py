"""Visitors per quarter of an hour against the forecast."""

from dash import html
from dash.development.base_component import Component

from dashboard.panels import Say, aria, section
from dashboard.shop import Shop

ORDER = 20
AREA = "chart"


def panel(_shop: Shop, say: Say) -> Component:
    """A box; the browser draws the day in it."""
    image = html.Div(id="chart", role="img", className="chart-box", **aria(label=say("chart.alt")))
    return section("visitors", say("chart.title"), [image])
