"""One store: any day's curve, and every measure with what it rests on."""

from datetime import date
from typing import Any

import dash_mantine_components as dmc  # type: ignore[import-untyped]
from dash import Dash, Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component

from dashboard.catalogue import Language, term, words
from dashboard.managers import rows
from dashboard.managers.day_figure import day_figure, other_day
from dashboard.managers.desk import Desk
from dashboard.managers.explained import events, explained
from dashboard.managers.frame import PINNED, heading
from dashboard.managers.grid import column, table
from dashboard.managers.raw_reader import RawReader
from dashboard.numbers import amount
from dashboard.opening import business_day
from dashboard.panels import aria
from dashboard.reader import UnreachableError
from dashboard.shop import Shop
from dashboard.theme import chart_figure
from flows.facts import Fact


class Page:
    """``/store/{id}``."""

    name = "store"
    path = "store"

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.raw = RawReader(desk.house.reader)

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
        app.callback(Output("facts", "rowData"), Output("gap", "children"), now, where, search)(
            self.facts
        )
        app.callback(Output("why", "children"), Input("facts", "selectedRows"), now, where, search)(
            self.why
        )
        app.callback(
            Output("day-chart", "figure"),
            Output("day-note", "children"),
            Input("day", "value"),
            Input("against", "value"),
            now,
            where,
            search,
        )(self.day)

    def facts(self, _changed: object, path: str | None, search: str | None) -> tuple[Any, Any]:
        """Every measure of a store now, and what its sales lack or have over the usual."""
        shop, language = self.desk.shop(path), self.desk.language(search)
        if shop is None:
            return no_update, no_update
        try:
            found = self.desk.house.facts(shop.store.id)
        except UnreachableError:
            return no_update, no_update
        return rows.facts(found, shop, language), gap(found, shop, language)

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
        if fact is None:
            return no_update
        try:
            raw = self.raw.behind(fact)
        except UnreachableError:
            return no_update
        language = self.desk.language(search)
        return [explained(fact, shop, language), events(raw, fact, shop, language)]

    def day(
        self,
        day: str | None,
        against: str | None,
        _changed: object,
        path: str | None,
        search: str | None,
    ) -> tuple[Any, Any]:
        """A day's visitors against the forecast made for it, and against another day's on the same clock."""
        shop = self.desk.shop(path)
        if shop is None or not day:
            return no_update, no_update
        try:
            found = self.desk.house.day(shop, date.fromisoformat(day))
            other = self.desk.house.day(shop, date.fromisoformat(against)) if against else []
        except (ValueError, UnreachableError):
            return no_update, no_update
        text = words(self.desk.language(search))
        figure = day_figure(found, shop)
        said = f"{total(found):,.0f}" if found else text["store.empty"]
        if against:
            shift = date.fromisoformat(day) - date.fromisoformat(against)
            figure["data"].append(other_day(other, shop, shift))
            said += f" · {against}: " + (f"{total(other):,.0f}" if other else text["store.empty"])
        return figure, said


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
    other = dmc.DatePickerInput(
        id="against",
        clearable=True,
        placeholder=text["store.against"],
        maxDate=today.isoformat(),
        valueFormat="YYYY-MM-DD",
        w=190,
        **aria(label=text["store.against"]),
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
            html.Div(
                [
                    heading(getattr(shop.store.name, language)),
                    html.Div([picker, other], className="tools"),
                ],
                className="bar",
            ),
            html.Section([html.H2(text["gap.title"]), html.Div(id="gap")], className="panel"),
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


def total(found: list[Fact]) -> float:
    """People of a day."""
    return sum(rows.value(f) or 0 for f in found if f.metric == "visitors")


def gap(found: list[Fact], shop: Shop, language: Language) -> Component | None:
    """Today's sales against the usual up to now, split over visitors, conversion and the average transaction."""
    text, currency = words(language), shop.store.currency
    fact = next(
        (f for f in found if f.metric == "sales_gap" and isinstance(f.value, int | float)), None
    )
    if fact is None or not isinstance(fact.value, int | float):
        return html.P(text["gap.none"], className="sub")
    parts = [
        html.Div([
            html.Span(term("metric", name, language), className="sub"),
            html.B(
                ("+" if effect > 0 else "") + amount(effect, "minor", currency),
                className="less" if effect < 0 else "more",
            ),
        ], className="factor")
        for name in ("visitors", "conversion", "atv")
        if isinstance(effect := fact.detail.get(name), int | float)
    ]  # fmt: skip
    said = text["gap.said"].format(
        sales=amount(fact.evidence.k, "minor", currency), usual=amount(fact.evidence.n, "minor", currency),
        gap=amount(float(fact.value), "minor", currency), why=term("gap", fact.reason, language),
    )  # fmt: skip
    return html.Div([html.P(said), html.Div(parts, className="factors")])
