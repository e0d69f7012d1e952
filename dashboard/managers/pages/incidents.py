"""Incidents: the list, one incident's life and what can be done to it, silences, the ledger."""

from datetime import UTC
from typing import Any

from dash import Dash, Input, Output, State, html, no_update
from dash.development.base_component import Component

from dashboard.catalogue import Language, words
from dashboard.managers import rows, tried
from dashboard.managers.desk import Desk
from dashboard.managers.frame import does, heading, redrawn
from dashboard.managers.grid import (
    WRAPPED,
    choosing,
    chosen,
    column,
    off_phone,
    table,
    windows,
    without_stores,
)
from dashboard.managers.incident_life import life
from dashboard.panels import aria
from dashboard.reader import UnreachableError
from sensors.events import Command


class Page:
    """``/incidents``."""

    name = "incidents"
    path = "incidents"

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def build(self, _path: str, language: Language) -> Component:
        """The page before any row arrives."""
        return incidents(language, len(self.desk.mine()))

    def register(self, app: Dash) -> None:
        """Lists follow the hints; a life follows what is chosen."""
        now, search = Input("changed", "data"), State("where", "search")
        app.callback(
            Output("incidents", "rowData"),
            Output("ledger", "rowData"),
            Output("listed", "children"),
            now,
            search,
        )(self.incidents)
        app.callback(
            Output("silences", "children"),
            Output("silences", "data-mark"),
            now,
            search,
            State("silences", "data-mark"),
        )(self.silences)
        app.callback(
            Output("tried", "rowData"),
            Output("tried-sub", "children"),
            Output("tried-list", "hidden"),
            now,
            search,
        )(self.tried)
        app.callback(
            Output("life", "children"),
            Output("life", "data-mark"),
            Input(chosen("incidents"), "data"),
            now,
            search,
            State("life", "data-mark"),
        )(self.life)

    def incidents(self, _changed: object, search: str | None) -> tuple[Any, Any, Any]:
        """The list and the ledger, and how much of it is listed if it is not all."""
        language, names = self.desk.language(search), rows.people_names(self.desk.people)
        try:
            found = self.desk.house.incidents(self.desk.mine())
        except UnreachableError:
            return no_update, no_update, no_update
        known = sum(i.state != "pending" for i in found)
        said = words(language)["inc.listed"].format(n=f"{rows.MOST:,}", all=f"{known:,}")
        listed = rows.incidents(found, self.desk.shops, language, names)
        ledger = rows.ledger(found, self.desk.shops, language, names)
        return listed, ledger, said if known > rows.MOST else ""

    def silences(self, _changed: object, search: str | None, mark: str | None) -> tuple[Any, Any]:
        """What is silenced, each with a button that ends it."""
        language, names = self.desk.language(search), rows.people_names(self.desk.people)
        try:
            quiet = [
                self._silence(name, c, names, language)
                for name in self.desk.mine()
                for c in self.desk.writer.silences(name)
            ]
        except UnreachableError:
            return no_update, no_update
        return redrawn(quiet or [_said("inc.none_silenced", language)], mark)

    def tried(self, _changed: object, search: str | None) -> tuple[Any, Any, Any]:
        """What a draft of the rules would have done, where the visitor may see all of its stores."""
        language, mine = self.desk.language(search), self.desk.mine()
        try:
            found = self.desk.house.tried(mine)
        except UnreachableError:
            return no_update, no_update, no_update
        stores = [self.desk.shops[name].store for name in (found.stores if found else mine)]
        zone = stores[0].tz if stores else UTC
        listed = (
            tried.listed(found, tried.currency_of([s.currency for s in stores])) if found else []
        )
        return listed, tried.said(found, zone, language), not listed

    def _silence(
        self, store: str, command: Command, names: dict[str, str], language: Language
    ) -> Component:
        text, tz = words(language), self.desk.shops[store].store.tz
        until = f"{command.until.astimezone(tz):%H:%M}" if command.until else "–"
        said = f"{command.target} · {names.get(command.actor, command.actor)} · " + text[
            "inc.until"
        ].replace("{at}", until)
        end = html.Button(
            text["inc.unsilence"],
            **does("unsilence", store, command.target),
        )
        return html.Div([html.Span(said), end], className="line silence")

    def life(
        self,
        picked: dict[str, Any] | None,
        _changed: object,
        search: str | None,
        mark: str | None,
    ) -> tuple[Any, Any]:
        """One incident's life; drawn anew only when it went on, so that nobody's typing is lost."""
        language = self.desk.language(search)
        if not picked or (store := str(picked.get("store"))) not in self.desk.mine():
            return redrawn([_said("inc.pick", language)], mark)
        ident = picked.get("id")
        try:
            found = next((i for i in self.desk.house.incidents([store]) if i.id == ident), None)
        except UnreachableError:
            return no_update, no_update
        shop, names = self.desk.shops[store], rows.people_names(self.desk.people)
        row = next(
            iter(rows.incidents([found] if found else [], self.desk.shops, language, names)), None
        )
        if found is None or row is None:
            return redrawn([_said("said.unknown", language)], mark)
        people = [
            {"value": p.id, "label": p.name or p.id}
            for p in self.desk.people
            if not p.stores or store in p.stores
        ]
        steps = rows.life(found, shop, language, names)
        snooze_s = self.desk.settings.snooze_s
        return redrawn(life(row, steps, people, snooze_s, language), mark)


LISTED = [
    column("severity", "col.level", phone=56, width=68, minWidth=60, cellRenderer="Severity"),
    column("what", "col.what", phone=0, minWidth=200, flex=3, **WRAPPED),
    column("where", "col.where", phone=0, minWidth=140, flex=2, **WRAPPED),
    column("shop", "col.store", phone=0, minWidth=160, flex=2, **WRAPPED),
    column("risk", "col.risk", "money", width=110),
    column("since", "col.since", "clock", phone=60, width=100),
    column("owner", "col.owner", width=110),
    column("state", "col.state", "state", width=130),
]
LEDGER = [
    column("since", "col.at", "clock", phone=70, width=90),
    column("what", "col.what", phone=0, minWidth=180, flex=1, **WRAPPED),
    column("shop", "col.store", minWidth=160, flex=1),
    column("action", "col.action", phone=0, minWidth=150, flex=1, **WRAPPED),
    column("owner", "col.owner", width=110),
    column("take", "col.take", "seconds", width=120),
    column("before", "col.before", width=100),
    column("after", "col.after", width=100),
    column("recovered", "col.recovered", "recovered", width=200),
    column("false", "col.false", "yes", cellDataType=False, width=150),
]


def _said(key: str, language: Language) -> Component:
    return html.P(words(language)[key], className="sub")


def incidents(language: Language, stores: int) -> Component:
    """The list, one incident's life beside it, silences, drafts tried, and the ledger."""
    text = words(language)
    picked = html.Section(
        _said("inc.pick", language),
        id="life",
        className="panel life",
        **aria(live="polite"),
    )
    # a phone has room for one of both: of many stores which one, of one store where in it
    columns = off_phone(LISTED, "where") if stores > 1 else without_stores(LISTED, stores)
    grid = choosing("incidents", columns, language, windows(56))
    return html.Div(
        [
            heading(text["inc.title"]),
            html.P(id="listed", className="sub"),
            html.Div([html.Section(grid, className="panel list"), picked], className="two"),
            html.Section(
                [html.H2(text["inc.silences"]), html.Div(id="silences")], className="panel"
            ),
            tried.section(language),
            html.Section(
                [
                    html.H2(text["inc.ledger"]),
                    html.P(text["inc.ledger_sub"], className="sub"),
                    table("ledger", without_stores(LEDGER, stores), language, windows(36)),
                ],
                className="panel",
            ),
        ]
    )
