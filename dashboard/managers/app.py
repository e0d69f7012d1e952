"""The managers' Dash app: its routes, and callbacks that fill its tables when the stream hints at a change."""

from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import dash_mantine_components as dmc  # type: ignore[import-untyped]
from dash import ClientsideFunction, Dash, Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component
from flask import Flask, Response, g

from alerts.settings import Person
from dashboard.catalogue import LOCALE, Language, words
from dashboard.doors.gate import visitor
from dashboard.doors.people import Visitor
from dashboard.language import language_of
from dashboard.managers import pages, rows
from dashboard.managers.explained import explained
from dashboard.managers.house_reader import HouseReader
from dashboard.opening import business_day
from dashboard.paged import Paged
from dashboard.reader import UnreachableError
from dashboard.settings import DashboardSettings
from dashboard.shop import Shop, Shops
from dashboard.stream import Hub
from dashboard.theme import chart_figure
from dashboard.write import CommandWriter
from sensors.events import Command

ASSETS = Path(__file__).parent / "assets"
NOBODY = Visitor("", "", "kiosk")


class Managers(NamedTuple):
    """What the pages read from."""

    house: HouseReader
    shops: Shops
    hub: Hub
    writer: CommandWriter
    people: tuple[Person, ...]
    settings: DashboardSettings

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
        app.language = self.settings.language
        app.layout = self._layout
        self._register(app)
        server.add_url_rule("/events", "manager_hints", self._hints)
        return app

    def _hints(self) -> Response:
        return Response(
            self.hub.hints(),
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
        now, where, search = (
            Input("changed", "data"),
            State("where", "pathname"),
            State("where", "search"),
        )
        app.callback(
            Output("page", "children"), Input("where", "pathname"), Input("where", "search")
        )(self.page)
        app.callback(Output("chain", "rowData"), now, search)(self.chain)
        app.callback(
            Output("incidents", "rowData"),
            Output("ledger", "rowData"),
            Output("silences", "children"),
            now,
            search,
        )(self.incidents)
        app.callback(
            Output("life", "children"),
            Output("life", "data-mark"),
            Input("incidents", "selectedRows"),
            now,
            search,
            State("life", "data-mark"),
        )(self.life)
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
        app.callback(Output("devices", "rowData"), Output("rejects", "rowData"), now, search)(
            self.sensors
        )
        app.clientside_callback(  # type: ignore[no-untyped-call]
            ClientsideFunction("managers", "know"),
            Output("managers", "data-known"),
            Input("me", "data"),
            Input("words", "data"),
        )
        app.clientside_callback(  # type: ignore[no-untyped-call]
            "function(text) { return {quickFilterText: text || ''}; }",
            Output("chain", "dashGridOptions"),
            Input("search", "value"),
            prevent_initial_call=True,
        )

    def _mine(self) -> list[str]:
        who = visitor()
        return [name for name in self.shops if who.may("manager", name)]

    def _language(self, search: str | None) -> Language:
        return language_of(search, self.settings.language)

    def _shop(self, path: str | None) -> Shop | None:
        parts = (path or "").strip("/").split("/")
        name = parts[1] if len(parts) == 2 and parts[0] == "store" else ""
        return self.shops[name] if name in self._mine() else None

    def page(self, path: str | None, search: str | None) -> Component:
        """The page an address names."""
        language, where = self._language(search), (path or "/").strip("/")
        body: Component
        if where == "":
            where, body = "chain", pages.chain(language)
        elif where == "incidents":
            body = pages.incidents(language)
        elif where == "sensors":
            body = pages.sensors(language)
        elif shop := self._shop(path):
            today = business_day(shop.store, self.house.reader.now())
            body = pages.store(shop, language, today)
        else:
            body = html.H1(words(language)["dash.gone"])
        framed = pages.frame(body, where, language, visitor(), self.shops)
        return html.Div(framed, lang=LOCALE[language])

    def chain(self, _changed: object, search: str | None) -> Any:  # noqa: ANN401 - rows, or nothing new
        """All stores' rows."""
        try:
            glances = self.house.glances(self._mine())
            return rows.chain(glances, self.shops, self._language(search), self.house.reader.now())
        except UnreachableError:
            return no_update

    def incidents(self, _changed: object, search: str | None) -> tuple[Any, Any, Any]:
        """The list, the ledger and the silences."""
        language, mine = self._language(search), self._mine()
        names = rows.people_names(self.people)
        try:
            found = self.house.incidents(mine)
            quiet = [
                self._silence(name, c, names, language)
                for name in mine
                for c in self.writer.silences(name)
            ]
        except UnreachableError:
            return no_update, no_update, no_update
        listed = rows.incidents(found, self.shops, language, names)
        nothing = html.P(words(language)["inc.none_silenced"], className="sub")
        return listed, rows.ledger(found, self.shops, language, names), quiet or nothing

    def _silence(
        self, store: str, command: Command, names: dict[str, str], language: Language
    ) -> Component:
        text, tz = words(language), self.shops[store].store.tz
        until = f"{command.until.astimezone(tz):%H:%M}" if command.until else "–"
        said = f"{command.target} · {names.get(command.actor, command.actor)} · " + text[
            "inc.until"
        ].replace("{at}", until)
        end = html.Button(
            text["inc.unsilence"],
            **pages.does("unsilence", store, command.target),
        )
        return html.Div([html.Span(said), end], className="line silence")

    def life(
        self,
        selected: list[dict[str, Any]] | None,
        _changed: object,
        search: str | None,
        mark: str | None,
    ) -> tuple[Any, Any]:
        """One incident's life; drawn anew only when it went on, so that nobody's typing is lost."""
        store = str(selected[0].get("store")) if selected else ""
        if not selected or store not in self._mine():
            return no_update, no_update
        ident, language = selected[0].get("id"), self._language(search)
        try:
            found = next((i for i in self.house.incidents([store]) if i.id == ident), None)
        except UnreachableError:
            return no_update, no_update
        if found is None:
            return html.P(words(language)["said.unknown"], className="sub"), ""
        newest = f"{ident} {len(found.steps)} {found.state} {language}"
        if newest == mark:
            return no_update, no_update
        shop, names = self.shops[store], rows.people_names(self.people)
        row = next(iter(rows.incidents([found], self.shops, language, names)), selected[0])
        people = [
            {"value": p.id, "label": p.name or p.id}
            for p in self.people
            if not p.stores or store in p.stores
        ]
        steps = rows.life(found, shop, language, names)
        return pages.life(row, steps, people, language), newest

    def facts(self, _changed: object, path: str | None, search: str | None) -> Any:  # noqa: ANN401
        """Every measure of a store now."""
        shop = self._shop(path)
        try:
            return (
                rows.facts(self.house.facts(shop.store.id), shop, self._language(search))
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
        shop = self._shop(path)
        if not selected or shop is None:
            return no_update
        try:
            found = {
                f"{f.metric}|{f.subject}|{f.window}": f for f in self.house.facts(shop.store.id)
            }
        except UnreachableError:
            return no_update
        fact = found.get(str(selected[0].get("id")))
        return explained(fact, shop, self._language(search)) if fact else no_update

    def day(
        self, day: str | None, _changed: object, path: str | None, search: str | None
    ) -> tuple[Any, Any]:
        """A day's visitors against the forecast made for it."""
        shop = self._shop(path)
        if shop is None or not day:
            return no_update, no_update
        try:
            found = self.house.day(shop, date.fromisoformat(day))
        except (ValueError, UnreachableError):
            return no_update, no_update
        seen = [f for f in found if f.metric == "visitors"]
        note = "" if found else words(self._language(search))["store.empty"]
        return day_figure(found, shop), note or f"{sum(rows.value(f) or 0 for f in seen):,.0f}"

    def sensors(self, _changed: object, search: str | None) -> tuple[Any, Any]:
        """Devices and rejects."""
        mine, language = self._mine(), self._language(search)
        try:
            health = self.house.health(mine)
            listed = rows.devices(self.house.devices(mine), health, self.shops, language)
            return listed, rows.rejects(self.house.rejects(mine))
        except UnreachableError:
            return no_update, no_update


def day_figure(found: list[Any], shop: Shop) -> dict[str, Any]:
    """The wall's chart for a day that is looked back at, its axis on the shop's clock."""
    figure = chart_figure()
    band, _, middle, line, _dot = figure["data"]
    low = figure["data"][1]
    for fact in found:
        at = fact.end.astimezone(shop.store.tz).replace(tzinfo=None).isoformat()
        if fact.metric == "visitors":
            line["x"].append(at)
            line["y"].append(fact.value)
        else:
            for trace, number in (
                (band, fact.evidence.high),
                (low, fact.evidence.low),
                (middle, fact.value),
            ):
                trace["x"].append(at)
                trace["y"].append(number)
    middle["line"] |= {"width": 2}
    line["line"] |= {"width": 3}
    layout = figure["layout"]
    layout["font"] |= {"size": 14}
    layout["margin"] = {"l": 40, "r": 12, "t": 6, "b": 28}
    layout["xaxis"] = {"type": "date", "showgrid": False, "tickformat": "%H:%M", "fixedrange": True}
    layout["yaxis"] = {
        "gridcolor": "#232A38",
        "rangemode": "tozero",
        "zeroline": False,
        "fixedrange": True,
    }
    return figure
