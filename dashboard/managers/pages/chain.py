"""All stores, the one that needs most attention first."""

from typing import Any

import dash_mantine_components as dmc  # type: ignore[import-untyped]
from dash import Dash, Input, Output, State, html, no_update
from dash.development.base_component import Component

from dashboard.catalogue import Language, words
from dashboard.managers import rows
from dashboard.managers.desk import Desk
from dashboard.managers.frame import PINNED, heading
from dashboard.managers.grid import WRAPPED, column, search, searched, table, windows
from dashboard.managers.transfers import transfers
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
        return chain(language) if self.desk.shops else none_yet(language)

    def register(self, app: Dash) -> None:
        """Its rows follow the hints; its filter stays in the browser."""
        app.callback(
            Output("chain", "rowData"),
            Output("transfers", "rowData"),
            Output("transfers-panel", "hidden"),
            Input("changed", "data"),
            State("where", "search"),
        )(self.chain)
        searched(app, "chain")
        app.clientside_callback(  # type: ignore[no-untyped-call]
            "function(need) { return need === 'all' ? {} : "
            "{[need]: {filterType: 'number', type: 'greaterThan', filter: 0}}; }",
            Output("chain", "filterModel"),
            Input("need", "value"),
            prevent_initial_call=True,
        )

    def chain(self, _changed: object, search: str | None) -> tuple[Any, Any, Any]:
        """All stores' rows, and what near stores could bring each other; nothing of that in a chain without any."""
        desk, mine = self.desk, self.desk.mine()
        language = desk.language(search)
        try:
            listed = rows.chain(
                desk.house.glances(mine), desk.shops, language, desk.house.reader.now()
            )
            moves = transfers(desk.house.transfers(mine), desk.shops, language)
        except UnreachableError:
            return no_update, no_update, no_update
        return listed, moves, not moves


def none_yet(language: Language) -> Component:
    """What stands here before the first store is described."""
    text = words(language)
    there = f"/settings?section=stores&lang={language}"
    return html.Section(
        [heading(text["chain.none"]), dmc.Anchor(text["set.add.stores"], href=there, refresh=True)],
        className="panel",
    )


_BY_NEED: dict[str, Any] = {"filter": "agNumberColumnFilter", "suppressHeaderFilterButton": True}


def _count(tone: str) -> dict[str, Any]:
    """A number that is a chip where it is not 0."""
    return {"cellRenderer": "Count", "cellRendererParams": {"tone": tone}}


STORES = [
    column("name", "col.store", phone=120, width=176, **PINNED, cellRenderer="StoreLink"),
    column("open", "chain.open", "int", hide=True, **_BY_NEED),
    column("act", "col.act", "int", phone=56, width=66, minWidth=60, **_count("act"), **_BY_NEED),
    column("watch", "col.watch", "int", width=78, minWidth=70, **_count("watch")),
    column("risk", "col.risk", "money", width=98),
    column("lost", "col.lost_1h", "money", width=112, **_BY_NEED),
    column("why", "col.why", phone=0, minWidth=250, flex=1, **WRAPPED),
    column("visitors", "col.visitors", "int", width=96),
    column(
        "spark", "col.spark", sortable=False, cellDataType=False, width=156, cellRenderer="Spark"
    ),
    column("conversion", "col.conversion", "pct", width=108),
    column("interval", "col.interval", width=184),
    column("shrunk", "col.shrunk", "pct", width=122),
    column("verdict", "col.verdict", width=126),
    column("atv", "col.atv", "money", width=92),
    column("occupancy", "col.occupancy", "int", width=84),
    column("age", "col.age", "seconds", width=84),
]
MOVES = [
    column("name", "stock.product", phone=0, minWidth=200, flex=2, **WRAPPED),
    column("giver", "col.giver", phone=78, minWidth=150, flex=1, **WRAPPED),
    column("taker", "col.taker", phone=78, minWidth=150, flex=1, **WRAPPED),
    column("units", "col.units", "int", phone=56, width=110),
]


def chain(language: Language) -> Component:
    """All stores, and goods that could be brought from one to another."""
    text = words(language)
    need = dmc.SegmentedControl(
        id="need", value="all",
        data=[{"value": v, "label": text[f"chain.{v}"]} for v in ("all", "act", "open", "lost")],
        **aria(label=text["chain.need"]),
    )  # fmt: skip
    tools = html.Div([need, search("chain", text["chain.search"])], className="tools")
    top = html.Div([heading(text["chain.title"], text["chain.sub"]), tools], className="bar")
    moves = html.Section(
        [
            html.H2(text["chain.transfers"]),
            html.P(text["chain.transfers_sub"], className="sub"),
            table("transfers", MOVES, language, windows(40)),
        ],
        id="transfers-panel", className="panel after", hidden=True,
    )  # fmt: skip
    return html.Div([top, table("chain", STORES, language, f"calc({windows(100)} - 190px)"), moves])
