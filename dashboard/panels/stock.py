"""Top sellers and what is about to sell out."""

from dash import html
from dash.development.base_component import Component

from dashboard.panels import Say, aria, section
from dashboard.shop import Shop

ORDER = 40
AREA = "stock"


def panel(_shop: Shop, say: Say) -> Component:
    """A table whose rows the browser keeps."""
    head = [
        html.Th(say(f"stock.{name}"), scope="col") for name in ("product", "sold", "shelf", "cover")
    ]
    table = html.Table(
        [html.Thead(html.Tr(head)), html.Tbody(id="stock-rows")], className="table",
        **aria(labelledby="stock-title"),
    )  # fmt: skip
    return section(
        "stock", say("stock.title"), [table], html.Span(say("stock.sub"), className="note")
    )
