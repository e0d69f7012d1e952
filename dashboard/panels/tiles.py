"""The number tiles along the top."""

from dash import html
from dash.development.base_component import Component

from dashboard.panels import Say, aria
from dashboard.shop import Shop

ORDER = 10
AREA = "tiles"


def panel(_shop: Shop, say: Say) -> Component:
    """An empty row; the browser draws one tile per configured measure."""
    return html.Section(id="tiles", className="tiles", **aria(label=say("wall.title")))
