"""Median dwell on the shop's own floor plan."""

from dash import html
from dash.development.base_component import Component

from dashboard.panels import Say, section
from dashboard.shop import Shop
from dashboard.view_floor import HEAT_S

ORDER = 30
AREA = "floor"


def panel(_shop: Shop, say: Say) -> Component:
    """The plan, drawn by the browser from the zones' polygons, and the colour scale."""
    swatches: list[Component] = [html.Span("0")]
    for step, bound in enumerate((*HEAT_S, None)):
        swatches.append(html.I(className=f"swatch heat{step}"))
        swatches.append(html.Span(say("dwell.unit") if bound is None else str(bound // 60)))
    return section(
        "dwell",
        say("dwell.title"),
        [html.Div(id="plan", className="plan"), html.Div(swatches, className="scale")],
        html.Span(say("dwell.sub"), className="note"),
    )
