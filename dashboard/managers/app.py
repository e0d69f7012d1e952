"""The managers' Dash app: one page at a time inside its navigation; the pages themselves are found in ``pages``."""

from pathlib import Path
from typing import NamedTuple

import dash_mantine_components as dmc  # type: ignore[import-untyped]
from dash import ClientsideFunction, Dash, Input, Output, dcc, html
from dash.development.base_component import Component
from flask import Flask, Response, g

from dashboard.catalogue import LOCALE, words
from dashboard.doors.gate import Gate, visitor
from dashboard.doors.people import Visitor
from dashboard.managers import frame, pages
from dashboard.managers.desk import Desk
from dashboard.paged import Paged
from dashboard.reader import UnreachableError

ASSETS = Path(__file__).parent / "assets"
NOBODY = Visitor("", "", "kiosk")


class Managers(NamedTuple):
    """The app around the pages."""

    desk: Desk
    pages: dict[str, pages.Built]
    gate: Gate

    def create(self, server: Flask) -> Dash:
        """Mount the app at the root of a server."""
        app = Paged(
            "dashboard.managers",
            server=server,  # type: ignore[arg-type]
            title="Floorcast",
            update_title="",
            assets_folder=str(ASSETS),
            serve_locally=True,
            compress=False,
            suppress_callback_exceptions=True,
            meta_tags=[{"name": "viewport", "content": "width=device-width, initial-scale=1"}],
        )
        app.language = self.desk.settings.language
        app.layout = self._layout
        self._register(app)
        server.add_url_rule("/events", "manager_hints", self._hints)
        return app

    def _hints(self) -> Response:
        return Response(
            self.desk.hub.hints(self.desk.mine(), self.gate.still("manager")),
            mimetype="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    def _layout(self) -> Component:
        who = g.get("visitor") or NOBODY  # Dash asks for a layout once before anybody is there
        provider: Component = dmc.MantineProvider(
            html.Div(
                [
                    dcc.Location(id="where", refresh="callback-nav"),
                    dcc.Store(id="changed", data=0),
                    dcc.Store(id="me", data={"csrf": who.csrf, "id": who.id}),
                    dcc.Store(id="words", data={"en": words("en"), "zh": words("zh")}),
                    html.Div(id="page"),
                ],
                id="managers",
            ),
            forceColorScheme="dark",
            theme={"fontFamily": 'Inter, "Noto Sans CJK SC", sans-serif', "primaryColor": "blue"},
        )
        return provider

    def _register(self, app: Dash) -> None:
        app.callback(
            Output("page", "children"), Input("where", "pathname"), Input("where", "search")
        )(self.page)
        app.clientside_callback(  # type: ignore[no-untyped-call]
            ClientsideFunction("managers", "know"),
            Output("managers", "data-known"),
            Input("me", "data"),
            Input("words", "data"),
        )
        for page in self.pages.values():
            page.register(app)

    def page(self, path: str | None, search: str | None) -> Component:
        """The page an address names."""
        language, where = self.desk.language(search), (path or "/").strip("/")
        text = words(language)
        found = self.pages.get(where.partition("/")[0])
        try:
            body = found.build(path or "/", language) if found else html.H1(text["dash.gone"])
        except UnreachableError:
            body = html.H1(text["page.down"])
        name = found.name if found else ""
        framed = frame.frame(body, name, language, visitor(), self.desk.shops)
        return html.Div(framed, lang=LOCALE[language])
