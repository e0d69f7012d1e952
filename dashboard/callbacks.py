"""Which page the address names, and the browser's own drawing.

The page comes with the layout, a GET whose ``Referer`` (our own policy is ``same-origin``) says which address asks: a
wall's token may not even ask for a page by POST, as a callback would.
"""

from urllib.parse import urlsplit

from dash import ClientsideFunction, Dash, Input, Output
from dash.development.base_component import Component
from flask import request

from dashboard.doors.gate import visitor
from dashboard.language import language_of
from dashboard.layout import page, unknown, wall
from dashboard.settings import DashboardSettings
from dashboard.shop import Shops


def register(app: Dash, shops: Shops, settings: DashboardSettings) -> None:
    """Register the layout and the one callback; drawing happens in the browser, without a round trip."""

    def asked() -> Component:
        place = urlsplit(request.referrer or "")
        language = language_of(place.query, settings.language)
        shop = shops.get(store_of(place.path))
        if shop is None or not visitor().may("kiosk", shop.store.id):
            return page(unknown(language))
        view = "zones" if "view=zones" in place.query else ""
        explains = visitor().may("manager", shop.store.id)
        return page(wall(shop, language, view, explains=explains))

    app.layout = asked
    app.clientside_callback(  # type: ignore[no-untyped-call]
        ClientsideFunction("wall", "start"),
        Output("wall", "data-store"),
        Input("frame", "data"),
    )


def store_of(pathname: str) -> str:
    """The store an address names; empty if it names none.

    >>> store_of("/wall/riverside"), store_of("/staff"), store_of("")
    ('riverside', '', '')
    """
    parts = pathname.strip("/").split("/")
    return parts[1] if len(parts) == 2 and parts[0] == "wall" else ""
