"""Visitors per quarter of an hour against the forecast."""

from dash import dcc, html
from dash.development.base_component import Component

from dashboard.panels import Say, aria, section
from dashboard.shop import Shop
from dashboard.theme import chart_figure

ORDER = 20
AREA = "chart"


def panel(_shop: Shop, say: Say) -> Component:
    """One figure that stays for the life of the page; only its numbers change."""
    graph = dcc.Graph(
        id="chart",
        figure=chart_figure(),
        config={"staticPlot": True, "displayModeBar": False},
        responsive=True,
        className="chart",
    )
    image = html.Div(graph, role="img", className="chart-box", **aria(label=say("chart.alt")))
    return section("visitors", say("chart.title"), [image])
