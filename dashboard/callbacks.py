"""What moves on the page: which page the address names, and the browser's own drawing."""

from dash import ClientsideFunction, Dash, Input, Output
from dash.development.base_component import Component

from dashboard.doors.gate import visitor
from dashboard.language import language_of
from dashboard.layout import unknown, wall
from dashboard.settings import DashboardSettings
from dashboard.shop import Shops


def register(app: Dash, shops: Shops, settings: DashboardSettings) -> None:
    """Register every callback; drawing happens in the browser, without a round trip."""

    @app.callback(Output("page", "children"), Input("where", "pathname"), Input("where", "search"))
    def show(pathname: str | None, search: str | None) -> Component:
        language = language_of(search, settings.language)
        shop = shops.get(store_of(pathname))
        allowed = shop is not None and visitor().may("kiosk", shop.store.id)
        view = "zones" if "view=zones" in (search or "") else ""
        if shop is None or not allowed:
            return unknown(language)
        explains = visitor().may("manager", shop.store.id)
        return wall(shop, language, view, explains=explains)

    # A callback without an output does not run for a component that another callback brought in.
    app.clientside_callback(  # type: ignore[no-untyped-call]
        ClientsideFunction("wall", "start"),
        Output("wall", "data-store"),
        Input("frame", "data"),
    )


def store_of(pathname: str | None) -> str:
    """The store an address names; empty if it names none.

    >>> store_of("/wall/riverside"), store_of("/staff"), store_of(None)
    ('riverside', '', '')
    """
    parts = (pathname or "").strip("/").split("/")
    return parts[1] if len(parts) == 2 and parts[0] == "wall" else ""
