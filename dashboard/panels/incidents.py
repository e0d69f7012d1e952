"""What needs somebody, dearest first."""

from dash import html
from dash.development.base_component import Component

from dashboard.panels import Say, aria, section
from dashboard.shop import Shop

ORDER = 50
AREA = "rail"


def panel(_shop: Shop, say: Say) -> Component:
    """The cards and the day's tally; a new card is announced politely to screen readers."""
    return section(
        "rail",
        say("rail.title"),
        [
            html.Div(id="cards", className="cards", role="log", **aria(live="polite")),
            html.Div(id="tally", className="tally"),
        ],
    )
