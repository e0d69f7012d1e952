"""One store: any day's curve, and every measure with what it rests on."""

from datetime import date
from typing import Any

import dash_mantine_components as dmc  # type: ignore[import-untyped]
from dash import Dash, Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component

from dashboard.catalogue import Language, words
from dashboard.managers import rows
from dashboard.managers.day_figure import day_figure
from dashboard.managers.desk import Desk
from dashboard.managers.explained import explained
from dashboard.managers.frame import PINNED, heading
from dashboard.managers.grid import column, table
from dashboard.opening import business_day
from dashboard.panels import aria
from dashboard.reader import UnreachableError
from dashboard.shop import Shop
from dashboard.theme import chart_figure


class Page:
    """``/store/{id}``."""

    name = "store"
    path = "store"

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def build(self, path: str, language: Language) -> Component:
        """The page before any row arrives."""
        shop = self.desk.shop(path)
        if shop is None:
            return html.H1(words(language)["dash.gone"])
        return store(shop, language, business_day(shop.store, self.desk.house.reader.now()))

    def register(self, app: Dash) -> None:
        """Facts follow the hints; the chart follows the day that is chosen."""
        now, where, search = (
            Input("changed", "data"),
            State("where", "pathname"),
            State("where", "search"),
        )
        app.callback(Output("facts", "rowData"), now, where, search)(self.facts)
        app.callback(Output("why", "children"), Input("facts", "selectedRows"), now, where, search)(
            self.why
        )
        app.callback(
            Output("day-chart", "figure"),
            Output("day-note", "children"),
            Input("day", "value"),
            now,
            where,
            search,
        )(self.day)

    def facts(self, _changed: object, path: str | None, search: str | None) -> Any:  # noqa: ANN401
        """Every measure of a store now."""
        shop = self.desk.shop(path)
        try:
            return (
                rows.facts(self.desk.house.facts(shop.store.id), shop, self.desk.language(search))
                if shop
                else no_update
            )
        except UnreachableError:
            return no_update

    def why(
        self,
        selected: list[dict[str, Any]] | None,
        _changed: object,
        path: str | None,
        search: str | None,
    ) -> Any:  # noqa: ANN401
        """What one number rests on: its window, evidence, coverage, state and revisions."""
        shop = self.desk.shop(path)
        if not selected or shop is None:
            return no_update
        try:
            found = {
                f"{f.metric}|{f.subject}|{f.window}": f
                for f in self.desk.house.facts(shop.store.id)
            }
        except UnreachableError:
            return no_update
        fact = found.get(str(selected[0].get("id")))
        return explained(fact, shop, self.desk.language(search)) if fact else no_update

    def day(
        self, day: str | None, _changed: object, path: str | None, search: str | None
    ) -> tuple[Any, Any]:
        """A day's visitors against the forecast made for it."""
        shop = self.desk.shop(path)
        if shop is None or not day:
            return no_update, no_update
        try:
            found = self.desk.house.day(shop, date.fromisoformat(day))
        except (ValueError, UnreachableError):
            return no_update, no_update
        seen = [f for f in found if f.metric == "visitors"]
        note = "" if found else words(self.desk.language(search))["store.empty"]
        return day_figure(found, shop), note or f"{sum(rows.value(f) or 0 for f in seen):,.0f}"


def store(shop: Shop, language: Language, today: date) -> Component:
    """One store: any day's curve, and every measure with what it rests on."""
    text = words(language)
    columns = [
        column("metric", "col.metric", **PINNED),
        column("subject", "col.subject", width=160),
        column("window", "col.window", width=95),
        column("value", "col.value", "fact", width=120, type="rightAligned"),
        column("interval", "col.interval", width=190),
        column("n", "col.n", "int", width=80),
        column("coverage", "col.coverage", "pct", width=110),
        column("state", "col.state", width=100),
        column("revision", "col.revision", "int", width=100),
        column("newest", "col.newest", "clock", width=130),
    ]
    grid = table(
        "facts",
        columns,
        language,
        "44vh",
        rowSelection={"mode": "singleRow", "checkboxes": False, "enableClickSelection": True},
    )
    picker = dmc.DatePickerInput(
        id="day",
        value=today.isoformat(),
        maxDate=today.isoformat(),
        valueFormat="YYYY-MM-DD",
        w=180,
        **aria(label=text["store.day"]),
    )
    graph = dcc.Graph(
        id="day-chart",
        figure=chart_figure(),
        config={"displayModeBar": False, "staticPlot": True},
        responsive=True,
        style={"height": "30vh"},
    )
    return html.Div(
        [
            html.Div([heading(getattr(shop.store.name, language)), picker], className="bar"),
            html.Section(
                [
                    html.H2(text["store.chart"]),
                    html.P(id="day-note", className="sub"),
                    html.Div(graph, role="img", **aria(label=text["store.chart"])),
                ],
                className="panel",
            ),
            html.Div(
                [
                    html.Section([html.H2(text["store.facts"]), grid], className="panel list"),
                    html.Section(
                        [
                            html.H2(text["store.why"]),
                            html.Div(
                                html.P(text["store.pick"], className="sub"),
                                id="why",
                                **aria(live="polite"),
                            ),
                        ],
                        className="panel life",
                    ),
                ],
                className="two",
            ),
        ]
    )
