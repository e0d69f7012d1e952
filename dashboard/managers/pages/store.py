"""One store: any day's curve, and every measure with what it rests on."""

from datetime import date
from typing import Any

import dash_mantine_components as dmc  # type: ignore[import-untyped]
from dash import Dash, Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component

from dashboard.catalogue import Language, words
from dashboard.managers import rows
from dashboard.managers.day_figure import day_figure, other_day
from dashboard.managers.desk import Desk
from dashboard.managers.explained import events, explained
from dashboard.managers.frame import PINNED, heading, redrawn
from dashboard.managers.gap import gap
from dashboard.managers.grid import WRAPPED, choosing, chosen, column, search, searched, windows
from dashboard.managers.raw_reader import RawReader
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
        searched(app, "facts")
        app.callback(
            Output("why", "children"),
            Output("why", "data-mark"),
            Input(chosen("facts"), "data"),
            now,
            where,
            search,
            State("why", "data-mark"),
        )(self.why)
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
        picked: dict[str, Any] | None,
        _changed: object,
        path: str | None,
        search: str | None,
        mark: str | None,
    ) -> tuple[Any, Any]:
        """What one number rests on: its window, evidence, coverage, state and revisions."""
        shop, language = self.desk.shop(path), self.desk.language(search)
        if shop is None:
            return no_update, no_update
        if not picked:
            return redrawn([_pick(language)], mark)
        wanted = str(picked.get("id"))
        try:
            found = self.desk.house.facts(shop.store.id)
            fact = next((f for f in found if f"{f.metric}|{f.subject}|{f.window}" == wanted), None)
            raw = self.raw.behind(fact) if fact else []
        except UnreachableError:
            return no_update, no_update
        if fact is None:
            return no_update, no_update
        return redrawn([explained(fact, shop, language), events(raw, fact, shop, language)], mark)

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
        said = (
            text["store.total"].format(n=f"{total(found):,.0f}") if found else text["store.empty"]
        )
        if against:
            shift = date.fromisoformat(day) - date.fromisoformat(against)
            figure["data"].append(other_day(other, shop, shift, against))
            said += f" · {against}: " + (f"{total(other):,.0f}" if other else text["store.empty"])
        return figure, said


FACTS = [
    column("metric", "col.metric", phone=108, **PINNED, **WRAPPED),
    column("subject", "col.subject", phone=0, minWidth=160, flex=1, **WRAPPED),
    column("window", "col.window", phone=76, width=95),
    column("value", "col.value", "fact", phone=78, width=120, type="rightAligned"),
    column("interval", "col.interval", width=215),
    column("n", "col.n", "int", width=80),
    column("coverage", "col.coverage", "pct", width=110),
    column("state", "col.state", width=100),
    column("revision", "col.revision", "int", width=100),
    column("newest", "col.newest", "clock", width=130),
]


def store(shop: Shop, language: Language, today: date) -> Component:
    """One store: any day's curve, and every measure with what it rests on."""
    text = words(language)
    days = [
        _day("day", today, text["store.day"], value=today.isoformat(), w=180),
        _day(
            "against",
            today,
            text["store.against"],
            clearable=True,
            placeholder=text["store.against"],
            w=190,
        ),
    ]
    grid = choosing("facts", FACTS, language, windows(56))
    facts = [html.H2(text["store.facts"]), search("facts", text["store.search"])]
    why = html.Div(_pick(language), id="why", **aria(live="polite"))
    chosen = html.Section([html.H2(text["store.why"]), why], className="panel life")
    title = heading(getattr(shop.store.name, language))
    return html.Div(
        [
            html.Div([title, html.Div(days, className="tools")], className="bar"),
            html.Section([html.H2(text["gap.title"]), html.Div(id="gap")], className="panel"),
            _curve(text),
            html.Div(
                [
                    html.Section([html.Div(facts, className="bar"), grid], className="panel list"),
                    chosen,
                ],
                className="two",
            ),
        ]
    )


def _pick(language: Language) -> Component:
    return html.P(words(language)["store.pick"], className="sub")


def _day(name: str, today: date, label: str, **more: object) -> Any:  # noqa: ANN401 - dmc has no types
    return dmc.DatePickerInput(
        id=name, maxDate=today.isoformat(), valueFormat="YYYY-MM-DD", **aria(label=label), **more
    )


def _curve(text: dict[str, str]) -> Component:
    graph = dcc.Graph(
        id="day-chart", figure=chart_figure(), config={"displayModeBar": False, "staticPlot": True},
        responsive=True, style={"height": windows(30)},
    )  # fmt: skip
    return html.Section(
        [
            html.H2(text["store.chart"]),
            html.P(id="day-note", className="sub"),
            html.Div(graph, role="img", **aria(label=text["store.chart"])),
        ],
        className="panel",
    )


def total(found: list[Fact]) -> float:
    """People of a day."""
    return sum(rows.value(f) or 0 for f in found if f.metric == "visitors")
