"""The wall's page: a frame drawn once; numbers are the browser's to keep."""

from typing import Any
from urllib.parse import quote

from dash import dcc, html
from dash.development.base_component import Component

from dashboard.catalogue import LOCALE, Language, wall_words, words
from dashboard.panels import discover
from dashboard.plan import picture
from dashboard.shop import Shop
from dashboard.view_tiles import FACTS


def page(content: Component) -> Component:
    """What every wall's document holds."""
    return html.Div(html.Div(content, id="page"), id="root")


def wall(shop: Shop, language: Language, view: str = "", *, explains: bool = False) -> Component:
    """One store's wall; ``view`` ``zones`` shows its floor large.

    ``explains``: who looks may open the store's page, so that each tile leads to why its number is what it is,
    and each card to its incident's life.
    """
    text = words(language)
    areas: dict[str, list[Component]] = {}
    for panel in discover():
        areas.setdefault(panel.area, []).append(panel.build(shop, text.__getitem__))
    return html.Main(
        [
            dcc.Store(
                id="frame",
                data=frame(shop, language)
                | {"view": view, "why": whys(shop, language) if explains else {}},
            ),
            _top(shop, language),
            *(html.Div(built, className=f"area-{area}") for area, built in areas.items()),
        ],
        id="wall",
        className=f"wall loading view-{view}" if view else "wall loading",
        lang=LOCALE[language],
    )


def frame(shop: Shop, language: Language) -> dict[str, Any]:
    """What the browser must know of the shop to draw and format."""
    store, settings = shop.store, shop.settings
    return {
        "store": store.id,
        "language": language,
        "locale": LOCALE[language],
        "words": wall_words(language),
        "zone": store.timezone,
        "currency": store.currency,
        "delayed_s": settings.delayed_s,
        "stale_s": settings.stale_s,
        "tiles": list(settings.tiles),
        "zones": [
            {"id": z.id, "name": getattr(z.name, language), "polygon": z.polygon}
            for z in store.zones
            if z.polygon
        ],
        "picture": picture(store),
    }


def whys(shop: Shop, language: Language) -> dict[str, str]:
    """Where each tile's number is explained; ``card``: where an incident's life is told, its id to be added."""
    page = f"/store/{quote(shop.store.id)}?lang={language}&why="
    told = {tile: page + quote(FACTS[tile]) for tile in shop.settings.tiles}
    return told | {"card": f"/incidents?lang={language}&why="}


def _top(shop: Shop, language: Language) -> Component:
    name = getattr(shop.store.name, language)
    return html.Header(
        [
            html.Div([html.H1(name), html.Span(id="hours", className="hours")], className="brand"),
            html.Div(id="banner", className="banner", role="status"),
            html.Div(
                [
                    html.Span(id="glass", className="glass"),
                    html.Span(id="fresh", className="fresh"),
                    html.Span(id="clock", className="clock"),
                ],
                className="right",
            ),
        ],
        className="top",
    )


def unknown(language: Language) -> Component:
    """What stands where a store is not configured."""
    return html.Main(html.H1(words(language)["dash.gone"]), className="gone", lang=LOCALE[language])
