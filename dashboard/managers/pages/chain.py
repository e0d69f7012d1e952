"""All stores, the one that needs most attention first."""

from typing import Any

import dash_mantine_components as dmc  # type: ignore[import-untyped]
from dash import Dash, Input, Output, State, html, no_update
from dash.development.base_component import Component

from dashboard.catalogue import Language, words
from dashboard.managers import rows
from dashboard.managers.desk import Desk
from dashboard.managers.frame import PINNED, heading
from dashboard.managers.grid import column, table
from dashboard.panels import aria
from dashboard.reader import UnreachableError


class Page:
    """``/``."""

    name = "chain"
    path = ""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def build(self, _path: str, language: Language) -> Component:
        """The page before any row arrives."""
        return chain(language)

    def register(self, app: Dash) -> None:
        """Its rows follow the hints; its filter stays in the browser."""
        app.callback(
            Output("chain", "rowData"), Input("changed", "data"), State("where", "search")
        )(self.chain)
        app.clientside_callback(  # type: ignore[no-untyped-call]
            "function(text) { return {quickFilterText: text || ''}; }",
            Output("chain", "dashGridOptions"),
            Input("search", "value"),
            prevent_initial_call=True,
        )

    def chain(self, _changed: object, search: str | None) -> Any:  # noqa: ANN401 - rows, or nothing new
        """All stores' rows."""
        try:
            glances = self.desk.house.glances(self.desk.mine())
            return rows.chain(
                glances, self.desk.shops, self.desk.language(search), self.desk.house.reader.now()
            )
        except UnreachableError:
            return no_update


def chain(language: Language) -> Component:
    """All stores."""
    text = words(language)
    columns = [
        column("name", "col.store", **PINNED, cellRenderer="StoreLink"),
        column(
            "act",
            "col.act",
            "int",
            width=90,
            cellRenderer="Count",
            cellRendererParams={"tone": "act"},
        ),
        column(
            "watch",
            "col.watch",
            "int",
            width=90,
            cellRenderer="Count",
            cellRendererParams={"tone": "watch"},
        ),
        column("risk", "col.risk", "money", width=120),
        column("visitors", "col.visitors", "int", width=140),
        column(
            "spark",
            "col.spark",
            sortable=False,
            cellDataType=False,
            width=200,
            cellRenderer="Spark",
        ),
        column("conversion", "col.conversion", "pct", width=150),
        column("interval", "col.interval", width=200),
        column("shrunk", "col.shrunk", "pct", width=150),
        column("verdict", "col.verdict", width=150),
        column("atv", "col.atv", "money", width=130),
        column("occupancy", "col.occupancy", "int", width=100),
        column("age", "col.age", "seconds", width=120),
    ]
    search = dmc.TextInput(
        id="search", placeholder=text["chain.search"], w=240, **aria(label=text["chain.search"])
    )
    top = html.Div([heading(text["chain.title"], text["chain.sub"]), search], className="bar")
    return html.Div([top, table("chain", columns, language, "calc(100vh - 190px)")])
